/** Streams over WebSocket, from the side of whoever opens them: envelopes with cumulative answers, and the event feed. */
import { encode, no, ok, type Result } from '@plexus/codec'
import { readEventPage, readStreamMessages } from './stream-frames.ts'
import {
  batchEnvelopesMax,
  type EventPage,
  envelopeBatch,
  eventsProtocol,
  frameBytesMax,
  type StreamMessage,
  type SubmitRefused,
  submitProtocol,
} from './submit-wire.ts'

export interface SocketEvents {
  /** A text frame. */
  message(text: string): void
  /** Once, and nothing after it; also when it never opened. */
  closed(): void
}

export interface OpenSocket {
  send(bytes: Uint8Array): void
  close(): void
}

/** The way to one member's node, as `SubmitPort`: it adds the address, and the token beside the protocol. */
export interface StreamPort {
  connect(path: string, protocol: string, events: SocketEvents): OpenSocket
  pause(seconds: number): Promise<void>
}

/** `connection-lost`: what became of it is not known; the same bytes may be sent again and are accepted once. */
export type StreamAnswer = Result<{ readonly height: number }, SubmitRefused>

export interface SubmitStream {
  /**
   * Sends an envelope; `answered` is called once. False, and nothing was sent, while the server's window is full or before
   * its welcome: wait for `room`.
   */
  submit(envelope: Uint8Array, answered: (answer: StreamAnswer) => void): boolean
  /** Resolves when the window has room, or the stream has ended. */
  room(): Promise<void>
  readonly open: () => boolean
  close(): void
}

const connectionLost: StreamAnswer = no({
  code: 'connection-lost',
  refusal: null,
  height: null,
  retryAfterSeconds: 1,
})

interface Waiting {
  readonly bytes: number
  readonly answered: (answer: StreamAnswer) => void
}

/** Opens a stream. Envelopes that are handed over in one turn go in one frame. */
export function openSubmitStream(port: StreamPort): SubmitStream {
  let open = true
  let windowEnvelopes = 0
  let windowBytes = 0
  let covered = 0
  /** Bounded by the server's window; those before `head` are answered. */
  let waiting: Waiting[] = []
  let head = 0
  let bytes = 0
  let frame: Uint8Array[] = []
  let frameBytes = 0
  let wakers: (() => void)[] = []

  const hasRoom = (more: number): boolean =>
    waiting.length - head < windowEnvelopes && (bytes + more <= windowBytes || waiting.length === head)

  function wake(): void {
    const woken = wakers
    wakers = []
    for (const each of woken) each()
  }

  function answer(through: number, outcome: StreamAnswer): void {
    for (; covered < through && open; covered++) {
      const first = waiting[head]
      // The server covers a number that was never sent: what it says has no meaning.
      if (!first) end()
      else {
        head += 1
        bytes -= first.bytes
        first.answered(outcome)
      }
    }
  }

  function take(message: StreamMessage): void {
    if (message.type === 'welcome') {
      windowEnvelopes = message.windowEnvelopes
      windowBytes = message.windowBytes
      covered = message.first - 1
    } else if (message.type === 'applied') answer(message.through, ok({ height: message.height }))
    else {
      const { through, code, refusal, height, retryAfterSeconds } = message
      answer(through, no({ code, refusal, height, retryAfterSeconds }))
    }
  }

  function end(): void {
    if (!open) return
    open = false
    socket?.close()
    const left = waiting.slice(head)
    waiting = []
    head = 0
    for (const { answered } of left) answered(connectionLost)
    wake()
  }

  let socket: OpenSocket | undefined
  socket = port.connect('/ledger/stream', submitProtocol, {
    message(text) {
      if (!open) return
      const messages = readStreamMessages(text)
      if (!messages) return end()
      for (const message of messages) take(message)
      if (head > 0) {
        waiting = waiting.slice(head)
        head = 0
      }
      wake()
    },
    closed: end,
  })

  function flush(): void {
    if (frame.length === 0 || !open) return
    const sent = encode(envelopeBatch, frame)
    frame = []
    frameBytes = 0
    socket?.send(sent)
  }

  return {
    submit(envelope, answered) {
      if (!open || !hasRoom(envelope.length)) return false
      // Five bytes are the longest head of an envelope here, nine that of the list.
      if (frame.length >= batchEnvelopesMax || frameBytes + envelope.length + 14 > frameBytesMax) flush()
      if (frame.length === 0) Promise.resolve().then(flush)
      frame.push(envelope)
      frameBytes += envelope.length + 5
      bytes += envelope.length
      waiting.push({ bytes: envelope.length, answered })
      return true
    },
    room: () => (!open || hasRoom(1) ? Promise.resolve() : new Promise((resolve) => wakers.push(resolve))),
    open: () => open,
    close: end,
  }
}

/** Between two attempts to come back; longer after each that brought nothing. */
const pauseSecondsMax = 30

export interface FollowOptions {
  /** The cursor: the sequence of the last event that is known; 0 for all. */
  readonly after: number
  /** Each page follows the one before without a gap. */
  readonly page: (page: EventPage) => void
}

/** Whether a page begins behind the cursor and rises up to its own: a node that goes back would have events told twice. */
function goesOn({ events, next }: EventPage, cursor: number): boolean {
  let last = cursor
  for (const { sequence } of events) {
    if (sequence <= last) return false
    last = sequence
  }
  return next >= last
}

/** Follows the event feed and comes back to where it was whenever the connection is lost. The answer ends it. */
export function followEvents(port: StreamPort, { after, page }: FollowOptions): () => void {
  let cursor = after
  let stopped = false
  let fruitless = 0
  let socket: OpenSocket | undefined

  function connect(): void {
    socket = port.connect(`/ledger/events/stream?after=${cursor}`, eventsProtocol, {
      message(text) {
        if (stopped) return
        const came = readEventPage(text)
        // Comes back later, as after every loss: something else may answer then.
        if (!came || !goesOn(came, cursor)) return socket?.close()
        fruitless = 0
        cursor = came.next
        page(came)
      },
      closed() {
        if (stopped) return
        fruitless += 1
        port.pause(Math.min(pauseSecondsMax, fruitless)).then(() => {
          if (!stopped) connect()
        })
      },
    })
  }

  connect()
  return () => {
    stopped = true
    socket?.close()
  }
}
