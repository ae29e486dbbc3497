/**
 * Questions between members' nodes, which are answered at once or not at all: what is asked is whoever's who handed in how
 * they are answered. Both sides have shown their keys. A node's own questions read, and change nothing; what a wallet asks
 * through a node proves itself, and may be a note that is taken.
 */
import type { ServerHttp2Stream } from 'node:http2'
import { constants } from 'node:http2'
import { no, ok, type Result } from '@plexus/codec'
import {
  answerBytesMax,
  questionBytesMax,
  questionsAtOnceMax,
  questionsPerMemberMax,
  walletAnswerBytesMax,
  walletAskBytesMax,
  walletAsksAtOnceMax,
  walletAsksPerMemberMax,
} from './limits.ts'
import { type OneRequestParts, type OneRequestRefusal, requestOnce } from './one-request.ts'

export interface QuestionKind {
  readonly path: string
  readonly questionBytesMax: number
  readonly answerBytesMax: number
  /** In hand, of all members together and of one. */
  readonly atOnceMax: number
  readonly perMemberMax: number
}

export const ownQuestions: QuestionKind = {
  path: '/questions',
  questionBytesMax,
  answerBytesMax,
  atOnceMax: questionsAtOnceMax,
  perMemberMax: questionsPerMemberMax,
}
export const walletQuestions: QuestionKind = {
  path: '/wallets',
  questionBytesMax: walletAskBytesMax,
  answerBytesMax: walletAnswerBytesMax,
  atOnceMax: walletAsksAtOnceMax,
  perMemberMax: walletAsksPerMemberMax,
}

/** Answers a question of another member's node, or has no answer. */
export type Answerer = (from: string, question: Uint8Array) => Promise<Uint8Array | undefined>

/** Answers, as HTTP has them (RFC 9110). */
const answers = { answered: 200, malformed: 400, 'nothing-known': 404, busy: 503 } as const

export type AskRefusal =
  | OneRequestRefusal
  /** It is there, and knows no answer, or has none now. */
  | { readonly type: 'not-answered' }

/** Asks a member's node one question, on a connection of its own. */
export async function ask(
  parts: OneRequestParts,
  member: string,
  question: Uint8Array,
  kind: QuestionKind = ownQuestions,
): Promise<Result<Uint8Array, AskRefusal>> {
  const { path } = kind
  const asked = await requestOnce(parts, member, { path, body: question, answerBytesMax: kind.answerBytesMax })
  if (!asked.ok) return asked
  const { status, bytes } = asked.value
  return status === answers.answered && bytes.length > 0 ? ok(bytes) : no({ type: 'not-answered' })
}

/** What members have asked of one kind, from its first byte until it is answered or broken off. */
export class InHand {
  private readonly counts = new Map<string, number>()
  private all = 0

  take(member: string, { atOnceMax, perMemberMax }: QuestionKind): boolean {
    const own = this.counts.get(member) ?? 0
    if (this.all >= atOnceMax || own >= perMemberMax) return false
    this.all += 1
    this.counts.set(member, own + 1)
    return true
  }

  release(member: string): void {
    this.all -= 1
    const own = (this.counts.get(member) ?? 0) - 1
    if (own > 0) this.counts.set(member, own)
    else this.counts.delete(member)
  }
}

/** One question of a member that has shown its key; that it may ask at all was looked at before. */
export function takeQuestion(
  stream: ServerHttp2Stream,
  {
    kind,
    member,
    inHand,
    answer,
  }: {
    readonly kind: QuestionKind
    readonly member: string
    readonly inHand: InHand
    readonly answer: Answerer | undefined
  },
): void {
  const chunks: Buffer[] = []
  let bytes = 0
  const respond = (how: keyof typeof answers, body?: Uint8Array): void => {
    if (stream.closed || stream.destroyed || stream.headersSent) return
    stream.respond({ ':status': answers[how] }, { endStream: !body })
    if (body) stream.end(body)
  }
  if (!inHand.take(member, kind)) {
    respond('busy')
    stream.close(constants.NGHTTP2_NO_ERROR)
    return
  }
  // A stream ends once, whatever came of it; an answer that is still made then goes nowhere.
  stream.once('close', () => inHand.release(member))
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > kind.questionBytesMax) stream.close(constants.NGHTTP2_PROTOCOL_ERROR)
    else chunks.push(chunk)
  })
  stream.on('end', () => {
    if (bytes === 0 || !answer) respond('malformed')
    else
      answer(member, new Uint8Array(Buffer.concat(chunks))).then(
        (known) =>
          known && known.length <= kind.answerBytesMax ? respond('answered', known) : respond('nothing-known'),
        () => respond('busy'),
      )
  })
}
