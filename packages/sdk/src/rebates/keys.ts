/** One-time keys of the parties of a discount, each from one secret of its party (32 random bytes) and the chain. */
import { utf8 } from '@plexus/codec'
import { hkdf } from '@plexus/crypto'
import { labelled } from '../prescriptions/keys.ts'

const keyLength = 32

export interface PartySecret {
  readonly secret: Uint8Array
  readonly chain: Uint8Array
}

/** A party's key of terms, by the party's own name of the contract. */
export function termsSeed({ secret, chain }: PartySecret, contract: string): Uint8Array {
  return hkdf({ secret, salt: chain, info: labelled('rebate-terms', utf8(contract), 0), length: keyLength })
}

/** The claimant's key of an accrual on the fill with this tag; each further accrual on it takes the next number. */
export function accrualSeed({ secret, chain }: PartySecret, tag: Uint8Array, number: number): Uint8Array {
  return hkdf({ secret, salt: chain, info: labelled('rebate-claimant', tag, number), length: keyLength })
}

/**
 * The payer's key `number` under terms. The payer hands the hashes of a pool of them to the claimant ahead, sealed; each is
 * used for one accrual.
 */
export function payerSeed({ secret, chain }: PartySecret, terms: Uint8Array, number: number): Uint8Array {
  return hkdf({ secret, salt: chain, info: labelled('rebate-payer', terms, number), length: keyLength })
}
