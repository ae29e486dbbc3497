/**
 * WebSockets (RFC 6455) of the node's doors: how one is opened, how many there are, and when one that is dead, idle or stuck
 * is ended. An opening goes through the same hooks, routes and refusals as every other request.
 */
import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { bearerProtocol, frameBytesMax } from '@plexus/sdk'
import type { FastifyInstance } from 'fastify'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Problem, problem } from './problem.ts'

/** Each holds a frame and a window; so many of each bound what one token, and all together, may make this process hold. */
export const socketsPerMemberMax = 16
const socketsMax = 32
/** Pieces of one message: a frame is rarely cut, and less often into more. */
const fragmentsMax = 64
/** Pieces in which a frame may come from the network: a frame of `frameBytesMax` in packets of a quarter of kibibyte. */
const chunksMax = 4_096
const sweepMillisecondsDefault = 20_000
/** Nothing came and nothing was taken for so many sweeps, though a ping was sent in each: the other side is gone or stuck. */
const silentSweepsMax = 3
/** No envelope for five minutes: whoever wants to go on opens another one. */
const idleSweepsMax = 15
/** Until the other side has answered the closing, or is cut off. */
const closeMilliseconds = 1_000
const goingAwayCode = 1001
/** Of the range for applications (RFC 6455 §7.4.2). */
const idleCode = 4408

/** What a route makes of an open socket. */
export interface Served {
  /** It owes the other side answers, so silence is its own fault. */
  readonly owes: () => boolean
  /** A socket that only sends is never idle. */
  readonly endsWhenIdle: boolean
  /** It is over, whoever ended it. */
  readonly ended: () => void
}

export interface Connection {
  readonly socket: WebSocket
  /** The other side took something. */
  readonly progressed: () => void
}

export type Serve = (connection: Connection) => Served

export interface Upgrade {
  readonly type: 'upgrade'
  readonly protocol: string
  readonly serve: Serve
}

interface Handshake {
  readonly socket: Socket
  readonly head: Buffer
  readonly response: ServerResponse
  readonly finished: () => void
}

interface Held extends Connection {
  readonly member: string
  served: Served | undefined
  /** The sweeps at which something was last heard or taken, and at which data last came. */
  heardAt: number
  dataAt: number
}

export interface Sockets {
  /** Sends openings through the server's routes. */
  attach(app: FastifyInstance): void
  /** `Bearer …` of an opening that brings its token beside the protocol, as browsers must. */
  bearerOf(request: IncomingMessage): string | undefined
  isOpening(request: IncomingMessage): boolean
  /** Opens it, or says why not; the request must have been let in. Null: it is open, and nothing more is to be sent. */
  open(request: IncomingMessage, member: string, upgrade: Upgrade, hijack: () => void): Problem | null
  count(member: string): number
  close(): Promise<void>
}

export const isWebSocket = (request: IncomingMessage): boolean => request.headers.upgrade?.toLowerCase() === 'websocket'

const keyForm = /^[+/0-9A-Za-z]{22}==$/

