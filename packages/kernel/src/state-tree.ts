/**
 * Authenticated state: a compact sparse Merkle tree. A key's path is SHA-256 of the key; a leaf stands at its shortest
 * unique prefix; an empty subtree is 32 zero bytes. Nodes are stored under rising ids, so that a block appends to the
 * store instead of writing all over it, and a node is never changed: the trees of recent heights stay readable.
 */
import {
  bytes,
  compareBytes,
  concatBytes,
  equalBytes,
  fromHex,
  type Infer,
  list,
  object,
  toHex,
  utf8,
  variant,
} from '@plexus/codec'
import { sha256 } from '@plexus/crypto'

/** Where the tree's nodes lie. Id 0 is the empty tree. */
export interface NodeReader {
  node(id: number): Uint8Array | undefined
}

export interface TreeRoot {
  readonly id: number
  readonly hash: Uint8Array
}

export const emptyHash: Uint8Array = new Uint8Array(32)
export const emptyRoot: TreeRoot = { id: 0, hash: emptyHash }

const leafTag = 0
const innerTag = 1
const leafPrefix = Uint8Array.of(leafTag)
const innerPrefix = Uint8Array.of(innerTag)
const idBytes = 6
const leafLength = 1 + 32 + 32
const innerLength = 1 + 2 * (idBytes + 32)

interface Leaf {
  readonly path: Uint8Array
  readonly valueHash: Uint8Array
}

interface Inner {
  readonly left: TreeRoot
  readonly right: TreeRoot
}

/** A change of one key: the new value, or null when the key is deleted. */
export interface StateChange {
  readonly key: string
  readonly value: Uint8Array | null
}

export interface TreeUpdate {
  readonly root: TreeRoot
  /** New nodes: ids rise from the `nextId` that was given. */
  readonly nodes: readonly (readonly [number, Uint8Array])[]
  /** Ids of nodes that no later tree uses; a store may prune them once their height is no longer asked for. */
  readonly replaced: readonly number[]
  readonly nextId: number
}

export const pathOf = (key: string): Uint8Array => sha256(utf8(key))
const hashLeaf = ({ path, valueHash }: Leaf): Uint8Array => sha256(concatBytes(leafPrefix, path, valueHash))
const hashInner = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(concatBytes(innerPrefix, left, right))
const bitAt = (path: Uint8Array, depth: number): number => ((path[depth >> 3] as number) >> (7 - (depth & 7))) & 1

