import { equalBytes, toHex } from '@plexus/codec'
import type { CaseSubject, WalletNote } from '@plexus/policy'
import { casesIn, type WalletClient, whoLooked } from '@plexus/sdk'
import { beforeEach, describe, expect, test } from 'vitest'
import type { GivenOutcome } from './cases.ts'
import { clinic, hospital, patient, ward } from './founding.testing.ts'
import { viewOfAsk } from './view.ts'
import { recordOf, World } from './world.testing.ts'

const day = 86_400

let world: World
let client: WalletClient
beforeEach(async () => {
  world = await World.start()
  await world.register([recordOf('a'), recordOf('b')])
  client = await world.enrolled()
})

const cases = () => world.exchange(hospital).cases
const versions = () => {
  const { custody } = world.exchange(hospital)
  return custody.versions(custody.patientKey(hospital, patient))
}
/** The newest version of a record. */
function about(source = 'Condition/a'): CaseSubject {
  const row = versions().findLast((each) => each.source === source)
  if (!row) throw new Error(`no ${source}`)
  return { type: 'record', record: row.record }
}

async function opened(subject = about(), words = 'I never had this.'): Promise<string> {
  const done = await client.openCase(hospital, { subject, words })
  if (!done.ok) throw new Error(done.reason.type)
  await fetched()
  return toHex(done.value)
}

async function fetched(): Promise<void> {
  await world.settle()
  await client.fetch()
}

const mine = () => casesIn(client.wallet.state)

async function answered(id: string, outcome: GivenOutcome, words = 'We looked again.'): Promise<string> {
  const done = await world.exchange(hospital).run((exchange) => exchange.cases.answer(id, { outcome, words }))
  await fetched()
  return done.ok ? 'answered' : done.reason.type
}
const denied = (id: string) => answered(id, { type: 'denied', basis: 'accurate-and-complete' })

/** What the clinic is shown of the record: the cautions and disputes of each line. */
async function seen() {
  const visit = await world.checkedIn(client)
  const ask = await world.ask(visit)
  await world.settle()
  const gathered = world.exchange(clinic).requester.gathered(ask)
  if (!gathered) throw new Error('the ask is gone')
  return viewOfAsk(gathered).lines.map(({ cautions, sources }) => ({
    disputed: cautions.includes('disputed'),
    dispute: sources[0]?.dispute ?? null,
  }))
}

describe('a case', () => {
  test('is durable and committed when it is taken, due in sixty days, and its wallet is told', async () => {
    const id = await opened()
    world.restart(hospital)
    expect(cases().list()).toMatchObject([
      { id, custodian: hospital, patient, subject: { type: 'record', source: 'Condition/a', version: 1 }, answers: [] },
    ])
    const [kept] = cases().list()
    expect(mine()).toMatchObject([{ id, state: 'open', dueAt: kept?.dueAt, words: 'I never had this.' }])
    expect((kept?.dueAt ?? 0) - (kept?.openedAt ?? 0)).toBe(60 * day)
  })

  test('is taken once, however often it is brought; until the custodian says so it is on its way', async () => {
    world.lost = (to) => to === hospital
    expect(await client.openCase(hospital, { subject: about(), words: 'Wrong.' })).toMatchObject({ ok: false })
    expect(mine()).toMatchObject([{ state: 'on-its-way', dueAt: null }])
    world.lost = () => false
    expect(await client.bringCases(hospital)).toMatchObject({ ok: true })
    expect(await client.bringCases(hospital)).toMatchObject({ ok: true })
    await fetched()
    expect(cases().list()).toHaveLength(1)
    expect(mine()).toMatchObject([{ state: 'open' }])
    await client.bringCases(hospital)
    expect(world.exchange(hospital).outbox.waiting).toBe(0)
  })

  test('about an access names a receipt of this patient’s', async () => {
    await world.ask(await world.checkedIn(client))
    await fetched()
    const [look] = whoLooked(client.wallet.state)
    const receipt = client.wallet.state.relationships[0]?.accesses[0]?.receipt ?? new Uint8Array(32)
    expect(look?.receipt).toBe(toHex(receipt))
    await opened({ type: 'access', receipt }, 'I was not there.')
    expect(cases().list()).toMatchObject([{ subject: { type: 'access', number: 1, decision: { type: 'permit' } } }])
  })

  test('about what is not in the chart is refused', async () => {
    for (const subject of [
      { type: 'record' as const, record: new Uint8Array(16) },
      { type: 'access' as const, receipt: new Uint8Array(32) },
    ])
      expect(await client.openCase(hospital, { subject, words: 'Wrong.' })).toMatchObject({
        ok: false,
        reason: { type: 'subject-unknown' },
      })
  })

  test('proves itself by the key that is enrolled at this custodian', async () => {
    await world.register([recordOf('c')], ward)
    const done = await client.openCase(hospital, { subject: about(), words: 'Wrong.' })
    const held = client.wallet.state.relationships[0]?.cases[0]?.opened
    if (!done.ok || !held) throw new Error('no case')
    const told = (note: WalletNote) => {
      const taken = world.exchange(hospital).door.take(note)
      return taken.ok ? 'taken' : taken.reason.type
    }
    const changed = (over: Partial<typeof held.content>): WalletNote => ({
      type: 'open-case',
      opened: { ...held, content: { ...held.content, ...over } },
    })
    expect(told(changed({}))).toBe('taken')
    expect(told(changed({ words: 'Otherwise.' }))).toBe('signature-invalid')
    expect(told(changed({ custodian: ward }))).toBe('not-enrolled')
    expect(told(changed({ custodian: clinic }))).toBe('custodian-not-here')
  })
})