export function createSockets(sweepMilliseconds = sweepMillisecondsDefault): Sockets {
  const handshakes = new WeakMap<IncomingMessage, Handshake>()
  const held = new Set<Held>()
  const options = {
    noServer: true,
    // A compressor for each connection costs more memory than all bounds here together; envelopes do not shrink.
    perMessageDeflate: false,
    maxPayload: frameBytesMax,
    maxFragments: fragmentsMax,
    maxBufferedChunks: chunksMax,
    clientTracking: false,
    closeTimeout: closeMilliseconds,
    handleProtocols: (offered: Set<string>) => [...offered].find((name) => name.startsWith('plexus-')) ?? false,
  }
  const server = new WebSocketServer(options)
  let sweep = 0
  const timer = setInterval(sweepAll, sweepMilliseconds)
  timer.unref()

  function count(member: string): number {
    let found = 0
    for (const each of held) if (each.member === member) found += 1
    return found
  }

  function attach(app: FastifyInstance): void {
    app.server.on('upgrade', (request: IncomingMessage, duplex, head: Buffer) => {
      const socket = duplex as Socket
      // Whatever goes wrong with it, the other side is gone.
      socket.on('error', () => socket.destroy())
      const response = new ServerResponse(request)
      response.shouldKeepAlive = false
      response.assignSocket(socket)
      const finished = () => socket.end()
      response.on('finish', finished)
      handshakes.set(request, { socket, head, response, finished })
      app.routing(request, response)
    })
  }

  function open(request: IncomingMessage, member: string, upgrade: Upgrade, hijack: () => void): Problem | null {
    const handshake = handshakes.get(request)
    if (!handshake) return problem('upgrade-required')
    const refused = misopened(request, upgrade.protocol)
    if (refused) return refused
    if (held.size >= socketsMax || count(member) >= socketsPerMemberMax)
      return problem('streams-full', { retryAfterSeconds: 1 })
    const { socket, head, response, finished } = handshake
    hijack()
    handshakes.delete(request)
    response.off('finish', finished)
    response.detachSocket(socket)
    server.handleUpgrade(request, socket, head, (opened) => hold(opened, member, upgrade.serve))
    return null
  }

  function hold(socket: WebSocket, member: string, serve: Serve): void {
    const progressed = (): void => {
      entry.heardAt = sweep
    }
    const entry: Held = { socket, member, progressed, served: undefined, heardAt: sweep, dataAt: sweep }
    held.add(entry)
    socket.on('error', () => socket.terminate())
    socket.on('pong', progressed)
    socket.on('message', () => {
      entry.heardAt = sweep
      entry.dataAt = sweep
    })
    socket.on('close', () => {
      held.delete(entry)
      entry.served?.ended()
    })
    entry.served = serve({ socket, progressed })
  }

  function sweepAll(): void {
    sweep += 1
    for (const { socket, served, heardAt, dataAt } of [...held]) {
      if (!served || served.owes()) continue
      if (sweep - heardAt > silentSweepsMax) socket.terminate()
      else if (served.endsWhenIdle && sweep - dataAt > idleSweepsMax) socket.close(idleCode, 'idle')
      // While it is not read, no answer to a ping would be seen.
      else if (!socket.isPaused) socket.ping()
    }
  }

  return {
    attach,
    open,
    count,
    isOpening: (request) => handshakes.has(request),
    bearerOf(request) {
      const token = protocolsOf(request).find((name) => name.startsWith(bearerProtocol('')))
      return token === undefined ? undefined : `Bearer ${token.slice(bearerProtocol('').length)}`
    },
    async close() {
      clearInterval(timer)
      const ends = [...held].map(
        ({ socket }) =>
          new Promise<void>((resolve) => {
            socket.on('close', () => resolve())
            // A socket that is not read would not see the answer to its closing.
            socket.resume()
            socket.close(goingAwayCode, 'going-away')
          }),
      )
      await Promise.all(ends)
    },
  }
}

function misopened({ headers }: IncomingMessage, protocol: string): Problem | null {
  if (headers['sec-websocket-version'] !== '13')
    return problem('handshake-malformed', { at: 'headers.sec-websocket-version', expected: '13' })
  if (!keyForm.test(headers['sec-websocket-key'] ?? ''))
    return problem('handshake-malformed', { at: 'headers.sec-websocket-key', expected: '16 bytes in base64' })
  const names = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? []
  if (!names.includes(protocol) || names.some((name) => name.startsWith('plexus-') && name !== protocol))
    return problem('handshake-malformed', { at: 'headers.sec-websocket-protocol', expected: protocol })
  if (new Set(names).size !== names.length || names.includes(''))
    return problem('handshake-malformed', { at: 'headers.sec-websocket-protocol', expected: 'each name once' })
  return null
}

/** As they stand; whether they are fit is looked at when it is opened. */
function protocolsOf({ headers }: IncomingMessage): readonly string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
}
