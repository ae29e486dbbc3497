import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { utf8 } from '@plexus/codec'
import { expect, onTestFinished, test } from 'vitest'
import { startChild, temporaryDirectory } from './child.testing.ts'
import { type Journal, openJournal, type Sealing } from './journal.ts'

function open(directory: string, sealing?: Sealing): Journal {
  const journal = openJournal(directory, sealing ? { sealing } : {})
  onTestFinished(() => journal.close())
  return journal
}

/** AES-256-GCM with a nonce made of the content: enough for a test, and no source of chance. */
function sealingUnder(key: Uint8Array): Sealing {
  return {
    seal(plain) {
      const nonce = createHash('sha256').update(plain).digest().subarray(0, 12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      return new Uint8Array(Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]))
    },
    open(sealed) {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
      decipher.setAuthTag(sealed.subarray(-16))
      return new Uint8Array(Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]))
    },
  }
}
const keyA = new Uint8Array(32).fill(0xa)
const keyB = new Uint8Array(32).fill(0xb)

const put = (table: string, key: string, value = key) => ({ table, key, value: utf8(value) })
const keysOf = (entries: Iterable<readonly [string, Uint8Array]>) => [...entries].map(([key]) => key)

test.each([
  ['plain', undefined],
  ['sealed', sealingUnder(keyA)],
] as const)('a %s journal keeps what was written across a reopening', (_, sealing) => {
  const directory = temporaryDirectory()
  const first = open(directory, sealing)
  first.write([put('outbox', 'b'), put('outbox', 'a'), put('intents', 'a', 'another'), put('outbox', 'gone')])
  first.write([
    { table: 'outbox', key: 'gone', value: null },
    { table: 'outbox', key: 'empty', value: new Uint8Array(0) },
  ])
  first.close()
  const second = open(directory, sealing)
  expect(second.get('outbox', 'a')).toEqual(utf8('a'))
  expect(second.get('intents', 'a')).toEqual(utf8('another'))
  expect(second.get('outbox', 'empty')).toEqual(new Uint8Array(0))
  expect(second.get('outbox', 'gone')).toBeUndefined()
  expect(keysOf(second.entries('outbox'))).toEqual(['a', 'b', 'empty'])
})

test('a walk keeps to its table, its prefix, its beginning and its limit, in key order', () => {
  const journal = open(temporaryDirectory())
  const keys = ['a/2', 'a/10', 'a', 'b/1', 'a/1', 'B', '~', '!']
  journal.write([
    ...keys.map((key) => put('notes', key)),
    put('note', 'a/1'),
    put('notesx', 'a/1'),
    put('notes-b', 'a/1'),
  ])
  expect(keysOf(journal.entries('notes'))).toEqual(['!', 'B', 'a', 'a/1', 'a/10', 'a/2', 'b/1', '~'])
  expect(keysOf(journal.entries('notes', { prefix: 'a/' }))).toEqual(['a/1', 'a/10', 'a/2'])
  expect(keysOf(journal.entries('notes', { prefix: 'a/', after: 'a/1', limit: 1 }))).toEqual(['a/10'])
  expect(keysOf(journal.entries('notes', { prefix: 'a/', after: 'B' }))).toEqual(['a/1', 'a/10', 'a/2'])
  expect(keysOf(journal.entries('notes', { after: '~' }))).toEqual([])
  expect(keysOf(journal.entries('notes', { prefix: 'a/', after: 'z' }))).toEqual([])
  expect(keysOf(journal.entries('none'))).toEqual([])
})

test('a write that cannot be made whole leaves nothing', () => {
  const journal = open(temporaryDirectory())
  expect(() => journal.write([put('notes', 'a'), put('notes', 'not ascii: é')])).toThrow()
  expect(() => journal.write([put('notes', 'a'), put('Notes', 'a')])).toThrow()
  expect(() => journal.write([put('notes', 'a'), put('notes', '')])).toThrow()
  expect(keysOf(journal.entries('notes'))).toEqual([])
})

