/** The seven steps of an access, each stopped where the test wants it: what may leave, what is durable, what a crash leaves. */
import { decode, fromHex, toHex } from '@plexus/codec'
import { practitioners } from '@plexus/contracts'
import { type Receipt, receipt } from '@plexus/policy'
import { type WalletClient, whoLooked } from '@plexus/sdk'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { board, clinic, hospital, memberSeed, npi, patient, ward } from './founding.testing.ts'
import type { MemberNote } from './notes.ts'
import { Stopped } from './replica.testing.ts'
import { askedRow } from './requester-rows.ts'
import { statementsIn } from './statement-groups.ts'
import { tableOf } from './tables.ts'
import { recordOf, World } from './world.testing.ts'

let world: World
let client: WalletClient
let visit: Uint8Array

beforeEach(async () => {
  world = await World.start()
  await world.register([recordOf('a'), recordOf('b')])
  client = await world.enrolled()
  visit = await world.checkedIn(client)
})

const decidedOnce = (): Promise<Uint8Array> => world.decidedOnce(world.ask(visit))

/** Step 5 on top: the receipt's block is applied everywhere, and the hospital has answered. */
async function answered(): Promise<Uint8Array> {
  const ask = await decidedOnce()
  world.block()
  await world.exchange(hospital).wake()
  return ask
}

const releases = () => [...world.node(hospital).journal.entries('releases')].length

/** Every receipt of the patient that the hospital has written, in the order of their numbers. */
function receipts(): readonly { readonly content: Receipt; readonly hash: Uint8Array }[] {
  const found: { content: Receipt; hash: Uint8Array }[] = []
  for (const [, value] of world.node(hospital).journal.entries('statements'))
    for (const { type, statement, hash } of statementsIn(world.chain.id, value)) {
      const read = type === 'receipt' ? decode(receipt, statement) : undefined
      if (read?.ok) found.push({ content: read.value, hash })
    }
  return found.sort((a, b) => a.content.number - b.content.number)
}

/** The kinds of notes on the way to a member, which are lost by this. */
const kinds = async (to: string) => (await world.intercept(to)).map(({ type }) => type)

const askedRows = () => tableOf(world.node(clinic).journal, 'intents-asked', askedRow).entries()

const source = (ask: Uint8Array) => world.exchange(clinic).requester.gathered(ask)?.sources[0]

/** The patient closes the head in force; the successor does not reach the hospital. */
async function closeHead(): Promise<void> {
  world.lost = (to) => to === hospital
  const changed = await client.changeDirectives(hospital, [])
  expect(changed.ok).toBe(true)
  world.lost = () => false
}

describe('T-08, INV-R1: no data key leaves before intent and receipt are committed on the custodian’s own replica', () => {
  test('nothing is answered and nothing released while the receipt waits for a block', async () => {
    await decidedOnce()
    for (let tick = 0; tick < 3; tick++) await world.exchange(hospital).wake()
    expect(await world.intercept(clinic)).toEqual([])
    expect(releases()).toBe(0)
  })

  test('a block that others have applied and the custodian has not releases nothing', async () => {
    await decidedOnce()
    world.block(hospital)
    await world.exchange(hospital).wake()
    expect(await world.intercept(clinic)).toEqual([])
    expect(releases()).toBe(0)
    world.catchUp(hospital)
    await world.exchange(hospital).wake()
    expect(await kinds(clinic)).toEqual(['answer'])
    expect(releases()).toBe(1)
  })

  test('an intent that this replica has not applied is parked, and answered when its block comes', async () => {
    await world.ask(visit)
    world.block(hospital)
    await world.exchange(clinic).wake()
    await world.deliver(hospital)
    expect(receipts()).toEqual([])
    world.catchUp(hospital)
    await world.exchange(hospital).wake()
    expect(receipts()).toHaveLength(1)
  })

  test('a record version whose leaf is not committed is not released', async () => {
    // Its batch is lost under way, so that it is still uncommitted when the hospital decides.
    await world.exchange(hospital).run(({ custody }) => custody.register(hospital, patient, [recordOf('late')]))
    world.node(hospital).replica.submitted.length = 0
    await decidedOnce()
    expect(receipts()).toMatchObject([{ content: { recordsCount: 2 } }])
  })
})

