/**
 * Authenticated state: a compact sparse Merkle tree. A key's path is SHA-256 of the key; a leaf stands at its shortest
 * unique prefix; an empty subtree is 32 zero bytes. It is stored in tiles, each under the turns that lead to it: a tile
 * that many blocks change is written once where they are written together, and what a block overwrote tells the past.
 */
import { bytes, compareBytes, equalBytes, type Infer, list, object, utf8, variant } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import {
  bitAt,
  emptyHash,
  encodeTile,
  hashInner,
  hashLeaf,
  hashOf,
  Inner,
  isLeaf,
  Leaf,
  Link,
  openPart,
  Part,
  placeOf,
  readTile,
  sortByPath,
  TileRoom,
  type TreeNode,
  tileLevels,
} from './tree-tiles.ts'

/** Where the tiles of one tree lie, by the turns that lead to them (`placeOf`). */
export interface TileReader {
  tile(place: string): Uint8Array | undefined
}

/** The root of a tree without keys. */
export const emptyRoot: Uint8Array = emptyHash

/** A change of one key: the new value, or null when the key is deleted. */
export interface StateChange {
  readonly key: string
  readonly value: Uint8Array | null
}

/** A tile that is another now, new (`before` is null), or gone (`tile` is null). */
export interface TileChange {
  readonly place: string
  readonly tile: Uint8Array | null
  readonly before: Uint8Array | null
}

export interface TreeUpdate {
  readonly root: Uint8Array
  /** One for each place that changed. */
  readonly tiles: readonly TileChange[]
  /** Those of the changed keys that had a value before. */
  readonly overwritten: readonly string[]
}

export const pathOf = (key: string): Uint8Array => sha256(utf8(key))

/** What is to stand at a path; null takes it away. */
interface Wanted {
  readonly key: string
  readonly path: Uint8Array
  readonly leaf: Leaf | null
}

/** The tree after `changes`, of distinct keys, whatever their order. Throws when a tile is missing or damaged. */
export function updateTree(reader: TileReader, root: Uint8Array, changes: readonly StateChange[]): TreeUpdate {
  return treeAfter(
    reader,
    root,
    changes.map(({ key, value }): Wanted => {
      const path = pathOf(key)
      return { key, path, leaf: value && new Leaf(path, sha256(value)) }
    }),
  )
}

/** What the tree keeps of an entry. */
export interface TreeLeaf {
  readonly path: Uint8Array
  /** SHA-256 of the value. */
  readonly valueHash: Uint8Array
}

export const treeLeafOf = (key: string, value: Uint8Array): TreeLeaf => ({
  path: pathOf(key),
  valueHash: sha256(value),
})

/**
 * The tree with these leaves more, of keys that it does not have, whatever their order: how whoever has all entries makes
 * the tree anew. Leaves whose paths begin alike, handed over together, read and write each tile once.
 */
export function addLeaves(reader: TileReader, root: Uint8Array, leaves: readonly TreeLeaf[]): TreeUpdate {
  return treeAfter(
    reader,
    root,
    leaves.map(({ path, valueHash }): Wanted => ({ key: '', path, leaf: new Leaf(path, valueHash) })),
  )
}

