import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  copyOf,
  dyingAt,
  failingOnceAt,
  filesBelow,
  openKeys,
  PowerCut,
  seededRandom,
  temporaryFolder,
} from './fixtures.testing.ts'
import { KeyGeneration, keyTables } from './key-generation.ts'
import { type KeyStore, openKeyStore, type Scope } from './key-store.ts'

const scope: Scope = { custodian: 'clinic-a', patient: 'synthetic-patient-0001', segment: 'general' }
const otherScope: Scope = { ...scope, segment: 'part2' }
const recordOf = (number: number) => new Uint8Array(16).fill(number)
const keyOf = (number: number) => new Uint8Array(32).fill(number)

const entryOf = (record: Uint8Array) => `data-keys ${Buffer.from(record).toString('hex')}`

/** A store with records 1, 2, 3 in one scope and 4 in another. */
function filled(folder: string, step?: Parameters<typeof openKeys>[1]): KeyStore {
  const keys = openKeys(folder, step)
  const under = keys.nextKey(scope)
  const other = keys.nextKey(otherScope)
  keys.commit({
    wrappingKeys: [under, other],
    dataKeys: [1, 2, 3, 4].map((number) => ({
      record: recordOf(number),
      key: keyOf(number),
      under: number === 4 ? other : under,
    })),
  })
  return keys
}

/** Which of the records 1 to 4 open, and how the others are refused. */
function standingOf(keys: KeyStore): readonly string[] {
  return [1, 2, 3, 4].map((number) => {
    const key = keys.dataKey(recordOf(number))
    if (!key.ok) return key.reason.type
    return Buffer.compare(key.value, keyOf(number)) === 0 ? 'open' : 'wrong key'
  })
}

/** The wrapped keys that lie in a closed or living store, by table and name; read from a copy by LMDB itself. */
function wrappedKeys(folder: string): Map<string, Buffer> {
  const copy = copyOf(folder)
  const values = new Map<string, Buffer>()
  for (const generation of readdirSync(copy)) {
    const tables = KeyGeneration.open(join(copy, generation))
    for (const table of keyTables) {
      if (table === 'about') continue
      for (const { name, value } of tables.range(table)) {
        values.set(`${table} ${Buffer.from(name).toString('hex')}`, Buffer.from(value))
      }
    }
    tables.close()
  }
  return values
}

/** How many files of the store hold these bytes, or any 16 of them in a row. */
function filesThatHold(folder: string, bytes: Buffer): number {
  return filesBelow(folder).filter((file) => {
    for (let at = 0; at + 16 <= bytes.length; at += 16) if (file.includes(bytes.subarray(at, at + 16))) return true
    return false
  }).length
}

test('keys come back as they were stored, also after reopening', () => {
  const folder = temporaryFolder()
  const keys = filled(folder)
  const epoch = keys.newestKey(scope)
  expect(standingOf(keys)).toEqual(['open', 'open', 'open', 'open'])
  keys.close()
  const again = openKeys(folder)
  expect(standingOf(again)).toEqual(['open', 'open', 'open', 'open'])
  expect(again.newestKey(scope)).toEqual(epoch)
  expect(again.dataKey(recordOf(9))).toEqual({ ok: false, reason: { type: 'unknown-record' } })
  again.close()
})

test('a key store opens under its own master key only', () => {
  const folder = temporaryFolder()
  filled(folder).close()
  const refused = openKeyStore({ folder, masterKey: new Uint8Array(32).fill(8), random: seededRandom(2) })
  expect(refused).toEqual({ ok: false, reason: { type: 'wrong-master-key' } })
  const keys = openKeys(folder)
  expect(standingOf(keys)).toEqual(['open', 'open', 'open', 'open'])
  keys.close()
})

