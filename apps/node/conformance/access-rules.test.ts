/** Who may see what, end to end: each rule as a requester and a patient meet it. */
import { encode } from '@plexus/codec'
import { type MembersAction, members, practitioners } from '@plexus/contracts'
import { sha256, systemRandom } from '@plexus/crypto'
import { type Gathered, viewOfAsk } from '@plexus/exchange'
import { type Evidence, evidence as evidenceSchema, refusals } from '@plexus/policy'
import { findings, type WalletClient } from '@plexus/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evidenceStatement, signedEvidence, smallChart } from './records.testing.ts'
import { board, type Clinician, clinic, hospitals, must, World } from './world.testing.ts'

const [first, second] = hospitals
const patient = 'patient-1'
const visitSeconds = 8 * 3600

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

const outcomes = (gathered: Gathered) =>
  gathered.sources.map(({ state, code, exception, records }) => ({ state, code, exception, records: records.length }))
const refusedWith = (code: keyof typeof refusals) => ({
  state: 'refused',
  code,
  exception: refusals[code].exception,
  records: 0,
})
const answeredWith = (code: keyof typeof refusals) => [{ type: 'refusal', code, exception: refusals[code].exception }]
const typesOf = ({ sources }: Gathered) =>
  sources.flatMap(({ records }) => records.map(({ statement }) => statement.resourceType)).sort()

/** The evidence of the patient's own check-in at one custodian, already committed. */
const checkInAt = (custodian: string): Evidence => {
  const found = world
    .node(clinic)
    .exchange.requester.evidenceOf(visit)
    .find(({ content }) => content.custodian === custodian)
  if (!found) throw new Error('the visit has evidence for each custodian')
  return found
}
const committed = (member: string, of: Evidence) => world.commit(member, [evidenceStatement(of)])

test('on a check-in that the patient co-signed, each custodian releases the whole chart', async () => {
  const gathered = await world.ask(visit, clinician)
  expect(gathered.sources.map(({ state, reasons }) => ({ state, reasons }))).toEqual([
    { state: 'complete', reasons: [] },
    { state: 'complete', reasons: [] },
  ])
  expect(gathered.sources.map(({ records }) => records.length)).toEqual([3, 3])
})

describe('a clinician', () => {
  test('whose licence is suspended is refused, and is answered again when it is reinstated', async () => {
    const { npi } = clinician
    await world.submit(board, practitioners, { type: 'suspend-licence', npi })
    expect(outcomes(await world.ask(visit, clinician))).toEqual([
      refusedWith('clinician-not-licensed'),
      refusedWith('clinician-not-licensed'),
    ])
    await world.submit(board, practitioners, { type: 'reinstate-licence', npi })
    expect(outcomes(await world.ask(visit, clinician)).map(({ state }) => state)).toEqual(['complete', 'complete'])
  })

  test('whose role is suspended by the employer is refused', async () => {
    const other = await world.employ()
    await world.submit(clinic, practitioners, { type: 'suspend-role', npi: other.npi, organisation: clinic })
    expect(outcomes(await world.ask(visit, other))).toEqual([
      refusedWith('clinician-without-role'),
      refusedWith('clinician-without-role'),
    ])
  })

  test('who did not sign with the registered key is refused', async () => {
    const imposter = { ...clinician, seed: systemRandom(32) }
    expect(outcomes(await world.ask(visit, imposter))).toEqual([
      refusedWith('clinician-did-not-sign'),
      refusedWith('clinician-did-not-sign'),
    ])
  })
})

