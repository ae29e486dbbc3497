import { fromHex, toHex } from '@plexus/codec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  appendLeaf,
  emptyFrontier,
  frontierRoot,
  type MerkleConsistency,
  type MerklePath,
  merkleConsistency,
  merklePath,
  merkleRoot,
  rootOfPath,
  verifyMerkleConsistency,
  verifyMerklePath,
} from './merkle.ts'
import { merkleLeafHash, merkleNodeHash } from './merkle-nodes.ts'
import { merkleTree, merkleTreeOfNodes, merkleTreeOfPacked } from './merkle-tree.ts'
import { sharedDataPresent, sharedJson, sharedJsonFiles } from './shared-data.testing.ts'

/** The tree exactly as RFC 6962 §2.1 writes it down, from the root: the second implementation. */
function definedRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves
  if (only && leaves.length === 1) return merkleLeafHash(only)
  const split = splitOf(leaves.length)
  return merkleNodeHash(definedRoot(leaves.slice(0, split)), definedRoot(leaves.slice(split)))
}

function definedPath(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length === 1) return []
  const split = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split
    ? [...definedPath(left, index), definedRoot(right)]
    : [...definedPath(right, index - split), definedRoot(left)]
}

function definedConsistency(leaves: readonly Uint8Array[], sizeBefore: number, whole = true): Uint8Array[] {
  if (sizeBefore === leaves.length) return whole ? [] : [definedRoot(leaves)]
  const split = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return sizeBefore <= split
    ? [...definedConsistency(left, sizeBefore, whole), definedRoot(right)]
    : [...definedConsistency(right, sizeBefore - split, false), definedRoot(left)]
}

/** The way from the root to a leaf, by the definition: L or R at each node. */
function stepsTo(index: number, size: number): string {
  if (size === 1) return ''
  const split = splitOf(size)
  return index < split ? `L${stepsTo(index, split)}` : `R${stepsTo(index - split, size - split)}`
}

/** The way that SUBPROOF of RFC 6962 §2.1.2 goes, and whether the earlier root itself is where it ends. */
function stepsBetween(sizeBefore: number, size: number, whole = true): string {
  if (sizeBefore === size) return whole ? '=' : '+'
  const split = splitOf(size)
  return sizeBefore <= split
    ? `L${stepsBetween(sizeBefore, split, whole)}`
    : `R${stepsBetween(sizeBefore - split, size - split, false)}`
}

function splitOf(size: number): number {
  return 2 ** Math.ceil(Math.log2(size) - 1)
}

const leaf = fc.uint8Array({ maxLength: 40 })
const leavesOf = (maxLength: number) => fc.array(leaf, { minLength: 1, maxLength })
/** Some leaves, and one of them. */
const placed = leavesOf(40).chain((leaves) =>
  fc.record({ leaves: fc.constant(leaves), index: fc.nat(leaves.length - 1) }),
)
/** Some leaves, and an earlier size from 1 up. */
const grown = leavesOf(40).chain((leaves) =>
  fc.record({ leaves: fc.constant(leaves), sizeBefore: fc.integer({ min: 1, max: leaves.length }) }),
)

function pathOf(leaves: readonly Uint8Array[], index: number): MerklePath {
  const path = merklePath(leaves, index)
  return { leaf: leaves[index] as Uint8Array, index, size: leaves.length, path, root: merkleRoot(leaves) }
}

function consistencyOf(leaves: readonly Uint8Array[], sizeBefore: number): MerkleConsistency {
  return {
    sizeBefore,
    rootBefore: merkleRoot(leaves.slice(0, sizeBefore)),
    sizeAfter: leaves.length,
    rootAfter: merkleRoot(leaves),
    proof: merkleConsistency(leaves, sizeBefore),
  }
}

/** Every copy of the bytes that differs in one bit. */
function* oneBitOff(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    yield bytes.with(bit >> 3, (bytes[bit >> 3] as number) ^ (1 << (bit & 7)))
  }
}

function* oneNodeOff(nodes: readonly Uint8Array[]): Generator<Uint8Array[]> {
  for (const [at, node] of nodes.entries()) {
    for (const changed of oneBitOff(node)) yield nodes.with(at, changed)
    yield nodes.toSpliced(at, 1)
    yield nodes.toSpliced(at, 0, node)
    yield nodes.with(at, node.subarray(1))
  }
  yield [...nodes, new Uint8Array(32)]
}

