import { sha256 } from '@plexus/crypto'
import { expect, test } from 'vitest'
import { readPackIndex, recordBytesMax, recordsPerPackMax, writePack } from './pack.ts'

function sealed(fill: number, length: number) {
  const ciphertext = new Uint8Array(length).fill(fill)
  return { record: new Uint8Array(16).fill(fill), ciphertext, ciphertextHash: sha256(ciphertext) }
}

const reader = (bytes: Uint8Array) => (offset: number, length: number) =>
  offset + length > bytes.length ? undefined : bytes.slice(offset, offset + length)

test('the index of a pack tells where each ciphertext lies and what it hashes to', () => {
  const records = [sealed(1, 100), sealed(2, 0), sealed(3, 70_000)]
  const { bytes, packed } = writePack(records)
  expect(readPackIndex(reader(bytes))).toEqual({ ok: true, value: packed })
  packed.forEach(({ offset, length, record }, index) => {
    expect(bytes.slice(offset, offset + length)).toEqual(records[index]?.ciphertext)
    expect(record).toEqual(records[index]?.record)
  })
  expect(packed.map(({ offset, length }) => offset + length).at(-1)).toBe(bytes.length)
})

test('an object that is no pack, or whose index is cut off, is called that', () => {
  const { bytes } = writePack([sealed(1, 100), sealed(2, 50)])
  const indexEnd = bytes.length - 150
  for (const length of [0, 5, 15, 16, indexEnd - 1]) {
    expect(readPackIndex(reader(bytes.slice(0, length)))).toEqual({ ok: false, reason: { type: 'not-a-pack' } })
  }
  for (let at = 0; at < 12; at++) {
    const other = bytes.slice()
    other[at] = (other[at] ?? 0) ^ 1
    expect(readPackIndex(reader(other))).toEqual({ ok: false, reason: { type: 'not-a-pack' } })
  }
})

test('counts and lengths beyond what a pack may hold are refused before anything is read for them', () => {
  const { bytes } = writePack([sealed(1, 100)])
  const many = bytes.slice()
  new DataView(many.buffer).setUint32(12, recordsPerPackMax + 1)
  const long = bytes.slice()
  new DataView(long.buffer).setUint32(32, recordBytesMax + 17)
  for (const damaged of [many, long]) {
    const asked: number[] = []
    const read = (offset: number, length: number) => {
      asked.push(length)
      return reader(damaged)(offset, length)
    }
    expect(readPackIndex(read)).toEqual({ ok: false, reason: { type: 'not-a-pack' } })
    expect(Math.max(...asked)).toBeLessThan(200)
  }
})

test('a pack takes no more records than one batch of the ledger has leaves', () => {
  const one = sealed(1, 0)
  expect(() => writePack(Array.from({ length: recordsPerPackMax + 1 }, () => one))).toThrow(RangeError)
  expect(writePack(Array.from({ length: recordsPerPackMax }, () => one)).packed).toHaveLength(recordsPerPackMax)
})
