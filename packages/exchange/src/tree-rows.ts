/**
 * The tree of a batch in rows of the journal. A row is sealed and opened as a whole, so a tree that stood in one would be
 * opened whole for each path: its lower levels stand in parts, each over a run of leaves, the levels above with the batch.
 */
import { type MerkleTree, merkleTreeOfNodes } from '@plexus/crypto'

export const leafBytes = 32

/**
 * Leaves below one part: a power of two, as the sizes of batches are. A full batch has sixteen parts of 16 kB, which cost
 * a hundredth of its writing, and a path reads one of them.
 */
export const partLeaves = 256

export interface TreeRows {
  /** As of a tree whose leaves are the roots of the parts; of a tree that is no larger than one part, all of it. */
  readonly upper: Uint8Array
  /** As of the tree of each run of leaves, in order; none where `upper` has all. */
  readonly parts: readonly Uint8Array[]
}

/** The nodes of a tree whose number of leaves is a power of two, as copies. */
export function treeRowsOf({ size, nodes }: Pick<MerkleTree, 'size' | 'nodes'>): TreeRows {
  if (size <= partLeaves) return { upper: nodes.slice(), parts: [] }
  const parts = Array.from({ length: size / partLeaves }, () => new Uint8Array((2 * partLeaves - 1) * leafBytes))
  // Level by level, as the nodes stand; a part has the same run of each level.
  let start = 0
  let filled = 0
  for (let run = partLeaves; run >= 1; run /= 2) {
    const level = size / (partLeaves / run)
    for (const [index, part] of parts.entries()) {
      const from = (start + index * run) * leafBytes
      part.set(nodes.subarray(from, from + run * leafBytes), filled)
    }
    filled += run * leafBytes
    if (run > 1) start += level
  }
  return { upper: nodes.slice(start * leafBytes), parts }
}

/** Which part the path of a leaf begins in; none where `upper` has all. */
export const partOf = (size: number, index: number): number | undefined =>
  size <= partLeaves ? undefined : Math.floor(index / partLeaves)

/**
 * The audit path of a leaf, from `upper` and the part that `partOf` names. Copies: a view would keep the row in memory.
 * Throws on rows of another size.
 */
export function pathIn(
  { size, upper, part }: { readonly size: number; readonly upper: Uint8Array; readonly part: Uint8Array | undefined },
  index: number,
): Uint8Array[] {
  const path =
    part === undefined
      ? merkleTreeOfNodes(size, upper).path(index)
      : [
          ...merkleTreeOfNodes(partLeaves, part).path(index % partLeaves),
          ...merkleTreeOfNodes(size / partLeaves, upper).path(Math.floor(index / partLeaves)),
        ]
  return path.map((node) => node.slice())
}
