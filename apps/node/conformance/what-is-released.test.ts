/** What is released and what is not: swapped, echoed, protected, erased, and read by the custodian's own staff. */
import { type Gathered, viewOfAsk } from '@plexus/exchange'
import type { WalletClient } from '@plexus/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordOf, smallChart } from './records.testing.ts'
import { board, type Clinician, clinic, hospitals, must, World } from './world.testing.ts'

const [first, second] = hospitals
const patient = 'patient-1'

let world: World
let clinician: Clinician
let client: WalletClient
let visit: Uint8Array

beforeAll(async () => {
  world = await World.start()
  await world.register(first, patient, smallChart(patient, 'a'))
  await world.register(second, patient, smallChart(patient, 'b'))
  clinician = await world.employ()
  client = await world.enrol(patient, hospitals)
  visit = await world.checkIn(client, clinic, hospitals)
})

afterAll(() => world.close())

const typesOf = ({ sources }: Gathered) =>
  sources.flatMap(({ records }) => records.map(({ statement }) => statement.resourceType)).sort()

test('a custodian that swaps ciphertexts is found out: both records fail verification, and nothing of them is shown', async () => {
  const { vault } = world.node(first)
  const honest = vault.ciphertext.bind(vault)
  const key = world.node(first).exchange.custody.patientKey(first, patient)
  const [one, two] = world.node(first).exchange.custody.current(key)
  if (!one || !two) throw new Error('the chart has two records')
  Object.defineProperty(vault, 'ciphertext', {
    configurable: true,
    value: (where: typeof one.where) =>
      honest(where.offset === one.where.offset ? two.where : where.offset === two.where.offset ? one.where : where),
  })
  try {
    const view = viewOfAsk(await world.ask(visit, clinician))
    expect(view.sources.map(({ custodian, state }) => ({ custodian, state: state.type }))).toEqual([
      { custodian: first, state: 'failed-verification' },
      { custodian: second, state: 'complete' },
    ])
    expect(view.sources[0]).toMatchObject({ failed: 2, shown: 1 })
    expect(view.lines.filter(({ verified }) => !verified).map(({ value, codes }) => ({ value, codes }))).toEqual([
      { value: null, codes: [] },
      { value: null, codes: [] },
    ])
  } finally {
    Reflect.deleteProperty(vault, 'ciphertext')
  }
})

test('what a second hospital registers of the very bytes that it got is an echo: one source is shown as the origin', async () => {
  const echoed = 'patient-echo'
  const [condition] = smallChart(echoed, 'echo')
  if (!condition) throw new Error('the chart has a condition')
  await world.register(first, echoed, [condition])
  const away = await world.enrol(echoed, [first])
  const physician = await world.employ(second)
  const got = await world.ask(await world.checkIn(away, second, [first]), physician)
  const [received] = got.sources.flatMap(({ records }) => records)
  if (!received) throw new Error('the hospital got the record')
  await world.register(second, echoed, [{ ...condition, bytes: received.plaintext }])

  const code = await world.node(second).exchange.run(({ door }) => door.issueCode(second, echoed))
  must(await away.enrol(second, code, board), 'enrolment')
  const view = viewOfAsk(await world.ask(await world.checkIn(away, clinic, hospitals), clinician))
  const [line, ...others] = view.lines
  expect(others).toEqual([])
  expect(line).toMatchObject({ independent: 1 })
  expect(line?.sources.map(({ custodian, echoOf }) => [custodian, echoOf?.custodian ?? null])).toEqual([
    [first, null],
    [second, first],
  ])
})

