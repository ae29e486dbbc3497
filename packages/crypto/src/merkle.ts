/**
 * The Merkle tree of RFC 6962 §2.1 over SHA-256: pure functions over arrays of leaves, and a frontier that grows by
 * one leaf at a time. Proofs are checked by the algorithms of RFC 9162 §2.1.3.2 and §2.1.4.2. A leaf is any bytes; a
 * node is 32 bytes. Sizes and positions are safe integers: halving one by `Math.floor(n / 2)` is exact.
 */
import { equalBytes } from '@plexus/codec'
import { sha256 } from './hash.ts'
import { expectLength } from './lengths.ts'
import { merkleLeafHash, merkleNodeHash, nodeLength, writeLeafHash, writeNodeHash } from './merkle-nodes.ts'
import { merkleTree } from './merkle-tree.ts'

/** A tree of 2⁵³ leaves has paths of 53 nodes; a longer proof is refused unread. */
const pathLengthMax = 53
/** A consistency proof may begin with the shared subtree's root besides the nodes of one path. */
const consistencyLengthMax = pathLengthMax + 1
/** Full subtrees of a tree of that size, and the leaf that is being added. */
const peaksMax = pathLengthMax + 2

export interface MerklePath {
  /** The leaf's bytes, not its hash. */
  readonly leaf: Uint8Array
  readonly index: number
  readonly size: number
  /** Siblings from the leaf up to the root. */
  readonly path: readonly Uint8Array[]
  readonly root: Uint8Array
}

export interface MerkleConsistency {
  readonly sizeBefore: number
  readonly rootBefore: Uint8Array
  readonly sizeAfter: number
  readonly rootAfter: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** The roots of the full subtrees of a growing tree, largest first: all that appending needs. */
export interface Frontier {
  readonly size: number
  readonly peaks: readonly Uint8Array[]
}

/** The root over all leaves in order; SHA-256 of nothing for no leaves. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0))
  // Along the frontier rather than level by level, and its peaks in one buffer: nothing is made for a leaf.
  const peaks = new Uint8Array(peaksMax * nodeLength)
  let end = 0
  const join = (): void => {
    end -= nodeLength
    writeNodeHash(peaks, end - nodeLength, end - nodeLength)
  }
  for (let index = 0; index < leaves.length; index++) {
    writeLeafHash(leaves[index] as Uint8Array, peaks, end)
    end += nodeLength
    for (let rest = index; rest % 2 === 1; rest = half(rest)) join()
  }
  while (end > nodeLength) join()
  return peaks.slice(0, nodeLength)
}

/** The audit path of one leaf (RFC 6962 §2.1.1), from the leaf up. Throws when there is no such leaf. */
export function merklePath(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
    throw new RangeError(`index: expected below ${leaves.length}, came ${index}`)
  }
  // Copies: a view would keep the whole tree alive for as long as its path.
  return merkleTree(leaves)
    .path(index)
    .map((node) => node.slice())
}

/**
 * Whether the path leads from the leaf at `index` to the root of a tree of `size` leaves. Never throws on a proof.
 * Root and size must come together from a source that is trusted: a root does not bind its size, and trees of several
 * sizes can place one leaf alike.
 */
export function verifyMerklePath({ leaf, root, ...place }: MerklePath): boolean {
  const reached = rootOfPath({ leafHash: merkleLeafHash(leaf), ...place })
  return reached !== undefined && equalBytes(reached, root)
}

