/** What a custodian gathers for a decision, and what it counts. */
import { decode, encode } from '@plexus/codec'
import { members, practitioners } from '@plexus/contracts'
import { publicKeyOf, sign, signedBytes } from '@plexus/crypto'
import { viewOf } from '@plexus/kernel'
import { type IntentContent, intent, intentContent, receipt, statementTypes } from '@plexus/policy'
import { findings, type WalletClient, whoLooked } from '@plexus/sdk'
import { describe, expect, test } from 'vitest'
import { board, clinic, clinicianSeed, hospital, npi, patient } from './founding.testing.ts'
import type { MemberNote } from './notes.ts'
import { recordOf, World } from './world.testing.ts'

const source = (world: World, ask: Uint8Array) => world.exchange(clinic).requester.gathered(ask)?.sources[0]

async function withPatient(): Promise<{ world: World; client: WalletClient; visit: Uint8Array }> {
  const world = await World.start()
  await world.register([recordOf('a')])
  const client = await world.enrolled()
  return { world, client, visit: await world.checkedIn(client) }
}

describe('an intent of a member’s own making', () => {
  /** The request of an ordinary ask, with another intent in its place: changed, signed, committed. */
  async function request(
    world: World,
    visit: Uint8Array,
    change: Partial<IntentContent>,
    spoil: (signature: Uint8Array) => Uint8Array = (signature) => signature,
  ): Promise<MemberNote> {
    await world.ask(visit)
    world.block()
    await world.exchange(clinic).wake()
    const asked = (await world.intercept(hospital)).find((note) => note.type === 'request')
    const read = asked && decode(intent, asked.intent.statement)
    if (!asked || !read?.ok) throw new Error('the clinic asked nothing')
    const content = { ...read.value.content, id: world.random(16), ...change }
    const message = signedBytes(statementTypes.intent, world.chain.id, encode(intentContent, content))
    const clinician = { key: publicKeyOf(clinicianSeed), signature: spoil(sign(clinicianSeed, message)) }
    const { batches } = world.exchange(clinic)
    const { hash, changes } = batches.commit(statementTypes.intent, encode(intent, { content, clinician }))
    world.node(clinic).journal.write(changes)
    await world.exchange(clinic).wake()
    world.block()
    batches.tick()
    const opened = batches.opening(hash)
    if (!opened) throw new Error('an intent was not committed')
    return { ...asked, intent: opened }
  }

  async function codeOf(world: World, note: MemberNote): Promise<string | undefined> {
    await world.say(clinic, hospital, note)
    world.block()
    await world.exchange(hospital).wake()
    const heard = (await world.intercept(clinic)).filter((each) => each.type === 'refusal')
    return heard.at(-1)?.code
  }

  test('is refused when the clinician’s signature does not hold', async () => {
    const { world, visit } = await withPatient()
    const note = await request(world, visit, {}, (signature) =>
      signature.map((byte, at) => (at === 3 ? byte ^ 1 : byte)),
    )
    expect(await codeOf(world, note)).toBe('clinician-did-not-sign')
  })

  test('is refused when it is for a custodian of another node, without a receipt', async () => {
    const { world, visit } = await withPatient()
    const note = await request(world, visit, { custodian: board })
    expect(await codeOf(world, note)).toBe('intent-of-another-custodian')
    expect([...world.node(hospital).journal.entries('requests')]).toEqual([])
  })

  test('is refused when it speaks for an organisation that the member does not act for', async () => {
    const { world, visit } = await withPatient()
    const clinician = { npi, organisation: board }
    const note = await request(world, visit, { requester: board, clinician })
    expect(await codeOf(world, note)).toBe('intent-not-by-requester')
  })

  test('is refused when evidence that it names is not opened', async () => {
    const { world, visit } = await withPatient()
    const note = await request(world, visit, {})
    if (note.type !== 'request') throw new Error('no request')
    expect(await codeOf(world, { ...note, evidence: [] })).toBe('evidence-missing')
  })
})

