/** An emergency goes the way of every access, and is put up for review at both sides before anything leaves. */
import { decode, toHex } from '@plexus/codec'
import { type Emergency, review } from '@plexus/policy'
import { findings, type WalletClient, whoLooked } from '@plexus/sdk'
import { beforeEach, describe, expect, test } from 'vitest'
import { clinic, clinicianSeed, hospital, npi, patient } from './founding.testing.ts'
import { statementsIn } from './statement-groups.ts'
import { recordOf, World } from './world.testing.ts'

const unconscious: Emergency = { reason: 'unconscious', words: 'found at home' }
const found = { verdict: 'justified', reviewer: 'privacy officer 7', words: '' } as const
const officer = { ...found, signedIn: null }

let world: World
let client: WalletClient
let visit: Uint8Array

beforeEach(async () => {
  world = await World.start()
  await world.register([recordOf('a'), recordOf('b', { source: 'Observation/b', resourceType: 'Observation' })])
  client = await world.enrolled()
  visit = await onOwnWord()
})

async function onOwnWord(chart: string = patient): Promise<Uint8Array> {
  const [opened] = await world.selfAsserted([chart])
  if (!opened) throw new Error('there is no visit')
  return opened
}

const ask = (at = visit): Promise<Uint8Array> => world.ask(at, clinicianSeed, unconscious)
const source = (asked: Uint8Array) => world.exchange(clinic).requester.gathered(asked)?.sources[0]
const released = (): number => [...world.node(hospital).journal.entries('releases')].length
const waiting = (member: string) => world.exchange(member).reviews.list({ after: null, all: false })

const decidedOnce = (): Promise<Uint8Array> => world.decidedOnce(ask())

describe('an emergency', () => {
  test('gives the first minutes on the asker’s word, as a grade of its own, and the patient is told why by both sides', async () => {
    const asked = await ask()
    await world.settle()
    expect(source(asked)).toMatchObject({ state: 'complete', reasons: ['emergency-only'] })
    expect(source(asked)?.records.map(({ statement }) => statement.resourceType)).toEqual(['Condition'])
    await client.fetch()
    expect(whoLooked(client.wallet.state)).toMatchObject([
      {
        requester: clinic,
        clinician: npi,
        purpose: 'ETREAT',
        emergency: unconscious,
        grade: 'emergency',
        confirmedBy: ['custodian', 'requester'],
        verified: true,
      },
    ])
    expect(findings(client.wallet.state)).toEqual([])
  })

  test('INV-R1: lets nothing go while intent or receipt wait for a block', async () => {
    const asked = await ask()
    await world.exchange(clinic).wake()
    expect(await world.intercept(hospital)).toEqual([])
    world.block()
    await world.exchange(clinic).wake()
    await world.deliver(hospital)
    for (let tick = 0; tick < 3; tick++) await world.exchange(hospital).wake()
    expect([released(), source(asked)?.state]).toEqual([0, 'sent'])
    world.block()
    await world.exchange(hospital).wake()
    expect(released()).toBe(1)
  })

  test('INV-R2: is refused once the head is closed, and that too is put up for review', async () => {
    await decidedOnce()
    world.lost = (to) => to === hospital
    expect((await client.changeDirectives(hospital, [])).ok).toBe(true)
    await world.settle()
    expect(released()).toBe(0)
    const again = await ask()
    await world.settle()
    expect(source(again)).toMatchObject({ state: 'refused', code: 'head-closed' })
    expect(waiting(hospital)).toHaveLength(2)
  })

  test('INV-R3: is answered once, and the same bytes again', async () => {
    await decidedOnce()
    world.block()
    await world.exchange(hospital).wake()
    await world.intercept(clinic)
    world.restart(clinic)
    await world.settle()
    expect(released()).toBe(1)
    expect(waiting(hospital)).toHaveLength(1)
  })

  test('INV-R4: the review stands in the write of the receipt, and the notice in that of the release', async () => {
    await decidedOnce()
    const tables = (of: string) =>
      world
        .node(hospital)
        .journal.writeOf(of)
        .map(({ table }) => table)
    expect(tables('requests')).toEqual(expect.arrayContaining(['statements', 'reviews', 'reviews-waiting']))
    world.block()
    await world.exchange(hospital).wake()
    expect(tables('releases')).toContain('outbox')
  })

  test('INV-R5: its receipt is the next of the patient’s chain', async () => {
    for (let round = 0; round < 2; round++) {
      await ask()
      await world.settle()
    }
    await client.fetch()
    expect(whoLooked(client.wallet.state).map(({ number }) => number)).toEqual([2, 1])
    expect(findings(client.wallet.state)).toEqual([])
  })

  test('an ordinary request is not put up for review', async () => {
    await world.ask(visit)
    await world.settle()
    expect([waiting(clinic), waiting(hospital)]).toEqual([[], []])
  })
})