describe('an answer', () => {
  test('that accepts ends the case, once; the amendment is a correction of its own', async () => {
    const id = await opened()
    expect(await answered(id, { type: 'accepted' })).toBe('answered')
    expect(mine()).toMatchObject([{ state: 'accepted', answer: { words: 'We looked again.', basis: null } }])
    expect(await denied(id)).toBe('case-answered')
    expect(await answered('0'.repeat(32), { type: 'accepted' })).toBe('case-unknown')
  })

  test('that denies says on which basis, and one of an entry is none of an access', async () => {
    const id = await opened()
    expect(await answered(id, { type: 'denied', basis: 'access-was-permitted' })).toBe('basis-does-not-fit')
    expect(await denied(id)).toBe('answered')
    expect(mine()).toMatchObject([{ state: 'denied', answer: { basis: 'accurate-and-complete' } }])
  })

  test('may be put off by thirty days, once', async () => {
    const id = await opened()
    const before = mine()[0]?.dueAt ?? 0
    expect(await answered(id, { type: 'later' }, 'The archive is slow.')).toBe('answered')
    expect(mine()).toMatchObject([
      { state: 'open', dueAt: before + 30 * day, answer: { words: 'The archive is slow.' } },
    ])
    expect(await answered(id, { type: 'later' })).toBe('no-second-delay')
    expect(await denied(id)).toBe('answered')
  })

  test('that denies may be disagreed with, once, and nothing else may', async () => {
    const id = await opened()
    const disagree = () => client.disagree(hospital, { case: Buffer.from(id, 'hex'), words: 'I know what I had.' })
    expect(await disagree()).toMatchObject({ ok: false, reason: { type: 'case-not-denied' } })
    await denied(id)
    expect(await disagree()).toMatchObject({ ok: true })
    await fetched()
    expect(mine()).toMatchObject([{ disagreement: { words: 'I know what I had.', heard: true } }])
    expect(cases().list()).toMatchObject([{ disagreement: 'I know what I had.' }])
    expect(await disagree()).toMatchObject({ ok: false, reason: { type: 'case-not-denied' } })
  })
})

describe('whoever is given the record', () => {
  test('sees that an entry is disputed while its case is open, and not what the patient wrote', async () => {
    await opened()
    const lines = await seen()
    expect(lines).toHaveLength(2)
    expect(lines.filter(({ disputed, dispute }) => disputed || dispute)).toEqual([
      { disputed: true, dispute: { statement: null, denial: null } },
    ])
  })

  test('sees nothing of a denial that the patient leaves at that', async () => {
    await denied(await opened())
    expect((await seen()).some(({ disputed }) => disputed)).toBe(false)
  })

  test('sees both statements after a denial that the patient disagrees with, on later versions too', async () => {
    const id = await opened()
    await denied(id)
    await client.disagree(hospital, { case: Buffer.from(id, 'hex'), words: 'I know what I had.' })
    const bytes = new TextEncoder().encode('{"resourceType":"Condition","id":"a","note":[]}')
    await world.exchange(hospital).register(hospital, patient, [recordOf('a', { bytes })])
    await world.settle()
    const disputed = (await seen()).filter((line) => line.disputed)
    expect(disputed).toEqual([
      { disputed: true, dispute: { statement: 'I know what I had.', denial: 'We looked again.' } },
    ])
  })

  test('sees nothing of it once the patient was right', async () => {
    await answered(await opened(), { type: 'accepted' })
    expect((await seen()).every(({ disputed }) => !disputed)).toBe(true)
  })
})

test('a wallet from paper finds its cases in the mailbox, in whatever order they come', async () => {
  const id = await opened()
  await denied(id)
  await client.disagree(hospital, { case: Buffer.from(id, 'hex'), words: 'I know what I had.' })
  await fetched()
  const before = mine()
  const [known] = client.wallet.state.relationships
  if (!known) throw new Error('not enrolled')
  client.wallet = { ...client.wallet, state: { ...client.wallet.state, relationships: [{ ...known, cases: [] }] } }
  client.taken.clear()
  await client.fetch()
  expect(mine()).toEqual(before)
  expect(
    equalBytes(client.wallet.state.relationships[0]?.cases[0]?.id ?? new Uint8Array(0), Buffer.from(id, 'hex')),
  ).toBe(true)
})
