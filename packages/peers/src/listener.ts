/** Where other members' nodes come in. Until a key is shown that the ledger knows, nothing of HTTP is read. */
import { performServerHandshake, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { type Credentials, shownKey, tlsTerms } from './certificate.ts'
import {
  connectionsPerMemberMax,
  handshakesMax,
  headerBytesMax,
  headersMax,
  protocolMemoryMebibytesMax,
  streamsMax,
  windowBytes,
} from './limits.ts'
import { takeRequest } from './note-intake.ts'
import type { PeersOptions, PeerTiming } from './ports.ts'
import { InHand } from './questions.ts'
import { noteRate, Quota, type Shared, walletRate } from './quota.ts'

export interface Listener {
  readonly port: number
  /** Shows this certificate from the next connection on. */
  show(credentials: Credentials): void
  /** Closes what the ledger no longer lets in. */
  refresh(): void
  /** Connections of members that are open. */
  readonly open: number
  close(): Promise<void>
}

interface Guest {
  readonly member: string
  readonly key: string
  readonly socket: TLSSocket
}

export async function listen(
  options: PeersOptions,
  { host, port, credentials, timing }: { host: string; port: number; credentials: Credentials; timing: PeerTiming },
): Promise<Listener> {
  const { observe } = options
  /** In the order in which they came. */
  const strangers = new Set<Socket>()
  const guests = new Set<Guest>()
  const quotas = { notes: new Map<string, Quota>(), wallets: new Map<string, Quota>() }
  const shared: Shared = { bytes: 0 }
  const inHand = { own: new InHand(), wallets: new InHand() }

  const server = createServer({
    ...credentials,
    ...tlsTerms,
    requestCert: true,
    handshakeTimeout: timing.handshake,
    noDelay: true,
  })
  server.on('connection', (socket: Socket) => {
    strangers.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => strangers.delete(socket))
    const [oldest] = strangers
    if (oldest && strangers.size > handshakesMax) {
      strangers.delete(oldest)
      oldest.destroy()
      observe?.({ type: 'turned-away', why: 'too-many' })
    }
  })
  server.on('tlsClientError', (_error, socket) => {
    socket.destroy()
    observe?.({ type: 'turned-away', why: 'handshake-failed' })
  })
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {})
    // The same connection below TLS: it is nobody's stranger any more.
    for (const each of strangers)
      if (each.remotePort === socket.remotePort && each.remoteAddress === socket.remoteAddress) strangers.delete(each)
    const key = shownKey(socket)
    const member = key === undefined ? undefined : options.holderOf(key)
    if (key === undefined || member === undefined || socket.alpnProtocol !== 'h2') {
      observe?.({ type: 'turned-away', why: 'key-unknown' })
      socket.destroy()
      return
    }
    welcome({ member, key, socket })
  })

  function welcome(guest: Guest): void {
    const { member, socket } = guest
    guests.add(guest)
    const own = [...guests].filter((each) => each.member === member)
    if (own.length > connectionsPerMemberMax) own[0]?.socket.destroy()
    observe?.({ type: 'connected', member, direction: 'in' })
    socket.setKeepAlive(true, timing.ping)
    const connection: ServerHttp2Session = performServerHandshake(socket, {
      maxSessionMemory: protocolMemoryMebibytesMax,
      maxHeaderListPairs: headersMax,
      maxSessionInvalidFrames: 8,
      maxSessionRejectedStreams: 64,
      settings: {
        enablePush: false,
        maxConcurrentStreams: streamsMax,
        maxHeaderListSize: headerBytesMax,
        initialWindowSize: windowBytes,
      },
    })
    connection.setLocalWindowSize(streamsMax * windowBytes)
    connection.setTimeout(timing.quiet, () => socket.destroy())
    connection.on('error', () => socket.destroy())
    connection.on('stream', (stream, headers) => {
      // Each request is held against the ledger as it is now, not as it was when the connection began.
      if (options.holderOf(guest.key) !== member) {
        socket.destroy()
        return
      }
      takeRequest(stream, headers, {
        member,
        quotas: { notes: quotaOf(member, 'notes'), wallets: quotaOf(member, 'wallets') },
        inHand,
        timing,
        options,
        onOutcome: (outcome, bytes) => observe?.({ type: 'received', member, outcome, bytes }),
      })
    })
    socket.once('close', () => {
      guests.delete(guest)
      connection.destroy()
      observe?.({ type: 'disconnected', member, direction: 'in' })
    })
  }

  function quotaOf(member: string, of: keyof typeof quotas): Quota {
    const known = quotas[of].get(member)
    if (known) return known
    // Members alone come here: as many as the network ever had, and whoever has been quiet is forgotten.
    for (const [each, quota] of quotas[of]) if (quota.idle(options.now())) quotas[of].delete(each)
    const quota = new Quota(shared, of === 'notes' ? noteRate : walletRate)
    quotas[of].set(member, quota)
    return quota
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    show: ({ cert, key }) => server.setSecureContext({ ...tlsTerms, cert, key }),
    refresh() {
      for (const { key, member, socket } of guests) if (options.holderOf(key) !== member) socket.destroy()
    },
    get open() {
      return guests.size
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of strangers) socket.destroy()
      for (const { socket } of guests) socket.destroy()
      await closed
    },
  }
}
