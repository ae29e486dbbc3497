/** What a checkpoint is, and what refuses it. */
import { concatBytes, fromUtf8, toHex, utf8 } from '@plexus/codec'
import { publicKeyOf, sha256 } from '@plexus/crypto'
import { describe, expect, test } from 'vitest'
import { parseBase64, toBase64 } from './base64.ts'
import { openCheckpoint, originOf, readCheckpoint, readOrigin, writeCheckpoint } from './checkpoint.ts'
import { chain, leavesOf, logOf } from './log.testing.ts'
import { cosignNote, type NoteKey, parseNoteKey, signNote, writeNoteKey } from './note-keys.ts'
import { noteBytesMax, noteSignaturesMax, readNote, writeNote } from './signed-note.ts'

const log = logOf('hospital-1')
const bytes = log.sign(leavesOf(300))
const text = fromUtf8(bytes)?.split('\n\n')[0]?.concat('\n') ?? ''
const seed = sha256(utf8('a witness'))
const witness: NoteKey = { type: 'witness', name: 'witness.example/w1', publicKey: publicKeyOf(seed) }

describe('a checkpoint', () => {
  test('says whose tree it is, its size and its root', () => {
    expect(openCheckpoint(bytes, log.key)).toMatchObject({
      ok: true,
      value: { origin: originOf({ chain, member: 'hospital-1' }), size: 300, signatures: [{ type: 'log' }] },
    })
    expect(readOrigin(log.key.name)).toEqual({ chain, member: 'hospital-1' })
  })

  test('no byte of it can change: each bit of each byte that flips refuses it', () => {
    for (let at = 0; at < bytes.length; at++)
      for (let bit = 0; bit < 8; bit++) {
        const changed = bytes.slice()
        changed[at] = (changed[at] as number) ^ (1 << bit)
        expect([at, bit, openCheckpoint(changed, log.key).ok]).toEqual([at, bit, false])
      }
  })

  test('no part of it can be left out, doubled or put behind', () => {
    for (let at = 0; at < bytes.length; at++) {
      expect(openCheckpoint(concatBytes(bytes.slice(0, at), bytes.slice(at + 1)), log.key).ok).toBe(false)
      const doubled = concatBytes(bytes.slice(0, at + 1), bytes.slice(at))
      // A second newline in front of the signatures makes an empty line of the text, which is no line of a checkpoint.
      expect([at, openCheckpoint(doubled, log.key).ok]).toEqual([at, false])
    }
    for (const tail of ['\n', 'x', '\u2014', '\u2014 a b\n'])
      expect(openCheckpoint(concatBytes(bytes, utf8(tail)), log.key).ok).toBe(false)
  })

  test('of another member, or signed by another key, it is refused', () => {
    const other = logOf('hospital-2')
    expect(openCheckpoint(other.sign(leavesOf(3)), log.key)).toMatchObject({
      reason: { type: 'checkpoint-of-another-log' },
    })
    const forged = writeNote({ text, signatures: [signNote(text, { name: log.key.name, seed })] })
    expect(openCheckpoint(forged, log.key)).toEqual({ ok: false, reason: { type: 'note-not-signed' } })
  })

  test.each([
    ['an extension line', 'origin\n3\nROOT\nmore\n'],
    ['no origin', '\n3\nROOT\n'],
    ['a size with a leading zero', 'origin\n03\nROOT\n'],
    ['a size with a sign', 'origin\n+3\nROOT\n'],
    ['a size above safe integers', 'origin\n9007199254740992\nROOT\n'],
    ['a root of 31 bytes', `origin\n3\n${toBase64(new Uint8Array(31))}\n`],
    ['a root without padding', `origin\n3\n${toBase64(new Uint8Array(32)).replace('=', '')}\n`],
    ['two lines', 'origin\n3\n'],
  ])('%s is no checkpoint', (_, wrong) => {
    const source = wrong.replace('ROOT', toBase64(new Uint8Array(32)))
    expect(readCheckpoint(source)).toMatchObject({ reason: { type: 'checkpoint-malformed' } })
  })

  test('its own side writes nothing that could not be read', () => {
    const root = new Uint8Array(32)
    expect(() => writeCheckpoint({ origin: 'a\nb', size: 1, root })).toThrow()
    expect(() => writeCheckpoint({ origin: 'a', size: 1.5, root })).toThrow()
    expect(() => writeCheckpoint({ origin: 'a', size: 1, root: new Uint8Array(31) })).toThrow()
    expect(() => originOf({ chain, member: 'two words' })).toThrow()
    expect(readOrigin(`plexus/v1/${toHex(chain)}/../hospital`)).toBeUndefined()
  })
})

