/** The right edge of a tree that grows: what it takes to write its tiles, at most 256 hashes a level and one bundle. */
import { concatBytes, equalBytes } from '@plexus/codec'
import { frontierRoot, merkleLeafHash } from '@plexus/crypto'
import { writeEntries } from './entry-bundle.ts'
import { edgeTiles, entriesPath, hashLength, tilePath, tileWidth } from './tile-ids.ts'
import { frontierOf, hashesIn } from './tile-tree.ts'

export interface TileFile {
  readonly path: string
  readonly bytes: Uint8Array
}

export class GrowingTiles {
  private readonly levels: Uint8Array[][]
  private entries: Uint8Array[]
  private count: number

  private constructor(levels: Uint8Array[][], entries: Uint8Array[], count: number) {
    this.levels = levels
    this.entries = entries
    this.count = count
  }

  static empty(): GrowingTiles {
    return new GrowingTiles([], [], 0)
  }

  /**
   * The edge of a tree of `size` leaves from its tiles and the leaves of its partial bundle; undefined when they are not
   * whole or their root is another.
   */
  static restore({
    size,
    root,
    tiles,
    entries,
  }: {
    readonly size: number
    readonly root: Uint8Array
    readonly tiles: ReadonlyMap<string, Uint8Array>
    readonly entries: readonly Uint8Array[]
  }): GrowingTiles | undefined {
    const levels: Uint8Array[][] = []
    for (const id of edgeTiles(size)) {
      const bytes = tiles.get(tilePath(id))
      if (bytes?.length !== id.width * hashLength) return undefined
      levels[id.level] = [...hashesIn(bytes)]
    }
    for (let level = 0; level < levels.length; level++) levels[level] ??= []
    const leaves = levels[0] ?? []
    if (entries.length !== leaves.length) return undefined
    if (!entries.every((entry, at) => equalBytes(merkleLeafHash(entry), leaves[at] as Uint8Array))) return undefined
    const restored = new GrowingTiles(levels, [...entries], size)
    return equalBytes(restored.root(), root) ? restored : undefined
  }

  get size(): number {
    return this.count
  }

  /** RFC 6962 §2.1. */
  root(): Uint8Array {
    return frontierRoot({
      size: this.count,
      peaks: this.levels.toReversed().flatMap((nodes) => frontierOf(nodes).peaks),
    })
  }

  /** Adds a leaf. What comes back is full and never changes again: a bundle, its tile, and each tile that this fills. */
  append(entry: Uint8Array): readonly TileFile[] {
    this.entries.push(entry)
    this.count++
    const files: TileFile[] = []
    let node = merkleLeafHash(entry)
    for (let level = 0; ; level++) {
      const nodes = this.levels[level] ?? []
      this.levels[level] = nodes
      nodes.push(node)
      if (nodes.length < tileWidth) return files
      const index = this.count / tileWidth ** (level + 1) - 1
      files.push({ path: tilePath({ level, index, width: tileWidth }), bytes: concatBytes(...nodes) })
      if (level === 0) {
        files.push({ path: entriesPath({ index, width: tileWidth }), bytes: writeEntries(this.entries) })
        this.entries = []
      }
      node = frontierRoot(frontierOf(nodes))
      this.levels[level] = []
    }
  }

  /** The partial tiles and the partial bundle that a tree of this size has. */
  partial(): readonly TileFile[] {
    return edgeTiles(this.count).flatMap((id) => {
      const tile = { path: tilePath(id), bytes: concatBytes(...(this.levels[id.level] ?? [])) }
      return id.level > 0 ? [tile] : [{ path: entriesPath(id), bytes: writeEntries(this.entries) }, tile]
    })
  }
}
