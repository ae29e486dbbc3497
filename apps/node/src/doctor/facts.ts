/** What was looked at, before anybody judges it. */
import type { Result } from '@plexus/codec'
import type { Probed, ProbeRefusal } from '@plexus/peers'

/** How a public key of this node stands on the ledger. */
export interface KeyFacts {
  /** `none`: nobody registered it. `another`: somebody else holds it. */
  readonly status: 'active' | 'another' | 'none' | 'pending' | 'revoked'
  readonly scopes: readonly string[]
  /** Seconds since 1970, block time, from which it is in force; null while it is not. */
  readonly since: number | null
}

/** Of the engine beside the node, on a chain that validators order. */
export interface EngineFacts {
  /** What the ledger tells others: that an engine of this member is known, and by which key. */
  readonly addressKnown: boolean
  readonly nodeKeyEqual: boolean
  /** Null for a member without a seat among the validators. */
  readonly seatKeyEqual: boolean | null
  /** The engine proved that the key in this node's folder signed twice. */
  readonly keyMisbehaved: boolean
  /** It signs nothing before the others have moved on: nobody knows what its key signed last. */
  readonly watches: boolean
}

export interface LedgerFacts {
  readonly height: number
  /** The block of the snapshot from which the replica began; 0 when it has every block. */
  readonly beginning: number
  /** Of the newest block, seconds since 1970. */
  readonly time: number
  /** Of the member; null where the ledger has no member of this name. */
  readonly status: string | null
  readonly address: string | null
  readonly signingKey: KeyFacts
  readonly transportKey: KeyFacts
  readonly sealingKeyEqual: boolean
  /** Null on the embedded engine, and for a member that runs with others in one process. */
  readonly engine: EngineFacts | null
  /** Other members whose key signed twice and still has its seat: too much power had moved that day. */
  readonly seatedThoughMisbehaved: readonly string[]
}

export interface PeerFacts {
  readonly member: string
  /** Active keys with the scope `transport`. */
  readonly transportKeys: number
  readonly probe: Result<Probed, ProbeRefusal>
}

export interface DoctorFacts {
  readonly member: string
  /** This machine's clock, seconds since 1970. */
  readonly clock: number
  readonly chain: Uint8Array | null
  /** What is wrong with the genesis document; null when nothing is. */
  readonly genesis: 'malformed' | 'missing' | null
  readonly folderThere: boolean
  /** A node has the directory open. */
  readonly running: boolean
  readonly diskFreeBytes: number
  /** What the layout has and should not, and who may read what. */
  readonly layout: readonly { readonly where: string; readonly what: string }[]
  readonly secretsMissing: readonly string[]
  /** Secrets of successors that lie beside the node. */
  readonly successorsBeside: readonly string[]
  /** The type of the store's error; null when the ledger opens and holds a block. */
  readonly ledgerFault: string | null
  /** Names of the files of evidence of forks that stand. */
  readonly forks: readonly string[]
  readonly ledger: LedgerFacts | null
  /** Null where the address is `local:` or none. */
  readonly self: Result<Probed, ProbeRefusal> | null
  readonly peers: readonly PeerFacts[]
}