/** RFC 9162 §2.1.3.2: the root that a path leads to, or undefined when the path cannot belong to that place. */
export function rootOfPath({
  leafHash,
  index,
  size,
  path,
}: {
  readonly leafHash: Uint8Array
  readonly index: number
  readonly size: number
  readonly path: readonly Uint8Array[]
}): Uint8Array | undefined {
  if (!isSize(index) || !isSize(size) || index >= size) return undefined
  if (leafHash.length !== nodeLength || path.length > pathLengthMax) return undefined
  let at = index
  let last = size - 1
  let reached = leafHash
  for (const sibling of path) {
    if (last === 0 || sibling.length !== nodeLength) return undefined
    if (at % 2 === 1 || at === last) {
      reached = merkleNodeHash(sibling, reached)
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    } else {
      reached = merkleNodeHash(reached, sibling)
    }
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 ? reached : undefined
}

/**
 * The proof that the tree over the first `sizeBefore` leaves is the beginning of the tree over all (RFC 6962 §2.1.2).
 * Empty when both are the same. Throws when `sizeBefore` is not from 1 to the number of leaves.
 */
export function merkleConsistency(leaves: readonly Uint8Array[], sizeBefore: number): Uint8Array[] {
  if (!Number.isInteger(sizeBefore) || sizeBefore < 1 || sizeBefore > leaves.length) {
    throw new RangeError(`sizeBefore: expected 1 to ${leaves.length}, came ${sizeBefore}`)
  }
  const hashes = leaves.map(merkleLeafHash)
  const proof: Uint8Array[] = []
  let start = 0
  let end = hashes.length
  // The RFC's SUBPROOF, walked from the root down; the proof lists what was left aside from the bottom up.
  while (sizeBefore !== end) {
    const middle = start + largestPowerOfTwoBelow(end - start)
    if (sizeBefore <= middle) {
      proof.push(rootOfHashes(hashes.slice(middle, end)))
      end = middle
    } else {
      proof.push(rootOfHashes(hashes.slice(start, middle)))
      start = middle
    }
  }
  if (start !== 0) proof.push(rootOfHashes(hashes.slice(start, end))) // else the verifier has it: it is rootBefore
  return proof.reverse()
}

/**
 * RFC 9162 §2.1.4.2: whether the later tree only appended to the earlier one. An earlier tree without leaves proves
 * nothing and is refused. Never throws on a proof. Each root and its size must come together from a trusted source.
 */
export function verifyMerkleConsistency(claim: MerkleConsistency): boolean {
  const { sizeBefore, rootBefore, sizeAfter, rootAfter, proof } = claim
  if (!isSize(sizeBefore) || !isSize(sizeAfter) || sizeBefore < 1 || sizeBefore > sizeAfter) return false
  if (sizeBefore === sizeAfter) return proof.length === 0 && equalBytes(rootBefore, rootAfter)
  if (proof.length === 0 || proof.length > consistencyLengthMax) return false
  if (rootBefore.length !== nodeLength || proof.some((node) => node.length !== nodeLength)) return false
  let at = sizeBefore - 1
  let last = sizeAfter - 1
  while (at % 2 === 1) [at, last] = [half(at), half(last)]
  // Where the earlier tree is one full subtree of the later one, its root starts both walks and is not sent.
  const [first, ...rest] = at === 0 ? [rootBefore, ...proof] : proof
  if (!first) return false
  let before = first
  let after = first
  for (const node of rest) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      before = merkleNodeHash(node, before)
      after = merkleNodeHash(node, after)
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    } else {
      after = merkleNodeHash(after, node)
    }
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && equalBytes(before, rootBefore) && equalBytes(after, rootAfter)
}

export function emptyFrontier(): Frontier {
  return { size: 0, peaks: [] }
}

/** The frontier after one more leaf, given by its leaf hash; the argument stays as it was. */
export function appendLeaf(frontier: Frontier, leafHash: Uint8Array): Frontier {
  expectLength(leafHash, nodeLength, 'leafHash')
  const peaks = frontier.peaks.slice()
  addLeaf(peaks, frontier.size, leafHash)
  return { size: frontier.size + 1, peaks }
}

/** The root of the tree that has grown so far, the same as `merkleRoot` over its leaves. */
export function frontierRoot(frontier: Frontier): Uint8Array {
  return rootOfPeaks(frontier.peaks)
}

/** Changes the peaks of a tree of `size` leaves into those of the tree with one leaf more. */
function addLeaf(peaks: Uint8Array[], size: number, leafHash: Uint8Array): void {
  let node = leafHash
  // Each trailing one bit of the size is a full subtree as large as the one that has just been completed.
  for (let rest = size; rest % 2 === 1; rest = half(rest)) node = merkleNodeHash(peaks.pop() as Uint8Array, node)
  peaks.push(node)
}

function rootOfPeaks(peaks: readonly Uint8Array[]): Uint8Array {
  let root = peaks.at(-1)
  if (!root) return sha256(new Uint8Array(0))
  for (let index = peaks.length - 2; index >= 0; index--) root = merkleNodeHash(peaks[index] as Uint8Array, root)
  return root
}

function rootOfHashes(hashes: readonly Uint8Array[]): Uint8Array {
  const peaks: Uint8Array[] = []
  for (let index = 0; index < hashes.length; index++) addLeaf(peaks, index, hashes[index] as Uint8Array)
  return rootOfPeaks(peaks)
}

function largestPowerOfTwoBelow(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function half(value: number): number {
  return Math.floor(value / 2)
}
