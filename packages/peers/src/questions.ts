/**
 * Questions between members' nodes, which are answered at once or not at all: what is asked is whoever's who handed in
 * `answer`. Both sides have shown their keys; a question reads, and changes nothing.
 */
import type { ServerHttp2Stream } from 'node:http2'
import { constants } from 'node:http2'
import { no, ok, type Result } from '@plexus/codec'
import { answerBytesMax, questionBytesMax, questionsAtOnceMax } from './limits.ts'
import { type OneRequestParts, type OneRequestRefusal, requestOnce } from './one-request.ts'
import type { PeersOptions } from './ports.ts'

export const questionsPath = '/questions'

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
): Promise<Result<Uint8Array, AskRefusal>> {
  const asked = await requestOnce(parts, member, { path: questionsPath, body: question, answerBytesMax })
  if (!asked.ok) return asked
  const { status, bytes } = asked.value
  return status === answers.answered && bytes.length > 0 ? ok(bytes) : no({ type: 'not-answered' })
}

/** What all members together have asked, and is not answered yet. */
export interface InHand {
  questions: number
}

/** One question of a member that has shown its key; that it may ask at all was looked at before. */
export function takeQuestion(
  stream: ServerHttp2Stream,
  { member, inHand, answer }: { readonly member: string; readonly inHand: InHand } & Pick<PeersOptions, 'answer'>,
): void {
  const chunks: Buffer[] = []
  let bytes = 0
  const respond = (how: keyof typeof answers, body?: Uint8Array): void => {
    if (stream.closed || stream.destroyed || stream.headersSent) return
    stream.respond({ ':status': answers[how] }, { endStream: !body })
    if (body) stream.end(body)
  }
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > questionBytesMax) stream.close(constants.NGHTTP2_PROTOCOL_ERROR)
    else chunks.push(chunk)
  })
  stream.on('end', () => {
    if (bytes === 0 || !answer) respond('malformed')
    else if (inHand.questions >= questionsAtOnceMax) respond('busy')
    else {
      inHand.questions += 1
      answer(member, new Uint8Array(Buffer.concat(chunks)))
        .then(
          (known) => (known && known.length <= answerBytesMax ? respond('answered', known) : respond('nothing-known')),
          () => respond('busy'),
        )
        .finally(() => {
          inHand.questions -= 1
        })
    }
  })
}