test('no file of the key store holds a key, a custodian, a patient or a segment in clear', () => {
  const folder = temporaryFolder()
  const keys = filled(folder)
  const epoch = keys.newestKey(scope)
  keys.close()
  for (const secret of [
    keyOf(1),
    epoch?.key ?? [],
    ...[scope.patient, scope.custodian, 'part2'].map((text) => Buffer.from(text)),
  ]) {
    expect(secret.length).toBeGreaterThan(0)
    expect(filesBelow(folder).some((file) => file.includes(Buffer.from(secret)))).toBe(false)
  }
})

test('an erased record’s wrapped key is in no file of the key store, and the others still open', () => {
  const folder = temporaryFolder()
  const keys = filled(folder)
  const erased = wrappedKeys(folder)
    .get(entryOf(recordOf(2)))
    ?.subarray(-60)
  if (erased === undefined) throw new Error('the entry to erase was not found')
  expect(filesThatHold(folder, erased)).toBe(1)

  expect(keys.eraseRecord(recordOf(2))).toBe(true)
  expect(filesThatHold(folder, erased)).toBe(0)
  expect(standingOf(keys)).toEqual(['open', 'erased', 'open', 'open'])
  keys.close()
  const again = openKeys(folder)
  expect(standingOf(again)).toEqual(['open', 'erased', 'open', 'open'])
  expect(filesThatHold(folder, erased)).toBe(0)
  again.close()
})

test('an erased scope leaves no wrapped key of any epoch in any file, rewrapped ones included', () => {
  const folder = temporaryFolder()
  const keys = filled(folder)
  const before = wrappedKeys(folder)
  keys.commit({ wrappingKeys: [keys.nextKey(scope)], dataKeys: [] })
  expect(keys.rewrap([recordOf(1), recordOf(2), recordOf(4)])).toBe(2)
  expect(keys.allKeys(scope).map(({ epoch }) => epoch)).toEqual([1, 2])
  const after = wrappedKeys(folder)
  // What was rewrapped still lies in a page that LMDB has freed: it takes the erasure to remove it.
  expect(filesThatHold(folder, before.get(entryOf(recordOf(1)))?.subarray(-60) ?? Buffer.alloc(0))).toBe(1)

  expect(keys.eraseScope(scope)).toEqual({ epochs: 2, records: 3 })
  expect(standingOf(keys)).toEqual(['erased', 'erased', 'erased', 'open'])
  const kept = [...wrappedKeys(folder).values()].map((value) => value.toString('hex'))
  const gone = new Set([...before.values(), ...after.values()].map((value) => value.toString('hex')))
  for (const value of kept) gone.delete(value)
  // Two wrapping keys, three data keys as they were, two as they were rewrapped.
  expect(gone.size).toBe(7)
  // A data key stands behind scope and epoch, and the names of erased epochs are kept.
  for (const value of gone) expect(filesThatHold(folder, Buffer.from(value, 'hex').subarray(-60))).toBe(0)
  keys.close()
})

test('after an erasure a scope goes on with an epoch that never was', () => {
  const keys = filled(temporaryFolder())
  keys.eraseScope(scope)
  expect(keys.newestKey(scope)).toBeUndefined()
  expect(keys.allKeys(scope)).toEqual([])
  expect(keys.nextKey(scope).epoch).toBe(2)
  expect(keys.counts()).toEqual({ records: 1, erasedRecords: 3, epochs: 1, erasedEpochs: 1, generation: 2 })
  keys.close()
})

test('an erasure that is repeated, or finds nothing, changes nothing', () => {
  const keys = filled(temporaryFolder())
  expect(keys.eraseRecord(recordOf(1))).toBe(true)
  expect(keys.eraseRecord(recordOf(1))).toBe(true)
  expect(keys.eraseRecord(recordOf(9))).toBe(false)
  expect(keys.eraseScope({ ...scope, patient: 'synthetic-patient-0002' })).toEqual({ epochs: 0, records: 0 })
  expect(keys.counts().generation).toBe(2)
  keys.close()
})