describe('an intent', () => {
  test('that is replayed gets the same receipt, note and release, and no second receipt', async () => {
    const hash = await committed(clinic, checkInAt(first)).then(([each]) => each ?? new Uint8Array(32))
    const intent = await world.intentOf(clinician, first, [hash])
    const [intentHash] = await world.commit(clinic, [intent])
    if (!intentHash) throw new Error('one statement, one hash')
    const request = world.request(clinic, intentHash, [hash])
    const receipts = () => {
      const { custody } = world.node(first).exchange
      return custody.patients.get(custody.patientKey(first, patient))?.receipts
    }
    const before = receipts() ?? 0
    const [one] = await world.say(clinic, first, request)
    const [two] = await world.say(clinic, first, request)
    expect(one?.type).toBe('answer')
    expect(two).toEqual(one)
    expect(receipts()).toBe(before + 1)
  })

  test('that another member sends than the one that committed it is ignored', async () => {
    const [hash] = await committed(clinic, checkInAt(first))
    if (!hash) throw new Error('one statement, one hash')
    const [intentHash] = await world.commit(clinic, [await world.intentOf(clinician, first, [hash])])
    if (!intentHash) throw new Error('one statement, one hash')
    const request = world.request(clinic, intentHash, [hash])
    expect(await world.say(second, first, request, 0)).toEqual([])
    expect((await world.say(clinic, first, request)).map(({ type }) => type)).toEqual(['answer'])
  })

  test('that speaks for an organisation which the committing member does not act for is refused', async () => {
    const [hash] = await committed(second, checkInAt(first))
    if (!hash) throw new Error('one statement, one hash')
    const [intentHash] = await world.commit(second, [await world.intentOf(clinician, first, [hash])])
    if (!intentHash) throw new Error('one statement, one hash')
    expect(await world.say(second, first, world.request(second, intentHash, [hash]))).toMatchObject(
      answeredWith('intent-not-by-requester'),
    )
  })

  test('whose clinician signed it for another chain is refused', async () => {
    const [hash] = await committed(clinic, checkInAt(first))
    if (!hash) throw new Error('one statement, one hash')
    const other = await world.intentOf(clinician, first, [hash], {}, sha256(new Uint8Array(1)))
    const [intentHash] = await world.commit(clinic, [other])
    if (!intentHash) throw new Error('one statement, one hash')
    expect(await world.say(clinic, first, world.request(clinic, intentHash, [hash]))).toMatchObject(
      answeredWith('clinician-did-not-sign'),
    )
  })

  test('that has expired is refused', async () => {
    const [hash] = await committed(clinic, checkInAt(first))
    if (!hash) throw new Error('one statement, one hash')
    const madeAt = Math.floor(world.now()) - 200
    const ended = await world.intentOf(clinician, first, [hash], { madeAt, expiresAt: madeAt + 190 })
    const [intentHash] = await world.commit(clinic, [ended])
    if (!intentHash) throw new Error('one statement, one hash')
    expect(await world.say(clinic, first, world.request(clinic, intentHash, [hash]))).toMatchObject(
      answeredWith('intent-expired'),
    )
  })

  test('that lasts longer than five minutes is refused', async () => {
    const [hash] = await committed(clinic, checkInAt(first))
    if (!hash) throw new Error('one statement, one hash')
    const madeAt = Math.floor(world.now())
    const long = await world.intentOf(clinician, first, [hash], { madeAt, expiresAt: madeAt + 301 })
    const [intentHash] = await world.commit(clinic, [long])
    if (!intentHash) throw new Error('one statement, one hash')
    expect(await world.say(clinic, first, world.request(clinic, intentHash, [hash]))).toMatchObject(
      answeredWith('intent-too-long'),
    )
  })
})

