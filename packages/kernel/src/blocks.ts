/** Blocks: what they hold, how a header is signed, and how their history is one RFC 6962 tree. */
import {
  bytes,
  concatBytes,
  decode,
  encode,
  type Infer,
  type Malformed,
  no,
  object,
  ok,
  type Result,
  uint,
  utf8,
  variant,
} from '@plexus/codec'
import { merkleRoot, sha256, signedBytes, verify } from '@plexus/crypto'

const hash = bytes({ length: 32 })

/** A block as an engine hands it to the state machine. */
export interface Block {
  readonly height: number
  /** Seconds since 1970; never before the previous block's. */
  readonly time: number
  /** Envelopes as they travelled. */
  readonly transactions: readonly Uint8Array[]
  /** `transactionsRoot` of just these, when whoever hands the block over has computed it. */
  readonly root?: Uint8Array
}

/** What history remembers of a block; the same on every engine. */
export const blockSummary = object({ height: uint(), time: uint(), transactionsRoot: hash, outcomesRoot: hash })
export type BlockSummary = Infer<typeof blockSummary>

/**
 * The header that an engine signs. `appHash` is the state after the block before: the state on which this block ran,
 * as in CometBFT, so that a proof reads alike on both engines.
 */
export const header = variant({
  /** The embedded engine: one key orders. `previous` is the hash of the header before, zeros for the first. */
  local: { chain: hash, height: uint(), time: uint(), appHash: hash, transactionsRoot: hash, previous: hash },
})
export type Header = Infer<typeof header>

export const signedHeader = object({ header, signature: bytes({ length: 64 }) })
export type SignedHeader = Infer<typeof signedHeader>

export const headerHash = (of: Header): Uint8Array => sha256(encode(header, of))

/** What the engine's key signs (the embedded engine signs blocks with the key that genesis names). */
export const headerMessage = (of: Header): Uint8Array => signedBytes('header', of.chain, encode(header, of))

/** RFC 6962 root over the envelopes, in their order in the block. */
export const transactionsRoot = (transactions: readonly Uint8Array[]): Uint8Array => merkleRoot(transactions)

const appHashPrefix = utf8('plexus/v1/app\0')

/** What a header carries of the state: the root of the contracts' state and the root of all blocks so far. */
export function appHash({
  stateRoot,
  historyRoot,
}: {
  readonly stateRoot: Uint8Array
  readonly historyRoot: Uint8Array
}): Uint8Array {
  return sha256(concatBytes(appHashPrefix, stateRoot, historyRoot))
}

/** Whether the engine's key signed this header of this chain. */
export function headerHolds({ header: of, signature }: SignedHeader, engineKey: Uint8Array): boolean {
  return verify(engineKey, headerMessage(of), signature)
}

export function readSignedHeader(source: Uint8Array): Result<SignedHeader, Malformed> {
  const decoded = decode(signedHeader, source)
  return decoded.ok ? ok(decoded.value) : no(decoded.reason)
}