test('a wrapped key that was moved to another record opens nothing', () => {
  const folder = temporaryFolder()
  filled(folder).close()
  const tables = KeyGeneration.open(join(folder, 'generation-0000000001'))
  const value = tables.get('data-keys', recordOf(1)) ?? new Uint8Array(0)
  tables.commit((put) => put('data-keys', { name: recordOf(2), value }))
  tables.close()
  const keys = openKeys(folder)
  expect(standingOf(keys)).toEqual(['open', 'key-damaged', 'open', 'open'])
  keys.close()
})

const erasureSteps = ['keys-copy', 'keys-rename', 'keys-folder-sync', 'keys-overwrite-old', 'keys-remove-old']
const points = erasureSteps.flatMap((name, nth) =>
  (['before', 'after'] as const).map((moment) => ({ name, nth, moment })),
)

test.each(points)(
  'a process that dies $moment $name leaves the key erased or not, and nothing else changed',
  ({ name, nth, moment }) => {
    const folder = temporaryFolder()
    const death = dyingAt(nth, moment)
    const keys = filled(folder, { step: death.step })
    const erased = wrappedKeys(folder)
      .get(entryOf(recordOf(2)))
      ?.subarray(-60)
    death.arm()
    // Nobody is left to hear what it answers.
    try {
      keys.eraseRecord(recordOf(2))
    } catch (error) {
      expect(error).toBeInstanceOf(PowerCut)
    }
    expect(death.written.at(-1)).toBe(name)

    const left = copyOf(folder)
    const again = openKeys(left)
    const renamed = nth > 1 || (nth === 1 && moment === 'after')
    expect(standingOf(again)).toEqual(['open', renamed ? 'erased' : 'open', 'open', 'open'])
    if (erased === undefined) throw new Error('the entry to erase was not found')
    expect(filesThatHold(left, erased)).toBe(renamed ? 0 : 1)
    expect(readdirSync(left)).toHaveLength(1)
    // The store that was left is whole: it takes new keys and finishes the erasure.
    again.commit({ wrappingKeys: [again.nextKey(scope)], dataKeys: [] })
    expect(again.eraseRecord(recordOf(2))).toBe(true)
    expect(standingOf(again)).toEqual(['open', 'erased', 'open', 'open'])
    expect(filesThatHold(left, erased)).toBe(0)
    again.close()
  },
)

test.each(points)('a disk that fails once $moment $name does not stop the key store', ({ name, nth, moment }) => {
  const folder = temporaryFolder()
  const fault = failingOnceAt(nth, moment)
  const keys = filled(folder, { step: fault.step })
  fault.arm()
  // Once the new generation is in place the erasure has happened, and what failed after it is finished at once.
  const happens = nth > 1 || (nth === 1 && moment === 'after')
  if (happens) expect(keys.eraseRecord(recordOf(2))).toBe(true)
  else expect(() => keys.eraseRecord(recordOf(2))).toThrow(PowerCut)
  expect(fault.written.at(-1)).toBe(name)
  expect(standingOf(keys)).toEqual(['open', happens ? 'erased' : 'open', 'open', 'open'])
  keys.commit({ wrappingKeys: [keys.nextKey(scope)], dataKeys: [] })
  keys.close()
  const again = openKeys(folder)
  expect(standingOf(again)).toEqual(['open', happens ? 'erased' : 'open', 'open', 'open'])
  expect(again.newestKey(scope)?.epoch).toBe(2)
  again.close()
})

test.each([0, 1, 2, 3].flatMap((nth) => (['before', 'after'] as const).map((moment) => ({ nth, moment }))))(
  'a process that dies $moment durable write $nth of the very first opening leaves a folder that opens',
  ({ nth, moment }) => {
    const folder = temporaryFolder()
    const death = dyingAt(nth, moment)
    death.arm()
    expect(() => openKeys(folder, { step: death.step })).toThrow(PowerCut)
    const keys = filled(copyOf(folder))
    expect(standingOf(keys)).toEqual(['open', 'open', 'open', 'open'])
    keys.close()
  },
)