describe('evidence', () => {
  test('that the asker alone can make opens the summary only, and the receipt says that it is a part', async () => {
    const alone = await world.visit(clinic, [world.selfAsserted(clinic, first, patient)])
    const gathered = await world.ask(alone, clinician)
    expect(typesOf(gathered)).toEqual(['Condition', 'MedicationRequest'])
    expect(gathered.sources).toMatchObject([{ state: 'complete', reasons: ['summary-only'] }])
    expect(viewOfAsk(gathered).sources.map(({ state }) => state)).toMatchObject([
      { type: 'part', count: 2, of: null, reasons: ['summary-only'] },
    ])
    const looks = await world.looks(client, (all) => all.some(({ grade }) => grade === 'self-asserted'))
    expect(looks.find(({ grade }) => grade === 'self-asserted')).toMatchObject({
      custodian: first,
      requester: clinic,
      decision: { type: 'part', reasons: ['summary-only'] },
    })
  })

  test('that is committed in the same block as the intent is late', async () => {
    const fresh = evidenceStatement(world.selfAsserted(clinic, first, patient))
    const node = world.node(clinic)
    const hashes = await node.exchange.run(async ({ batches }) => {
      const late = batches.commit(fresh.type, fresh.statement)
      const intent = await world.intentOf(clinician, first, [late.hash])
      const asked = batches.commit(intent.type, intent.statement)
      node.journal.write([...late.changes, ...asked.changes])
      return [asked.hash, late.hash] as const
    })
    await world.settled()
    const [intentHash, lateHash] = hashes
    const { batches } = node.exchange
    expect(batches.committedAt(intentHash)).toBe(batches.committedAt(lateHash))
    expect(await world.say(clinic, first, world.request(clinic, intentHash, [lateHash]))).toMatchObject(
      answeredWith('evidence-late'),
    )
  })

  test('of one patient does not open the chart of another', async () => {
    const other = 'patient-2'
    await world.register(first, other, smallChart(other, 'c'))
    const [strong, weak] = await world.commit(clinic, [
      evidenceStatement(checkInAt(first)),
      evidenceStatement(world.selfAsserted(clinic, first, other)),
    ])
    if (!strong || !weak) throw new Error('two statements, two hashes')
    const [intentHash] = await world.commit(clinic, [await world.intentOf(clinician, first, [strong, weak])])
    if (!intentHash) throw new Error('one statement, one hash')
    expect(await world.say(clinic, first, world.request(clinic, intentHash, [strong, weak]))).toMatchObject(
      answeredWith('evidence-does-not-fit'),
    )
  })

  test('that is not opened to the custodian is missing', async () => {
    const [hash] = await committed(clinic, checkInAt(first))
    if (!hash) throw new Error('one statement, one hash')
    const [intentHash] = await world.commit(clinic, [await world.intentOf(clinician, first, [hash])])
    if (!intentHash) throw new Error('one statement, one hash')
    expect(await world.say(clinic, first, world.request(clinic, intentHash, []))).toMatchObject(
      answeredWith('evidence-missing'),
    )
  })

  test('that was made for another requester is turned away at the visit already', async () => {
    const own = world.selfAsserted(second, first, patient)
    const opened = await world
      .node(clinic)
      .exchange.run(({ requester }) => requester.openVisit(systemRandom(16), clinic, [own]))
    expect(opened).toMatchObject({ ok: false, reason: { type: 'evidence-for-another-requester' } })
  })

  test('with a forged patient signature is turned away', async () => {
    const { content } = checkInAt(first)
    const forged = signedEvidence(world.network.chain.id, { ...content, id: systemRandom(16) }, systemRandom(32))
    const opened = await world
      .node(clinic)
      .exchange.run(({ requester }) => requester.openVisit(systemRandom(16), clinic, [forged]))
    expect(opened).toMatchObject({ ok: false, reason: { type: 'evidence-does-not-hold' } })
  })
})

