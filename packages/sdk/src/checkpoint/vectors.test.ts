/** The reference implementations' bytes (vectors/checkpoints): ours must be the same, and what they refuse is refused. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fromHex, fromUtf8, toHex, utf8 } from '@plexus/codec'
import { publicKeyOf } from '@plexus/crypto'
import { describe, expect, test } from 'vitest'
import { toBase64 } from './base64.ts'
import { GrowingTiles } from './growing-tiles.ts'
import { cosignNote, type NoteKey, parseNoteKey, signNote, verifyNote, writeNoteKey } from './note-keys.ts'
import { readNote, writeNote } from './signed-note.ts'
import { entriesPath, parsePlacePath, tilePath } from './tile-ids.ts'

function vectors<Shape>(name: string): Shape {
  return JSON.parse(readFileSync(new URL(`../../../../vectors/checkpoints/${name}.json`, import.meta.url), 'utf8'))
}

interface Signed {
  readonly comment: string
  readonly text: string
  readonly note: string
}
const notes = vectors<{
  readonly keys: readonly (NoteKey & { readonly seed: string; readonly vkey: string })[]
  readonly signed: readonly Signed[]
  readonly cosigned: readonly (Signed & { readonly time: number })[]
  readonly refused: readonly { readonly comment: string; readonly note: string }[]
}>('notes')
const [log, witness] = notes.keys.map(({ type, name, seed, vkey }) => {
  const bytes = fromHex(seed)
  return { type, name, seed: bytes, vkey, publicKey: publicKeyOf(bytes) }
})
if (!log || !witness) throw new Error('the vectors lack a key')

describe('notes of Go sumdb/note and transparency-dev/formats', () => {
  test('verifier keys are written and read alike', () => {
    for (const { vkey, ...key } of [log, witness]) {
      expect(writeNoteKey(key)).toBe(vkey)
      expect(parseNoteKey(vkey)).toEqual({ type: key.type, name: key.name, publicKey: key.publicKey })
    }
  })

  test.each(notes.signed)('$comment: the same bytes are made, and hold', ({ text, note }) => {
    expect(fromUtf8(writeNote({ text, signatures: [signNote(text, log)] }))).toBe(note)
    const read = readNote(utf8(note))
    expect(read).toMatchObject({ ok: true, value: { text } })
    expect(read.ok && verifyNote(read.value, [log])).toEqual({ ok: true, value: [{ type: 'log', name: log.name }] })
  })

  test.each(notes.cosigned)('$comment: the same bytes are made, and hold', ({ text, time, note }) => {
    const signatures = [signNote(text, log), cosignNote(text, { ...witness, time })]
    expect(fromUtf8(writeNote({ text, signatures }))).toBe(note)
    const read = readNote(utf8(note))
    expect(read.ok && verifyNote(read.value, [log, witness])).toEqual({
      ok: true,
      value: [
        { type: 'log', name: log.name },
        { type: 'witness', name: witness.name, time },
      ],
    })
  })

  test.each(notes.refused)('what they refuse is refused: $comment', ({ note }) => {
    const read = readNote(utf8(note))
    expect(read.ok && verifyNote(read.value, [log]).ok).toBe(false)
  })
})

describe('trees of Go sumdb/tlog', () => {
  const trees =
    vectors<
      readonly {
        readonly size: number
        readonly root: string
        readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[]
      }[]
    >('trees')

  test('every root and every tile and bundle of the edge is the same, as the tree grows', () => {
    const growing = GrowingTiles.empty()
    const full = new Map<string, Uint8Array>()
    for (const { size, root, files } of trees) {
      for (let n = growing.size; n < size; n++)
        for (const { path, bytes } of growing.append(utf8(`entry ${n};`.repeat(1 + (n % 3))))) full.set(path, bytes)
      expect([size, toBase64(growing.root())]).toEqual([size, root])
      const all = new Map([...full, ...growing.partial().map(({ path, bytes }) => [path, bytes] as const)])
      for (const { path, bytes, sha256 } of files) {
        const mine = all.get(path)
        expect([path, mine?.length]).toEqual([path, bytes])
        expect([path, mine && toHex(createHash('sha256').update(mine).digest())]).toEqual([path, sha256])
      }
    }
    expect(trees.at(-1)?.size).toBe(growing.size)
  })
})

test('paths are those of Tessera, and no other text is a path', () => {
  const places =
    vectors<
      readonly {
        readonly level: number
        readonly index: number
        readonly width: number
        readonly tile: string
        readonly entries: string
      }[]
    >('paths')
  for (const { level, index, width, tile, entries } of places) {
    expect(tilePath({ level, index, width })).toBe(tile)
    expect(entriesPath({ index, width })).toBe(entries)
    expect(parsePlacePath(entries.slice('tile/entries/'.length))).toEqual({ index, width })
  }
  for (const text of [
    '',
    '0',
    '00',
    '0000',
    'x000/000',
    'x001/1',
    'x001/x001',
    '001/000',
    '000.p/0',
    '000.p/256',
    '000.p/01',
    '000.p',
    '000/',
    '/000',
    '../000',
    'x001/../000',
    'x00١/000',
    'X001/000',
    'x999/x999/x999/x999/x999/999',
  ])
    expect([text, parsePlacePath(text)]).toEqual([text, undefined])
})
