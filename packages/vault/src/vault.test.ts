import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '@plexus/crypto'
import { expect, test } from 'vitest'
import type { BlobStore } from './blob-store.ts'
import {
  contentType,
  copyOf,
  dyingAt,
  filesBelow,
  newRecord,
  only,
  opened,
  openVaultIn,
  PowerCut,
  temporaryFolder,
} from './fixtures.testing.ts'
import { openRecord } from './record.ts'

const scope = { custodian: 'clinic-a', patient: 'synthetic-patient-0001', segment: 'general' }
const damaged = 'refused: verification-failed'

test('a sealed record opens to the bytes that came, also after reopening', () => {
  const { vault, keys, folder } = openVaultIn(temporaryFolder())
  const sealed = vault.seal(['{"value":1.10}', '', 'x'.repeat(100_000)].map((text) => newRecord({ text })))
  expect(sealed.map((one) => opened(vault, one))).toEqual(['{"value":1.10}', '', 'x'.repeat(100_000)])
  keys.close()
  const again = openVaultIn(folder)
  expect(sealed.map((one) => opened(again.vault, one))).toEqual(['{"value":1.10}', '', 'x'.repeat(100_000)])
  again.keys.close()
})

test('the seal names hashes of ciphertext and plaintext, and a receiver opens with the released data key alone', () => {
  const { vault, keys } = openVaultIn(temporaryFolder())
  const given = newRecord({ text: '{"value":1.10}', segment: 'part2' })
  const sealed = only(vault.seal([given]))
  const ciphertext = vault.ciphertext(sealed.where)
  const key = vault.dataKey(sealed.record)
  if (!ciphertext.ok || !key.ok) throw new Error('sealed, but not there')
  expect(sha256(ciphertext.value)).toEqual(sealed.ciphertextHash)
  expect(sha256(given.bytes)).toEqual(sealed.plaintextHash)
  expect(sealed).toMatchObject({ length: 14, segment: 'part2', epoch: 1, where: { length: 30 } })
  const received = { key: key.value, record: sealed.record, custodian: 'clinic-a', contentType }
  expect(openRecord({ ...received, ciphertext: ciphertext.value })).toEqual({ ok: true, value: given.bytes })
  keys.close()
})

test('no file of the vault holds a record, a patient or a data key in clear', () => {
  const { vault, keys, folder } = openVaultIn(temporaryFolder())
  const sealed = only(vault.seal([newRecord({ text: 'synthetic finding of no meaning' })]))
  const key = vault.dataKey(sealed.record)
  if (!key.ok) throw new Error('sealed, but not there')
  const secrets = [Buffer.from('synthetic finding'), Buffer.from('synthetic-patient'), Buffer.from(key.value)]
  keys.close()
  for (const file of filesBelow(folder)) for (const secret of secrets) expect(file.includes(secret)).toBe(false)
})

test('T-36: 500 records of a batch are one object, and each has an id, a key and a ciphertext of its own', () => {
  const { vault, keys, blobs } = openVaultIn(temporaryFolder())
  const sealed = vault.seal(
    Array.from({ length: 500 }, (_, index) => newRecord({ patient: `synthetic-${index % 25}` })),
  )
  expect([...blobs.list()]).toHaveLength(1)
  expect(new Set(sealed.map(({ record }) => Buffer.from(record).toString('hex'))).size).toBe(500)
  expect(new Set(sealed.map(({ ciphertextHash }) => Buffer.from(ciphertextHash).toString('hex'))).size).toBe(500)
  const dataKeys = sealed.map(({ record }) => vault.dataKey(record))
  expect(new Set(dataKeys.map((key) => (key.ok ? Buffer.from(key.value).toString('hex') : 'none'))).size).toBe(500)
  expect(new Set(sealed.map((one) => opened(vault, one)))).toEqual(new Set(['synthetic']))
  expect(vault.stats()).toMatchObject({ records: 500, epochs: 25 })
  keys.close()
})

test('a flipped byte fails the verification of its own record and no other', () => {
  const { vault, keys, folder } = openVaultIn(temporaryFolder())
  const sealed = vault.seal(['one', 'two', 'three'].map((text) => newRecord({ text })))
  const { object, offset } = sealed[1]?.where ?? { object: '', offset: 0 }
  const path = join(folder, 'blobs', object)
  const bytes = readFileSync(path)
  bytes[offset] = (bytes[offset] ?? 0) ^ 1
  writeFileSync(path, bytes)
  expect(sealed.map((one) => opened(vault, one))).toEqual(['one', damaged, 'three'])
  expect(vault.verify()).toEqual({
    packs: 1,
    damagedPacks: [object],
    open: 3,
    erased: 0,
    leftover: 0,
    keysWithoutBlob: 0,
  })
  keys.close()
})