describe('the second decision', () => {
  test('voids what the first granted when the clinician’s licence was suspended in between', async () => {
    const ask = await decidedOnce()
    world.submit(board, practitioners, { type: 'suspend-licence', npi })
    world.block()
    await world.exchange(hospital).wake()
    expect(releases()).toBe(0)
    await world.settle()
    expect(source(ask)).toMatchObject({ state: 'refused', code: 'clinician-not-licensed' })
    expect(receipts().map(({ content }) => content.decision.type)).toEqual(['permit', 'void'])
  })

  test('voids it when a record was added in between, and the void receipt is final for the intent', async () => {
    const ask = await world.ask(visit)
    world.block()
    await world.exchange(clinic).wake()
    const [request] = await world.intercept(hospital)
    if (request?.type !== 'request') throw new Error('the clinic asked nothing')
    await world.say(clinic, hospital, request)
    await world.exchange(hospital).run(({ custody }) => custody.eraseRecord(hospital, patient, 'Condition/a'))
    await world.settle()
    expect(source(ask)).toMatchObject({ state: 'refused', code: 'facts-changed' })
    await world.say(clinic, hospital, request)
    expect(await kinds(clinic)).toEqual(['refusal'])
    expect(receipts()).toHaveLength(2)
  })

  test('voids it when the intent’s time is over', async () => {
    const ask = await decidedOnce()
    world.block()
    world.time += 400
    world.block()
    await world.exchange(hospital).wake()
    expect(releases()).toBe(0)
    expect(receipts().map(({ content }) => content.decision)).toMatchObject([
      { type: 'permit' },
      { type: 'void', code: 'intent-expired' },
    ])
    await world.settle()
    expect(['expired', 'refused']).toContain(source(ask)?.state)
  })

  test('voids it when a block came while the keys were being sealed', async () => {
    await decidedOnce()
    world.block()
    const { vault } = world.node(hospital)
    const dataKey = vault.dataKey.bind(vault)
    // The keys are fetched between the weighing and the sealing: what happens now happens in the middle of the step.
    vi.spyOn(vault, 'dataKey').mockImplementationOnce((record) => {
      world.submit(board, practitioners, { type: 'suspend-licence', npi })
      world.block()
      return dataKey(record)
    })
    await world.exchange(hospital).wake()
    expect(releases()).toBe(0)
    expect(receipts().map(({ content }) => content.decision.type)).toEqual(['permit', 'void'])
  })
})

describe('T-10, INV-R2: nothing is released under a head once its closing is applied', () => {
  test('closed before the first decision: refused, with a receipt', async () => {
    const ask = await world.ask(visit)
    await closeHead()
    await world.settle()
    expect(source(ask)).toMatchObject({ state: 'refused', code: 'head-closed' })
    expect(receipts().map(({ content }) => content.decision)).toMatchObject([{ type: 'refuse', code: 'head-closed' }])
  })

  test('closed between the two decisions: void', async () => {
    const ask = await decidedOnce()
    await closeHead()
    await world.settle()
    expect(source(ask)).toMatchObject({ state: 'refused', code: 'head-closed' })
    expect(receipts().map(({ content }) => content.decision.type)).toEqual(['permit', 'void'])
    expect(releases()).toBe(0)
  })

  test('closed after the release: a repeat is refused, and nothing of the answer leaves', async () => {
    await answered()
    await world.intercept(clinic)
    await closeHead()
    world.time += 2
    await world.exchange(clinic).wake()
    await world.deliver(hospital)
    expect((await world.intercept(clinic)).map((note) => note.type === 'refusal' && note.code)).toEqual(['head-closed'])
  })

  test('replaced by its successor, which arrived: a repeat is refused as well', async () => {
    await answered()
    await world.intercept(clinic)
    const changed = await client.changeDirectives(hospital, [])
    expect(changed.ok).toBe(true)
    world.time += 2
    await world.exchange(clinic).wake()
    await world.deliver(hospital)
    const notes = (await world.intercept(clinic)).filter(({ type }) => type === 'refusal' || type === 'answer')
    expect(notes.map((note) => note.type === 'refusal' && note.code)).toEqual(['head-closed'])
  })
})

describe('INV-R3: one intent, at most one release', () => {
  test('a repeated request gets the same receipt, note and release, and no second receipt', async () => {
    await answered()
    const [first] = await world.intercept(clinic)
    world.time += 2
    await world.exchange(clinic).wake()
    await world.deliver(hospital)
    const [again] = await world.intercept(clinic)
    expect(again).toEqual(first)
    expect(again?.type).toBe('answer')
    expect(receipts()).toHaveLength(1)
  })

  test('a repeat after the intent’s end gets nothing of the answer', async () => {
    await answered()
    await world.intercept(clinic)
    const [request] = await asked()
    world.time += 400
    world.block()
    await world.say(clinic, hospital, request)
    expect((await world.intercept(clinic)).map((note) => note.type === 'refusal' && note.code)).toEqual([
      'intent-expired',
    ])
  })

  test('an intent that another member sends is not answered', async () => {
    const [request] = await asked()
    await world.say(board, hospital, request)
    world.block()
    await world.exchange(hospital).wake()
    expect(await world.intercept(board)).toEqual([])
    expect(receipts()).toEqual([])
  })

  test('ciphertexts go to nobody but the receiver of the release', async () => {
    await answered()
    await world.intercept(clinic)
    const [[key] = ['']] = [...askedRows()]
    const fetch: MemberNote = { type: 'fetch', intent: fromHex(key), from: 0, count: 10 }
    await world.say(board, hospital, fetch)
    expect(await kinds(board)).not.toContain('contents')
    await world.say(clinic, hospital, fetch)
    expect(await kinds(clinic)).toContain('contents')
  })

  /** The request of a fresh ask, taken off the wire. */
  async function asked(): Promise<[MemberNote]> {
    await world.ask(visit)
    world.block()
    world.time += 2
    await world.exchange(clinic).wake()
    const request = (await world.intercept(hospital)).find((note) => note.type === 'request')
    if (!request) throw new Error('the clinic asked nothing')
    return [request]
  }
})

