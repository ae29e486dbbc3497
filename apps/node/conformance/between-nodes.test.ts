/** Design P1…P4 hold over real connections as they do in one process: each member has a listener, keys and pins of its own. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { members } from '@plexus/contracts'
import { handleOf, publicKeyOf, systemRandom } from '@plexus/crypto'
import { writeDurably } from '@plexus/store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { builtEngine } from '../src/comet-order.ts'
import { doctor } from '../src/doctor/doctor.ts'
import { freePorts } from '../src/free-ports.ts'
import { secretOf } from '../src/layout.ts'
import { schedule } from '../src/schedule.ts'
import { smallChart } from './records.testing.ts'
import { board, type Clinician, clinic, hospitals, World } from './world.testing.ts'

let world: World
let clinician: Clinician
const counts = new Map<string, number>()
const counted = (member: string, what: string): number => counts.get(`${member} ${what}`) ?? 0

beforeAll(async () => {
  const addresses = await addressesFor([clinic, ...hospitals, board])
  world = await World.start({
    addresses,
    observe: (member, what) => counts.set(`${member} ${what}`, counted(member, what) + 1),
  })
  clinician = await world.employ()
})

afterAll(() => world.close())

test('a whole access goes over TLS between the members, and the patient sees it', async () => {
  for (const hospital of hospitals) await world.register(hospital, 'patient-1', smallChart('patient-1', hospital))
  const client = await world.enrol('patient-1', hospitals)
  const visit = await world.checkIn(client, clinic, hospitals)
  const gathered = await world.ask(visit, clinician)
  expect(gathered.sources.map(({ state }) => state)).toEqual(['complete', 'complete'])
  const looks = await world.looks(
    client,
    (each) => each.length === 2 && each.every(({ confirmedBy }) => confirmedBy.length === 2),
  )
  expect(looks.map(({ custodian }) => custodian).sort()).toEqual([...hospitals])
  for (const hospital of hospitals) {
    expect(counted(hospital, 'peer-received-accepted')).toBeGreaterThan(0)
    expect(counted(hospital, 'peer-sent-delivered')).toBeGreaterThan(0)
  }
  expect(world.failures).toEqual([])
})

test('the doctor finds a running node well, its peers reached, and says what stands beside it', async () => {
  const { findings, code } = await examined(clinic)
  // The founding of a network for tests leaves the secrets of successors where they were made.
  expect(
    findings.map(({ finding }) => finding),
    JSON.stringify(findings),
  ).toEqual(['successor-beside', 'successor-beside'])
  expect(code).toBe(0)
})

test('a transport key that is rotated on the ledger is taken up by the running node, and its former one is let in nowhere', async () => {
  const [hospital] = hospitals
  const { layout } = world.node(hospital)
  const [old, next] = [secretOf(layout, 'transport', systemRandom), secretOf(layout, 'transport-next', systemRandom)]
  const answer = await world.network.submit(
    hospital,
    members,
    {
      type: 'rotate-key',
      key: publicKeyOf(old),
      successor: publicKeyOf(next),
      next: handleOf(publicKeyOf(systemRandom(32))),
    },
    [next],
  )
  expect(answer.ok && answer.value.outcome.code).toBe(0)
  writeDurably(join(layout.keys, 'transport.secret'), next)
  rmSync(join(layout.keys, 'transport-next.secret'))
  // The next block finds the secret in its place.
  await world.employ()

  await world.register(hospital, 'patient-2', smallChart('patient-2', 'b'))
  const client = await world.enrol('patient-2', [hospital])
  const gathered = await world.ask(await world.checkIn(client, clinic, [hospital]), clinician)
  expect(gathered.sources.map(({ state }) => state)).toEqual(['complete'])
})

test('a member whose transport key is revoked is not spoken to any more', async () => {
  const [, hospital] = hospitals
  const { layout } = world.node(hospital)
  const key = publicKeyOf(secretOf(layout, 'transport', systemRandom))
  await world.submit(hospital, members, { type: 'revoke-key', key })
  const before = counted(hospital, 'peer-received-accepted')
  await world.register(hospital, 'patient-3', smallChart('patient-3', 'c'))
  const client = await world.enrol('patient-3', [hospital])
  await world.startAsk(await world.checkIn(client, clinic, [hospital]), clinician)
  await world.until(() => counted(clinic, 'peer-dial-other-key') > 0, 'the clinic to find out')
  expect(counted(hospital, 'peer-received-accepted')).toBe(before)
  const own = await examined(hospital)
  expect(own.code).toBe(1)
  expect(own.findings).toContainEqual(
    expect.objectContaining({ finding: 'transport-key-not-active', weight: 'wrong', check: 'keys' }),
  )
  expect((await examined(clinic)).findings).toContainEqual(
    expect.objectContaining({ finding: 'peer-without-key', peer: hospital }),
  )
})

async function examined(member: string) {
  const lines: { readonly type: string; readonly finding: string; readonly peersReached?: number }[] = []
  const code = await doctor({
    data: world.data,
    members: [member],
    json: true,
    now: world.now,
    random: systemRandom,
    schedule,
    print: (line) => lines.push(JSON.parse(line)),
  })
  return { code, findings: lines.filter(({ type }) => type === 'finding') }
}

/** Free a moment ago: the founding names ports before anybody listens. */
async function addressesFor(named: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const ports = await freePorts(named.length)
  return Object.fromEntries(named.map((member, index) => [member, `plexus://127.0.0.1:${ports[index]}`]))
}

test.skipIf(!existsSync(builtEngine))(
  'over CometBFT as well, beginning with an empty ledger (needs `npm run engine`)',
  { timeout: 180_000 },
  async () => {
    const addresses = await addressesFor([clinic, 'hospital-1', board])
    let brought = 0
    const other = await World.start({
      members: ['hospital-1'],
      engine: 'cometbft',
      addresses,
      observe(member, what) {
        if (member === 'hospital-1' && what === 'peer-received-accepted') brought++
      },
    })
    try {
      const asking = await other.employ()
      await other.register('hospital-1', 'patient-1', smallChart('patient-1', 'a'))
      const client = await other.enrol('patient-1', ['hospital-1'])
      const gathered = await other.ask(await other.checkIn(client, clinic, ['hospital-1']), asking)
      expect(gathered.sources).toMatchObject([{ state: 'complete' }])
      expect(brought).toBeGreaterThan(0)
      expect(other.failures).toEqual([])
    } finally {
      await other.close()
    }
  },
)
