/**
 * Authenticated state: a compact sparse Merkle tree. A key's path is SHA-256 of the key; a leaf stands at its shortest
 * unique prefix; an empty subtree is 32 zero bytes. Tiles of it are stored under rising ids, so that a block appends to
 * the store instead of writing all over it, and a tile is never changed: the trees of recent heights stay readable.
 */
import { bytes, compareBytes, equalBytes, type Infer, list, object, utf8, variant } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import {
  bitAt,
  decodeTile,
  emptyHash,
  encodeTile,
  hashInner,
  hashLeaf,
  hashOf,
  Inner,
  Leaf,
  Link,
  sortByPath,
  type TreeNode,
  tileLevels,
} from './tree-tiles.ts'

/** Where the tree's tiles lie. Id 0 is the empty tree. */
export interface NodeReader {
  node(id: number): Uint8Array | undefined
}

export interface TreeRoot {
  readonly id: number
  readonly hash: Uint8Array
}

export const emptyRoot: TreeRoot = { id: 0, hash: emptyHash }

/** A change of one key: the new value, or null when the key is deleted. */
export interface StateChange {
  readonly key: string
  readonly value: Uint8Array | null
}

export interface TreeUpdate {
  readonly root: TreeRoot
  /** New tiles: ids rise from the `nextId` that was given. */
  readonly nodes: readonly (readonly [number, Uint8Array])[]
  /** Ids of tiles that no later tree uses; a store may prune them once their height is no longer asked for. */
  readonly replaced: readonly number[]
  readonly nextId: number
}

export const pathOf = (key: string): Uint8Array => sha256(utf8(key))

/** What is to stand at a path; null takes it away. */
interface Wanted {
  readonly path: Uint8Array
  readonly leaf: Leaf | null
}

/** The tree after `changes`, of distinct keys, whatever their order. */
export function updateTree(
  reader: NodeReader,
  root: TreeRoot,
  changes: readonly StateChange[],
  nextId: number,
): TreeUpdate {
  const nodes: (readonly [number, Uint8Array])[] = []
  const replaced: number[] = []
  let next = nextId
  const wanted = sortByPath(
    changes.map(({ key, value }): Wanted => {
      const path = pathOf(key)
      return { path, leaf: value && new Leaf(path, sha256(value)) }
    }),
  )

  const store = (top: Leaf | Inner): Link => {
    const id = next++
    nodes.push([id, encodeTile(top)])
    return new Link(id, top.hash)
  }
  const open = ({ id }: Link): Leaf | Inner => decodeTile(reader.node(id), id)

  /** Applies `wanted[from]` up to `wanted[to - 1]`, all of which belong below `at`. */
  const update = (at: TreeNode, from: number, to: number, depth: number): TreeNode => {
    if (from === to) return at
    if (at instanceof Link) {
      const before = open(at)
      const after = update(before, from, to, depth)
      if (after === before) return at
      replaced.push(at.id)
      return after
    }
    if (at instanceof Inner) {
      const middle = firstRight(wanted, from, to, depth)
      const left = settle(update(at.left, from, middle, depth + 1), depth + 1)
      const right = settle(update(at.right, middle, to, depth + 1), depth + 1)
      return left === at.left && right === at.right ? at : join(left, right)
    }
    const leaves = leavesAt(at, from, to)
    return leaves.length === 1 && leaves[0] === at ? at : build(leaves, 0, leaves.length, depth)
  }

  /** A single leaf or nothing stands here: what will stand here is a handful of leaves. */
  const leavesAt = (at: Leaf | null, from: number, to: number): readonly Leaf[] => {
    const leaves: Leaf[] = []
    let standing = at
    for (let index = from; index < to; index++) {
      const { path, leaf } = wanted[index] as Wanted
      const order = standing ? compareBytes(standing.path, path) : 1
      if (standing && order < 0) leaves.push(standing)
      if (standing && order === 0 && leaf && equalBytes(leaf.valueHash, standing.valueHash)) leaves.push(standing)
      else if (leaf) leaves.push(leaf)
      if (order <= 0) standing = null
    }
    if (standing) leaves.push(standing)
    return leaves
  }

  const build = (leaves: readonly Leaf[], from: number, to: number, depth: number): TreeNode => {
    if (to - from < 2) return leaves[from] && to > from ? (leaves[from] as Leaf) : null
    const middle = firstRight(leaves, from, to, depth)
    const left = settle(build(leaves, from, middle, depth + 1), depth + 1)
    const right = settle(build(leaves, middle, to, depth + 1), depth + 1)
    return join(left, right)
  }

  /** Where a tile ends, an inner node becomes a tile of its own; a leaf stays with those above it. */
  const settle = (node: TreeNode, depth: number): TreeNode =>
    node instanceof Inner && depth % tileLevels === 0 ? store(node) : node

  // A lone leaf rises to its shortest unique prefix; an inner node stays, since two leaves below it share this prefix.
  const join = (left: TreeNode, right: TreeNode): TreeNode => {
    if (left === null && (right === null || right instanceof Leaf)) return right
    if (right === null && left instanceof Leaf) return left
    return new Inner(left, right)
  }

  const before = root.id === 0 ? null : new Link(root.id, root.hash)
  const after = update(before, 0, wanted.length, 0)
  const settled = after === null || after instanceof Link ? after : store(after)
  return {
    root: settled === null ? emptyRoot : { id: settled.id, hash: hashOf(settled) },
    nodes,
    replaced,
    nextId: next,
  }
}

