/** Openings: what shows that a statement stands behind one leaf of a committed batch, to whoever is given it. */
import { bytes, type Infer, list, object, text, uint } from '@plexus/codec'
import { leafOf, merkleLeafHash, rootOfPath, statementHash } from '@plexus/crypto'

/** A batch holds at most 4,096 leaves. */
export const batchLeavesMax = 4096
const batchDepthMax = 12

/** The largest statement is a directive set; everything else is a few kilobytes. */
const statementBytesMax = 1024 * 1024

/** A statement with its leaf's key and the audit path from the leaf to the batch's root. Whoever holds it can tell what the leaf stood for. */
export const opening = object({
  type: text({ min: 1, max: 30, pattern: /^[a-z-]+$/ }),
  statement: bytes({ max: statementBytesMax }),
  leafKey: bytes({ length: 32 }),
  index: uint(batchLeavesMax - 1),
  size: uint(batchLeavesMax),
  path: list(bytes({ length: 32 }), { max: batchDepthMax }),
})
export type Opening = Infer<typeof opening>

/** The statement's hash and the batch root that the opening leads to; undefined when the path cannot belong to that place. */
export function openingLeadsTo(
  chain: Uint8Array,
  { type, statement, leafKey, index, size, path }: Opening,
): { readonly hash: Uint8Array; readonly root: Uint8Array } | undefined {
  const hash = statementHash(type, chain, statement)
  const root = rootOfPath({ leafHash: merkleLeafHash(leafOf(leafKey, hash)), index, size, path })
  return root && { hash, root }
}
