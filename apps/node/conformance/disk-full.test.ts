/** A disk that refuses: a typed error, nothing half done, and service again when there is room. */

import { findings, type WalletClient } from '@plexus/sdk'
import { StoreError } from '@plexus/store'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { smallChart } from './records.testing.ts'
import { type Clinician, clinic, World } from './world.testing.ts'

const custodian = 'hospital-1'
const patient = 'patient-1'

/** Faults come in pairs: it failed and did not happen, or it failed and happened. */
type Side = 'after' | 'before'
const sides: readonly Side[] = ['before', 'after']

/** What shall fail next: the `skip`-th write after now, of that member and kind. */
let plan: { member: string; what: string; skip: number; side: Side } | undefined
let fired = 0

const durable = (member: string) => (what: string, write: () => never) => {
  const due = plan?.member === member && plan.what === what && plan.skip-- === 0 ? plan.side : undefined
  if (due) {
    plan = undefined
    fired++
  }
  if (due === 'before') throw new StoreError('write-failed', 'no space left on the device')
  const value = write()
  if (due === 'after') throw new StoreError('write-failed', 'the disk is failing')
  return value
}

let world: World
let clinician: Clinician
let client: WalletClient
let visit: Uint8Array

async function begin(data?: string): Promise<void> {
  world = await World.start({ members: [custodian], faults: { durable: durable as never }, ...(data && { data }) })
}

beforeAll(async () => {
  await begin()
  clinician = await world.employ()
  await world.register(custodian, patient, smallChart(patient, 'a'))
  client = await world.enrol(patient, [custodian])
  visit = await world.checkIn(client, clinic, [custodian])
})

afterAll(() => world.close())

/** Every failure so far was the disk's, by its type; they are forgotten. */
function onlyTheDiskFailed(member: string | null, atMost = 1): void {
  const failures = world.failures.splice(0)
  expect(failures.length).toBeLessThanOrEqual(atMost)
  for (const each of failures) {
    expect(each.member).toBe(member)
    expect(each.error).toMatchObject({ name: 'StoreError', type: 'write-failed' })
  }
}

/** Who asks is told of the fault, when it came while the ask was written or just after, and asks again. */
async function accessHolds(): Promise<void> {
  const asked = await world.startAsk(visit, clinician).catch((error) => {
    expect(error).toMatchObject({ name: 'StoreError', type: 'write-failed' })
    return world.startAsk(visit, clinician)
  })
  expect((await world.ended(clinic, asked)).sources).toMatchObject([{ state: 'complete' }])
}

async function chainHolds(): Promise<void> {
  await world.settled()
  const { custody } = world.node(custodian).exchange
  const receipts = custody.patients.get(custody.patientKey(custodian, patient))?.receipts ?? 0
  const looks = await world.looks(client, (all) => all.length >= receipts)
  expect(looks).toHaveLength(receipts)
  expect(findings(client.wallet.state)).toEqual([])
}

describe.each(sides)('a journal write that fails %s it happened', (side) => {
  test.each([0, 1, 2, 3])(
    'at the custodian, as number %i of an access, delays the access and harms nothing',
    async (skip) => {
      plan = { member: custodian, what: 'journal', skip, side }
      await accessHolds()
      await world.settled()
      plan = undefined
      onlyTheDiskFailed(custodian)
      await chainHolds()
    },
  )

  test.each([1, 2, 3, 4])(
    'at the requester, as number %i of an access, delays the access and harms nothing',
    async (skip) => {
      plan = { member: clinic, what: 'journal', skip, side }
      await accessHolds()
      await world.settled()
      plan = undefined
      onlyTheDiskFailed(clinic)
      await chainHolds()
    },
  )

  test('while an ask is written is told to who asks, by type', async () => {
    plan = { member: clinic, what: 'journal', skip: 0, side }
    await expect(world.startAsk(visit, clinician)).rejects.toMatchObject({ name: 'StoreError', type: 'write-failed' })
    await accessHolds()
    await chainHolds()
    expect(world.failures.splice(0)).toEqual([])
  })

  test('at the member that keeps mailboxes, is made good by the next deposit of the same notice', async () => {
    plan = { member: 'state-board', what: 'journal', skip: 0, side }
    await accessHolds()
    await world.settled()
    onlyTheDiskFailed('state-board')
    await chainHolds()
  })
})

describe.each(['blob-write', 'blob-rename', 'keys-commit', 'journal'])(
  'when %s fails while records are taken in',
  (what) => {
    test.each(sides)(
      '%s it happened, the import is told, and bringing the records again stores each once',
      async (side) => {
        const other = `patient-${what}-${side}`
        const chart = smallChart(other, other)
        plan = { member: custodian, what, skip: 0, side }
        const { exchange } = world.node(custodian)
        const take = () => exchange.run(({ custody }) => custody.register(custodian, other, chart))
        await expect(take()).rejects.toMatchObject({ name: 'StoreError', type: 'write-failed' })
        const held = exchange.custody.versions(exchange.custody.patientKey(custodian, other)).length
        // Half of it is never there: before the journal's write no record is in custody, after it all are.
        expect(held).toBe(what === 'journal' && side === 'after' ? chart.length : 0)
        const again = await take()
        expect(again.stored.size + held).toBe(chart.length)
        await world.settled()
        expect(exchange.custody.current(exchange.custody.patientKey(custodian, other))).toHaveLength(chart.length)
        expect(world.failures.splice(0)).toEqual([])
      },
    )
  },
)

test.each(sides)(
  'a correction whose journal write fails %s it happened is there with all that tells of it, or not at all',
  async (side) => {
    const source = `Observation/observation-${side}`
    await world.register(custodian, patient, smallChart(patient, side))
    await accessHolds()
    await world.settled()
    const { exchange } = world.node(custodian)
    const mark = () => exchange.run(({ corrections }) => corrections.enteredInError(custodian, patient, source))
    const told = () => world.node(clinic).exchange.corrections.list().length
    const before = told()
    plan = { member: custodian, what: 'journal', skip: 0, side }
    await expect(mark()).rejects.toMatchObject({ name: 'StoreError', type: 'write-failed' })
    const again = await mark()
    expect(again).toMatchObject(
      side === 'before'
        ? { ok: true, value: { receivers: [clinic] } }
        : { ok: false, reason: { type: 'already-in-error' } },
    )
    await world.until(() => told() === before + 1, 'the receiver to be told')
    const { corrections } = world.node(clinic).exchange
    for (const { id } of corrections.list())
      await world.node(clinic).exchange.run((each) => each.corrections.acknowledge(id))
    await chainHolds()
    expect(world.failures.splice(0)).toEqual([])
  },
)

test.each([
  ['a replica', custodian, 'ledger', custodian],
  ['the key that orders blocks', 'state-board', 'sequencer', null],
] as const)(
  '%s that cannot write stops with the type of the fault, and goes on after a restart',
  async (_, member, what, told) => {
    for (const side of sides) {
      fired = 0
      plan = { member, what, skip: 0, side }
      await world.beginPadding(clinic)
      await world.until(() => fired > 0, 'a block to fail')
      await world.until(() => world.failures.length > 0, 'the failure to be told')
      expect(world.failures[0]).toMatchObject({ member: told, error: { name: 'StoreError', type: 'write-failed' } })
      const { data } = world
      await world.network.close()
      await begin(data)
      client = world.carryOn(client)
      await accessHolds()
      await chainHolds()
    }
  },
)
