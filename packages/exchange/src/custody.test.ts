import { decode, toHex, utf8 } from '@plexus/codec'
import { type RecordVersion, recordVersion } from '@plexus/policy'
import { beforeEach, describe, expect, test } from 'vitest'
import { nextHead } from './custody.ts'
import { type RecordRow, zeroHash } from './custody-rows.ts'
import { clinic, hospital, patient, ward } from './founding.testing.ts'
import { Stopped } from './replica.testing.ts'
import { recordOf, World } from './world.testing.ts'

let world: World
beforeEach(async () => {
  world = await World.start()
})

const custody = () => world.exchange(hospital).custody
const key = (custodian: string = hospital) => custody().patientKey(custodian, patient)
const stored = (...of: Parameters<ReturnType<typeof custody>['register']>) => [...custody().register(...of).stored]
const changed = (name: string, text: string) => recordOf(name, { bytes: utf8(text) })
const rows = () => custody().versions(key())
const statementOf = ({ leaf }: RecordRow): RecordVersion => {
  const bytes = world.exchange(hospital).batches.statement(leaf)
  const read = bytes && decode(recordVersion, bytes)
  if (!read?.ok) throw new Error('a version has no statement')
  return read.value
}

describe('a record', () => {
  test('that comes again with the same bytes is kept once', () => {
    expect(stored(hospital, patient, [recordOf('a'), recordOf('b')])).toHaveLength(2)
    expect(stored(hospital, patient, [recordOf('a'), recordOf('b')])).toEqual([])
    world.restart(hospital)
    expect(stored(hospital, patient, [recordOf('b'), recordOf('c')])).toHaveLength(1)
    expect(rows()).toHaveLength(3)
  })

  test('with other bytes under its name is a new version, which replaces the one before', () => {
    custody().register(hospital, patient, [recordOf('a')])
    custody().register(hospital, patient, [changed('a', 'new')])
    const [before, after] = rows().map((row) => ({ row, statement: statementOf(row) }))
    expect([before?.row.status, after?.row.status]).toEqual(['superseded', 'current'])
    expect(after?.statement.version).toBe(2)
    expect(after?.statement.replaces).toEqual(before?.statement.record)
    expect(before?.statement.replaces).toBeNull()
  })

  test('counts once its leaf is committed, and only in its newest version', async () => {
    await world.register([recordOf('a'), recordOf('b')])
    custody().register(hospital, patient, [changed('a', 'new')])
    expect(
      custody()
        .current(key())
        .map(({ source }) => source),
    ).toEqual(['Condition/b'])
    await world.settle()
    expect(
      custody()
        .current(key())
        .map(({ source, version }) => [source, version]),
    ).toEqual([
      ['Condition/b', 1],
      ['Condition/a', 2],
    ])
  })

  test('opens in the vault to the bytes that were received', async () => {
    await world.register([changed('a', '{"value": 1.50, "value2": 1e2}')])
    const [row] = rows()
    const opened = row && world.node(hospital).vault.open({ ...row, custodian: hospital })
    expect(opened).toEqual({ ok: true, value: utf8('{"value": 1.50, "value2": 1e2}') })
  })

  test('of a tenant is in another chart than the host’s record of the same patient', async () => {
    await world.register([recordOf('a')])
    await world.register([recordOf('a'), recordOf('b')], ward)
    expect(custody().versions(key())).toHaveLength(1)
    expect(custody().versions(key(ward))).toHaveLength(2)
    expect(key(ward)).not.toBe(key())
  })
})

test('rows about a patient are named under a key of the node: nothing of the patient stands in a name', async () => {
  await world.register([recordOf('a')])
  const names = world
    .node(hospital)
    .journal.writes.flatMap((changes) => changes.map((each) => `${each.table} ${each.key}`))
  expect(names.filter((name) => name.includes(patient) || name.includes('Condition'))).toEqual([])
  expect(world.exchange(clinic).custody.patientKey(hospital, patient)).not.toBe(key())
})

describe('a record chain', () => {
  test('goes from nothing over each version to the head that receipts name, for each segment apart', async () => {
    await world.register([recordOf('a'), recordOf('b', { segment: 'part2' }), recordOf('c')])
    await world.register([changed('a', 'new')])
    for (const segment of ['general', 'part2'] as const) {
      let head: Uint8Array = zeroHash
      const chain = rows().filter((row) => row.segment === segment)
      for (const [index, row] of chain.entries()) {
        const { position, previousHead } = statementOf(row)
        expect([position, toHex(previousHead)]).toEqual([index + 1, toHex(head)])
        head = nextHead(head, row.hash)
      }
      expect(custody().chainHeads(key())).toContainEqual({ segment, count: chain.length, head })
    }
  })

  test('is told up to what is committed', async () => {
    await world.register([recordOf('a')])
    const before = custody().chainHeads(key())
    custody().register(hospital, patient, [recordOf('b')])
    expect(custody().chainHeads(key())).toEqual(before)
    await world.settle()
    expect(custody().chainHeads(key())).toMatchObject([{ count: 2 }])
  })
})