test('the roots of RFC 6962 test trees come out', () => {
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
  const roots = [0, 1, 2, 8].map((size) => toHex(merkleRoot(inputs.slice(0, size).map(fromHex))))
  expect(roots).toEqual([
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ])
})

test('root, path and consistency proof are those of the definition', () => {
  fc.assert(
    fc.property(grown, fc.nat(), ({ leaves, sizeBefore }, any) => {
      expect(merkleRoot(leaves)).toEqual(definedRoot(leaves))
      expect(merklePath(leaves, any % leaves.length)).toEqual(definedPath(leaves, any % leaves.length))
      expect(merkleConsistency(leaves, sizeBefore)).toEqual(definedConsistency(leaves, sizeBefore))
    }),
  )
})

test('a tree in one buffer has the root and every path of the definition, over leaves of any length and packed', () => {
  const packed = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(leavesOf(40), packed, (any, even) => {
      const joined = new Uint8Array(32 * even.length)
      for (const [index, each] of even.entries()) joined.set(each, 32 * index)
      for (const [leaves, tree] of [
        [any, merkleTree(any)],
        [even, merkleTreeOfPacked(joined)],
        [even, merkleTreeOfNodes(even.length, merkleTreeOfPacked(joined).nodes)],
      ] as const) {
        expect(tree.size).toBe(leaves.length)
        expect(tree.root).toEqual(definedRoot(leaves))
        for (const index of leaves.keys()) expect(tree.path(index)).toEqual(definedPath(leaves, index))
      }
    }),
    { numRuns: 30 },
  )
})

test('what is no tree, and no leaf of it, are bugs of the caller', () => {
  expect(() => merkleTreeOfPacked(new Uint8Array(0))).toThrow('leaves: expected at least one')
  expect(() => merkleTreeOfPacked(new Uint8Array(33))).toThrow('leaves: expected multiples of 32 bytes')
  expect(() => merkleTreeOfNodes(0, new Uint8Array(0))).toThrow('leaves: expected at least one')
  for (const other of [2, 4]) {
    const { nodes } = merkleTreeOfPacked(new Uint8Array(32 * other))
    expect(() => merkleTreeOfNodes(3, nodes)).toThrow('nodes: expected those of 3 leaves')
  }
  const tree = merkleTreeOfPacked(new Uint8Array(96))
  for (const none of [-1, 3, 0.5, Number.NaN]) expect(() => tree.path(none)).toThrow('index: expected below 3')
})

test('every path of every tree up to 33 leaves verifies, at its own place only', () => {
  const leaves = Array.from({ length: 33 }, (_, index) => Uint8Array.of(index))
  for (let size = 1; size <= leaves.length; size++) {
    for (let index = 0; index < size; index++) {
      const claim = pathOf(leaves.slice(0, size), index)
      expect(verifyMerklePath(claim)).toBe(true)
      for (let other = 0; other <= size; other++) {
        if (other !== index) expect(verifyMerklePath({ ...claim, index: other })).toBe(false)
      }
    }
  }
})

test('T-13: a path with any bit changed in leaf, node or root, or a node too few or too many, fails', () => {
  fc.assert(
    fc.property(placed, ({ leaves, index }) => {
      const claim = pathOf(leaves, index)
      expect(verifyMerklePath(claim)).toBe(true)
      for (const changed of oneBitOff(claim.leaf)) expect(verifyMerklePath({ ...claim, leaf: changed })).toBe(false)
      for (const changed of oneBitOff(claim.root)) expect(verifyMerklePath({ ...claim, root: changed })).toBe(false)
      for (const changed of oneNodeOff(claim.path)) expect(verifyMerklePath({ ...claim, path: changed })).toBe(false)
    }),
    { numRuns: 20 },
  )
})

test('a path for another index is refused while no two leaves are equal, and what is no index never throws', () => {
  // With equal leaves the other place can hold the same leaf in truth, and its proof is then no forgery.
  const distinct = fc
    .uniqueArray(leaf, { minLength: 1, maxLength: 40, selector: toHex })
    .chain((leaves) => fc.record({ leaves: fc.constant(leaves), index: fc.nat(leaves.length - 1) }))
  fc.assert(
    fc.property(distinct, fc.integer({ min: 0, max: 30 }), ({ leaves, index }, bit) => {
      const claim = pathOf(leaves, index)
      expect(verifyMerklePath({ ...claim, index: index ^ (1 << bit) })).toBe(false)
      for (const none of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
        expect(verifyMerklePath({ ...claim, index: none })).toBe(false)
        expect(verifyMerklePath({ ...claim, size: none })).toBe(false)
      }
    }),
  )
})

