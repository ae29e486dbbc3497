import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { decode, encode, equalBytes, fromHex, toHex, utf8 } from '@plexus/codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  emptyRoot,
  pathOf,
  proveState,
  type StateChange,
  stateProof,
  updateTree,
  verifyStateProof,
} from './state-tree.ts'
import { emptyHash, Leaf, Link, openPart, type Part, readTile } from './tree-tiles.ts'

const hashOf = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return Uint8Array.from(hash.digest())
}

/** The root by its definition alone, over all entries at once: nothing of the tree under test. */
function rootByDefinition(entries: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const leaves = [...entries].map(([key, value]) => {
    const path = hashOf(utf8(key))
    return { path, bits: [...path].map((byte) => byte.toString(2).padStart(8, '0')).join(''), valueHash: hashOf(value) }
  })
  const subtree = (of: typeof leaves, depth: number): Uint8Array => {
    const [first] = of
    if (!first) return new Uint8Array(32)
    if (of.length === 1) return hashOf(Uint8Array.of(0), first.path, first.valueHash)
    const [left, right] = ['0', '1'].map((bit) =>
      subtree(
        of.filter(({ bits }) => bits[depth] === bit),
        depth + 1,
      ),
    )
    return hashOf(Uint8Array.of(1), left as Uint8Array, right as Uint8Array)
  }
  return subtree(leaves, 0)
}

/** How many leading bits two keys' paths share. */
function sharedBits(a: string, b: string): number {
  const [left, right] = [pathOf(a), pathOf(b)]
  let bits = 0
  while (bits < 256 && (((left[bits >> 3] ?? 0) ^ (right[bits >> 3] ?? 0)) & (128 >> (bits & 7))) === 0) bits++
  return bits
}

/** A few keys, and two whose paths part late, so that long chains of nodes with one child come and go. */
const nearKeys: readonly string[] = (() => {
  const all = Array.from({ length: 6000 }, (_, index) => `near/${index}`).map(
    (key) => [toHex(pathOf(key)), key] as const,
  )
  all.sort(([a], [b]) => (a < b ? -1 : 1))
  const pairs = all.slice(1).map(([, key], index) => {
    const before = all[index]?.[1] as string
    return { pair: [before, key], bits: sharedBits(before, key) }
  })
  return pairs.sort((a, b) => b.bits - a.bits)[0]?.pair ?? []
})()
const keys: readonly string[] = [...Array.from({ length: 24 }, (_, index) => `key/${index}`), ...nearKeys]

const changeOf = fc.record({
  key: fc.constantFrom(...keys),
  value: fc.option(fc.uint8Array({ minLength: 0, maxLength: 3 }), { freq: 2 }),
})
const batches = fc.array(fc.uniqueArray(changeOf, { selector: ({ key }) => key, maxLength: 12 }), {
  minLength: 1,
  maxLength: 10,
})

/** A tree, those that it was before by their roots, and the plain map that it stands for. */
class Grown {
  readonly entries = new Map<string, Uint8Array>()
  readonly tiles = new Map<string, Uint8Array>()
  readonly before = new Map<string, ReadonlyMap<string, Uint8Array>>()
  root = emptyRoot

  apply(changes: readonly StateChange[]): void {
    const update = updateTree({ tile: (place) => this.tiles.get(place) }, this.root, changes)
    expect(new Set(update.tiles.map(({ place }) => place)).size).toBe(update.tiles.length)
    for (const { place, tile, before } of update.tiles) {
      expect(before).toEqual(this.tiles.get(place) ?? null)
      if (tile) this.tiles.set(place, tile)
      else expect(this.tiles.delete(place)).toBe(true)
    }
    const known = changes.filter(({ key }) => this.entries.has(key)).map(({ key }) => key)
    expect([...update.overwritten].sort()).toEqual(known.sort())
    this.root = update.root
    this.before.set(toHex(this.root), new Map(this.tiles))
    for (const { key, value } of changes) value ? this.entries.set(key, value) : this.entries.delete(key)
  }

  prove(key: string, root = this.root) {
    return proveState({ tile: (place) => this.before.get(toHex(root))?.get(place) }, root, key)
  }
}

const grown = (of: readonly (readonly StateChange[])[]): Grown => {
  const tree = new Grown()
  for (const changes of of) tree.apply(changes)
  return tree
}

/** Places of the tiles of a tree, found from its top. */
function placesIn(tiles: ReadonlyMap<string, Uint8Array>, root: Uint8Array, at = ''): readonly string[] {
  const linked = (node: Part | null, turns: string): readonly string[] => {
    if (!node) return []
    const opened = openPart(node)
    if (opened instanceof Link) return placesIn(tiles, opened.hash, at + Number.parseInt(turns, 2).toString(16))
    return opened instanceof Leaf ? [] : [...linked(opened.left, `${turns}0`), ...linked(opened.right, `${turns}1`)]
  }
  return equalBytes(root, emptyRoot) ? [] : [at, ...linked(readTile(tiles.get(at), at, root), '')]
}

