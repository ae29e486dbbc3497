/** The one-time keys of an item: Ed25519 seeds of 32 bytes, whose handles the ledger names. */
import { concatBytes, utf8 } from '@plexus/codec'
import { handleOf, hkdf, publicKeyOf } from '@plexus/crypto'

const keyLength = 32
const uint32Max = 0xffff_ffff

/**
 * The prescriber's key of a line, from the practice's secret (32 random bytes), the chain and the practice's own name of
 * the order. The same line of the same order has the same handle, so it is signed once, whoever sends it again; all who
 * share the secret may cancel it.
 */
export function itemSeed(
  { secret, chain }: { readonly secret: Uint8Array; readonly chain: Uint8Array },
  order: string,
  line: number,
): Uint8Array {
  return hkdf({ secret, salt: chain, info: labelled('prescription', utf8(order), line), length: keyLength })
}

/** The wallet's key of its item `number`, from the wallet's root; a number is used for one item. */
export function patientItemSeed(
  { root, chain }: { readonly root: Uint8Array; readonly chain: Uint8Array },
  number: number,
): Uint8Array {
  const none = new Uint8Array(0)
  return hkdf({ secret: root, salt: chain, info: labelled('prescription-patient', none, number), length: keyLength })
}

/** The key that lets a pharmacy claim: nomination `number` of the item whose wallet's key this is. */
export function claimantSeed(patientSeed: Uint8Array, chain: Uint8Array, number: number): Uint8Array {
  const info = labelled('prescription-claimant', new Uint8Array(0), number)
  return hkdf({ secret: patientSeed, salt: chain, info, length: keyLength })
}

/** The hash under which the ledger names the key of a seed. */
export const handleOfSeed = (seed: Uint8Array): Uint8Array => handleOf(publicKeyOf(seed))

/** The number has four bytes and stands last, so that no two places share a label. */
export function labelled(name: string, of: Uint8Array, number: number): Uint8Array {
  if (!Number.isInteger(number) || number < 0 || number > uint32Max)
    throw new RangeError(`${name}: expected a number of four bytes`)
  const last = Uint8Array.of(number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255)
  return concatBytes(utf8(`plexus/v1/${name}\0`), of, last)
}