test('a path holds at another index or size exactly where the definition walks the same way', () => {
  const leaves = Array.from({ length: 17 }, (_, index) => Uint8Array.of(index))
  const counts = { held: 0, refused: 0 }
  for (let size = 1; size <= leaves.length; size++) {
    for (let index = 0; index < size; index++) {
      const claim = pathOf(leaves.slice(0, size), index)
      for (let otherSize = 0; otherSize <= 34; otherSize++) {
        for (let otherIndex = 0; otherIndex <= otherSize; otherIndex++) {
          const alike = otherIndex < otherSize && stepsTo(otherIndex, otherSize) === stepsTo(index, size)
          expect(verifyMerklePath({ ...claim, index: otherIndex, size: otherSize })).toBe(alike)
          counts[alike ? 'held' : 'refused']++
        }
      }
    }
  }
  expect(counts.held).toBeGreaterThan(500)
  expect(counts.refused).toBeGreaterThan(50_000)
})

test('a consistency proof holds for other sizes exactly where the definition walks the same way', () => {
  const leaves = Array.from({ length: 12 }, (_, index) => Uint8Array.of(index))
  const counts = { held: 0, refused: 0 }
  for (let size = 1; size <= leaves.length; size++) {
    for (let sizeBefore = 1; sizeBefore <= size; sizeBefore++) {
      const claim = consistencyOf(leaves.slice(0, size), sizeBefore)
      for (let otherSize = 1; otherSize <= 24; otherSize++) {
        for (let otherBefore = 1; otherBefore <= otherSize; otherBefore++) {
          const alike = stepsBetween(otherBefore, otherSize) === stepsBetween(sizeBefore, size)
          expect(verifyMerkleConsistency({ ...claim, sizeBefore: otherBefore, sizeAfter: otherSize })).toBe(alike)
          counts[alike ? 'held' : 'refused']++
        }
      }
    }
  }
  expect(counts.held).toBeGreaterThan(100)
  expect(counts.refused).toBeGreaterThan(10_000)
})

test('every consistency proof up to 33 leaves verifies, and not with its first node changed', () => {
  const leaves = Array.from({ length: 33 }, (_, index) => Uint8Array.of(index))
  for (let size = 1; size <= leaves.length; size++) {
    for (let sizeBefore = 1; sizeBefore <= size; sizeBefore++) {
      const claim = consistencyOf(leaves.slice(0, size), sizeBefore)
      expect(verifyMerkleConsistency(claim)).toBe(true)
      for (const node of claim.proof.slice(0, 1)) {
        const [changed] = oneBitOff(node)
        expect(verifyMerkleConsistency({ ...claim, proof: claim.proof.with(0, changed as Uint8Array) })).toBe(false)
      }
    }
  }
})

test('T-13: a consistency proof with any bit changed in a node or root, or a node too few or too many, fails', () => {
  fc.assert(
    fc.property(grown, ({ leaves, sizeBefore }) => {
      const claim = consistencyOf(leaves, sizeBefore)
      const verifies = (changes: Partial<MerkleConsistency>) => verifyMerkleConsistency({ ...claim, ...changes })
      expect(verifies({})).toBe(true)
      for (const rootBefore of oneBitOff(claim.rootBefore)) expect(verifies({ rootBefore })).toBe(false)
      for (const rootAfter of oneBitOff(claim.rootAfter)) expect(verifies({ rootAfter })).toBe(false)
      for (const proof of oneNodeOff(claim.proof)) expect(verifies({ proof })).toBe(false)
      expect(verifies({ sizeBefore: 0 })).toBe(false)
      expect(verifies({ sizeBefore: claim.sizeAfter + 1 })).toBe(false)
      expect(verifies({ sizeAfter: Number.NaN })).toBe(false)
    }),
    { numRuns: 20 },
  )
})

test('a tree that replaced or dropped an earlier leaf is not consistent', () => {
  fc.assert(
    fc.property(grown, fc.nat(), ({ leaves, sizeBefore }, any) => {
      const rewritten = leaves.with(any % sizeBefore, Uint8Array.from({ length: 41 }))
      const claim = { ...consistencyOf(rewritten, sizeBefore), rootBefore: merkleRoot(leaves.slice(0, sizeBefore)) }
      expect(verifyMerkleConsistency(claim)).toBe(false)
    }),
  )
})

