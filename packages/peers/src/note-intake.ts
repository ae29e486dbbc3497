/**
 * One request of a member that has shown its key: a note, a question, a wallet's question, or one for this node's status.
 * Everything else is refused.
 */
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { constants } from 'node:http2'
import { noteBytesMax } from './limits.ts'
import type { PeersOptions, PeerTiming, ReceiveOutcome } from './ports.ts'
import { type InHand, ownQuestions, takeQuestion, walletQuestions } from './questions.ts'
import type { Quota } from './quota.ts'
import { writeStatus } from './status.ts'

export const notesPath = '/notes'
export const statusPath = '/status'

/** Answers, as HTTP has them (RFC 9110, RFC 6585 §4). */
const answers = {
  accepted: 202,
  malformed: 400,
  'too-large': 413,
  refused: 422,
  'over-quota': 429,
  busy: 503,
} as const

export function takeRequest(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  parts: {
    readonly member: string
    readonly quotas: { readonly notes: Quota; readonly wallets: Quota }
    readonly inHand: { readonly own: InHand; readonly wallets: InHand }
    readonly timing: PeerTiming
    readonly options: Pick<PeersOptions, 'answer' | 'answerWallet' | 'now' | 'receive' | 'schedule' | 'status'>
    readonly onOutcome: (outcome: ReceiveOutcome, bytes: number) => void
  },
): void {
  const { member, quotas, inHand, timing, options, onOutcome } = parts
  // A stream that breaks off says so by its end; its error has nothing to add.
  stream.on('error', () => {})
  stream.setTimeout(timing.idle, () => stream.close(constants.NGHTTP2_CANCEL))
  const { ':method': method, ':path': path } = headers
  const announced = method === 'POST' && path === notesPath ? lengthOf(headers) : undefined
  const length = announced !== undefined && announced <= noteBytesMax ? announced : 0
  // Whatever is asked counts, so that nothing can be asked without end.
  const isOfWallet = method === 'POST' && path === walletQuestions.path
  const quota = isOfWallet ? quotas.wallets : quotas.notes
  const taken = quota.take(length, options.now())
  if (!taken.ok) {
    answer('over-quota', 0, { 'retry-after': taken.retryAfterSeconds })
    return
  }
  if (method === 'GET' && path === statusPath) {
    stream.respond({ ':status': 200 })
    stream.end(writeStatus(options.status()))
    return
  }
  if (isOfWallet) {
    takeQuestion(stream, { kind: walletQuestions, member, inHand: inHand.wallets, answer: options.answerWallet })
    return
  }
  if (method === 'POST' && path === ownQuestions.path) {
    takeQuestion(stream, { kind: ownQuestions, member, inHand: inHand.own, answer: options.answer })
    return
  }
  if (length === 0) {
    answer(announced === undefined ? 'malformed' : 'too-large', 0)
    return
  }

  const chunks: Buffer[] = []
  let bytes = 0
  let ended = false
  let held = true
  const release = (): void => {
    if (held) quota.release(length)
    held = false
  }
  // A byte now and then would keep room that others need.
  const cancel = options.schedule(
    () => stream.close(constants.NGHTTP2_CANCEL),
    timing.idle + Math.ceil(length / bytesPerMillisecondMin),
  )
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    chunks.push(chunk)
    if (bytes > length) stream.close(constants.NGHTTP2_PROTOCOL_ERROR)
  })
  stream.on('end', () => {
    // A stream that was reset ends as well, without what it had announced.
    if (bytes !== length) return
    ended = true
    cancel()
    stream.setTimeout(0)
    options.receive(member, Buffer.concat(chunks)).then(
      (result) => {
        release()
        if (result.ok) answer('accepted', bytes)
        else if (result.reason.type === 'node-busy') answer('busy', bytes, { 'retry-after': busySeconds })
        else answer('refused', bytes, { 'plexus-refusal': result.reason.type })
      },
      () => {
        release()
        answer('busy', bytes, { 'retry-after': busySeconds })
      },
    )
  })
  stream.on('close', () => {
    if (ended) return
    cancel()
    release()
    chunks.length = 0
    onOutcome('broken-off', bytes)
  })

  function answer(outcome: Exclude<ReceiveOutcome, 'broken-off'>, count: number, more: object = {}): void {
    onOutcome(outcome, count)
    if (stream.destroyed || stream.headersSent) return
    stream.respond({ ':status': answers[outcome], ...more }, { endStream: true })
    // What is still on its way is not waited for.
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR)
  }
}

/** 64 KiB a second: a line that is slower than that carries no charts. */
const bytesPerMillisecondMin = 64

/** A node whose notes wait for their turn is asked again so soon. */
const busySeconds = 2

/** A note says its length first: room for it is kept, or it is refused before a byte of it is read. */
function lengthOf({ 'content-length': text }: IncomingHttpHeaders): number | undefined {
  return text !== undefined && /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : undefined
}
