/** The two hashes of a Merkle tree, as values and, without an array for each, into a buffer. */
import { sha256, sha256Into } from './hash.ts'
import { expectLength } from './lengths.ts'

export const nodeLength = 32

// RFC 6962 §2.1: leaves and nodes are hashed with different prefixes, or a node could pass for a leaf.
// The scratches are filled and hashed without a pause in between, so one of each for all calls is enough.
const leafScratch = new Uint8Array(1 + nodeLength)
const nodeScratch = new Uint8Array(1 + 2 * nodeLength)
nodeScratch[0] = 1

/** SHA-256(0x00 ‖ leaf). */
export function merkleLeafHash(leaf: Uint8Array): Uint8Array {
  return sha256(prefixed(leaf))
}

/** SHA-256(0x01 ‖ left ‖ right), both 32 bytes. */
export function merkleNodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  expectLength(left, nodeLength, 'left')
  expectLength(right, nodeLength, 'right')
  nodeScratch.set(left, 1)
  nodeScratch.set(right, 1 + nodeLength)
  return sha256(nodeScratch)
}

/** The hash of a leaf, into `target` at `at`. */
export function writeLeafHash(leaf: Uint8Array, target: Uint8Array, at: number): void {
  sha256Into(prefixed(leaf), target, at)
}

/** The hash of the leaf of 32 bytes at `from` of `leaves`, into `target` at `at`. */
export function writePackedLeafHash(leaves: Uint8Array, from: number, target: Uint8Array, at: number): void {
  copy(leaves, from, nodeLength, leafScratch)
  sha256Into(leafScratch, target, at)
}

/** The node over the two nodes that stand side by side at `from` of `nodes`, into `nodes` at `at`. */
export function writeNodeHash(nodes: Uint8Array, from: number, at: number): void {
  copy(nodes, from, 2 * nodeLength, nodeScratch)
  sha256Into(nodeScratch, nodes, at)
}

function prefixed(leaf: Uint8Array): Uint8Array {
  if (leaf.length === nodeLength) {
    leafScratch.set(leaf, 1)
    return leafScratch
  }
  const bytes = new Uint8Array(1 + leaf.length)
  bytes.set(leaf, 1)
  return bytes
}

/** Byte by byte behind the prefix: a view and its `set` cost more than 64 turns of a loop (measured). */
function copy(source: Uint8Array, from: number, length: number, scratch: Uint8Array): void {
  for (let index = 0; index < length; index++) scratch[index + 1] = source[from + index] as number
}
