/** What tiles prove: nothing until each byte is hashed to the signed root, and then leaves and earlier roots. */
import { equalBytes } from '@plexus/codec'
import { merkleRoot } from '@plexus/crypto'
import { describe, expect, test } from 'vitest'
import { readEntries } from './entry-bundle.ts'
import { GrowingTiles } from './growing-tiles.ts'
import { filesOf, leavesOf } from './log.testing.ts'
import { edgeTiles, entriesPath, tilePath } from './tile-ids.ts'
import { openTiles, tilesForGrowth, tilesForLeaf, tilesForRoot } from './tile-tree.ts'

const sizes = [1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 700]

function head(size: number) {
  return { size, root: merkleRoot(leavesOf(size)) }
}

describe('growth', () => {
  test.each(sizes)('a tree of %i leaves shows each of its earlier roots', (size) => {
    const files = filesOf(leavesOf(size))
    for (const before of [0, ...sizes, size - 1].filter((each) => each <= size)) {
      const tree = openTiles(head(size), tilesForGrowth(before, size), files)
      expect(tree.ok && equalBytes(tree.value.rootAt(before), merkleRoot(leavesOf(before)))).toBe(true)
    }
  })

  test('a tree that changed one early leaf does not show the earlier root', () => {
    for (const [before, size] of [
      [3, 4],
      [256, 300],
      [300, 700],
    ] as const) {
      const changed = [...leavesOf(1, 'other'), ...leavesOf(size).slice(1)]
      const tree = openTiles({ size, root: merkleRoot(changed) }, tilesForGrowth(before, size), filesOf(changed))
      expect(tree.ok && equalBytes(tree.value.rootAt(before), head(before).root)).toBe(false)
      expect(tree.ok).toBe(true)
    }
  })

  test('the tiles of a large tree are few: at most two a level', () => {
    for (const size of [1, 70_000, 2 ** 32 + 12_345, 2 ** 53 - 1])
      for (const before of [1, 69_999, 2 ** 31 + 7, 2 ** 52 + 3].filter((each) => each <= size))
        expect(tilesForGrowth(before, size).length).toBeLessThanOrEqual(14)
  })
})

describe('leaves', () => {
  test('a leaf is shown at its own place and at no other', () => {
    const size = 600
    const files = filesOf(leavesOf(size))
    for (const index of [0, 1, 255, 256, 511, 512, 599]) {
      const tree = openTiles(head(size), tilesForLeaf(index, size), files)
      if (!tree.ok) throw new Error(tree.reason.type)
      for (const [at, leaf] of leavesOf(size).entries()) expect(tree.value.holdsLeaf(index, leaf)).toBe(at === index)
    }
  })

  test('what was not asked for, or is not in the tree, is a bug of whoever asks', () => {
    const tree = openTiles(head(600), tilesForRoot(600), filesOf(leavesOf(600)))
    if (!tree.ok) throw new Error(tree.reason.type)
    expect(() => tree.value.holdsLeaf(0, leavesOf(1)[0] as Uint8Array)).toThrow(/not asked for/)
    expect(() => tree.value.holdsLeaf(600, new Uint8Array(1))).toThrow(/no leaf 600/)
    expect(() => tree.value.rootAt(601)).toThrow(/says nothing/)
  })

  test('a bundle gives the leaves of its tile, and one flipped byte anywhere refuses it', () => {
    const files = filesOf(leavesOf(300))
    for (const place of [
      { index: 0, width: 256 },
      { index: 1, width: 44 },
    ]) {
      const tile = files.get(tilePath({ level: 0, ...place })) as Uint8Array
      const bundle = files.get(entriesPath(place)) as Uint8Array
      expect(readEntries(bundle, tile)).toEqual({
        ok: true,
        value: leavesOf(300).slice(place.index * 256, place.index * 256 + place.width),
      })
      for (let at = 0; at < bundle.length; at++) expect(readEntries(flipped(bundle, at), tile).ok).toBe(false)
      for (const wrong of [bundle.slice(0, -1), Uint8Array.of(...bundle, 0), new Uint8Array(0)])
        expect(readEntries(wrong, tile).ok).toBe(false)
    }
  })
})