test('a ciphertext swapped for another of the same vault fails its verification', () => {
  const { vault, keys } = openVaultIn(temporaryFolder())
  const [first, second] = vault.seal([newRecord({ text: 'one' }), newRecord({ text: 'two' })])
  if (first === undefined || second === undefined) throw new Error('two records were sealed')
  expect(opened(vault, { ...first, where: second.where })).toBe(damaged)
  expect(opened(vault, first, 'clinic-b')).toBe(damaged)
  keys.close()
})

test('a record whose object is gone or too short is missing, and an unknown one unknown', () => {
  const { vault, keys, blobs } = openVaultIn(temporaryFolder())
  const sealed = only(vault.seal([newRecord()]))
  const beyond = { ...sealed.where, offset: sealed.where.offset + 1 }
  expect(opened(vault, { ...sealed, where: beyond })).toBe('refused: blob-missing')
  blobs.remove(sealed.where.object)
  expect(opened(vault, sealed)).toBe('refused: blob-missing')
  expect(vault.verify()).toMatchObject({ packs: 0, keysWithoutBlob: 1 })
  expect(opened(vault, { ...sealed, record: new Uint8Array(16) })).toBe('refused: unknown-record')
  keys.close()
})

test('T-20: an erased record stays closed after an older copy of the blobs is put back', () => {
  const { vault, keys, folder } = openVaultIn(temporaryFolder())
  const sealed = vault.seal(['one', 'two'].map((text) => newRecord({ text })))
  const record = sealed[0]?.record ?? new Uint8Array(0)
  const backup = join(temporaryFolder(), 'blobs')
  cpSync(join(folder, 'blobs'), backup, { recursive: true })

  expect(vault.eraseRecord(record)).toEqual({ ok: true, value: undefined })
  keys.close()
  rmSync(join(folder, 'blobs'), { recursive: true })
  cpSync(backup, join(folder, 'blobs'), { recursive: true })

  const again = openVaultIn(folder)
  expect(sealed.map((one) => opened(again.vault, one))).toEqual(['refused: erased', 'two'])
  expect(again.vault.dataKey(record)).toEqual({ ok: false, reason: { type: 'erased' } })
  expect(again.vault.verify()).toMatchObject({ open: 1, erased: 1, leftover: 0, damagedPacks: [] })
  again.keys.close()
})

test('an erased segment stays closed after an older copy of the blobs is put back, and other segments stay open', () => {
  const { vault, keys, folder } = openVaultIn(temporaryFolder())
  const first = vault.seal([newRecord({ text: 'old' }), newRecord({ text: 'kept', segment: 'part2' })])
  vault.newEpoch(scope)
  const second = vault.seal([newRecord({ text: 'new' }), newRecord({ text: 'neighbour', patient: 'synthetic-2' })])
  const sealed = [...first, ...second]
  const backup = join(temporaryFolder(), 'blobs')
  cpSync(join(folder, 'blobs'), backup, { recursive: true })

  expect(vault.eraseSegment(scope)).toEqual({ epochs: 2, records: 2 })
  keys.close()
  rmSync(join(folder, 'blobs'), { recursive: true })
  cpSync(backup, join(folder, 'blobs'), { recursive: true })

  const again = openVaultIn(folder)
  expect(sealed.map((one) => opened(again.vault, one))).toEqual([
    'refused: erased',
    'kept',
    'refused: erased',
    'neighbour',
  ])
  const later = only(again.vault.seal([newRecord({ text: 'later' })]))
  expect([later.epoch, opened(again.vault, later)]).toEqual([3, 'later'])
  again.keys.close()
})

test('erasing what never was is refused, and erasing twice is not', () => {
  const { vault, keys } = openVaultIn(temporaryFolder())
  const sealed = only(vault.seal([newRecord()]))
  expect(vault.eraseRecord(new Uint8Array(16))).toEqual({ ok: false, reason: { type: 'unknown-record' } })
  expect(vault.eraseRecord(sealed.record).ok).toBe(true)
  expect(vault.eraseRecord(sealed.record).ok).toBe(true)
  expect(vault.eraseSegment({ ...scope, segment: 'part2' })).toEqual({ epochs: 0, records: 0 })
  keys.close()
})

test('a wrapping key is one per patient, custodian, segment and epoch, and stays the same within it', () => {
  const { vault, keys } = openVaultIn(temporaryFolder())
  const first = vault.wrappingKey(scope)
  expect(vault.wrappingKey(scope)).toEqual(first)
  expect(only(vault.seal([newRecord()])).epoch).toBe(first.epoch)
  const others = [
    vault.wrappingKey({ ...scope, segment: 'part2' }),
    vault.wrappingKey({ ...scope, patient: 'synthetic-2' }),
    vault.wrappingKey({ ...scope, custodian: 'clinic-b' }),
    vault.newEpoch(scope),
  ]
  expect(new Set([first, ...others].map(({ key }) => Buffer.from(key).toString('hex'))).size).toBe(5)
  expect(vault.wrappingKeys(scope).map(({ epoch }) => epoch)).toEqual([1, 2])
  keys.close()
})