describe('the root', () => {
  test('is that of the definition after every batch of sets and deletes', () => {
    expect(sharedBits(...(nearKeys as [string, string]))).toBeGreaterThan(18)
    fc.assert(
      fc.property(batches, (of) => {
        const tree = new Grown()
        for (const changes of of) {
          tree.apply(changes)
          expect(toHex(tree.root)).toBe(toHex(rootByDefinition(tree.entries)))
        }
      }),
      { numRuns: 300 },
    )
  })

  test('depends neither on the order of changes nor on how they are batched', () => {
    fc.assert(
      fc.property(batches, fc.nat(), (of, turn) => {
        const tree = grown(of)
        const all = [...tree.entries].map(([key, value]) => ({ key, value }))
        const turned = [...all.slice(turn % (all.length || 1)), ...all.slice(0, turn % (all.length || 1))]
        const others = [grown([all]), grown([turned.toReversed()]), grown(turned.map((change) => [change]))]
        return others.every(({ root }) => equalBytes(root, tree.root))
      }),
      { numRuns: 200 },
    )
  })

  test('of an empty tree is 32 zero bytes, also after the last key is deleted', () => {
    const sets = keys.map((key) => ({ key, value: Uint8Array.of(1) }))
    const tree = grown([sets, keys.map((key) => ({ key, value: null }))])
    expect(tree.root).toEqual(emptyHash)
    expect(tree.tiles.size).toBe(0)
  })

  test('does not move when nothing is written, or when an absent key is deleted', () => {
    const tree = grown([[{ key: 'key/1', value: Uint8Array.of(1) }]])
    const before = tree.root
    tree.apply([])
    tree.apply([{ key: 'key/2', value: null }])
    expect(tree.root).toEqual(before)
  })
})

describe('tiles', () => {
  test('that the tree does not lead to do not exist', () => {
    fc.assert(
      fc.property(batches, (of) => {
        const tree = grown(of)
        expect([...tree.tiles.keys()].sort()).toEqual([...placesIn(tree.tiles, tree.root)].sort())
      }),
      { numRuns: 200 },
    )
  })

  test('missing or damaged, or those of another tree, stop the reader, since the store is broken', () => {
    const tree = grown([keys.map((key) => ({ key, value: Uint8Array.of(1) }))])
    expect(() => proveState({ tile: () => undefined }, tree.root, 'key/1')).toThrow('missing or damaged')
    expect(() => proveState({ tile: () => Uint8Array.of(1, 2) }, tree.root, 'key/1')).toThrow('missing or damaged')
    const other = grown([keys.map((key) => ({ key, value: Uint8Array.of(2) }))])
    const tile = (place: string) => other.tiles.get(place)
    expect(() => proveState({ tile }, tree.root, 'key/1')).toThrow('missing or damaged')
    const top = tree.tiles.get('') as Uint8Array
    const read = (record: Uint8Array) => () => readTile(record, '', tree.root)
    expect(read(top)).not.toThrow()
    for (const length of top.keys()) expect(read(top.subarray(0, length))).toThrow('missing or damaged')
    expect(read(Uint8Array.of(...top, 2))).toThrow('missing or damaged')
    // Five inner nodes above one another, where a tile has four levels.
    const inner = [1, ...tree.root]
    expect(read(Uint8Array.from([...Array(5).fill(inner).flat(), ...Array(6).fill(2)]))).toThrow('missing or damaged')
    // A link above the end of its tile.
    expect(read(Uint8Array.of(3, ...tree.root))).toThrow('missing or damaged')
  })
})

const holds = (root: Uint8Array, key: string, value: Uint8Array | null, proof: ReturnType<typeof proveState>) =>
  verifyStateProof({ root, key, value, proof })

