/** An authority's tree of one-time keys, of many partners, and the place of one key in it. */
import { no, ok, type Result } from '@plexus/codec'
import type { SupplyLicence, SupplyRole, SupplyTransaction } from '@plexus/contracts'
import { type MixedTree, mixedTree } from './mixed-tree.ts'

/** Hashes of keys that partners handed in, at most 4,096, and the seed of the noise among them (32 random bytes). */
export interface Granted {
  readonly keys: readonly Uint8Array[]
  readonly noiseSeed: Uint8Array
}

const treeOf = ({ keys, noiseSeed }: Granted): MixedTree => mixedTree(keys, noiseSeed)

/** What the authority puts on the ledger; `validUntil` in seconds since 1970. */
export function granting(
  granted: Granted,
  { role, validUntil }: { readonly role: SupplyRole; readonly validUntil: number },
): Extract<SupplyTransaction, { type: 'grant-keys' }> {
  const { root, leaves } = treeOf(granted)
  return { type: 'grant-keys', role, root, leaves, validUntil }
}

/** What the authority hands back to a partner for one of its keys, by the key's hash. */
export function licenceFor(granted: Granted, key: Uint8Array): Result<SupplyLicence, { readonly type: 'not-granted' }> {
  const tree = treeOf(granted)
  const place = tree.placeOf(key)
  return place ? ok({ grant: tree.root, ...place }) : no({ type: 'not-granted' })
}
