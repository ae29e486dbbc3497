/**
 * How the authenticated state lies in a store: not node by node, but in tiles of four levels. A change then reads and
 * writes a handful of records instead of one for each level, and what a record holds was hashed already.
 */
import { compareBytes } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'

/** A tile ends this many levels below its top; what is inner there begins a tile of its own. */
export const tileLevels = 4

/** A node of the tree in memory; null is an empty subtree. */
export type TreeNode = Leaf | Inner | Link | null

/** One key: where its path leads, and the hash of its value. */
export class Leaf {
  readonly path: Uint8Array
  readonly valueHash: Uint8Array
  private known: Uint8Array | undefined

  constructor(path: Uint8Array, valueHash: Uint8Array) {
    this.path = path
    this.valueHash = valueHash
  }

  /** Worked out when it is asked for: most leaves of a tile that is read are not. */
  get hash(): Uint8Array {
    this.known ??= hashLeaf(this.path, this.valueHash)
    return this.known
  }
}

export class Inner {
  readonly left: TreeNode
  readonly right: TreeNode
  readonly hash: Uint8Array

  constructor(left: TreeNode, right: TreeNode, hash = hashInner(hashOf(left), hashOf(right))) {
    this.left = left
    this.right = right
    this.hash = hash
  }
}

/** The top of another tile, stored under `id`. */
export class Link {
  readonly id: number
  readonly hash: Uint8Array

  constructor(id: number, hash: Uint8Array) {
    this.id = id
    this.hash = hash
  }
}

const hashLength = 32
export const emptyHash: Uint8Array = new Uint8Array(hashLength)
export const hashOf = (node: TreeNode): Uint8Array => (node === null ? emptyHash : node.hash)

const tag = { empty: 2, inner: 1, leaf: 0, link: 3 } as const

// Filled and hashed without a pause in between, so one for all calls is enough.
const scratch = new Uint8Array(1 + 2 * hashLength)

function hashPair(domain: number, left: Uint8Array, right: Uint8Array): Uint8Array {
  scratch[0] = domain
  scratch.set(left, 1)
  scratch.set(right, 1 + hashLength)
  return sha256(scratch)
}

/** SHA-256(0x00 ‖ path ‖ value hash). */
export const hashLeaf = (path: Uint8Array, valueHash: Uint8Array): Uint8Array => hashPair(0, path, valueHash)
/** SHA-256(0x01 ‖ left ‖ right), where 32 zero bytes stand for an empty subtree. */
export const hashInner = (left: Uint8Array, right: Uint8Array): Uint8Array => hashPair(1, left, right)

const idLength = 6
const leafLength = 1 + 2 * hashLength
const linkLength = 1 + idLength + hashLength

/** The record of a tile: its nodes from the top down, left before right. */
export function encodeTile(top: Leaf | Inner): Uint8Array {
  const record = new Uint8Array(lengthOf(top))
  write(record, 0, top)
  return record
}

function lengthOf(node: TreeNode): number {
  if (node === null) return 1
  if (node instanceof Inner) return 1 + hashLength + lengthOf(node.left) + lengthOf(node.right)
  return node instanceof Link ? linkLength : leafLength
}

/** Writes a node from `at` on; answers where the next one begins. */
function write(record: Uint8Array, at: number, node: TreeNode): number {
  if (node === null) {
    record[at] = tag.empty
    return at + 1
  }
  if (node instanceof Inner) {
    record[at] = tag.inner
    record.set(node.hash, at + 1)
    return write(record, write(record, at + 1 + hashLength, node.left), node.right)
  }
  if (node instanceof Link) {
    record[at] = tag.link
    let rest = node.id
    for (let index = at + idLength; index > at; index--) {
      record[index] = rest % 256
      rest = Math.floor(rest / 256)
    }
    record.set(node.hash, at + 1 + idLength)
    return at + linkLength
  }
  record[at] = tag.leaf
  record.set(node.path, at + 1)
  record.set(node.valueHash, at + 1 + hashLength)
  return at + leafLength
}

/** Reads what `encodeTile` wrote; anything else means that the store is damaged. The nodes share the record's bytes. */
export function decodeTile(record: Uint8Array | undefined, id: number): Leaf | Inner {
  if (!record) throw damaged(id)
  let at = 0
  const take = (length: number): Uint8Array => {
    if (at + length > record.length) throw damaged(id)
    const part = record.subarray(at, at + length)
    at += length
    return part
  }
  const read = (levelsLeft: number): TreeNode => {
    const kind = record[at++]
    if (kind === tag.empty) return null
    if (kind === tag.leaf) return new Leaf(take(hashLength), take(hashLength))
    if (kind === tag.link && levelsLeft === 0) {
      let target = 0
      for (const byte of take(idLength)) target = target * 256 + byte
      return new Link(target, take(hashLength))
    }
    if (kind !== tag.inner || levelsLeft === 0) throw damaged(id)
    const hash = take(hashLength)
    return new Inner(read(levelsLeft - 1), read(levelsLeft - 1), hash)
  }
  const top = read(tileLevels)
  if (at !== record.length || top === null || top instanceof Link) throw damaged(id)
  return top
}

function damaged(id: number): Error {
  return new Error(`tile ${id} of the state tree is missing or damaged`)
}

/** The turn that a path takes at a depth: 0 is left. */
export const bitAt = (path: Uint8Array, depth: number): number =>
  ((path[depth >> 3] as number) >> (7 - (depth & 7))) & 1

/** Puts into the order of paths. The first bytes decide nearly always, and numbers compare faster than bytes. */
export function sortByPath<Item extends { readonly path: Uint8Array }>(items: readonly Item[]): readonly Item[] {
  const keyed = items.map((item) => ({ item, first: firstBytes(item.path) }))
  keyed.sort((a, b) => a.first - b.first || compareBytes(a.item.path, b.item.path))
  return keyed.map(({ item }) => item)
}

/** Six bytes as a number, which holds them exactly. */
function firstBytes(path: Uint8Array): number {
  let value = 0
  for (let index = 0; index < 6; index++) value = value * 256 + (path[index] as number)
  return value
}