test('a proof longer than any tree needs is refused unread', () => {
  const node = new Uint8Array(32)
  const long = Array.from({ length: 60 }, () => node)
  const size = Number.MAX_SAFE_INTEGER
  expect(rootOfPath({ leafHash: node, index: 0, size, path: long })).toBeUndefined()
  expect(rootOfPath({ leafHash: node, index: 0, size, path: long.slice(0, 53) })).toBeDefined()
  const claim = { sizeBefore: 1, sizeAfter: size, rootBefore: node, rootAfter: node }
  expect(verifyMerkleConsistency({ ...claim, proof: long })).toBe(false)
})

test('a frontier has the root of its leaves after each of them, and is never changed', () => {
  fc.assert(
    fc.property(leavesOf(70), (leaves) => {
      let frontier = emptyFrontier()
      expect(frontierRoot(frontier)).toEqual(merkleRoot([]))
      for (const [index, data] of leaves.entries()) {
        const before = frontier
        const rootBefore = frontierRoot(before)
        frontier = appendLeaf(frontier, merkleLeafHash(data))
        expect(frontier.size).toBe(index + 1)
        expect(frontierRoot(frontier)).toEqual(merkleRoot(leaves.slice(0, index + 1)))
        expect(frontierRoot(before)).toEqual(rootBefore)
      }
    }),
    { numRuns: 20 },
  )
})

test('places that a tree does not have are bugs of the caller', () => {
  const leaves = [Uint8Array.of(1), Uint8Array.of(2)]
  expect(() => merklePath(leaves, 2)).toThrow('index: expected below 2, came 2')
  expect(() => merklePath([], 0)).toThrow('index')
  expect(() => merkleConsistency(leaves, 0)).toThrow('sizeBefore: expected 1 to 2, came 0')
  expect(() => merkleConsistency(leaves, 3)).toThrow('sizeBefore')
  expect(() => appendLeaf(emptyFrontier(), Uint8Array.of(1))).toThrow('leafHash: expected 32 bytes, came 1')
})

interface InclusionVector {
  readonly leafIdx: number
  readonly treeSize: number
  readonly root: string
  readonly leafHash: string
  readonly proof: readonly string[] | null
  readonly wantErr: boolean
}

interface ConsistencyVector {
  readonly size1: number
  readonly size2: number
  readonly root1: string
  readonly root2: string
  readonly proof: readonly string[] | null
  readonly wantErr: boolean
}

const base64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0))

test.skipIf(!sharedDataPresent)(
  'inclusion proofs of the public vectors hold or fail as they say (needs ../shared/data)',
  () => {
    const counts = { held: 0, failed: 0 }
    for (const file of sharedJsonFiles('merkle/inclusion')) {
      const vector = sharedJson<InclusionVector>(file)
      const path = (vector.proof ?? []).map(base64)
      const place = { leafHash: base64(vector.leafHash), index: vector.leafIdx, size: vector.treeSize, path }
      const reached = rootOfPath(place)
      const held = reached !== undefined && toHex(reached) === toHex(base64(vector.root))
      expect({ file, held }).toEqual({ file, held: !vector.wantErr })
      counts[held ? 'held' : 'failed']++
    }
    expect(counts.held).toBeGreaterThan(4)
    expect(counts.failed).toBeGreaterThan(70)
  },
)

test.skipIf(!sharedDataPresent)(
  'consistency proofs of the public vectors hold or fail as they say (needs ../shared/data)',
  () => {
    const counts = { held: 0, failed: 0 }
    for (const file of sharedJsonFiles('merkle/consistency')) {
      const vector = sharedJson<ConsistencyVector>(file)
      const held = verifyMerkleConsistency({
        sizeBefore: vector.size1,
        rootBefore: base64(vector.root1),
        sizeAfter: vector.size2,
        rootAfter: base64(vector.root2),
        proof: (vector.proof ?? []).map(base64),
      })
      expect({ file, held }).toEqual({ file, held: !vector.wantErr })
      counts[held ? 'held' : 'failed']++
    }
    expect(counts.held).toBeGreaterThan(4)
    expect(counts.failed).toBeGreaterThan(60)
  },
)