/** Index of the first item whose path goes right at this depth; items are in path order. */
function firstRight(items: readonly { readonly path: Uint8Array }[], from: number, to: number, depth: number): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >> 1
    if (bitAt((items[middle] as { readonly path: Uint8Array }).path, depth) === 1) high = middle
    else low = middle + 1
  }
  return low
}

/** Paths are 256 bits long, so no proof has more siblings. */
const siblingsMax = 256

/** What stands where a key's path ends: the key itself, nothing, or another leaf that shares the prefix. */
const proofEnd = variant({
  present: {},
  empty: {},
  other: { path: bytes({ length: 32 }), valueHash: bytes({ length: 32 }) },
})

/** A proof for one key: siblings from the root down, and what stands at the end. Which way to turn follows from the key alone. */
export const stateProof = object({ siblings: list(bytes({ length: 32 }), { max: siblingsMax }), end: proofEnd })
export type StateProof = Infer<typeof stateProof>

/** Proves what the tree says of `key`: its value, or that it is absent. */
export function proveState(reader: NodeReader, root: TreeRoot, key: string): StateProof {
  const path = pathOf(key)
  const siblings: Uint8Array[] = []
  let at: TreeNode = root.id === 0 ? null : new Link(root.id, root.hash)
  for (;;) {
    if (at instanceof Link) at = decodeTile(reader.node(at.id), at.id)
    if (at === null) return { siblings, end: { type: 'empty' } }
    if (at instanceof Leaf) {
      if (equalBytes(at.path, path)) return { siblings, end: { type: 'present' } }
      return { siblings, end: { type: 'other', path: at.path, valueHash: at.valueHash } }
    }
    const goRight: boolean = bitAt(path, siblings.length) === 1
    siblings.push(hashOf(goRight ? at.left : at.right))
    at = goRight ? at.right : at.left
  }
}

/** Whether `proof` shows that under `root` the key has this value, or, with null, none. */
export function verifyStateProof({
  root,
  key,
  value,
  proof,
}: {
  readonly root: Uint8Array
  readonly key: string
  readonly value: Uint8Array | null
  readonly proof: StateProof
}): boolean {
  const path = pathOf(key)
  const { siblings, end } = proof
  if ((end.type === 'present') !== (value !== null)) return false
  let hash: Uint8Array = emptyHash
  if (value) hash = hashLeaf(path, sha256(value))
  else if (end.type === 'other') {
    // Another leaf proves absence only when it stands on this key's own path.
    if (equalBytes(end.path, path) || !sharesPrefix(end.path, path, siblings.length)) return false
    hash = hashLeaf(end.path, end.valueHash)
  }
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const sibling = siblings[depth] as Uint8Array
    hash = bitAt(path, depth) === 1 ? hashInner(sibling, hash) : hashInner(hash, sibling)
  }
  return equalBytes(hash, root)
}

function sharesPrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  for (let depth = 0; depth < bits; depth++) if (bitAt(a, depth) !== bitAt(b, depth)) return false
  return true
}
