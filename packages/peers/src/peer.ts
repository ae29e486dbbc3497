/** The way to one peer: what waits for it, the connection that carries it, and whether it is tried at all. */
import { type ClientHttp2Session, connect as http2Connect } from 'node:http2'
import { Breaker, type BreakerState } from './breaker.ts'
import type { Credentials } from './certificate.ts'
import { type Dialled, dial } from './dial.ts'
import {
  headerBytesMax,
  headersMax,
  protocolMemoryMebibytesMax,
  streamsMax,
  triesMax,
  waitingBytesMax,
  waitingPerPeerMax,
  waitingSecondsMax,
} from './limits.ts'
import { type NoteAnswer, sendNote } from './note-sending.ts'
import type { PeersOptions, PeerTiming, SendOutcome } from './ports.ts'
import type { Shared } from './quota.ts'

interface Waiting {
  readonly note: Uint8Array
  /** Seconds, when it was given. */
  readonly since: number
  /** Asked each time that it is to be sent. */
  readonly mayLeave: () => boolean
  tries: number
}

interface Connection extends Dialled {
  readonly http: ClientHttp2Session
  /** Something was answered on it. */
  proven: boolean
  ended: boolean
}

export interface PeerReading {
  readonly member: string
  readonly waiting: number
  readonly breaker: BreakerState
  readonly connected: boolean
}

export class Peer {
  private readonly member: string
  private readonly options: PeersOptions
  private readonly timing: PeerTiming
  private readonly credentials: () => Credentials
  /** Bytes that wait for all peers together. */
  private readonly shared: Shared
  private readonly breaker: Breaker
  private queue: Waiting[] = []
  private readonly sending = new Set<Waiting>()
  private connection: Connection | undefined
  private dialling = false
  /** Seconds; the peer asked to be left alone until then. */
  private pausedUntil = 0
  private cancelTimer: (() => void) | undefined
  private told: BreakerState = 'closed'
  private closed = false

  constructor(parts: {
    readonly member: string
    readonly options: PeersOptions
    readonly timing: PeerTiming
    readonly credentials: () => Credentials
    readonly shared: Shared
  }) {
    this.member = parts.member
    this.options = parts.options
    this.timing = parts.timing
    this.credentials = parts.credentials
    this.shared = parts.shared
    this.breaker = new Breaker({ random: parts.options.random, timing: parts.timing })
  }

  send(note: Uint8Array, mayLeave: () => boolean): void {
    const now = this.options.now()
    const waiting: Waiting = { note, since: now, mayLeave, tries: 0 }
    this.shared.bytes += note.length
    if (this.breaker.state(now) === 'open') this.finish(waiting, 'peer-down')
    else if (this.queue.length + this.sending.size >= waitingPerPeerMax || this.shared.bytes > waitingBytesMax)
      this.finish(waiting, 'no-room')
    else {
      this.queue.push(waiting)
      this.pump()
    }
  }

  reading(): PeerReading {
    return {
      member: this.member,
      waiting: this.queue.length + this.sending.size,
      breaker: this.breaker.state(this.options.now()),
      connected: this.connection !== undefined,
    }
  }

  /** Nothing waits, nothing is open, and nothing is remembered against it. */
  get idle(): boolean {
    return !this.connection && !this.dialling && this.queue.length === 0 && this.sending.size === 0
  }

  /** Leaves a connection whose key or address the ledger no longer has. */
  refresh(): void {
    const { connection } = this
    if (!connection) return
    const { key, address } = connection
    if (this.options.holderOf(key) !== this.member) connection.socket.destroy()
    else if (this.options.addressOf(this.member) !== address) this.leave()
  }

  /** Lets what is on its way end, and goes on over a new connection: the own key or the address has changed. */
  leave(): void {
    const { connection } = this
    if (!connection) return
    this.connection = undefined
    // Its end is our own wish, and says nothing against the peer.
    connection.proven = true
    connection.http.close()
    this.pump()
  }

  close(): void {
    this.closed = true
    this.cancelTimer?.()
    this.connection?.socket.destroy()
    for (const waiting of this.queue.splice(0)) this.finish(waiting, 'given-up')
  }

  private pump(): void {
    if (this.closed) return
    const now = this.options.now()
    this.queue = this.queue.filter((waiting) => {
      const old = now - waiting.since > waitingSecondsMax
      if (old) this.finish(waiting, 'given-up')
      return !old
    })
    if (this.queue.length === 0) return
    // What was on its way is told of before the connection itself is.
    if (this.connection?.http.closed || this.connection?.http.destroyed) {
      this.ended(this.connection)
      return
    }
    const wait = Math.max(this.breaker.waits(now), Math.ceil((this.pausedUntil - now) * 1000))
    if (wait > 0) this.later(wait)
    else if (!this.connection) this.open()
    else
      while (this.connection && this.sending.size < streamsMax) {
        const next = this.queue.shift()
        if (!next) return
        if (next.mayLeave()) this.dispatch(next, this.connection)
        else this.finish(next, 'withheld')
      }
  }