describe('damage', () => {
  test('every hash of every tile is hashed up to the root: one flipped byte in any refuses them all', () => {
    const size = 600
    const files = filesOf(leavesOf(size))
    const ids = [...tilesForGrowth(257, size), ...tilesForLeaf(3, size)]
    const paths = new Set(ids.map(tilePath))
    expect(paths.size).toBe(4)
    for (const path of paths) {
      const bytes = files.get(path) as Uint8Array
      // Another byte of each hash in turn.
      for (let at = 0; at < bytes.length; at += 33) {
        const damaged = new Map(files).set(path, flipped(bytes, at))
        expect(openTiles(head(size), ids, damaged)).toMatchObject({ ok: false, reason: { type: 'tile-differs' } })
      }
    }
  })

  test('a tile that is missing, short or long is refused with its path', () => {
    const files = filesOf(leavesOf(300))
    const ids = tilesForGrowth(256, 300)
    for (const path of ids.map(tilePath)) {
      const bytes = files.get(path) as Uint8Array
      const without = new Map(files)
      without.delete(path)
      expect(openTiles(head(300), ids, without)).toEqual({ ok: false, reason: { type: 'tile-missing', path } })
      for (const wrong of [bytes.slice(0, -1), Uint8Array.of(...bytes, 0), new Uint8Array(0)])
        expect(openTiles(head(300), ids, new Map(files).set(path, wrong))).toMatchObject({
          ok: false,
          reason: { type: 'tile-length', path },
        })
    }
  })

  test('tiles of one size are no proof of a root at another', () => {
    const files = filesOf(leavesOf(300))
    expect(openTiles({ size: 300, root: head(299).root }, tilesForRoot(300), files)).toMatchObject({ ok: false })
  })
})

describe('an edge that goes on', () => {
  test('from its tiles and its partial bundle it writes the same files as one that never stopped', () => {
    const leaves = leavesOf(800)
    for (const size of [1, 255, 256, 257, 512, 700]) {
      const tiles = filesOf(leaves.slice(0, size))
      const entries = leaves.slice(size - (size % 256), size)
      const restored = GrowingTiles.restore({ ...head(size), tiles, entries })
      if (!restored) throw new Error(`the edge of ${size} was not restored`)
      for (const leaf of leaves.slice(size)) restored.append(leaf)
      const whole = filesOf(leaves)
      expect(restored.root()).toEqual(merkleRoot(leaves))
      expect(restored.partial().map(({ path }) => path)).toEqual(
        [...whole.keys()].filter((path) => path.includes('.p/')),
      )
      for (const { path, bytes } of restored.partial()) expect(bytes).toEqual(whole.get(path))
    }
  })

  test('a damaged tile, another root or other leaves restore nothing', () => {
    const leaves = leavesOf(300)
    const tiles = filesOf(leaves)
    const entries = leaves.slice(256)
    for (const id of edgeTiles(300)) {
      const bytes = tiles.get(tilePath(id)) as Uint8Array
      const damaged = new Map(tiles).set(tilePath(id), flipped(bytes, 5))
      expect(GrowingTiles.restore({ ...head(300), tiles: damaged, entries })).toBeUndefined()
    }
    expect(GrowingTiles.restore({ size: 300, root: head(299).root, tiles, entries })).toBeUndefined()
    expect(GrowingTiles.restore({ ...head(300), tiles, entries: entries.slice(1) })).toBeUndefined()
    expect(GrowingTiles.restore({ ...head(300), tiles, entries: leaves.slice(0, 44) })).toBeUndefined()
  })
})

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice()
  changed[at] = (changed[at] as number) ^ (1 << (at % 8))
  return changed
}