describe('a record that was entered in error', () => {
  test('is current no more, and its marking is a version that replaces it', async () => {
    await world.register([recordOf('a'), recordOf('b')])
    const marked = custody().markInError(hospital, patient, 'Condition/a')
    expect(marked.ok).toBe(true)
    world.node(hospital).journal.write(marked.ok ? marked.value.changes : [])
    await world.settle()
    expect(
      custody()
        .current(key())
        .map(({ source }) => source),
    ).toEqual(['Condition/b'])
    const marking = rows().at(-1)
    expect(marking && statementOf(marking)).toMatchObject({ version: 2, status: 'entered-in-error', length: 0 })
    expect(marking && toHex(statementOf(marking).replaces ?? zeroHash)).toBe(toHex(rows()[0]?.record ?? zeroHash))
  })

  test('arrived so: it is kept, and never current', async () => {
    await world.register([recordOf('a', { enteredInError: true }), recordOf('b')])
    expect(rows()).toHaveLength(2)
    expect(
      custody()
        .current(key())
        .map(({ source }) => source),
    ).toEqual(['Condition/b'])
  })

  test('is told to the member that received it, until that member acknowledges', async () => {
    await world.register([recordOf('a'), recordOf('b')])
    const visit = await world.checkedIn(await world.enrolled())
    await world.ask(visit)
    await world.settle()
    const marked = await world
      .exchange(hospital)
      .run(({ corrections }) => corrections.enteredInError(hospital, patient, 'Condition/a'))
    expect(marked).toEqual({ ok: true, value: { receivers: [clinic] } })
    for (let round = 0; round < 3; round++) {
      world.time += 4
      world.block()
      await world.exchange(hospital).wake()
      while (world.wire.length > 0) await world.deliver()
    }
    const [received] = world.exchange(clinic).corrections.list()
    expect(received).toMatchObject({ custodian: hospital, kind: 'entered-in-error', acknowledged: false })
    expect(world.exchange(hospital).outbox.waiting).toBe(1)
    await world.exchange(clinic).run(({ corrections }) => corrections.acknowledge(received?.id ?? ''))
    await world.deliver(hospital)
    expect(world.exchange(hospital).outbox.waiting).toBe(0)
  })
})

describe('what was erased', () => {
  test('as a record does not open, and is not weighed; its version stays in the chain', async () => {
    await world.register([recordOf('a'), recordOf('b')])
    const before = custody().chainHeads(key())
    const erased = custody().eraseRecord(hospital, patient, 'Condition/a')
    expect(erased.ok && world.node(hospital).vault.dataKey(erased.value.record).ok).toBe(false)
    expect(
      custody()
        .current(key())
        .map(({ source }) => source),
    ).toEqual(['Condition/b'])
    expect(custody().chainHeads(key())).toEqual(before)
  })

  test('as a segment leaves the other segments open', async () => {
    await world.register([recordOf('a', { segment: 'part2' }), recordOf('b', { segment: 'part2' }), recordOf('c')])
    expect(custody().eraseSegment(hospital, patient, 'part2')).toBe(2)
    const opens = rows().map(({ record }) => world.node(hospital).vault.dataKey(record).ok)
    expect(opens).toEqual([false, false, true])
    expect(
      custody()
        .current(key())
        .map(({ source }) => source),
    ).toEqual(['Condition/c'])
  })

  test('was never there: refused', () => {
    expect(custody().eraseRecord(hospital, patient, 'Condition/none')).toEqual({
      ok: false,
      reason: { type: 'record-unknown' },
    })
  })
})

test('a node that stops between vault and index has taken nothing in, and takes it in when it comes again', async () => {
  const { journal } = world.node(hospital)
  journal.stopBefore = (changes) => changes.some(({ table }) => table === 'records')
  expect(() => custody().register(hospital, patient, [recordOf('a')])).toThrow(Stopped)
  world.restart(hospital)
  expect(rows()).toEqual([])
  await world.register([recordOf('a')])
  expect(custody().current(key())).toHaveLength(1)
})
