/** What a light client checks: a header, the votes that committed it, and the validators who cast them. */
import type { Instant } from './instant.ts'

/**
 * Equal seats of organisations: tens of validators, not thousands. One page of CometBFT's RPC holds a hundred, so that one
 * answer has them all.
 */
export const validatorsMax = 100
/** `MaxTotalVotingPower` of CometBFT (types/validator_set.go): sums of powers stay far from 64 bits. */
export const totalPowerMax = (2n ** 63n - 1n) / 8n
/** `MaxChainIDLen` of CometBFT (types/genesis.go), in bytes. */
export const chainNameBytesMax = 50
/** CometBFT bounds it not at all; ours has 32, its own example 8. */
export const appHashBytesMax = 64

/** A block, and the parts in which it travelled (`tendermint.types.BlockID`). */
export interface BlockId {
  readonly hash: Uint8Array
  readonly partsTotal: number
  readonly partsHash: Uint8Array
}

/** `tendermint.types.Header` of v0.38 to v0.40. Hashes have 32 bytes, addresses 20. */
export interface LightHeader {
  readonly blockVersion: number
  readonly appVersion: number
  readonly chainName: string
  readonly height: number
  readonly time: Instant
  /** Null for the first block. */
  readonly lastBlock: BlockId | null
  readonly lastCommitHash: Uint8Array
  readonly dataHash: Uint8Array
  readonly validatorsHash: Uint8Array
  readonly nextValidatorsHash: Uint8Array
  readonly consensusHash: Uint8Array
  /** Of the state after the block before. */
  readonly appHash: Uint8Array
  readonly lastResultsHash: Uint8Array
  readonly evidenceHash: Uint8Array
  readonly proposer: Uint8Array
}

/** One place of a commit. Only votes for the block count. */
export type CommitVote =
  | { readonly type: 'absent' }
  | (CastVote & { readonly type: 'block' })
  | (CastVote & { readonly type: 'nil' })

export interface CastVote {
  readonly voter: Uint8Array
  readonly time: Instant
  /** Any bytes: whether they are a signature is asked when they count. */
  readonly signature: Uint8Array
}

export interface LightCommit {
  readonly height: number
  readonly round: number
  readonly block: BlockId
  /** In the order of the validators. */
  readonly votes: readonly CommitVote[]
}

export interface Validator {
  /** The first 20 bytes of the key's SHA-256. */
  readonly address: Uint8Array
  /** Ed25519; no other kind of key is taken. */
  readonly key: Uint8Array
  readonly power: bigint
}

export interface LightBlock {
  readonly header: LightHeader
  readonly commit: LightCommit
  readonly validators: readonly Validator[]
}

/** A header that was verified, with its validators: what the next one is held against. */
export interface TrustedBlock {
  readonly header: LightHeader
  readonly hash: Uint8Array
  readonly validators: readonly Validator[]
}