describe('the patient is told', () => {
  test('of a refusal, with its receipt', async () => {
    const { world, client, visit } = await withPatient()
    world.submit(board, practitioners, { type: 'suspend-licence', npi })
    world.block()
    await world.ask(visit)
    await world.settle()
    await client.fetch()
    expect(whoLooked(client.wallet.state)).toMatchObject([
      { number: 1, decision: { type: 'refuse', code: 'clinician-not-licensed' }, verified: true },
    ])
    expect(findings(client.wallet.state)).toEqual([])
  })

  test('of a grant that was voided, and of the void receipt: the chain has no gap', async () => {
    const { world, client, visit } = await withPatient()
    await world.ask(visit)
    world.block()
    await world.exchange(clinic).wake()
    await world.deliver(hospital)
    world.submit(board, practitioners, { type: 'suspend-licence', npi })
    world.block()
    await world.settle()
    await client.fetch()
    expect(
      whoLooked(client.wallet.state).map(({ number, decision, voided }) => [number, decision.type, voided]),
    ).toEqual([
      [2, 'void', false],
      [1, 'permit', true],
    ])
    expect(findings(client.wallet.state)).toEqual([])
  })

  test('of a read by the custodian’s own staff', async () => {
    const { world, client } = await withPatient()
    await world
      .exchange(hospital)
      .run(({ receipts }) => receipts.ownStaffRead({ custodian: hospital, patient, clinician: npi }))
    await world.settle()
    await client.fetch()
    expect(whoLooked(client.wallet.state)).toMatchObject([
      { number: 1, requester: hospital, decision: { type: 'own-staff', clinician: npi }, verified: true },
    ])
  })

  test('of each of several reads, which are one durable write, also where a chain goes on', async () => {
    const { world, client } = await withPatient()
    const { custody } = world.exchange(hospital)
    const others = ['other-1', 'other-2']
    for (const other of others) custody.register(hospital, other, [recordOf('a')])
    const reads = [patient, others[0], 'unknown', patient, others[1]].map((of = '') => ({
      custodian: hospital,
      patient: of,
      clinician: npi,
    }))
    const { writes } = world.node(hospital).journal
    const before = writes.length
    const shown = world.exchange(hospital).receipts.ownStaffReads(reads)
    expect(shown.map((each) => each?.records.length)).toEqual([1, 1, undefined, 1, 1])
    expect(writes.length - before).toBe(1)
    expect([patient, ...others].map((of) => custody.patients.get(custody.patientKey(hospital, of))?.receipts)).toEqual([
      2, 1, 1,
    ])
    await world.settle()
    await client.fetch()
    expect(whoLooked(client.wallet.state).map(({ number, verified }) => [number, verified])).toEqual([
      [2, true],
      [1, true],
    ])
    expect(findings(client.wallet.state)).toEqual([])
  })
})

test('a segment that stays closed stands in the receipt as a commitment, without its name, count or head', async () => {
  const world = await World.start()
  await world.register([recordOf('a'), recordOf('b', { segment: 'part2' }), recordOf('c', { segment: 'part2' })])
  await world.ask(await world.checkedIn(await world.enrolled()))
  await world.settle()
  const { custody, batches } = world.exchange(hospital)
  const last = custody.patients.get(custody.patientKey(hospital, patient))?.lastReceipt
  const told = last && decode(receipt, batches.statement(last) ?? last)
  if (!told?.ok) throw new Error('there is no receipt')
  expect(told.value.decision).toEqual({ type: 'part', reasons: ['segment-closed'] })
  expect(told.value.chains).toEqual([
    { type: 'open', segment: 'general', count: 1, head: expect.any(Uint8Array) },
    { type: 'closed', commitment: expect.any(Uint8Array) },
  ])
})

describe('self-asserted requests', () => {
  const charts = ['chart-1', 'chart-2', 'chart-3']

  async function withCharts(parameters: Parameters<typeof World.start>[0]) {
    const world = await World.start(parameters)
    for (const chart of charts)
      await world.exchange(hospital).run(({ custody }) => custody.register(hospital, chart, [recordOf(chart)]))
    await world.settle()
    return { world, visits: await world.selfAsserted(charts) }
  }

  async function ask(world: World, visit: Uint8Array | undefined) {
    const asked = await world.ask(visit ?? new Uint8Array(16))
    await world.settle()
    const { state, code } = source(world, asked) ?? {}
    return [state, code]
  }

  test.each([
    ['ceiling-of-clinician', { selfAssertedPatientsPerClinicianPerDayMax: 2 }],
    ['ceiling-of-requester', { selfAssertedPatientsPerDayMax: 2 }],
  ] as const)('are counted by patient, and stop at the ceiling: %s', async (code, parameters) => {
    const { world, visits } = await withCharts(parameters)
    expect(await ask(world, visits[0])).toEqual(['complete', null])
    expect(await ask(world, visits[1])).toEqual(['complete', null])
    expect(await ask(world, visits[2])).toEqual(['refused', code])
    expect(await ask(world, visits[1])).toEqual(['complete', null])
    world.restart(hospital)
    expect(await ask(world, visits[2])).toEqual(['refused', code])
  })

  test('are posted after the day, rounded up to five, once', async () => {
    const { world, visits } = await withCharts({})
    for (const visit of visits) await ask(world, visit)
    const posted = () =>
      [...viewOf(members, world.node(board).replica.state).counts.entries()].map(([, row]) => row.requests)
    await world.settle()
    expect(posted()).toEqual([])
    world.time += 86_400
    for (let round = 0; round < 3; round++) {
      world.block()
      await world.exchange(hospital).wake()
      world.time += 31
    }
    expect(posted()).toEqual([5])
  })
})