describe('INV-R4: the notice is durable before the answer leaves', () => {
  test('release, release note and notice are one write', async () => {
    await answered()
    const tables = world
      .node(hospital)
      .journal.writeOf('releases')
      .map(({ table }) => table)
    for (const each of ['requests', 'request-answers', 'releases', 'outbox']) expect(tables).toContain(each)
  })

  test('the requester’s notice is in the write of the answer', async () => {
    await answered()
    await world.deliver(clinic)
    const { journal } = world.node(clinic)
    const write = journal.writes.find(
      (changes) =>
        changes.some(({ table }) => table === 'outbox') && changes.some(({ table }) => table === 'intents-asked'),
    )
    expect(write).toBeDefined()
  })

  test('a node that stops in front of the release has let nothing go, and releases once after its restart', async () => {
    const ask = await decidedOnce()
    world.block()
    world.node(hospital).journal.stopBefore = (changes) => changes.some(({ table }) => table === 'releases')
    await expect(world.exchange(hospital).wake()).rejects.toThrow(Stopped)
    expect(await world.intercept(clinic)).toEqual([])
    world.restart(hospital)
    await world.settle()
    expect(source(ask)).toMatchObject({ state: 'complete' })
    expect(releases()).toBe(1)
    expect(receipts()).toHaveLength(1)
  })

  test('a node that stops in front of the receipt answers the repeated request', async () => {
    const ask = await world.ask(visit)
    world.block()
    await world.exchange(clinic).wake()
    world.node(hospital).journal.stopBefore = (changes) => changes.some(({ table }) => table === 'requests')
    await expect(world.deliver(hospital)).rejects.toThrow(Stopped)
    world.restart(hospital)
    await world.settle()
    expect(source(ask)).toMatchObject({ state: 'complete' })
    expect(receipts()).toHaveLength(1)
  })

  test('an answer that was lost is asked for again', async () => {
    const ask = await answered()
    await world.intercept(clinic)
    world.restart(clinic)
    await world.settle()
    expect(source(ask)).toMatchObject({ state: 'complete' })
  })

  test('without a wallet the bundle is kept for the day of the enrolment', async () => {
    const stranger = await World.start()
    await stranger.register([recordOf('a')])
    const [own] = await stranger.selfAsserted([patient])
    await stranger.ask(own as Uint8Array)
    await stranger.settle()
    expect(
      stranger
        .node(hospital)
        .journal.writeOf('releases')
        .map(({ table }) => table),
    ).toContain('bundles-kept')
    const late = await stranger.enrolled()
    await late.fetch()
    expect(whoLooked(late.wallet.state)).toMatchObject([{ number: 1, grade: 'self-asserted', verified: true }])
  })
})

describe('INV-R5: receipts are one chain', () => {
  test('numbers rise by one, and each names the one before', async () => {
    for (let round = 0; round < 2; round++) {
      await world.ask(visit)
      await world.settle()
    }
    await world
      .exchange(hospital)
      .run(({ receipts: chain }) => chain.ownStaffRead({ custodian: hospital, patient, clinician: npi }))
    await world.settle()
    const all = receipts()
    expect(all.map(({ content }) => content.number)).toEqual([1, 2, 3])
    expect(all.slice(1).map(({ content }) => toHex(content.previous))).toEqual(
      all.slice(0, -1).map(({ hash }) => toHex(hash)),
    )
  })

  test('the wallet has every access from both sides, verified', async () => {
    const ask = await world.ask(visit)
    await world.settle()
    expect(source(ask)).toMatchObject({ state: 'complete' })
    await client.fetch()
    expect(whoLooked(client.wallet.state)).toMatchObject([
      { number: 1, requester: clinic, confirmedBy: ['custodian', 'requester'], verified: true },
    ])
  })
})

test('each custodian is asked with a session key of its own', async () => {
  await world.register([recordOf('c')], ward)
  const both = await world.enrolled([ward])
  const second = await world.checkedIn(both, [ward])
  const pieces = [visit, second].flatMap((each) => world.exchange(clinic).requester.evidenceOf(each))
  const together = world.random(16)
  await world.exchange(clinic).run(({ requester }) => requester.openVisit(together, clinic, pieces))
  await world.settle()
  await world.ask(together)
  const secrets = [...askedRows()].map(([, { session }]) => session && toHex(session))
  expect(secrets).toHaveLength(2)
  expect(new Set(secrets).size).toBe(2)
})

test('the session secret is gone once the answer is open', async () => {
  const ask = await world.ask(visit)
  await world.settle()
  expect(source(ask)).toMatchObject({ state: 'complete' })
  expect([...askedRows()].map(([, { session, keys }]) => [session, keys.length])).toEqual([[null, 0]])
})

test('a clinician who signs with another key than the registered one is refused, with a receipt', async () => {
  const ask = await world.ask(visit, memberSeed(clinic))
  await world.settle()
  expect(source(ask)).toMatchObject({ state: 'refused', code: 'clinician-did-not-sign' })
  expect(receipts()).toHaveLength(1)
})
