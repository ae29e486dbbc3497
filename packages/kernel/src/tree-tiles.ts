/**
 * How the authenticated state lies in a store: not node by node, but in tiles of four levels. A change then reads and
 * writes a handful of records instead of one for each level. What a change leaves alone is neither read nor hashed: it is
 * carried over as the bytes that it was.
 */
import { compareBytes } from '@plexus/codec'
import { sha256, sha256Into } from '@plexus/crypto'

/** A tile ends this many levels below its top; what is inner there begins a tile of its own. */
export const tileLevels = 4

/** A node of the tree, made or read; null is an empty subtree. */
export type TreeNode = Leaf | Inner | Link | Part | null

/** One key: where its path leads, and the hash of its value. */
export class Leaf {
  readonly path: Uint8Array
  readonly valueHash: Uint8Array
  private known: Uint8Array | undefined

  constructor(path: Uint8Array, valueHash: Uint8Array) {
    this.path = path
    this.valueHash = valueHash
  }

  get hash(): Uint8Array {
    this.known ??= hashLeaf(this.path, this.valueHash)
    return this.known
  }
}

export class Inner {
  readonly left: TreeNode
  readonly right: TreeNode
  readonly hash: Uint8Array

  constructor(left: TreeNode, right: TreeNode) {
    this.left = left
    this.right = right
    scratch[0] = 1
    writeHash(left, scratch, 1)
    writeHash(right, scratch, 1 + hashLength)
    this.hash = sha256(scratch)
  }
}

/** The top of the tile that begins here. */
export class Link {
  readonly hash: Uint8Array

  constructor(hash: Uint8Array) {
    this.hash = hash
  }
}

/** A node with all below it, as it lies in the record of a tile; read when it is asked for. */
export class Part {
  readonly record: Uint8Array
  readonly at: number
  readonly end: number

  constructor(record: Uint8Array, at: number, end: number) {
    this.record = record
    this.at = at
    this.end = end
  }

  get isLeaf(): boolean {
    return this.record[this.at] === tag.leaf
  }
}

const hashLength = 32
export const emptyHash: Uint8Array = new Uint8Array(hashLength)

/** The hash of any node, in memory of its own. */
export function hashOf(node: TreeNode): Uint8Array {
  if (node !== null && !(node instanceof Part)) return node.hash
  const hash = new Uint8Array(hashLength)
  writeHash(node, hash, 0)
  return hash
}

export const isLeaf = (node: TreeNode): node is Leaf | Part =>
  node instanceof Leaf || (node instanceof Part && node.isLeaf)

const tag = { leaf: 0, inner: 1, empty: 2, link: 3 } as const

// Filled and hashed without a pause in between, so one for all calls is enough.
const scratch = new Uint8Array(1 + 2 * hashLength)
const leafScratch = new Uint8Array(1 + 2 * hashLength)

/** SHA-256(0x00 ‖ path ‖ value hash). */
export function hashLeaf(path: Uint8Array, valueHash: Uint8Array): Uint8Array {
  leafScratch.set(path, 1)
  leafScratch.set(valueHash, 1 + hashLength)
  return sha256(leafScratch)
}

/** SHA-256(0x01 ‖ left ‖ right), where 32 zero bytes stand for an empty subtree. */
export function hashInner(left: Uint8Array, right: Uint8Array): Uint8Array {
  scratch[0] = 1
  scratch.set(left, 1)
  scratch.set(right, 1 + hashLength)
  return sha256(scratch)
}

function writeHash(node: TreeNode, target: Uint8Array, at: number): void {
  if (node === null) target.fill(0, at, at + hashLength)
  else if (!(node instanceof Part)) target.set(node.hash, at)
  else if (node.isLeaf) {
    copy(node.record, node.at + 1, leafScratch, 1, 2 * hashLength)
    sha256Into(leafScratch, target, at)
  } else copy(node.record, node.at + 1, target, at, hashLength)
}

/** Shorter than what a view of the source would cost. */
function copy(source: Uint8Array, from: number, target: Uint8Array, at: number, length: number): void {
  for (let index = 0; index < length; index++) target[at + index] = source[from + index] as number
}

const leafLength = 1 + 2 * hashLength
const linkLength = 1 + hashLength

/** The record of a tile: its nodes from the top down, left before right. */
export function encodeTile(top: Exclude<TreeNode, null>, room: TileRoom): Uint8Array {
  const record = room.take(lengthOf(top))
  write(record, 0, top)
  return record
}

/** Some dozens of tiles: those of one block are kept for about as long as each other. */
const roomBytesMax = 64 * 1024
/** Grows with what a block needs: what is left over in it lies idle for as long as the tiles are kept. */
const roomBytesMin = 1024