function treeAfter(reader: TileReader, root: Uint8Array, unsorted: readonly Wanted[]): TreeUpdate {
  const tiles: TileChange[] = []
  const overwritten: string[] = []
  const room = new TileRoom()
  const wanted = sortByPath(unsorted)

  /** Applies `wanted[from]` up to `wanted[to - 1]`, all of which belong below `at`. */
  const update = (at: Link | Part | null, from: number, to: number, depth: number): TreeNode => {
    if (from === to) return at
    const opened = at instanceof Part ? openPart(at) : at
    if (opened instanceof Link) return updateTile(opened, from, to, depth, at)
    if (opened === null || opened instanceof Leaf) {
      const leaves = leavesAt(opened, from, to)
      return leaves.length === 1 && leaves[0] === opened ? at : build(leaves, 0, leaves.length, depth)
    }
    const middle = firstRight(wanted, from, to, depth)
    const left = settle(update(opened.left, from, middle, depth + 1), from, depth + 1)
    const right = settle(update(opened.right, middle, to, depth + 1), middle, depth + 1)
    return left === opened.left && right === opened.right ? at : join(left, right)
  }

  /** What stands where a tile stood; `at` when nothing in it changes. */
  const updateTile = (link: Link, from: number, to: number, depth: number, at: TreeNode): TreeNode => {
    const place = placeOf((wanted[from] as Wanted).path, depth)
    const top = readTile(reader.tile(place), place, link.hash)
    const after = update(top, from, to, depth)
    if (after === top) return at
    // A leaf stays with those above it; at the top there are none.
    if (after instanceof Inner || (after !== null && depth === 0)) return store(after, place, top.record)
    tiles.push({ place, tile: null, before: top.record })
    return after
  }

  /** A single leaf or nothing stands here: what will stand here is a handful of leaves. */
  const leavesAt = (at: Leaf | null, from: number, to: number): readonly Leaf[] => {
    const leaves: Leaf[] = []
    let standing = at
    for (let index = from; index < to; index++) {
      const { key, path, leaf } = wanted[index] as Wanted
      const order = standing ? compareBytes(standing.path, path) : 1
      if (standing && order < 0) leaves.push(standing)
      if (order === 0) overwritten.push(key)
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
    const side = (first: number, end: number): TreeNode => {
      const node = build(leaves, first, end, depth + 1)
      if (!(node instanceof Inner) || (depth + 1) % tileLevels !== 0) return node
      return store(node, placeOf((leaves[first] as Leaf).path, depth + 1), null)
    }
    return join(side(from, middle), side(middle, to))
  }

  /** Where a tile ends, a new inner node becomes a tile of its own. */
  const settle = (node: TreeNode, from: number, depth: number): TreeNode =>
    node instanceof Inner && depth % tileLevels === 0
      ? store(node, placeOf((wanted[from] as Wanted).path, depth), null)
      : node

  const store = (top: Exclude<TreeNode, null>, place: string, before: Uint8Array | null): Link => {
    tiles.push({ place, tile: encodeTile(top, room), before })
    return new Link(hashOf(top))
  }

  const after = update(equalBytes(root, emptyRoot) ? null : new Link(root), 0, wanted.length, 0)
  const settled = after === null || after instanceof Link ? after : store(after, '', null)
  return { root: settled === null ? emptyRoot : settled.hash, tiles, overwritten }
}

// A lone leaf rises to its shortest unique prefix; an inner node stays, since two leaves below it share this prefix.
function join(left: TreeNode, right: TreeNode): TreeNode {
  if (left === null && (right === null || isLeaf(right))) return right
  if (right === null && isLeaf(left)) return left
  return new Inner(left, right)
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

/** Proves what the tree says of `key`: its value, or that it is absent. Throws when a tile is missing or damaged. */
export function proveState(reader: TileReader, root: Uint8Array, key: string): StateProof {
  const path = pathOf(key)
  const siblings: Uint8Array[] = []
  let at: Link | Part | null = equalBytes(root, emptyRoot) ? null : new Link(root)
  for (;;) {
    if (at instanceof Link) {
      const place = placeOf(path, siblings.length)
      at = readTile(reader.tile(place), place, at.hash)
    }
    if (at === null) return { siblings, end: { type: 'empty' } }
    const opened = openPart(at)
    if (opened instanceof Link) {
      at = opened
      continue
    }
    if (opened instanceof Leaf) {
      if (equalBytes(opened.path, path)) return { siblings, end: { type: 'present' } }
      return { siblings, end: { type: 'other', path: opened.path, valueHash: opened.valueHash } }
    }
    const goRight: boolean = bitAt(path, siblings.length) === 1
    siblings.push(hashOf(goRight ? opened.left : opened.right))
    at = goRight ? opened.right : opened.left
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