test('sealed values cannot be read from the disk, and plain ones can', () => {
  const content = 'a sentence that stands out'.repeat(20)
  for (const [sealing, found] of [
    [undefined, true],
    [sealingUnder(keyA), false],
  ] as const) {
    const directory = temporaryDirectory()
    const journal = open(directory, sealing)
    journal.write([put('notes', 'a', content)])
    expect(readFileSync(join(directory, 'writes.journal')).includes(content)).toBe(found)
    journal.close()
    expect(readFileSync(join(directory, 'data.mdb')).includes(content)).toBe(found)
  }
})

test('another key, or none, does not open a sealed journal', () => {
  const directory = temporaryDirectory()
  const journal = open(directory, sealingUnder(keyA))
  journal.write([put('notes', 'a')])
  journal.close()
  expect(() => open(directory, sealingUnder(keyB))).toThrow(/other-key/)
  expect(() => open(directory)).toThrow(/other-content/)
  expect(open(directory, sealingUnder(keyA)).get('notes', 'a')).toEqual(utf8('a'))
})

test('a sealed value that was moved to another key, or changed, is damage', () => {
  const directory = temporaryDirectory()
  const sealed: Uint8Array[] = []
  const { seal, open: unseal } = sealingUnder(keyA)
  // The second value is sealed as the first was: what an attacker with the disk and no key can do.
  const replaying: Sealing = {
    seal(plain) {
      sealed.push(seal(plain))
      return sealed.length === 3 ? (sealed[1] ?? plain) : seal(plain)
    },
    open: unseal,
  }
  const journal = open(directory, replaying)
  journal.write([put('notes', 'a')])
  journal.write([put('notes', 'b')])
  expect(journal.get('notes', 'a')).toEqual(utf8('a'))
  expect(() => journal.get('notes', 'b')).toThrow(/damaged/)
})

test.each([
  ['all of them ahead of LMDB', []],
  ['some brought to LMDB at once', ['40000', '1000000000']],
  ['some brought to LMDB by the thread', ['40000', '0']],
] as const)('T-25: kill -9 at any moment leaves whole writes, and all that were acknowledged: %s', async (_, sizes) => {
  const directory = temporaryDirectory()
  for (const lines of [1, 7, 30]) {
    const child = startChild('./journal-child.testing.ts', [directory, ...sizes])
    await child.said(lines)
    await child.kill()
    const acknowledged = Number(child.lines.at(-1))
    const journal = open(directory)
    const left = keysOf(journal.entries('left'))
    expect(keysOf(journal.entries('right'))).toEqual(left)
    expect(journal.get('newest', 'newest')).toEqual(utf8(left.at(-1) ?? ''))
    expect([acknowledged + 1, acknowledged + 2]).toContain(left.length)
    journal.close()
  }
})

test('what goes to LMDB in the middle of a walk is walked over once', () => {
  const directory = temporaryDirectory()
  const journal = openJournal(directory, { aheadBytesMax: 1, threadBytesMin: 1e9 })
  onTestFinished(() => journal.close())
  for (let number = 0; number < 20; number++) journal.write([put('notes', String(number).padStart(2, '0'))])
  const seen: string[] = []
  for (const [key] of journal.entries('notes')) {
    seen.push(key)
    // Each of these brings the one before to LMDB.
    journal.write([put('others', key)])
  }
  expect(seen).toEqual(Array.from({ length: 20 }, (_, number) => String(number).padStart(2, '0')))
  expect(keysOf(journal.entries('others')).length).toBe(20)
})

test('what is appended is seen at once, durable once it is said, and there after the next opening', async () => {
  const directory = temporaryDirectory()
  const journal = open(directory)
  journal.append([put('notes', 'a')])
  journal.append([put('notes', 'b')])
  expect(keysOf(journal.entries('notes'))).toEqual(['a', 'b'])
  await journal.durable()
  expect(journal.durable()).toBeUndefined()
  journal.append([put('notes', 'c')])
  journal.write([put('notes', 'd')])
  expect(journal.durable()).toBeUndefined()
  journal.append([put('notes', 'e')])
  journal.close()
  expect(keysOf(open(directory).entries('notes'))).toEqual(['a', 'b', 'c', 'd', 'e'])
})
