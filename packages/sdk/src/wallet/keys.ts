/**
 * Every key of a wallet comes from its root, the chain and the custodian, so that a root that was recovered finds all of
 * them again and two custodians hold nothing in common. HKDF-SHA-256 (RFC 5869): extract and expand from the root to a
 * relationship, and one expansion from the relationship to each key.
 */
import { concatBytes, utf8 } from '@plexus/codec'
import { handleOf, hkdf, hmacSha256, publicKeyOf } from '@plexus/crypto'

/** Where a key belongs: 32 random bytes of the wallet, the chain's id (32 bytes) and the custodian's id. */
export interface KeyPlace {
  readonly root: Uint8Array
  readonly chain: Uint8Array
  readonly custodian: string
}

const keyLength = 32
const uint32Max = 0xffff_ffff

/** rel(custodian, epoch), 32 bytes: never on the ledger, never shown to anybody. */
export function relationship({ root, chain, custodian }: KeyPlace, epoch: number): Uint8Array {
  return hkdf({ secret: root, salt: chain, info: labelled('rel', custodian, epoch), length: keyLength })
}

/** Ed25519 seed: signs enrolment and evidence for this custodian. */
export const signingSeed = (place: KeyPlace, epoch: number): Uint8Array => expand(relationship(place, epoch), 'sign')

/** X-Wing seed: the custodian seals the wrapping keys of this epoch to it. */
export const sealingSeed = (place: KeyPlace, epoch: number): Uint8Array => expand(relationship(place, epoch), 'kem')

/** Ed25519 seed: empties the mailbox, whose address is the hash of its public key. */
export const mailboxSeed = (place: KeyPlace, epoch: number): Uint8Array => expand(relationship(place, epoch), 'mailbox')

/** X-Wing seed: notices in the mailbox are sealed to it. */
export const noticeSeed = (place: KeyPlace, epoch: number): Uint8Array => expand(relationship(place, epoch), 'notice')

/** Ed25519 seed of directive head `number`, from 1: signs set `number` and the closing of that head. No epoch: a head outlives them. */
export function headSeed({ root, chain, custodian }: KeyPlace, number: number): Uint8Array {
  return hkdf({ secret: root, salt: chain, info: labelled('head', custodian, number), length: keyLength })
}

/** The handle of head `number`: the hash of its public key. */
export const headHandle = (place: KeyPlace, number: number): Uint8Array =>
  handleOf(publicKeyOf(headSeed(place, number)))

/** The number has four bytes and stands last, so that no two places share a label. */
function labelled(name: string, custodian: string, number: number): Uint8Array {
  if (!Number.isInteger(number) || number < 0 || number > uint32Max)
    throw new RangeError(`${name}: expected a number of four bytes`)
  const last = Uint8Array.of(number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255)
  return concatBytes(utf8(`plexus/v1/${name}\0${custodian}`), last)
}

/** RFC 5869 §2.3 with the relationship as pseudorandom key: for 32 bytes the first block is all there is. */
function expand(key: Uint8Array, name: string): Uint8Array {
  return hmacSha256(key, concatBytes(utf8(`plexus/v1/${name}`), Uint8Array.of(1)))
}