/** The tree after `changes`, whatever their order. */
export function updateTree(
  reader: NodeReader,
  root: TreeRoot,
  changes: readonly StateChange[],
  nextId: number,
): TreeUpdate {
  const nodes: (readonly [number, Uint8Array])[] = []
  const replaced: number[] = []
  const fresh = new Map<number, Uint8Array>()
  let next = nextId

  const store = (encoded: Uint8Array, hash: Uint8Array): TreeRoot => {
    const id = next++
    nodes.push([id, encoded])
    fresh.set(id, encoded)
    return { id, hash }
  }
  const drop = (id: number): void => {
    if (id < nextId) replaced.push(id)
  }
  const storeLeaf = (leaf: Leaf): TreeRoot => store(concatBytes(leafPrefix, leaf.path, leaf.valueHash), hashLeaf(leaf))
  const load = (id: number): Leaf | Inner => readNode(fresh.get(id) ?? reader.node(id), id)

  const build = (
    at: TreeRoot,
    wanted: readonly { path: Uint8Array; valueHash: Uint8Array | null }[],
    depth: number,
  ): TreeRoot => {
    if (wanted.length === 0) return at
    let existing: Leaf | Inner | undefined
    if (at.id !== 0) existing = load(at.id)
    if (existing && 'left' in existing) {
      const split = splitAt(wanted, depth)
      drop(at.id)
      return join(
        build(existing.left, wanted.slice(0, split), depth + 1),
        build(existing.right, wanted.slice(split), depth + 1),
      )
    }
    // A single leaf or nothing stands here: what remains is a handful of leaves, built from scratch.
    const leaves: Leaf[] = []
    let kept = existing && !wanted.some(({ path }) => equalBytes(path, (existing as Leaf).path)) ? existing : undefined
    for (const { path, valueHash } of wanted) {
      if (kept && compareBytes(kept.path, path) < 0) {
        leaves.push(kept)
        kept = undefined
      }
      if (valueHash) leaves.push({ path, valueHash })
    }
    if (kept) leaves.push(kept)
    if (leaves.length === 1 && existing && leaves[0] === existing) return at
    if (existing) drop(at.id)
    return buildLeaves(leaves, depth)
  }

  const buildLeaves = (leaves: readonly Leaf[], depth: number): TreeRoot => {
    if (leaves.length === 0) return emptyRoot
    if (leaves.length === 1) return storeLeaf(leaves[0] as Leaf)
    const split = splitAt(leaves, depth)
    return join(buildLeaves(leaves.slice(0, split), depth + 1), buildLeaves(leaves.slice(split), depth + 1))
  }

  const join = (left: TreeRoot, right: TreeRoot): TreeRoot => {
    if (left.id === 0 && right.id === 0) return emptyRoot
    // A lone leaf rises to its shortest unique prefix; an inner node stays, since two leaves below it share this prefix.
    if (left.id === 0 && !('left' in load(right.id))) return right
    if (right.id === 0 && !('left' in load(left.id))) return left
    return store(encodeInner(left, right), hashInner(left.hash, right.hash))
  }

  const wanted = changes
    .map(({ key, value }) => ({ path: pathOf(key), valueHash: value && sha256(value) }))
    .sort((a, b) => compareBytes(a.path, b.path))
  return { root: build(root, wanted, 0), nodes, replaced, nextId: next }
}

/** Index of the first item whose path goes right at this depth; items are in path order. */
function splitAt(items: readonly { readonly path: Uint8Array }[], depth: number): number {
  const found = items.findIndex(({ path }) => bitAt(path, depth) === 1)
  return found < 0 ? items.length : found
}

function encodeInner(left: TreeRoot, right: TreeRoot): Uint8Array {
  return concatBytes(innerPrefix, encodeId(left.id), left.hash, encodeId(right.id), right.hash)
}

function encodeId(id: number): Uint8Array {
  return fromHex(id.toString(16).padStart(2 * idBytes, '0'))
}

function readNode(encoded: Uint8Array | undefined, id: number): Leaf | Inner {
  if (encoded?.[0] === leafTag && encoded.length === leafLength)
    return { path: encoded.slice(1, 33), valueHash: encoded.slice(33) }
  if (encoded?.[0] !== innerTag || encoded.length !== innerLength)
    throw new Error(`tree node ${id} is missing or damaged`)
  const child = (at: number): TreeRoot => ({
    id: Number.parseInt(toHex(encoded.subarray(at, at + idBytes)), 16),
    hash: encoded.slice(at + idBytes, at + idBytes + 32),
  })
  return { left: child(1), right: child(1 + idBytes + 32) }
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
  let at = root
  for (let depth = 0; at.id !== 0; depth++) {
    const node = readNode(reader.node(at.id), at.id)
    if (!('left' in node)) {
      const end = equalBytes(node.path, path)
        ? { type: 'present' as const }
        : { type: 'other' as const, path: node.path, valueHash: node.valueHash }
      return { siblings, end }
    }
    const goRight = bitAt(path, depth) === 1
    siblings.push(goRight ? node.left.hash : node.right.hash)
    at = goRight ? node.right : node.left
  }
  return { siblings, end: { type: 'empty' } }
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
  if (value) hash = hashLeaf({ path, valueHash: sha256(value) })
  else if (end.type === 'other') {
    // Another leaf proves absence only when it stands on this key's own path.
    if (equalBytes(end.path, path) || !sharesPrefix(end.path, path, siblings.length)) return false
    hash = hashLeaf(end)
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
