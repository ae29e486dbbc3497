/** What is in a sealed package: told to its holders with the goods, committed on the ledger by a root. */
import { bytes, compareBytes, encode, type Infer, list, no, object, ok, type Result, toHex } from '@plexus/codec'
import { type PackageMember, packageLeavesMax, packageMember, type SupplyTransaction } from '@plexus/contracts'
import { type MixedTree, mixedTree } from './mixed-tree.ts'

/** Travels sealed from holder to holder. */
export const packageManifest = object({
  members: list(packageMember, { min: 1, max: packageLeavesMax }),
  /** From which the noise among the members is made. */
  noiseSeed: bytes({ length: 32 }),
})
export type PackageManifest = Infer<typeof packageManifest>

const treeOf = ({ members, noiseSeed }: PackageManifest): MixedTree =>
  mixedTree(
    members.map((each) => encode(packageMember, each)),
    noiseSeed,
  )

/** What the ledger keeps of the contents: the root, and a class of the number. */
export function contentsOf(manifest: PackageManifest): NonNullable<PackageMember['contents']> {
  const { root, leaves } = treeOf(manifest)
  return { root, leaves }
}

/** The transaction that takes some of the members out of a package, each with its path. */
export function unpacking(
  tag: Uint8Array,
  manifest: PackageManifest,
  tags: readonly Uint8Array[],
): Result<Extract<SupplyTransaction, { type: 'unpack' }>, { readonly type: 'not-a-member' }> {
  const wanted = new Set(tags.map(toHex))
  const members = manifest.members.filter((each) => wanted.delete(toHex(each.tag)))
  if (wanted.size > 0) return no({ type: 'not-a-member' })
  const tree = treeOf(manifest)
  const children = members.map((member) => {
    const place = tree.placeOf(encode(packageMember, member))
    if (!place) throw new Error('a member has no place in its own tree')
    return { member, ...place }
  })
  children.sort((a, b) => compareBytes(a.member.tag, b.member.tag))
  return ok({ type: 'unpack', tag, children })
}