test('a new epoch serves new records, and older ones open before and after they are rewrapped', () => {
  const { vault, keys } = openVaultIn(temporaryFolder())
  const old = only(vault.seal([newRecord({ text: 'old' })]))
  vault.newEpoch(scope)
  const fresh = only(vault.seal([newRecord({ text: 'fresh' })]))
  expect([old.epoch, fresh.epoch]).toEqual([1, 2])
  expect(opened(vault, old)).toBe('old')
  expect(vault.rewrap([old.record, fresh.record, new Uint8Array(16)])).toBe(1)
  expect(vault.rewrap([old.record, fresh.record])).toBe(0)
  expect([opened(vault, old), opened(vault, fresh)]).toEqual(['old', 'fresh'])
  keys.close()
})

/** A disk that is full: before anything was written, or noticed only after the object was. */
function fullDisk(disk: BlobStore, moment: 'before' | 'after', state: { full: boolean }): BlobStore {
  return {
    put(name, bytes) {
      if (!state.full || moment === 'after') disk.put(name, bytes)
      if (state.full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    },
    read: (name, offset, length) => disk.read(name, offset, length),
    list: () => disk.list(),
    remove: (name) => disk.remove(name),
  }
}

test.each(['before', 'after'] as const)(
  'a disk found full %s the pack is written leaves no key without a blob',
  (moment) => {
    const state = { full: false }
    const { vault, keys } = openVaultIn(temporaryFolder(), { blobs: (disk) => fullDisk(disk, moment, state) })
    const kept = only(vault.seal([newRecord({ text: 'kept' })]))
    state.full = true
    expect(() => vault.seal([newRecord({ text: 'lost' }), newRecord({ patient: 'synthetic-2' })])).toThrow('no space')
    const leftover = moment === 'after' ? 2 : 0
    expect(vault.verify()).toEqual({
      packs: moment === 'after' ? 2 : 1,
      damagedPacks: [],
      open: 1,
      erased: 0,
      leftover,
      keysWithoutBlob: 0,
    })
    expect(vault.stats()).toMatchObject({ records: 1, epochs: 1 })
    state.full = false
    const later = only(vault.seal([newRecord({ text: 'later' })]))
    expect([opened(vault, kept), opened(vault, later)]).toEqual(['kept', 'later'])
    keys.close()
  },
)

const sealingSteps = ['blob-write', 'blob-rename', 'blob-folder-sync', 'keys-commit']

test.each(sealingSteps.flatMap((name, nth) => (['before', 'after'] as const).map((moment) => ({ name, nth, moment }))))(
  'a process that dies $moment $name seals all of a batch or nothing',
  ({ name, nth, moment }) => {
    const death = dyingAt(nth, moment)
    const { vault, folder } = openVaultIn(temporaryFolder(), { step: death.step })
    const kept = only(vault.seal([newRecord({ text: 'kept' })]))
    death.arm()
    const batch = Array.from({ length: 3 }, (_, index) => newRecord({ patient: `synthetic-${index}` }))
    expect(() => vault.seal(batch)).toThrow(PowerCut)
    expect(death.written.at(-1)).toBe(name)

    const left = openVaultIn(copyOf(folder), { seed: 2 })
    const report = left.vault.verify()
    const committed = name === 'keys-commit' && moment === 'after'
    expect(report).toMatchObject({ open: committed ? 4 : 1, damagedPacks: [], keysWithoutBlob: 0 })
    expect([0, 3]).toContain(report.leftover + report.open - 1)
    expect(opened(left.vault, kept)).toBe('kept')
    // The batch is sealed again, as its owner does who has no answer, and nothing stands in the way.
    const again = left.vault.seal(batch)
    expect(again.map((one) => opened(left.vault, one))).toEqual(['synthetic', 'synthetic', 'synthetic'])
    left.keys.close()
  },
)

test('a foreign file among the blobs is reported and hides nothing', () => {
  const { vault, keys, folder } = openVaultIn(temporaryFolder())
  vault.seal([newRecord()])
  writeFileSync(join(folder, 'blobs', 'notours'), 'not a pack')
  const seen: number[] = []
  expect(vault.verify((packs) => seen.push(packs))).toMatchObject({ packs: 2, open: 1, damagedPacks: ['notours'] })
  expect(seen).toEqual([1, 2])
  keys.close()
})

test('an empty batch writes nothing', () => {
  const { vault, keys, folder } = openVaultIn(temporaryFolder())
  expect(vault.seal([])).toEqual([])
  expect(readdirSync(join(folder, 'blobs'))).toEqual([])
  keys.close()
})
