/** One note over an open connection, and what came back. */
import { type ClientHttp2Session, constants } from 'node:http2'
import { retryAfterSecondsMax, retryAfterSecondsMin } from './limits.ts'
import { notesPath } from './note-intake.ts'
import type { PeersOptions, PeerTiming } from './ports.ts'

export type NoteAnswer =
  | { readonly type: 'accepted' }
  /** The same note would be refused again. */
  | { readonly type: 'refused' }
  | { readonly type: 'later'; readonly seconds: number }
  /** Nothing came back: whether it arrived is not known. Whoever gets it twice recognises it. */
  | { readonly type: 'lost'; readonly timedOut: boolean }

export function sendNote(
  http: ClientHttp2Session,
  note: Uint8Array,
  { schedule, timing }: Pick<PeersOptions, 'schedule'> & { readonly timing: Pick<PeerTiming, 'answer' | 'idle'> },
): Promise<NoteAnswer> {
  return new Promise((resolve) => {
    if (http.destroyed || http.closed) {
      resolve({ type: 'lost', timedOut: false })
      return
    }
    const stream = http.request({ ':method': 'POST', ':path': notesPath, 'content-length': note.length })
    let cancel = (): void => {}
    const end = (answer: NoteAnswer): void => {
      cancel()
      resolve(answer)
    }
    const timedOut = (): void => {
      end({ type: 'lost', timedOut: true })
      stream.close(constants.NGHTTP2_CANCEL)
    }
    stream.on('error', () => end({ type: 'lost', timedOut: false }))
    stream.on('close', () => end({ type: 'lost', timedOut: false }))
    stream.on('response', (headers) => {
      end(readAnswer(headers))
      // Answers have no body; one that has is not read.
      stream.close(constants.NGHTTP2_NO_ERROR)
    })
    // While bytes move it may take its time; after the last one, its answer has a time of its own.
    stream.setTimeout(timing.idle, timedOut)
    stream.end(note, () => {
      stream.setTimeout(0)
      cancel = schedule(timedOut, timing.answer)
    })
  })
}

/** Of the answer's headers, what is looked at. */
export interface AnswerHeaders {
  readonly ':status'?: number | undefined
  readonly 'retry-after'?: string | undefined
}

/** What a status (RFC 9110) means for a note; fields that are not understood count as not there. */
export function readAnswer(headers: AnswerHeaders): NoteAnswer {
  const status = Number(headers[':status'])
  if (status === 202) return { type: 'accepted' }
  if (status === 429 || status === 503) {
    const { 'retry-after': text } = headers
    const asked = text !== undefined && /^[0-9]{1,9}$/.test(text) ? Number(text) : retryAfterSecondsMin
    return { type: 'later', seconds: Math.min(retryAfterSecondsMax, Math.max(retryAfterSecondsMin, asked)) }
  }
  return status >= 400 && status < 500 ? { type: 'refused' } : { type: 'lost', timedOut: false }
}