describe('a referral', () => {
  /** What `second` makes of the patient's check-in there, about the chart at `first`. */
  async function referral(enclosed: Evidence, referrer: string, to: string): Promise<Evidence> {
    const madeAt = Math.floor(world.now())
    return signedEvidence(
      world.network.chain.id,
      {
        type: 'referral',
        id: systemRandom(16),
        custodian: first,
        requester: to,
        subject: enclosed.content.subject,
        referrer,
        enclosed: encode(evidenceSchema, enclosed),
        madeAt,
        validUntil: madeAt + visitSeconds,
      },
      world.node(referrer).seed,
    )
  }

  async function checkedInAtSecond(): Promise<Evidence> {
    const there = systemRandom(16)
    must(await client.checkIn(second, there, [first], visitSeconds), 'check-in')
    const [brought] = world.node(second).exchange.requester.evidenceOf(there)
    if (!brought) throw new Error('the check-in brought evidence')
    return brought
  }

  test('that encloses the patient’s check-in at the referrer is corroborated', async () => {
    const handed = await referral(await checkedInAtSecond(), second, clinic)
    const gathered = await world.ask(await world.visit(clinic, [handed]), clinician)
    expect(gathered.sources).toMatchObject([{ custodian: first, state: 'complete', reasons: [] }])
    expect(typesOf(gathered)).toEqual(['Condition', 'MedicationRequest', 'Observation'])
  })

  test('of a referral opens nothing: one step, never a chain', async () => {
    const one = await referral(await checkedInAtSecond(), second, board)
    const two = await referral(one, board, clinic)
    const opened = await world
      .node(clinic)
      .exchange.run(({ requester }) => requester.openVisit(systemRandom(16), clinic, [two]))
    expect(opened).toMatchObject({ ok: false, reason: { type: 'evidence-does-not-hold' } })
    // A requester that does not look commits it all the same, and the custodian refuses.
    const [hash] = await committed(clinic, two)
    if (!hash) throw new Error('one statement, one hash')
    const [intentHash] = await world.commit(clinic, [await world.intentOf(clinician, first, [hash])])
    if (!intentHash) throw new Error('one statement, one hash')
    expect(await world.say(clinic, first, world.request(clinic, intentHash, [hash]))).toMatchObject(
      answeredWith('evidence-does-not-fit'),
    )
  })
})

test('a member that the others suspended is refused, and the ledger takes nothing from it until it is reinstated', async () => {
  const [hash] = await committed(clinic, checkInAt(first))
  if (!hash) throw new Error('one statement, one hash')
  const [intentHash] = await world.commit(clinic, [await world.intentOf(clinician, first, [hash])])
  if (!intentHash) throw new Error('one statement, one hash')
  const request = world.request(clinic, intentHash, [hash])
  /** The first proposes, the others vote for it. */
  const decide = async (action: MembersAction) => {
    const proposal = proposals++
    await world.submit(first, members, { type: 'propose', action })
    for (const voter of [second, board]) await world.submit(voter, members, { type: 'vote', proposal, inFavour: true })
  }
  let proposals = 1
  await decide({ type: 'suspend-member', member: clinic })
  expect(await world.say(clinic, first, request)).toMatchObject(answeredWith('requester-not-active'))
  await expect(
    world.submit(clinic, practitioners, { type: 'suspend-role', npi: clinician.npi, organisation: clinic }),
  ).rejects.toThrow('not taken')
  await decide({ type: 'reinstate-member', member: clinic })
  expect(outcomes(await world.ask(visit, clinician)).map(({ state }) => state)).toEqual(['complete', 'complete'])
})

test('nothing failed on the way, and the wallet finds no gap, no fork and no stale head in what it was told', async () => {
  await world.settled()
  const { custody } = world.node(first).exchange
  const receipts = custody.patients.get(custody.patientKey(first, patient))?.receipts ?? 0
  const looks = await world.looks(
    client,
    (all) => all.filter(({ custodian }) => custodian === first).length >= receipts,
  )
  expect(looks.filter(({ custodian }) => custodian === first)).toHaveLength(receipts)
  const found = findings(client.wallet.state)
  // Some answers were taken by hand, past the requester's node, which therefore told nobody.
  expect(found.filter(({ type }) => type !== 'unconfirmed')).toEqual([])
  expect(world.failures).toEqual([])
})
