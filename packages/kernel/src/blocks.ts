/** Blocks: what they hold, how a header is signed, and how their history is one RFC 6962 tree. */
import {
  bytes,
  concatBytes,
  decode,
  encode,
  type Infer,
  type Malformed,
  object,
  oneOf,
  option,
  type Result,
  uint,
  utf8,
  variant,
} from '@plexus/codec'
import { merkleRoot, sha256, signedBytes, verify } from '@plexus/crypto'

const hash = bytes({ length: 32 })

/** What an engine can prove of whoever signs blocks: no honest node ever signs so, and no fault of the network looks so. */
export const misbehaviour = object({
  /** Two votes at one place, or a header that only attackers would sign (CometBFT `spec/consensus/evidence.md`). */
  kind: oneOf('double-vote', 'light-client-attack'),
  /** As `validatorAddressOf` makes it of the validator's key. */
  validator: bytes({ length: 20 }),
  /** Of the block about which it was signed: one before this. */
  height: uint(),
})
export type Misbehaviour = Infer<typeof misbehaviour>

/** Evidence takes a megabyte of a block at most, and one piece some hundred bytes; an attack names each who took part. */
export const misbehavioursMax = 10_000

/** First 20 bytes of SHA-256 of the key: what CometBFT calls a validator (`crypto.AddressHash`). */
export const validatorAddressOf = (key: Uint8Array): Uint8Array => sha256(key).slice(0, 20)

/** A block as an engine hands it to the state machine. */
export interface Block {
  readonly height: number
  /** Seconds since 1970; never before the previous block's. */
  readonly time: number
  /** Envelopes as they travelled. */
  readonly transactions: readonly Uint8Array[]
  /** `transactionsRoot` of just these, when whoever hands the block over has computed it. */
  readonly root?: Uint8Array
  /** In the order of the engine's block. The embedded engine has one key and no votes: without it, nobody misbehaved. */
  readonly misbehaviour?: readonly Misbehaviour[]
}

/** What history remembers of a block; the same on every engine. */
export const blockSummary = object({ height: uint(), time: uint(), transactionsRoot: hash, outcomesRoot: hash })
export type BlockSummary = Infer<typeof blockSummary>

/**
 * The header on which an engine agreed. `appHash` is the state after the block before: the state on which this block ran,
 * as in CometBFT, so that a proof reads alike on both engines.
 */
export const header = variant({
  /** The embedded engine: one key orders. `previous` is the hash of the header before, zeros for the first. */
  local: { chain: hash, height: uint(), time: uint(), appHash: hash, transactionsRoot: hash, previous: hash },
  /** CometBFT: what a replica keeps of the engine's own header, enough to fetch the votes and check the rest. */
  cometbft: {
    chain: hash,
    height: uint(),
    /** Seconds since 1970 and the rest: BFT time, the weighted median of the votes for the block before. */
    time: uint(),
    nanoseconds: uint(999_999_999),
    /** Of the engine's header, which two thirds of the power signed. */
    hash,
    appHash: hash,
    transactionsRoot: hash,
    nextValidatorsHash: hash,
    /** As `validatorAddressOf` makes it of the proposer's key. */
    proposer: bytes({ length: 20 }),
  },
})
export type Header = Infer<typeof header>
export type LocalHeader = Extract<Header, { readonly type: 'local' }>
export type CometHeader = Extract<Header, { readonly type: 'cometbft' }>

/** As replicas keep it and bundles show it. On CometBFT the signatures are votes, which whoever checks them fetches. */
export const signedHeader = object({ header, signature: option(bytes({ length: 64 })) })
export type SignedHeader = Infer<typeof signedHeader>

export const headerHash = (of: Header): Uint8Array => sha256(encode(header, of))

/** What the engine's key signs (the embedded engine signs blocks with the key that genesis names). */
export const headerMessage = (of: Header): Uint8Array => signedBytes('header', of.chain, encode(header, of))

/** RFC 6962 root over the envelopes, in their order in the block. */
export const transactionsRoot = (transactions: readonly Uint8Array[]): Uint8Array => merkleRoot(transactions)

/**
 * The leaves under which an engine's header puts the envelopes of its block: they themselves under `transactionsRoot` of
 * the embedded engine, their SHA-256 under the data hash of CometBFT (`Txs.Hash`, types/tx.go).
 */
export function transactionLeaves(engine: Header['type'], transactions: readonly Uint8Array[]): readonly Uint8Array[] {
  return engine === 'local' ? transactions : transactions.map((each) => sha256(each))
}

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

/** Whether the embedded engine's key signed this header of this chain. */
export function headerHolds({ header: of, signature }: SignedHeader, engineKey: Uint8Array): boolean {
  return of.type === 'local' && signature !== null && verify(engineKey, headerMessage(of), signature)
}

export function readSignedHeader(source: Uint8Array): Result<SignedHeader, Malformed> {
  return decode(signedHeader, source)
}
