/** A whole Merkle tree (RFC 6962 §2.1) in one buffer, for whoever asks it for many paths. */
import { nodeLength, writeLeafHash, writeNodeHash, writePackedLeafHash } from './merkle-nodes.ts'

export interface MerkleTree {
  /** Number of leaves. */
  readonly size: number
  /** A view of the tree's buffer, 32 bytes. */
  readonly root: Uint8Array
  /** The tree's buffer: the leaves' hashes, the level above them, and so on up to the root, 32 bytes each. */
  readonly nodes: Uint8Array
  /** The audit path of one leaf from the leaf up, as views of the tree's buffer. Throws when there is no such leaf. */
  path(index: number): Uint8Array[]
}

/** The tree over leaves of 32 bytes each that stand in one buffer. Throws when there is none, or a part of one. */
export function merkleTreeOfPacked(leaves: Uint8Array): MerkleTree {
  if (leaves.length % nodeLength !== 0) throw new RangeError(`leaves: expected multiples of ${nodeLength} bytes`)
  return treeOf(leaves.length / nodeLength, (index, nodes, at) =>
    writePackedLeafHash(leaves, index * nodeLength, nodes, at),
  )
}

/**
 * A tree of `size` leaves from the `nodes` of one that was made before, which it keeps. Nothing is hashed: whoever stores
 * nodes answers for them. Throws when a tree of that size has another number of nodes.
 */
export function merkleTreeOfNodes(size: number, nodes: Uint8Array): MerkleTree {
  const sizes = levelSizes(size)
  if (nodes.length !== lengthOf(sizes)) throw new RangeError(`nodes: expected those of ${size} leaves`)
  return treeOn(nodes, sizes)
}

/** The tree over leaves of any bytes. Throws when there is none. */
export function merkleTree(leaves: readonly Uint8Array[]): MerkleTree {
  return treeOf(leaves.length, (index, nodes, at) => writeLeafHash(leaves[index] as Uint8Array, nodes, at))
}

function treeOf(size: number, writeLeaf: (index: number, nodes: Uint8Array, at: number) => void): MerkleTree {
  const sizes = levelSizes(size)
  const nodes = new Uint8Array(lengthOf(sizes))
  for (let index = 0; index < size; index++) writeLeaf(index, nodes, index * nodeLength)
  // Level by level, each behind the one below; the odd last node of a level moves up as it is.
  let from = 0
  for (const level of sizes.slice(0, -1)) {
    let at = from + level * nodeLength
    const next = at
    for (let index = 0; index + 1 < level; index += 2) {
      writeNodeHash(nodes, from + index * nodeLength, at)
      at += nodeLength
    }
    if (level % 2 === 1) nodes.copyWithin(at, next - nodeLength, next)
    from = next
  }
  return treeOn(nodes, sizes)
}

function treeOn(nodes: Uint8Array, sizes: readonly number[]): MerkleTree {
  const [size = 0] = sizes
  return {
    size,
    nodes,
    root: nodes.subarray(nodes.length - nodeLength),
    path(index) {
      if (!Number.isInteger(index) || index < 0 || index >= size) {
        throw new RangeError(`index: expected below ${size}, came ${index}`)
      }
      const path: Uint8Array[] = []
      let at = index
      let start = 0
      for (const level of sizes) {
        const sibling = at % 2 === 0 ? at + 1 : at - 1
        const place = (start + sibling) * nodeLength
        if (sibling < level) path.push(nodes.subarray(place, place + nodeLength))
        start += level
        at = Math.floor(at / 2)
      }
      return path
    },
  }
}

/** From the leaves up to the root, which is a level of one. */
function levelSizes(size: number): readonly number[] {
  if (size < 1) throw new RangeError('leaves: expected at least one')
  const sizes = [size]
  for (let level = size; level > 1; ) {
    level = Math.ceil(level / 2)
    sizes.push(level)
  }
  return sizes
}

function lengthOf(sizes: readonly number[]): number {
  return nodeLength * sizes.reduce((sum, each) => sum + each, 0)
}
