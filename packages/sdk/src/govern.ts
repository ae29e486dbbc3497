/** Transactions about the network itself, composed and signed where the keys are: a node only carries them. */
import { encode } from '@plexus/codec'
import { type MembersTransaction, members, type PractitionersTransaction, practitioners } from '@plexus/contracts'
import { handleOf, publicKeyOf } from '@plexus/crypto'
import { sealEnvelope } from '@plexus/kernel'

/** What an envelope needs besides the transaction. Times are seconds since 1970, block time. */
export interface SealedBy {
  /** SHA-256 of the genesis document. */
  readonly chain: Uint8Array
  readonly sponsor: string
  /** 16 random bytes. */
  readonly nonce: Uint8Array
  /** At most 600 s after the block that carries it. */
  readonly validUntil: number
  /** Ed25519 seeds of 32 bytes of everybody who signs: a key of the sponsor with the scope `sponsor` among them. */
  readonly seeds: readonly Uint8Array[]
}

/** The envelope of a transaction of the contract `members`, with all its signatures. */
export function sealMembersTransaction(transaction: MembersTransaction, { seeds, ...content }: SealedBy): Uint8Array {
  return sealEnvelope(
    { ...content, contract: members.name, transaction: encode(members.transaction, transaction) },
    seeds,
  )
}

/** The same of the contract `practitioners`: licences by a board, roles by whoever employs. */
export function sealPractitionersTransaction(
  transaction: PractitionersTransaction,
  { seeds, ...content }: SealedBy,
): Uint8Array {
  return sealEnvelope(
    { ...content, contract: practitioners.name, transaction: encode(practitioners.transaction, transaction) },
    seeds,
  )
}

/** What the ledger knows of an Ed25519 seed: its public key, and the hash under which an earlier key names it as the next. */
export function keyOfSeed(seed: Uint8Array): { readonly key: Uint8Array; readonly hash: Uint8Array } {
  const key = publicKeyOf(seed)
  return { key, hash: handleOf(key) }
}
