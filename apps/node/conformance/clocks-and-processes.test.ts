/** A clock that is wrong, and a data directory that is taken. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { childOn } from './crash.testing.ts'
import { smallChart } from './records.testing.ts'
import { type Clinician, clinic, World } from './world.testing.ts'

const custodian = 'hospital-1'
const hour = 3600

let world: World
let clinician: Clinician
let visit: Uint8Array
/** How far the clock of a member is off, in seconds. */
const off: Record<string, number> = {}

beforeAll(async () => {
  world = await World.start({
    members: [custodian],
    faults: { clockOf: (member) => Date.now() / 1000 + (off[member] ?? 0) },
  })
  clinician = await world.employ()
  await world.register(custodian, 'patient-1', smallChart('patient-1', 'a'))
  const client = await world.enrol('patient-1', [custodian])
  visit = await world.checkIn(client, clinic, [custodian])
})

afterAll(() => world.close())

test.each([
  ['ahead', hour],
  ['behind', -hour],
])(
  'a custodian whose clock is an hour %s releases nothing, and says that it cannot know what changed',
  async (_, seconds) => {
    off[custodian] = seconds
    try {
      const { sources } = await world.ask(visit, clinician)
      expect(sources).toMatchObject([{ state: 'refused', code: 'ledger-stale', records: [] }])
      expect(sources[0]?.exception).toMatch(/^171\.204/)
    } finally {
      off[custodian] = 0
    }
    expect((await world.ask(visit, clinician)).sources).toMatchObject([{ state: 'complete' }])
  },
)

test('T-23: a requester whose clock is an hour ahead makes intents of the future, which are refused', async () => {
  off[clinic] = hour
  try {
    expect((await world.ask(visit, clinician)).sources).toMatchObject([{ state: 'refused', code: 'intent-too-long' }])
  } finally {
    off[clinic] = 0
  }
})

test('T-23: a requester whose clock is an hour behind makes intents that have ended, which are refused', async () => {
  off[clinic] = -hour
  try {
    expect((await world.ask(visit, clinician)).sources).toMatchObject([{ state: 'refused', code: 'intent-expired' }])
  } finally {
    off[clinic] = 0
  }
})

test('a second process on one data directory is turned away by name, and gets in when the first was killed', async () => {
  const data = mkdtempSync(join(tmpdir(), 'plexus-taken-'))
  try {
    const child = childOn({ data, role: 'hold' })
    await child.line('held')
    await expect(World.start({ data, members: [custodian] })).rejects.toThrow('directory-in-use')
    child.kill()
    await child.ended
    const after = await World.start({ data, members: [custodian] })
    await after.close()
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
})