test('keys of a batch whose commit was cut off are all there or none', () => {
  for (const moment of ['before', 'after'] as const) {
    const folder = temporaryFolder()
    const death = dyingAt(0, moment)
    const keys = openKeys(folder, { step: death.step })
    death.arm()
    const under = keys.nextKey(scope)
    const dataKeys = [1, 2, 3, 4].map((number) => ({ record: recordOf(number), key: keyOf(number), under }))
    expect(() => keys.commit({ wrappingKeys: [under], dataKeys })).toThrow(PowerCut)
    const again = openKeys(copyOf(folder))
    const expected = moment === 'after' ? 'open' : 'unknown-record'
    expect(standingOf(again)).toEqual(Array(4).fill(expected))
    again.close()
  }
})

test('a disk that fails once while keys are committed does not stop the key store', () => {
  for (const moment of ['before', 'after'] as const) {
    const fault = failingOnceAt(0, moment)
    const keys = filled(temporaryFolder(), { step: fault.step })
    fault.arm()
    const commit = { wrappingKeys: [], dataKeys: [{ record: recordOf(5), key: keyOf(5), under: keys.nextKey(scope) }] }
    expect(() => keys.commit(commit)).toThrow(PowerCut)
    expect(standingOf(keys)).toEqual(['open', 'open', 'open', 'open'])
    expect(keys.standing(recordOf(5))).toBe(moment === 'after' ? 'open' : 'unknown')
    keys.commit({ wrappingKeys: [keys.nextKey(scope)], dataKeys: [] })
    expect(keys.newestKey(scope)?.epoch).toBe(2)
    keys.close()
  }
})

test('a generation whose file is gone is not taken for an empty store, and the one before it is kept', () => {
  const folder = temporaryFolder()
  filled(folder).close()
  mkdirSync(join(folder, 'generation-0000000002'))
  expect(() => openKeys(folder)).toThrow('without its file')
  expect(readdirSync(folder)).toEqual(['generation-0000000001', 'generation-0000000002'])
})

test('a closed key store answers nothing', () => {
  const keys = filled(temporaryFolder())
  keys.close()
  expect(() => keys.dataKey(recordOf(1))).toThrow('closed')
})

test('a copy that was cut off is removed at the next opening', () => {
  const folder = temporaryFolder()
  filled(folder).close()
  mkdirSync(join(folder, 'generation-0000000002.partial'))
  writeFileSync(join(folder, 'generation-0000000002.partial', 'keys.mdb'), 'half')
  const keys = openKeys(folder)
  expect(standingOf(keys)).toEqual(['open', 'open', 'open', 'open'])
  expect(readdirSync(folder)).toEqual(['generation-0000000001'])
  keys.close()
})

test('a store of more keys than one transaction copies keeps all but the erased one', () => {
  const keys = openKeys(temporaryFolder())
  const under = keys.nextKey(scope)
  const record = (number: number) => new Uint8Array(new Uint32Array([number, 1, 2, 3]).buffer)
  const dataKeys = Array.from({ length: 10_500 }, (_, number) => ({
    record: record(number),
    key: keyOf(number % 256),
    under,
  }))
  keys.commit({ wrappingKeys: [under], dataKeys })
  expect(keys.eraseRecord(record(10_400))).toBe(true)
  expect(keys.counts()).toMatchObject({ records: 10_499, erasedRecords: 1 })
  for (const number of [0, 9_999, 10_000, 10_399, 10_401, 10_499]) {
    expect(keys.dataKey(record(number))).toEqual({ ok: true, value: keyOf(number % 256) })
  }
  expect(keys.dataKey(record(10_400))).toEqual({ ok: false, reason: { type: 'erased' } })
  keys.close()
})
