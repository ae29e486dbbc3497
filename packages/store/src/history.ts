/**
 * The RFC 6962 tree over all blocks, kept as the hashes of its complete subtrees in the order in which they are
 * completed: appended only, and enough for every proof.
 */
import { createHash } from 'node:crypto'
import { StoreError } from './store-error.ts'

export function sha256OfParts(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}
const sha256 = (prefix: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  sha256OfParts(Uint8Array.of(prefix), ...parts)

// RFC 6962 §2.1: leaves and nodes are hashed with different prefixes, or a node could pass for a leaf.
const leafHash = (leaf: Uint8Array): Uint8Array => sha256(0, leaf)
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(1, left, right)

/** Subtree roots by their position. */
export interface SubtreeTable {
  get(position: number): Uint8Array | undefined
  set(position: number, root: Uint8Array): void
}

const emptyRoot = new Uint8Array(createHash('sha256').digest())

/** Where the root of a complete subtree of 2^level leaves stands, counted in the order of completion. */
function positionOf(level: number, index: number): number {
  let last = index
  for (let below = level; below > 0; below--) last = 2 * last + 1
  // Before the leaf `last` came: that many leaves, half as many pairs, and so on.
  let position = level
  for (let count = last; count > 0; count = Math.floor(count / 2)) position += count
  return position
}

/** Adds the leaf at `index`, and every subtree that it completes. */
export function appendHistory(table: SubtreeTable, index: number, leaf: Uint8Array): void {
  let hash = leafHash(leaf)
  table.set(positionOf(0, index), hash)
  let at = index
  for (let level = 0; at % 2 === 1; level++) {
    hash = nodeHash(read(table, level, at - 1), hash)
    at = Math.floor(at / 2)
    table.set(positionOf(level + 1, at), hash)
  }
}

/** RFC 6962 §2.1.1: the siblings of a leaf, from the leaf up, in the tree of `size` leaves. */
export function historyPath(table: SubtreeTable, index: number, size: number): readonly Uint8Array[] {
  const path: Uint8Array[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + largestPowerOfTwoBelow(end - start)
    if (index < middle) {
      path.push(subtreeRoot(table, middle, end))
      end = middle
    } else {
      path.push(subtreeRoot(table, start, middle))
      start = middle
    }
  }
  return path.reverse()
}

/**
 * RFC 6962 §2.1.2: that the tree of `before` blocks is the beginning of the tree of `after`; as `verifyMerkleConsistency`
 * of the package crypto reads it. Empty when both are the same.
 */
export function historyGrowth(table: SubtreeTable, before: number, after: number): readonly Uint8Array[] {
  const proof: Uint8Array[] = []
  let start = 0
  let end = after
  while (before !== end) {
    const middle = start + largestPowerOfTwoBelow(end - start)
    if (before <= middle) {
      proof.push(subtreeRoot(table, middle, end))
      end = middle
    } else {
      proof.push(subtreeRoot(table, start, middle))
      start = middle
    }
  }
  if (start !== 0) proof.push(subtreeRoot(table, start, end))
  return proof.reverse()
}

/** RFC 6962 §2.1: the root of the tree of `size` leaves. */
export function historyRoot(table: SubtreeTable, size: number): Uint8Array {
  return size === 0 ? emptyRoot : subtreeRoot(table, 0, size)
}

/** The same root, from the roots of the complete subtrees, largest first. */
export function rootOfSubtrees(roots: readonly Uint8Array[]): Uint8Array {
  return (
    roots.reduceRight((right: Uint8Array | undefined, left) => (right ? nodeHash(left, right) : left), undefined) ??
    emptyRoot
  )
}

/** Where the complete subtrees of the first `size` leaves stand, largest first. */
function* subtreesOf(size: number): Iterable<{ readonly level: number; readonly index: number }> {
  for (let start = 0; start < size; ) {
    let power = 1
    let level = 0
    for (; power * 2 <= size - start; power *= 2) level++
    yield { level, index: start / power }
    start += power
  }
}

/** The roots of the complete subtrees of the first `size` leaves, largest first. */
export function historySubtrees(table: Pick<SubtreeTable, 'get'>, size: number): readonly Uint8Array[] {
  return Array.from(subtreesOf(size), ({ level, index }) => read(table, level, index))
}

/**
 * Begins a history behind its first `size` leaves, of which it gets only these roots: leaves are appended to it as ever, and
 * what is asked of it from this size on, it can tell. False when there are not as many roots as `size` has subtrees.
 */
export function beginHistory(table: SubtreeTable, size: number, roots: readonly Uint8Array[]): boolean {
  const places = [...subtreesOf(size)]
  if (places.length !== roots.length) return false
  for (const [at, { level, index }] of places.entries()) table.set(positionOf(level, index), roots[at] as Uint8Array)
  return true
}

function subtreeRoot(table: SubtreeTable, start: number, end: number): Uint8Array {
  const size = end - start
  const half = largestPowerOfTwoBelow(size)
  if (size === 1) return read(table, 0, start)
  if (size === 2 * half) return read(table, levelOf(size), start / size)
  const middle = start + half
  return nodeHash(subtreeRoot(table, start, middle), subtreeRoot(table, middle, end))
}

function read(table: Pick<SubtreeTable, 'get'>, level: number, index: number): Uint8Array {
  const hash = table.get(positionOf(level, index))
  if (hash?.length !== 32) throw new StoreError('damaged', `the history lacks the subtree ${level}/${index}`)
  return hash
}

/** The exponent of a power of two. */
function levelOf(size: number): number {
  let level = 0
  for (let power = 1; power < size; power *= 2) level++
  return level
}

/** Below 2, this is 1, which nobody uses. */
function largestPowerOfTwoBelow(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}