describe('a proof', () => {
  test('shows each key with its value, or its absence, and nothing else', () => {
    const ends = new Set<string>()
    fc.assert(
      fc.property(batches, (of) => {
        const tree = grown(of)
        for (const key of keys) {
          const proof = tree.prove(key)
          const value = tree.entries.get(key) ?? null
          ends.add(proof.end.type)
          expect(holds(tree.root, key, value, proof)).toBe(true)
          expect(holds(tree.root, key, value ? null : Uint8Array.of(1), proof)).toBe(false)
          if (value) expect(holds(tree.root, key, Uint8Array.of(...value, 0), proof)).toBe(false)
        }
      }),
      { numRuns: 60 },
    )
    expect([...ends].sort()).toEqual(['empty', 'other', 'present'])
  })

  test('T-13: does not survive any flipped bit of itself, its value, its root or a present key', () => {
    let flips = 0
    fc.assert(
      fc.property(batches, fc.constantFrom(...keys), (of, key) => {
        const tree = grown(of)
        const value = tree.entries.get(key) ?? null
        const proof = tree.prove(key)
        for (const other of flipped(encode(stateProof, proof))) {
          flips++
          const read = decode(stateProof, other)
          if (read.ok) expect(holds(tree.root, key, value, read.value)).toBe(false)
        }
        for (const root of flipped(tree.root)) expect(holds(root, key, value, proof)).toBe(false)
        if (!value) return
        for (const other of flipped(value)) expect(holds(tree.root, key, other, proof)).toBe(false)
        for (const other of flipped(utf8(key)).filter((bytes) => bytes.every((byte) => byte < 0x80)))
          expect(holds(tree.root, String.fromCharCode(...other), value, proof)).toBe(false)
      }),
      { numRuns: 25 },
    )
    expect(flips).toBeGreaterThan(5000)
  })

  test('T-13: of absence never covers a key that is there, whichever proof is tried on it', () => {
    fc.assert(
      fc.property(batches, (of) => {
        const tree = grown(of)
        const absences = keys.filter((key) => !tree.entries.has(key)).map((key) => tree.prove(key))
        for (const key of tree.entries.keys())
          for (const proof of absences) expect(holds(tree.root, key, null, proof)).toBe(false)
      }),
      { numRuns: 60 },
    )
  })

  test('by a leaf that stands on another path is no proof', () => {
    const tree = grown([keys.map((key) => ({ key, value: Uint8Array.of(1) }))])
    const present = tree.prove('key/1')
    const leaf = { type: 'other' as const, path: pathOf('key/1'), valueHash: hashOf(Uint8Array.of(1)) }
    // The leaf of another key, with that key's own siblings, leads to the root and yet shows nothing of this key.
    const outsider = keys.find((key) => sharedBits(key, 'key/1') < present.siblings.length) as string
    expect(holds(tree.root, outsider, null, { siblings: present.siblings, end: leaf })).toBe(false)
    expect(holds(tree.root, 'key/1', null, { siblings: present.siblings, end: leaf })).toBe(false)
  })

  test('by a leaf that stands where its own path does not lead is none, even under a root made for it', () => {
    const key = keys.find((each) => (pathOf(each)[0] as number) < 0x80) as string
    const stranger = keys.find((each) => (pathOf(each)[0] as number) >= 0x80) as string
    const end = { type: 'other' as const, path: pathOf(stranger), valueHash: hashOf(Uint8Array.of(1)) }
    const leaf = hashOf(Uint8Array.of(0), end.path, end.valueHash)
    const madeRoot = hashOf(Uint8Array.of(1), leaf, emptyHash)
    expect(holds(madeRoot, key, null, { siblings: [emptyHash], end })).toBe(false)
    expect(holds(leaf, key, null, { siblings: [], end })).toBe(true)
  })

  test('has one form: what it says of the end of the path must be what is claimed', () => {
    const tree = grown([keys.slice(1).map((key) => ({ key, value: Uint8Array.of(1) }))])
    for (const key of keys) {
      const value = tree.entries.get(key) ?? null
      const { siblings, end } = tree.prove(key)
      const stranger = { path: pathOf('stranger'), valueHash: hashOf(Uint8Array.of(1)) }
      const ends = [{ type: 'present' }, { type: 'empty' }, { type: 'other', ...stranger }] as const
      for (const other of ends.filter(({ type }) => type !== end.type))
        expect(holds(tree.root, key, value, { siblings, end: other })).toBe(false)
    }
  })

  test('of an earlier height holds under its own root as long as its tiles are kept', () => {
    fc.assert(
      fc.property(batches, (of) => {
        const tree = new Grown()
        const heights = of.map((changes) => {
          tree.apply(changes)
          return { root: tree.root, entries: new Map(tree.entries) }
        })
        for (const { root, entries } of heights)
          for (const key of keys) {
            const proof = tree.prove(key, root)
            expect(holds(root, key, entries.get(key) ?? null, proof)).toBe(true)
          }
      }),
      { numRuns: 40 },
    )
  })

  test('in a tree of ten thousand keys is below a kilobyte', () => {
    const entries = Array.from({ length: 10_000 }, (_, index) => ({ key: `many/${index}`, value: Uint8Array.of(1) }))
    const tree = grown([entries])
    const lengths = entries.slice(0, 200).map(({ key }) => encode(stateProof, tree.prove(key)).length)
    expect(Math.max(...lengths)).toBeLessThan(1024)
  })
})

function flipped(source: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: source.length * 8 }, (_, bit) => {
    const copy = Uint8Array.from(source)
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    return copy
  })
}

interface Vector {
  readonly comment: string
  readonly entries: Readonly<Record<string, string>>
  readonly root: string
  readonly proofs: readonly { readonly key: string; readonly value: string | null; readonly proof: string }[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../vectors/merkle/state.json', import.meta.url), 'utf8'),
) as readonly Vector[]

describe('vectors/merkle/state.json', () => {
  test.each(vectors)('$comment', ({ entries, root, proofs }) => {
    const tree = grown([Object.entries(entries).map(([key, value]) => ({ key, value: fromHex(value) }))])
    expect(toHex(tree.root)).toBe(root)
    for (const { key, value, proof } of proofs) {
      expect(toHex(encode(stateProof, tree.prove(key)))).toBe(proof)
      const read = decode(stateProof, fromHex(proof))
      expect(read.ok && holds(fromHex(root), key, value === null ? null : fromHex(value), read.value)).toBe(true)
    }
  })
})