describe('a review', () => {
  test('waits at both sides, each knows its own name for the patient, and it is due in three days', async () => {
    await ask()
    await world.settle()
    const about = { requester: clinic, npi, custodians: [hospital], emergency: unconscious, outcome: null }
    const [own] = waiting(clinic)
    const [theirs] = waiting(hospital)
    expect(own).toMatchObject({ ...about, organisation: clinic, about: { type: 'visit', visit } })
    expect(theirs).toMatchObject({ ...about, organisation: hospital, about: { type: 'chart', number: patient } })
    expect((own?.dueAt ?? 0) - (own?.askedAt ?? 0)).toBe(72 * 3600)
  })

  test('is answered by a named person, who is not the one who asked, once, and what was found is committed', async () => {
    await ask()
    await world.settle()
    const { reviews } = world.exchange(hospital)
    const [{ id } = { id: '' }] = waiting(hospital)
    expect(reviews.answer(id, { ...officer, reviewer: npi })).toMatchObject({ reason: { type: 'reviewer-asked' } })
    expect(reviews.answer(id, { ...officer, signedIn: npi })).toMatchObject({ reason: { type: 'reviewer-asked' } })
    expect(reviews.answer('nothing', officer)).toMatchObject({ reason: { type: 'review-unknown' } })
    expect(reviews.answer(id, officer)).toEqual({ ok: true, value: undefined })
    expect(reviews.answer(id, officer)).toMatchObject({ reason: { type: 'review-answered' } })
    expect(waiting(hospital)).toEqual([])
    expect(world.restart(hospital).reviews.list({ after: null, all: true })).toMatchObject([{ id, outcome: found }])
    expect(waiting(clinic)).toHaveLength(1)
    await world.settle()
    const written = [...world.node(hospital).journal.entries('statements')]
      .flatMap(([, value]) => statementsIn(world.chain.id, value))
      .filter(({ type }) => type === 'review')
    expect(written).toHaveLength(1)
    const read = written[0] && decode(review, written[0].statement)
    expect(read).toMatchObject({ value: { organisation: hospital, verdict: 'justified', reviewer: found.reviewer } })
    expect(written[0] && world.exchange(hospital).batches.committedAt(written[0].hash)).toBeDefined()
  })

  test('is told to the patient by the custodian, and beside no other look', async () => {
    await ask()
    await world.settle()
    await client.fetch()
    expect(whoLooked(client.wallet.state)).toMatchObject([{ review: null }])
    for (const member of [clinic, hospital]) {
      const [{ id } = { id: '' }] = waiting(member)
      const verdict = member === hospital ? 'unjustified' : 'justified'
      expect(world.exchange(member).reviews.answer(id, { ...officer, verdict })).toMatchObject({ ok: true })
    }
    await ask(await onOwnWord())
    await world.settle()
    await client.fetch()
    const [later, first] = whoLooked(client.wallet.state)
    expect(first?.review).toMatchObject({ verdict: 'unjustified' })
    expect(later?.review).toBeNull()
    expect(findings(client.wallet.state)).toEqual([])
  })

  test('raises an alarm from the fourth patient in the shift of one clinician on', async () => {
    const visits = [visit]
    for (const chart of ['chart-2', 'chart-3', 'chart-4']) {
      await world.exchange(hospital).run(({ custody }) => custody.register(hospital, chart, [recordOf(chart)]))
      visits.push(await onOwnWord(chart))
    }
    for (const each of visits) {
      await ask(each)
      await world.settle()
    }
    for (const member of [clinic, hospital])
      expect(waiting(member).map(({ isAlarm }) => isAlarm)).toEqual([false, false, false, true])
    expect(new Set(waiting(hospital).map(({ id }) => id)).size).toBe(visits.length)
    expect(waiting(hospital).every(({ intents }) => intents.every((each) => toHex(each).length === 64))).toBe(true)
  })

  test('of two lists of one organisation’s the page goes on after the last', async () => {
    for (let round = 0; round < 2; round++) {
      await ask()
      await world.settle()
    }
    const [first, second] = waiting(hospital)
    expect(world.exchange(hospital).reviews.list({ after: first?.id ?? null, all: true })).toEqual([second])
  })
})