  /** One timer at a time; whatever happens before it looks again as well. */
  private later(milliseconds: number): void {
    this.cancelTimer?.()
    this.cancelTimer = this.options.schedule(() => {
      this.cancelTimer = undefined
      this.pump()
    }, milliseconds)
  }

  private async open(): Promise<void> {
    if (this.dialling) return
    this.dialling = true
    const { member, options, timing } = this
    const dialled = await dial(options, { member, credentials: this.credentials(), timing })
    this.dialling = false
    if (!dialled.ok) {
      options.observe?.({ type: 'dial-failed', member, refusal: dialled.reason.type })
      this.failed()
      return
    }
    if (this.closed) {
      dialled.value.socket.destroy()
      return
    }
    this.connected(dialled.value)
  }

  private connected(dialled: Dialled): void {
    const { member, options, timing } = this
    const http = http2Connect('https://peer', {
      createConnection: () => dialled.socket,
      maxSessionMemory: protocolMemoryMebibytesMax,
      maxHeaderListPairs: headersMax,
      settings: { enablePush: false, maxHeaderListSize: headerBytesMax },
    })
    const connection: Connection = { ...dialled, http, proven: false, ended: false }
    this.connection = connection
    options.observe?.({ type: 'connected', member, direction: 'out' })
    http.on('error', () => dialled.socket.destroy())
    http.on('goaway', () => {
      if (this.connection === connection) this.connection = undefined
      http.close()
    })
    http.setTimeout(timing.quiet, () => http.close())
    const stopPings = this.keepAsking(connection)
    dialled.socket.once('close', () => {
      stopPings()
      http.destroy()
      options.observe?.({ type: 'disconnected', member, direction: 'out' })
      this.ended(connection)
    })
    this.pump()
  }

  private ended(connection: Connection): void {
    if (connection.ended) return
    connection.ended = true
    if (this.connection === connection) this.connection = undefined
    // A connection that never carried an answer was a try that failed: its other side did not let us in.
    if (!connection.proven && !this.closed) this.failed()
    else this.pump()
  }

  /** A peer that vanished without a word leaves a connection that looks open. A quiet one is left to close. */
  private keepAsking({ http, socket }: Connection): () => void {
    const { schedule } = this.options
    const { ping } = this.timing
    let answered = true
    let cancel = (): void => {}
    const ask = (): void => {
      if (!answered) {
        socket.destroy()
        return
      }
      if (this.sending.size > 0 && !http.destroyed) {
        answered = false
        http.ping((error) => {
          answered = error === null
        })
      }
      cancel = schedule(ask, ping)
    }
    cancel = schedule(ask, ping)
    return () => cancel()
  }

  private dispatch(waiting: Waiting, connection: Connection): void {
    waiting.tries++
    this.sending.add(waiting)
    sendNote(connection.http, waiting.note, { schedule: this.options.schedule, timing: this.timing }).then((answer) => {
      this.sending.delete(waiting)
      this.answered(waiting, connection, answer)
      this.pump()
    })
  }

  private answered(waiting: Waiting, connection: Connection, answer: NoteAnswer): void {
    if (answer.type !== 'lost') {
      connection.proven = true
      this.breaker.succeeded()
      this.tell()
    }
    switch (answer.type) {
      case 'accepted':
        this.finish(waiting, 'delivered')
        break
      case 'refused':
        this.finish(waiting, 'refused')
        break
      case 'later':
        this.pausedUntil = this.options.now() + answer.seconds
        this.again(waiting)
        break
      case 'lost':
        // The other side has its own time for an answer; a connection on which one was missed is not trusted again.
        if (answer.timedOut && this.connection === connection) {
          connection.proven = false
          connection.socket.destroy()
        }
        this.again(waiting)
    }
  }

  private again(waiting: Waiting): void {
    if (this.closed || waiting.tries >= triesMax) this.finish(waiting, 'given-up')
    else this.queue.unshift(waiting)
  }

  private failed(): void {
    const now = this.options.now()
    this.breaker.failed(now)
    this.tell()
    // What waits for a peer that is down would only grow: its owners hold it, and send it again.
    if (this.breaker.state(now) === 'open')
      for (const waiting of this.queue.splice(0)) this.finish(waiting, 'peer-down')
    this.pump()
  }

  private tell(): void {
    const state = this.breaker.state(this.options.now())
    if (state === this.told) return
    this.told = state
    this.options.observe?.({ type: 'breaker', member: this.member, state })
  }

  private finish({ note, since }: Waiting, outcome: SendOutcome): void {
    this.shared.bytes -= note.length
    const { now, observe } = this.options
    observe?.({ type: 'sent', member: this.member, outcome, seconds: now() - since })
  }
}
