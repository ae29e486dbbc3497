/** Notes between members' nodes: TLS 1.3 both ways, each side's key held against the ledger, notes as HTTP/2 requests. */
import { toHex } from '@plexus/codec'
import { publicKeyOf } from '@plexus/crypto'
import { type Credentials, credentialsOf } from './certificate.ts'
import { noteBytesMax, peersMax } from './limits.ts'
import { type Listener, listen } from './listener.ts'
import { Peer, type PeerReading } from './peer.ts'
import { type PeersOptions, timingDefault } from './ports.ts'
import type { Shared } from './quota.ts'

export type { PeerReading } from './peer.ts'

export interface Peers {
  /** The port on which others are heard; null for a node that only sends. */
  readonly port: number | null
  /**
   * Sends a sealed note. Loss is normal: whatever must arrive is kept by its owner, and sent again. `mayLeave` is asked each
   * time that it is about to go over a connection: it may have waited for half a minute.
   */
  send(member: string, note: Uint8Array, mayLeave?: () => boolean): void
  /** To be called when the own replica has applied a block: keys and addresses may be others now. */
  refresh(): void
  /** Of each peer that is spoken to, in no order. */
  readings(): readonly PeerReading[]
  /** Connections of members that are open here. */
  readonly guests: number
  close(): Promise<void>
}

/** Rejects when the port cannot be had. */
export async function startPeers(
  options: PeersOptions,
  place: { readonly host: string; readonly port: number } | null,
): Promise<Peers> {
  const timing = { ...timingDefault, ...options.timing }
  let credentials: Credentials = credentialsOf(options.seed(), options.random)
  const listener: Listener | undefined = place ? await listen(options, { ...place, credentials, timing }) : undefined
  const peers = new Map<string, Peer>()
  const shared: Shared = { bytes: 0 }
  let closed = false

  function peerOf(member: string): Peer | undefined {
    const known = peers.get(member)
    if (known) return known
    if (peers.size >= peersMax) for (const [each, peer] of peers) if (peer.idle) peers.delete(each)
    if (peers.size >= peersMax) return undefined
    const peer = new Peer({ member, options, timing, credentials: () => credentials, shared })
    peers.set(member, peer)
    return peer
  }

  return {
    port: listener?.port ?? null,
    send(member, note, mayLeave = () => true) {
      if (closed) return
      const outcome = note.length > noteBytesMax ? 'too-large' : undefined
      const peer = outcome ? undefined : peerOf(member)
      if (peer) peer.send(note, mayLeave)
      else options.observe?.({ type: 'sent', member, outcome: outcome ?? 'no-room', seconds: 0 })
    },
    refresh() {
      if (closed) return
      const seed = options.seed()
      if (toHex(publicKeyOf(seed)) !== credentials.publicKey) {
        credentials = credentialsOf(seed, options.random)
        listener?.show(credentials)
        for (const peer of peers.values()) peer.leave()
      }
      listener?.refresh()
      for (const peer of peers.values()) peer.refresh()
    },
    readings: () => [...peers.values()].map((peer) => peer.reading()),
    get guests() {
      return listener?.open ?? 0
    },
    async close() {
      closed = true
      for (const peer of peers.values()) peer.close()
      await listener?.close()
    },
  }
}
