/**
 * A stream of envelopes over one WebSocket. Sequence numbers are implied by order; the answers go back in that order, as
 * runs. What is held is bounded by the window: beyond it the socket is not read, and the writer's own system holds it back.
 */
import { decode } from '@plexus/codec'
import { type BatchAnswer, envelopeBatch, frameBytesMax, type StreamMessage, sequenceMax } from '@plexus/sdk'
import type { RawData } from 'ws'
import type { Connection, Served } from './sockets.ts'
import { lineOf, type Submissions } from './submissions.ts'

/** Two blocks of the embedded engine: while one is made durable, the next one fills. */
export const windowEnvelopes = 4_096
/** What sixteen streams of one token make this process hold stays below the mempool's own bound. */
export const windowBytes = 2 * 1024 * 1024

/**
 * Reading stops at the window, but one read of the system may have brought more. Whole envelopes are too long for that to
 * be as many again; whoever sends so many that are none is cut off.
 */
export const heldEnvelopesMax = 2 * windowEnvelopes

const notTextCode = 1003
const malformedCode = 1007
const windowExceededCode = 1008
const failedCode = 1011
/** Of the range for applications (RFC 6455 §7.4.2). */
const sequenceEndedCode = 4409

export interface StreamCounts {
  /** Envelopes whose answer the socket has not taken, and their bytes. */
  readonly envelopes: number
  readonly bytes: number
}

export interface ServedStream extends Served {
  readonly counts: () => StreamCounts
}

type Refused = Extract<BatchAnswer, { readonly type: 'refused' }>

interface Waiting {
  readonly bytes: number
  answer: BatchAnswer | undefined
}

/** `first`: the number of the first envelope. */
export function serveSubmitStream(
  { socket, progressed }: Connection,
  { first, submissions }: { readonly first: number; readonly submissions: Pick<Submissions, 'offer'> },
): ServedStream {
  /** In order of their numbers, from `covered + 1` on. */
  let waiting: Waiting[] = []
  let covered = first - 1
  let next = first
  /** Answered or not, until the socket has taken the answer. */
  let envelopes = 0
  let bytes = 0
  let offered = 0
  let over = false
  let rests = false
  let flushes = false

  send([{ type: 'welcome', first, windowEnvelopes, windowBytes, frameBytesMax }])

  socket.on('message', (data: RawData, isBinary: boolean) => {
    if (over) return
    if (!isBinary) return end(notTextCode, 'frames-are-binary')
    const frame = decode(envelopeBatch, data as Buffer, frameBytesMax)
    if (!frame.ok) return end(malformedCode, 'frame-malformed')
    if (envelopes + frame.value.length > heldEnvelopesMax) return end(windowExceededCode, 'window-exceeded')
    if (next + frame.value.length - 1 > sequenceMax) return end(sequenceEndedCode, 'sequence-ended')
    next += frame.value.length
    for (const envelope of frame.value) take(envelope)
    press()
  })

  function take(envelope: Uint8Array): void {
    const entry: Waiting = { bytes: envelope.length, answer: undefined }
    waiting.push(entry)
    envelopes += 1
    bytes += entry.bytes
    offered += 1
    submissions.offer(envelope).then(
      (answer) => {
        offered -= 1
        if (over) return
        entry.answer = lineOf(answer)
        if (entry.answer.type === 'refused' && entry.answer.code === 'ledger-full')
          rest(entry.answer.retryAfterSeconds ?? 0)
        if (flushes) return
        flushes = true
        // Behind all the answers of one block, which come in one go.
        queueMicrotask(flush)
      },
      () => {
        offered -= 1
        end(failedCode, 'internal')
      },
    )
  }

  function flush(): void {
    flushes = false
    if (over) return
    const messages: StreamMessage[] = []
    let run: { readonly type: 'applied'; through: number; readonly height: number } | undefined
    let count = 0
    let size = 0
    for (const { answer, bytes: each } of waiting) {
      if (!answer) break
      count += 1
      size += each
      const through = covered + count
      if (answer.type === 'applied' && answer.height === run?.height) run.through = through
      else {
        run = answer.type === 'applied' ? { type: 'applied', through, height: answer.height } : undefined
        messages.push(run ?? { ...(answer as Refused), through })
      }
    }
    if (count === 0) return
    waiting = waiting.slice(count)
    covered += count
    send(messages, () => {
      envelopes -= count
      bytes -= size
      progressed()
      press()
    })
  }

  function send(messages: readonly StreamMessage[], taken?: () => void): void {
    socket.send(JSON.stringify(messages), (failed) => {
      if (!failed && !over) taken?.()
    })
  }

  /** The one place where reading stops and goes on. */
  function press(): void {
    if (over) return
    const full = rests || envelopes >= windowEnvelopes || bytes >= windowBytes
    if (full && !socket.isPaused) socket.pause()
    else if (!full && socket.isPaused) socket.resume()
  }

  /** A full engine refused: what comes meanwhile would only be refused too. A sponsor over its quota stops no other. */
  function rest(seconds: number): void {
    if (rests) return
    rests = true
    press()
    setTimeout(() => {
      rests = false
      press()
    }, seconds * 1000).unref()
  }

  function end(code: number, reason: string): void {
    if (over) return
    over = true
    waiting = []
    // Closing is an exchange: what is not read would not bring the other half.
    if (socket.isPaused) socket.resume()
    socket.close(code, reason)
  }

  return {
    owes: () => offered > 0 && !over,
    endsWhenIdle: true,
    ended() {
      over = true
      waiting = []
    },
    counts: () => ({ envelopes, bytes }),
  }
}