describe('signatures beside the log’s', () => {
  const cosigned = (time: number) => [
    signNote(text, { name: log.key.name, seed: sha256(utf8('log of hospital-1')) }),
    cosignNote(text, { name: witness.name, seed, time }),
  ]

  test('a witness’s is told with its time; whom nobody asked for is passed over', () => {
    const note = writeNote({ text, signatures: cosigned(1_800_000_000) })
    expect(openCheckpoint(note, log.key, [witness])).toMatchObject({
      value: { signatures: [{ type: 'log' }, { type: 'witness', name: witness.name, time: 1_800_000_000 }] },
    })
    expect(openCheckpoint(note, log.key)).toMatchObject({ value: { signatures: [{ type: 'log' }] } })
  })

  test('a known witness’s that does not hold refuses the whole note', () => {
    const [own, theirs] = cosigned(1_800_000_000)
    if (!own || !theirs) throw new Error('two signatures')
    for (const at of [0, 7, 8, 71]) {
      const signature = theirs.signature.slice()
      signature[at] = (signature[at] as number) ^ 1
      const note = writeNote({ text, signatures: [own, { ...theirs, signature }] })
      expect(openCheckpoint(note, log.key, [witness])).toEqual({
        ok: false,
        reason: { type: 'note-signature-invalid', name: witness.name },
      })
    }
  })

  test('a cosignature alone is no checkpoint of the log', () => {
    const note = writeNote({ text, signatures: cosigned(1).slice(1) })
    expect(openCheckpoint(note, log.key, [witness])).toEqual({ ok: false, reason: { type: 'note-not-signed' } })
  })

  test('a witness’s key makes no log’s signature, nor the other way', () => {
    const asLog: NoteKey = { type: 'log', name: witness.name, publicKey: witness.publicKey }
    const note = writeNote({ text, signatures: cosigned(1) })
    expect(openCheckpoint(note, log.key, [asLog])).toMatchObject({ value: { signatures: [{ type: 'log' }] } })
  })

  test('notes are bounded in size and in signatures', () => {
    const [own] = cosigned(1)
    if (!own) throw new Error('a signature')
    const many = Array.from({ length: noteSignaturesMax }, (_, index) => ({ ...own, name: `other-${index}` }))
    expect(readNote(writeNote({ text, signatures: many })).ok).toBe(true)
    expect(() => writeNote({ text, signatures: [...many, own] })).toThrow()
    expect(readNote(new Uint8Array(noteBytesMax + 1))).toMatchObject({ reason: { type: 'note-too-large' } })
  })
})

describe('written keys', () => {
  test('no character of one can change', () => {
    const written = writeNoteKey(log.key)
    for (let at = 0; at < written.length; at++) {
      const changed = written.slice(0, at) + (written[at] === 'a' ? 'b' : 'a') + written.slice(at + 1)
      expect([at, parseNoteKey(changed)]).toEqual([at, undefined])
    }
  })

  test('base 64 has one form', () => {
    for (const wrong of ['A', 'AA', 'AAA', 'AA=', 'AB==', 'AAB=', 'A===', '====', 'AA==AAAA', 'AA-_', 'AAAA\n'])
      expect([wrong, parseBase64(wrong)]).toEqual([wrong, undefined])
    expect(parseBase64('')).toEqual(new Uint8Array(0))
    expect(parseBase64('+/8=')).toEqual(Uint8Array.of(0xfb, 0xff))
  })
})