test('a closed segment stays closed without the patient’s explicit permit, and opens with it', async () => {
  const protectedPatient = 'patient-part2'
  const treatment = recordOf(
    {
      resourceType: 'Condition',
      id: 'condition-part2',
      subject: { reference: `Patient/${protectedPatient}` },
      code: { coding: [{ system: 'http://snomed.info/sct', code: '66214007' }] },
    },
    'part2',
  )
  await world.register(first, protectedPatient, [...smallChart(protectedPatient, 'd'), treatment])
  const wallet = await world.enrol(protectedPatient, [first])
  const there = await world.checkIn(wallet, clinic, [first])
  const closed = await world.ask(there, clinician)
  expect(closed.sources).toMatchObject([{ state: 'complete', reasons: ['segment-closed'] }])
  expect(closed.sources[0]?.records).toHaveLength(3)
  expect(closed.sources[0]?.records.some(({ statement }) => statement.segment === 'part2')).toBe(false)

  const from = Math.floor(world.now())
  const grantee = { type: 'organisation' as const, id: clinic }
  const permit = { effect: 'permit' as const, grantee, purposes: [], from, until: null }
  // A permit of everything does not speak of the segment.
  must(await wallet.changeDirectives(first, [{ ...permit, scope: { type: 'everything' } }]), 'a directive')
  expect((await world.ask(there, clinician)).sources[0]?.records).toHaveLength(3)
  await world.looks(wallet, (looks) => looks.length >= 2)
  must(await wallet.openSpare(first), 'a spare')
  must(
    await wallet.changeDirectives(first, [{ ...permit, scope: { type: 'segment', segment: 'part2' } }]),
    'a directive',
  )
  const open = await world.ask(there, clinician)
  expect(open.sources[0]?.records.filter(({ statement }) => statement.segment === 'part2')).toHaveLength(1)
})

describe('what was erased', () => {
  test('as a record is not released any more, and opens for nobody', async () => {
    const erased = 'patient-erased'
    await world.register(first, erased, smallChart(erased, 'e'))
    const wallet = await world.enrol(erased, [first])
    const there = await world.checkIn(wallet, clinic, [first])
    expect((await world.ask(there, clinician)).sources[0]?.records).toHaveLength(3)
    const { vault, exchange } = world.node(first)
    const gone = await exchange.run(({ custody }) => custody.eraseRecord(first, erased, 'Condition/condition-e'))
    if (!gone.ok) throw new Error('the record was there')
    const after = await world.ask(there, clinician)
    expect(typesOf(after)).toEqual(['MedicationRequest', 'Observation'])
    expect(vault.dataKey(gone.value.record)).toMatchObject({ ok: false, reason: { type: 'erased' } })
  })

  test('as a segment is not released any more, and opens for nobody, while the rest of the chart does', async () => {
    const erased = 'patient-segment'
    const hidden = recordOf({ resourceType: 'Condition', id: 'condition-hidden', code: { text: 'hidden' } }, 'part2')
    await world.register(first, erased, [...smallChart(erased, 'f'), hidden])
    const { vault, exchange } = world.node(first)
    const rows = exchange.custody.versions(exchange.custody.patientKey(first, erased))
    expect(rows.every(({ record }) => vault.dataKey(record).ok)).toBe(true)
    expect(await exchange.run(({ custody }) => custody.eraseSegment(first, erased, 'general'))).toBe(3)
    const openable = rows.filter(({ record }) => vault.dataKey(record).ok).map(({ segment }) => segment)
    expect(openable).toEqual(['part2'])
    const wallet = await world.enrol(erased, [first])
    const gathered = await world.ask(await world.checkIn(wallet, clinic, [first]), clinician)
    expect(gathered.sources[0]?.records).toEqual([])
  })
})

test('a read by the custodian’s own staff is in the patient’s receipt chain, and the wallet shows it', async () => {
  const own = await world.employ(second)
  const before = (await world.looks(client, () => true)).length
  const read = await world
    .node(second)
    .exchange.run(({ receipts }) => receipts.ownStaffRead({ custodian: second, patient, clinician: own.npi }))
  expect(read?.records).toHaveLength(3)
  const looks = await world.looks(client, (all) => all.length > before)
  const shown = looks.find(({ decision }) => decision.type === 'own-staff')
  expect(shown).toMatchObject({ custodian: second, clinician: own.npi, requester: second, verified: true })
})
