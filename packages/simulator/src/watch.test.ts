import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Actions } from './actions.ts'
import type { Patient } from './patient.ts'
import { World } from './world.ts'

/** A world with a ceiling of one patient a day for each clinician, in which one custodian has two patients. */
const seed = 42
const evidenceSeconds = 3600

test('a receipt that the disk refused counts towards no ceiling, and one that was written does', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'plexus-watch-'))
  const world = await World.of(seed, scratch)
  try {
    expect(world.plan.policy.selfAssertedPatientsPerClinicianPerDayMax).toBe(1)
    const { custodian, patients } = custodianOfMost(world)
    const [first, second] = patients as [Patient, Patient, ...Patient[]]
    // Of all that the seed brings about nothing goes wrong but what this test asks for.
    world.faulty = false
    let refused = 0
    let isRefusing = true
    world.supervisor.fateOf = (_node, kind) => {
      if (kind !== 'receipt' || !isRefusing) return undefined
      refused++
      return 'failed'
    }
    world.begin()
    new Actions(world).begin()
    const enough = 2 * 1000 * (world.plan.policy.intentSecondsMax as number)
    await world.run(10_000)
    askOnOwnWord(world, custodian, first)
    await world.run(world.timeline.now + enough)
    expect(refused).toBeGreaterThan(0)
    expect(world.watch.receipts).toEqual([])
    isRefusing = false
    askOnOwnWord(world, custodian, second)
    await world.run(world.timeline.now + enough)
    askOnOwnWord(world, custodian, first)
    await world.run(world.timeline.now + enough)
    expect(world.watch.receipts.map(({ receipt }) => receipt.decision)).toMatchObject([
      { type: 'part' },
      { type: 'refuse', code: 'ceiling-of-clinician' },
    ])
  } finally {
    world.close()
    rmSync(scratch, { recursive: true })
  }
})

function custodianOfMost(world: World) {
  const [most] = world.founding.custodians
    .map((custodian) => ({
      custodian,
      patients: world.patients.filter((each) => each.custodians.includes(custodian)),
    }))
    .sort((a, b) => b.patients.length - a.patients.length)
  if (!most || most.patients.length < 2) throw new Error('no custodian has two patients in this world')
  return most
}

/** The first member says by itself that the patient is there, and its clinician asks. */
function askOnOwnWord(world: World, custodian: string, { id }: Patient): void {
  const [clinician] = world.founding.clinicians
  if (!clinician) throw new Error('nobody asks')
  const { organisation: requester } = clinician
  const node = world.node(requester)
  const [visit, evidence] = [world.chance.bytes(16), world.chance.bytes(16)]
  const madeAt = Math.floor(world.now)
  world.people.begin(async () => {
    await world.at(node, ({ requester: asking }) =>
      asking.openVisit(visit, requester, [
        {
          content: {
            type: 'self-asserted',
            id: evidence,
            custodian,
            requester,
            subject: { type: 'record-number', number: id },
            madeAt,
            validUntil: madeAt + evidenceSeconds,
            kind: 'encounter',
            reference: 'visit',
          },
          signatures: [],
        },
      ]),
    )
    await world.people.until(() => world.ask(node, ({ requester: asking }) => asking.visitReady(visit)) === true, 60)
    const asked = await world.at(node, ({ requester: asking }) =>
      asking.ask({ visit, clinician, purpose: 'TREAT', emergency: null, types: [] }),
    )
    expect(asked?.ok).toBe(true)
  })
}