/** Memory for the tiles of one block, since an array of its own for each costs more than what is written into it. */
export class TileRoom {
  private bytes = new Uint8Array(0)
  private at = 0

  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) {
      const room = Math.min(roomBytesMax, Math.max(roomBytesMin, 2 * this.bytes.length))
      this.bytes = new Uint8Array(Math.max(length, room))
      this.at = 0
    }
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }
}

function lengthOf(node: TreeNode): number {
  if (node === null) return 1
  if (node instanceof Part) return node.end - node.at
  if (node instanceof Inner) return 1 + hashLength + lengthOf(node.left) + lengthOf(node.right)
  return node instanceof Link ? linkLength : leafLength
}

/** Writes a node from `at` on; answers where the next one begins. */
function write(record: Uint8Array, at: number, node: TreeNode): number {
  if (node === null) {
    record[at] = tag.empty
    return at + 1
  }
  if (node instanceof Part) {
    record.set(node.record.subarray(node.at, node.end), at)
    return at + node.end - node.at
  }
  if (node instanceof Inner) {
    record[at] = tag.inner
    record.set(node.hash, at + 1)
    return write(record, write(record, at + 1 + hashLength, node.left), node.right)
  }
  if (node instanceof Link) {
    record[at] = tag.link
    record.set(node.hash, at + 1)
    return at + linkLength
  }
  record[at] = tag.leaf
  record.set(node.path, at + 1)
  record.set(node.valueHash, at + 1 + hashLength)
  return at + leafLength
}

/** The top of a tile, of which nothing else is read yet; `hash` is what its parent, or the root, says of it. */
export function readTile(record: Uint8Array | undefined, place: string, hash: Uint8Array): Part {
  if (!record || endOfNode(record, 0, tileLevels) !== record.length) throw damaged(place)
  const top = new Part(record, 0, record.length)
  writeHash(top, topHash, 0)
  if (compareBytes(topHash, hash) !== 0) throw damaged(place)
  return top
}

const topHash = new Uint8Array(hashLength)

export interface Sides {
  readonly left: Part | null
  readonly right: Part | null
}

/** What stands at a part: of an inner node its two sides, unread. */
export function openPart({ record, at, end }: Part): Leaf | Link | Sides {
  if (record[at] === tag.leaf) return new Leaf(bytesAt(record, at + 1), bytesAt(record, at + 1 + hashLength))
  if (record[at] === tag.link) return new Link(bytesAt(record, at + 1))
  const left = at + 1 + hashLength
  const right = skipNode(record, left)
  return { left: nodeAt(record, left, right), right: nodeAt(record, right, end) }
}

function nodeAt(record: Uint8Array, at: number, end: number): Part | null {
  return record[at] === tag.empty ? null : new Part(record, at, end)
}

function bytesAt(record: Uint8Array, at: number): Uint8Array {
  const bytes = new Uint8Array(hashLength)
  copy(record, at, bytes, 0, hashLength)
  return bytes
}

/** Where the node that begins at `at` ends; not a place in the record when the record is damaged. */
function endOfNode(record: Uint8Array, at: number, levelsLeft: number): number {
  const kind = record[at]
  if (kind === tag.inner) {
    if (levelsLeft === 0) return Number.NaN
    return endOfNode(record, endOfNode(record, at + 1 + hashLength, levelsLeft - 1), levelsLeft - 1)
  }
  if (kind === tag.leaf) return at + leafLength
  if (kind === tag.empty) return at + 1
  return kind === tag.link && levelsLeft === 0 ? at + linkLength : Number.NaN
}

/** The same in a record that is known to be whole. */
function skipNode(record: Uint8Array, from: number): number {
  let at = from
  for (let open = 1; open > 0; ) {
    const kind = record[at]
    if (kind === tag.inner) {
      at += 1 + hashLength
      open += 1
    } else {
      at += kind === tag.leaf ? leafLength : kind === tag.link ? linkLength : 1
      open -= 1
    }
  }
  return at
}

function damaged(place: string): Error {
  return new Error(`tile '${place}' of the state tree is missing or damaged`)
}

const digits = '0123456789abcdef'

/**
 * The name of the tile that a path passes at a depth, which is a multiple of four: the turns that lead there, four to a
 * hexadecimal digit; '' is the tile at the top.
 */
export function placeOf(path: Uint8Array, depth: number): string {
  let place = ''
  for (let at = 0; at < depth; at += tileLevels) {
    const byte = path[at >> 3] as number
    place += digits.charAt((at & 7) === 0 ? byte >> 4 : byte & 15)
  }
  return place
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
