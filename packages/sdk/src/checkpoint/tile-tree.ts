/**
 * The tree of a checkpoint, read from tiles that anybody may have served: every byte of every tile is hashed up to the
 * signed root before one hash is used, as the reader of Go's checksum database does.
 */
import { equalBytes, no, ok, type Result } from '@plexus/codec'
import { appendLeaf, emptyFrontier, type Frontier, frontierRoot, merkleLeafHash } from '@plexus/crypto'
import { edgeTiles, hashLength, nodesAt, type TileId, tileLevels, tileOfNode, tilePath, tileWidth } from './tile-ids.ts'

export type TileRefusal =
  | { readonly type: 'tile-missing'; readonly path: string }
  | { readonly type: 'tile-length'; readonly path: string; readonly expected: number; readonly came: number }
  /** The tile is not the one over which the checkpoint's root, or the tile above, is made. */
  | { readonly type: 'tile-differs'; readonly path: string }

/** The authenticated part of one tree. Asking for what its tiles do not hold is a bug, and throws. */
export interface TileTree {
  readonly size: number
  /** The root over the first `size` leaves: what an earlier checkpoint must have signed. */
  rootAt(size: number): Uint8Array
  /** Whether this leaf stands at `index`. */
  holdsLeaf(index: number, leaf: Uint8Array): boolean
}

/** Tiles by which a tree of `size` leaves shows its own root alone. */
export const tilesForRoot = (size: number): readonly TileId[] => edgeTiles(size)

/** Tiles by which a tree of `size` leaves shows its root when it had `before`. */
export function tilesForGrowth(before: number, size: number): readonly TileId[] {
  return authenticated(
    size,
    edgeTiles(before).map(({ level, index }) => [level, index * tileWidth]),
  )
}

/** Tiles by which a tree of `size` leaves shows the leaf at `index`. */
export const tilesForLeaf = (index: number, size: number): readonly TileId[] => authenticated(size, [[0, index]])

/** Those tiles, those above them, and the edge: from the top down, each once. At most two a level. */
function authenticated(size: number, nodes: readonly (readonly [level: number, node: number])[]): readonly TileId[] {
  const tiles = new Map(edgeTiles(size).map((tile) => [tilePath(tile), tile]))
  for (const [level, node] of nodes) {
    let above = node
    for (let at = level; at < tileLevels && above < nodesAt(at, size); at++) {
      const tile = tileOfNode(at, above, size)
      tiles.set(tilePath(tile), tile)
      above = Math.floor(above / tileWidth)
    }
  }
  return [...tiles.values()].sort((a, b) => b.level - a.level || a.index - b.index)
}

/**
 * Checks tiles against the root of a checkpoint. `ids` come from one of the functions above, or are several of them
 * together; `tiles` has their bytes by path.
 */
export function openTiles(
  { size, root }: { readonly size: number; readonly root: Uint8Array },
  ids: readonly TileId[],
  tiles: ReadonlyMap<string, Uint8Array>,
): Result<TileTree, TileRefusal> {
  const known = new Map<string, readonly Uint8Array[]>()
  for (const id of [...edgeTiles(size), ...ids]) {
    const path = tilePath(id)
    const bytes = tiles.get(path)
    if (!bytes) return no({ type: 'tile-missing', path })
    const expected = id.width * hashLength
    if (bytes.length !== expected) return no({ type: 'tile-length', path, expected, came: bytes.length })
    known.set(path, hashesIn(bytes))
  }
  const nodesOf = (id: TileId): readonly Uint8Array[] => {
    const found = known.get(tilePath(id))
    if (!found) throw new Error(`${tilePath(id)} was not asked for`)
    return found
  }
  /** RFC 6962 §2.1: the largest complete subtrees from the left, which are the edges from the top level down. */
  const rootAt = (at: number): Uint8Array => {
    const peaks = edgeTiles(at).flatMap(({ level, index, width }) => {
      const nodes = nodesOf(tileOfNode(level, index * tileWidth, size))
      return frontierOf(nodes.slice(0, width)).peaks
    })
    return frontierRoot({ size: at, peaks })
  }
  if (!equalBytes(rootAt(size), root)) return no({ type: 'tile-differs', path: 'checkpoint' })
  const edge = new Set(edgeTiles(size).map(tilePath))
  for (const id of ids) {
    if (edge.has(tilePath(id))) continue
    // A tile beside the edge is full, and its root stands in the tile above: in the edge, or checked in its turn.
    const above = nodesOf(tileOfNode(id.level + 1, id.index, size))[id.index % tileWidth]
    const own = frontierRoot(frontierOf(nodesOf(id)))
    if (!above || !equalBytes(own, above)) return no({ type: 'tile-differs', path: tilePath(id) })
  }
  return ok({
    size,
    rootAt(at) {
      if (at > size) throw new Error(`a tree of ${size} leaves says nothing of ${at}`)
      return rootAt(at)
    },
    holdsLeaf(index, leaf) {
      if (index >= size) throw new Error(`a tree of ${size} leaves has no leaf ${index}`)
      const hash = nodesOf(tileOfNode(0, index, size))[index % tileWidth]
      return hash !== undefined && equalBytes(hash, merkleLeafHash(leaf))
    },
  })
}

/** Over nodes of one size: a complete subtree's root stands for a leaf's hash. */
export function frontierOf(nodes: readonly Uint8Array[]): Frontier {
  let frontier = emptyFrontier()
  for (const node of nodes) frontier = appendLeaf(frontier, node)
  return frontier
}

export function hashesIn(bytes: Uint8Array): readonly Uint8Array[] {
  const hashes: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += hashLength) hashes.push(bytes.subarray(at, at + hashLength))
  return hashes
}
