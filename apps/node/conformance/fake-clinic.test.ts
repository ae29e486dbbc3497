/**
 * A clinic that invents visits asks for patient after patient on its own word alone. It is stopped at each custodian on
 * the first day, and in all once the counts are posted: at 50 a day, 5,000 patients take a hundred days of notices.
 */
import { members } from '@plexus/contracts'
import { viewOf } from '@plexus/kernel'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { smallChart } from './records.testing.ts'
import { type Clinician, clinic, hospitals, World } from './world.testing.ts'

const patientsCount = 60
const secondsPerDay = 86_400
const patients = Array.from({ length: patientsCount }, (_, index) => `patient-${index + 1}`)

let world: World
/** Of whom both custodians gave something on the first day. */
let known: readonly string[] = []
let clinicians: readonly Clinician[]
let policy: { readonly byDay: number; readonly byClinician: number }

beforeAll(async () => {
  world = await World.start()
  const { parameters } = members.queries.policy(viewOf(members, world.node(clinic).store))
  policy = {
    byDay: parameters.selfAssertedPatientsPerDayMax,
    byClinician: parameters.selfAssertedPatientsPerClinicianPerDayMax,
  }
  const made: Clinician[] = []
  for (let count = 0; count < 8; count++) made.push(await world.employ())
  clinicians = made
  for (const custodian of hospitals) {
    await world.node(custodian).exchange.run(({ custody }) => {
      for (const patient of patients) custody.register(custodian, patient, smallChart(patient, patient).slice(0, 1))
    })
  }
  await world.settled()
})

afterAll(() => world.close())

/** Asks both custodians for each patient at once, and counts how each custodian answered; in which order they hear is open. */
async function walk(wanted: readonly string[], by: (index: number) => Clinician) {
  const visits = await Promise.all(
    wanted.map((patient) =>
      world.visit(
        clinic,
        hospitals.map((custodian) => world.selfAsserted(clinic, custodian, patient)),
      ),
    ),
  )
  const asks = await Promise.all(visits.map((visit, index) => world.startAsk(visit, by(index))))
  const counts: Record<string, Record<string, number>> = {}
  const answered: string[] = []
  for (const [index, ask] of asks.entries()) {
    const { sources } = await world.ended(clinic, ask)
    if (sources.every(({ state }) => state === 'complete')) answered.push(wanted[index] ?? '')
    for (const { custodian, state, code, reasons } of sources) {
      const how = state === 'refused' ? (code ?? 'refused') : `${state}: ${reasons.join()}`
      const at = counts[custodian] ?? {}
      at[how] = (at[how] ?? 0) + 1
      counts[custodian] = at
    }
  }
  return { counts, answered }
}

const clinicianOf = (index: number): Clinician => {
  const found = clinicians[index]
  if (!found) throw new Error('there is one clinician for each ten patients')
  return found
}

/** A day passes for everybody: the next block carries it, and custodians post the counts of the day before. */
async function nextDay(): Promise<void> {
  world.clock.ahead += secondsPerDay
  await world.rounds(clinic, 1)
  // Custodians look twice a minute whether a day is over.
  world.clock.ahead += 31
  for (const custodian of hospitals) await world.rounds(custodian, 1)
}

const excess = () => {
  const { store } = world.node(clinic)
  const day = Math.floor((store.tip()?.time ?? 0) / secondsPerDay)
  return members.queries.selfAssertedExcess(viewOf(members, store), clinic, day)
}

test('the ceilings are 50 patients a day at one custodian, and 10 for one clinician', () => {
  expect(policy).toEqual({ byDay: 50, byClinician: 10 })
})

test('one clinician is stopped after ten patients', async () => {
  const { counts, answered } = await walk(patients.slice(0, 12), () => clinicianOf(0))
  known = answered
  for (const custodian of hospitals) {
    expect(counts[custodian]).toEqual({ 'complete: summary-only': 10, 'ceiling-of-clinician': 2 })
  }
})

test('the clinic is stopped after 50 patients at each custodian on the first day, whoever asks', async () => {
  const { counts } = await walk(patients.slice(12), (index) => clinicianOf(1 + Math.floor(index / policy.byClinician)))
  for (const custodian of hospitals) {
    expect(counts[custodian]).toEqual({ 'complete: summary-only': 40, 'ceiling-of-requester': 8 })
  }
})

test('a patient who was asked for already is no new patient', async () => {
  const { counts } = await walk(known.slice(0, 1), () => clinicianOf(0))
  for (const custodian of hospitals) expect(counts[custodian]).toEqual({ 'complete: summary-only': 1 })
})

test('once the counts of the day are posted the clinic is over the ceiling in sum, and is stopped at all', async () => {
  expect(excess()).toBe(0)
  await nextDay()
  await world.until(() => excess() > 0, 'both custodians to post their counts')
  // Two custodians, 50 each, a ceiling of 50 in all.
  await world.until(() => excess() === 2 * policy.byDay - policy.byDay, 'both custodians to post their counts')
  const { counts } = await walk(patients.slice(0, 2), () => clinicianOf(6))
  for (const custodian of hospitals) expect(counts[custodian]).toEqual({ 'ceiling-in-sum': 2 })
})

test('a day without requests pays the debt back', async () => {
  await nextDay()
  await world.until(() => excess() === 0, 'the day to pass')
  const { counts } = await walk(patients.slice(0, 1), () => clinicianOf(6))
  for (const custodian of hospitals) expect(counts[custodian]).toEqual({ 'complete: summary-only': 1 })
  expect(world.failures).toEqual([])
})
