/** What the asking side takes, and from whom: an answer is believed only as far as its own replica and the commitments bear it out. */
import { decode, encode } from '@plexus/codec'
import { publicKeyOf, sign, signedBytes } from '@plexus/crypto'
import { type Evidence, evidenceContent, recordVersion, releaseNoteContent, statementTypes } from '@plexus/policy'
import type { WalletClient } from '@plexus/sdk'
import { beforeEach, describe, expect, test } from 'vitest'
import { openOne } from './answer-check.ts'
import { board, clinic, hospital, memberSeed, npi, patient, seedOf } from './founding.testing.ts'
import type { MemberNote } from './notes.ts'
import { recordOf, World } from './world.testing.ts'

let world: World
let client: WalletClient
let visit: Uint8Array

beforeEach(async () => {
  world = await World.start()
  await world.register([recordOf('a'), recordOf('b'), recordOf('c')])
  client = await world.enrolled()
  visit = await world.checkedIn(client)
})

type Answer = Extract<MemberNote, { type: 'answer' }>
type Contents = Extract<MemberNote, { type: 'contents' }>

/** An ask, and the hospital's answer to it, taken off the wire. */
async function answered(...behind: readonly string[]): Promise<{ readonly ask: Uint8Array; readonly answer: Answer }> {
  const ask = await world.ask(visit)
  world.block()
  await world.exchange(clinic).wake()
  await world.deliver(hospital)
  world.block(...behind)
  await world.exchange(hospital).wake()
  const answer = (await world.intercept(clinic)).findLast((note) => note.type === 'answer')
  if (!answer) throw new Error('the hospital did not answer')
  return { ask, answer }
}

const source = (ask: Uint8Array) => {
  const [found] = world.exchange(clinic).requester.gathered(ask)?.sources ?? []
  if (!found) throw new Error('an ask has no source')
  return found
}

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, index) => (index === 20 ? byte ^ 1 : byte))

function noteOf({ note }: Answer, changes: object, seed = memberSeed(hospital)): Answer['note'] {
  const content = { ...note.content, ...changes }
  const message = signedBytes(statementTypes.releaseNote, world.chain.id, encode(releaseNoteContent, content))
  return { content, signature: { key: publicKeyOf(seed), signature: sign(seed, message) } }
}

describe('an answer', () => {
  const cheats: readonly (readonly [string, string, (answer: Answer) => Partial<Answer>])[] = [
    ['records-not-as-receipted', 'that leaves out a record', ({ records }) => ({ records: records.slice(1) })],
    ['records-not-as-receipted', 'in another order', ({ records }) => ({ records: records.toReversed() })],
    ['records-not-as-receipted', 'with no record at all', () => ({ records: [] })],
    [
      'record-invalid',
      'that names a record twice',
      ({ records }) => ({ records: [...records, ...records.slice(0, 1)] }),
    ],
    [
      'record-invalid',
      'with anything else for a record',
      ({ records, receipt }) => ({ records: [...records, receipt] }),
    ],
    [
      'record-invalid',
      'with a record under another leaf key',
      ({ records: [first, ...rest] }) => ({
        records: first ? [{ ...first, path: [...first.path, seedOf('up')] }, ...rest] : [],
      }),
    ],
    ['receipt-invalid', 'whose receipt is an intent', (answer) => ({ receipt: { ...answer.receipt, type: 'intent' } })],
    [
      'receipt-invalid',
      'whose receipt does not decode',
      ({ receipt }) => ({ receipt: { ...receipt, statement: receipt.statement.slice(1) } }),
    ],
    ['release-invalid', 'whose release was changed', ({ release }) => ({ release: flipped(release) })],
    [
      'release-note-invalid',
      'whose release note another member signed',
      (answer) => ({ note: noteOf(answer, {}, memberSeed(board)) }),
    ],
    [
      'release-note-invalid',
      'whose release note was changed after it was signed',
      ({ note }) => ({ note: { ...note, content: { ...note.content, madeAt: note.content.madeAt + 1 } } }),
    ],
    [
      'release-note-invalid',
      'whose release note speaks of another receipt',
      (answer) => ({ note: noteOf(answer, { receipt: seedOf('another') }) }),
    ],
    [
      'release-note-invalid',
      'that was decided before its receipt was committed',
      (answer) => ({ note: noteOf(answer, { height: 1 }) }),
    ],
  ]
  test.each(cheats)('%s: %s', async (code, _, cheat) => {
    const { ask, answer } = await answered()
    await world.say(hospital, clinic, { ...answer, ...cheat(answer) })
    expect(source(ask)).toMatchObject({ state: 'failed', code, records: [] })
    const { journal } = world.node(clinic)
    expect(journal.writes.flat().filter(({ table }) => table === 'records-received')).toEqual([])
  })

  test('to another intent is not this one’s', async () => {
    const first = await answered()
    const second = await answered()
    await world.say(hospital, clinic, { ...second.answer, intent: first.answer.intent })
    expect(source(first.ask)).toMatchObject({ state: 'failed', code: 'receipt-invalid' })
    await world.say(hospital, clinic, second.answer)
    expect(source(second.ask).state).toBe('fetching')
  })

  test('of a member that was not asked is not heard, and neither is its refusal', async () => {
    const { ask, answer } = await answered()
    await world.say(board, clinic, { ...answer, records: [] })
    await world.say(board, clinic, {
      type: 'refusal',
      intent: answer.intent,
      code: 'directive-denies',
      exception: null,
      receipt: null,
    })
    expect(source(ask).state).toBe('sent')
    await world.say(hospital, clinic, answer)
    expect(source(ask).state).toBe('fetching')
  })

  test('whose receipt this replica has not applied waits, and is taken when the block comes', async () => {
    const { ask, answer } = await answered(clinic)
    await world.say(hospital, clinic, answer)
    expect(source(ask).state).toBe('sent')
    world.catchUp(clinic)
    await world.exchange(clinic).wake()
    expect(source(ask).state).toBe('fetching')
  })

  test('is durable before its ciphertexts are fetched: a node that restarts goes on, and asks no second time', async () => {
    const { ask, answer } = await answered()
    await world.say(hospital, clinic, answer)
    world.wire.length = 0
    world.restart(clinic)
    await world.settle()
    expect(source(ask)).toMatchObject({ state: 'complete' })
    expect(source(ask).records.map(({ verified }) => verified)).toEqual(['verified', 'verified', 'verified'])
  })
})

describe('ciphertexts', () => {
  /** The hospital's contents, changed on the way. */
  async function fetched(change: (contents: Contents['ciphertexts']) => Contents['ciphertexts']) {
    const { ask, answer } = await answered()
    await world.say(hospital, clinic, answer)
    await world.deliver(hospital)
    const contents = (await world.intercept(clinic)).find((note) => note.type === 'contents')
    if (!contents) throw new Error('the hospital sent no ciphertexts')
    await world.say(hospital, clinic, { ...contents, ciphertexts: change(contents.ciphertexts) })
    return source(ask)
  }

  test('with a changed byte, swapped, or missing: each is found out, and the others are shown', async () => {
    const all = await fetched(([a = null, b = null, c = null]) => [a && flipped(a), c, b])
    expect(all.records.map(({ verified }) => verified)).toEqual(['mismatch', 'mismatch', 'mismatch'])
    expect(all.records.every(({ plaintext }) => plaintext.length === 0)).toBe(true)
    const some = await fetched(([, b = null, c = null]) => [null, b, c])
    expect(some.records.map(({ verified }) => verified)).toEqual(['missing', 'verified', 'verified'])
  })

  test('that nobody asked for are not taken', async () => {
    const { ask, answer } = await answered()
    await world.say(hospital, clinic, answer)
    await world.say(hospital, clinic, { type: 'contents', intent: answer.intent, from: 1, ciphertexts: [null] })
    await world.say(board, clinic, { type: 'contents', intent: answer.intent, from: 0, ciphertexts: [null] })
    expect(source(ask).state).toBe('fetching')
    await world.settle()
    expect(source(ask).records.map(({ verified }) => verified)).toEqual(['verified', 'verified', 'verified'])
  })

  test('that open to the right bytes are nothing without both committed hashes', async () => {
    const { custody, batches } = world.exchange(hospital)
    const [row] = custody.versions(custody.patientKey(hospital, patient))
    const { vault } = world.node(hospital)
    const statement = row && decode(recordVersion, batches.statement(row.leaf) ?? new Uint8Array(0))
    const ciphertext = row && vault.ciphertext(row.where)
    const key = row && vault.dataKey(row.record)
    if (!statement?.ok || !ciphertext?.ok || !key?.ok) throw new Error('a record is not in custody')
    const opened = (changes: object) => openOne({ ...statement.value, ...changes }, ciphertext.value, key.value)
    expect(opened({}).verified).toBe('verified')
    for (const changes of [{ ciphertextHash: seedOf('other') }, { plaintextHash: seedOf('other') }])
      expect(opened(changes)).toEqual({ verified: 'mismatch', plaintext: new Uint8Array(0) })
  })
})

describe('a visit', () => {
  const taken = (evidence: readonly Evidence[], requester = clinic) =>
    world.exchange(clinic).requester.openVisit(world.random(16), requester, evidence)
  const signedBy = (content: Evidence['content'], seed: Uint8Array) => {
    const message = signedBytes(statementTypes.evidence, world.chain.id, encode(evidenceContent, content))
    return { key: publicKeyOf(seed), signature: sign(seed, message) }
  }
  const brought = () => world.exchange(clinic).requester.evidenceOf(visit)

  test('takes evidence that the patient signed for this requester', () => {
    expect(brought()).toHaveLength(1)
    expect(taken(brought())).toEqual({ ok: true, value: undefined })
  })

  test('does not take evidence for another requester, about no custodian, or with a signature that does not hold', () => {
    const refusals = [
      taken(brought(), hospital),
      taken(brought().map((each) => ({ ...each, content: { ...each.content, custodian: 'nobody' } }))),
      taken(brought().map((each) => ({ ...each, content: { ...each.content, validUntil: world.time + 9_999_999 } }))),
      taken(brought().map((each) => ({ ...each, signatures: [] }))),
      taken(brought().map(({ content }) => ({ content, signatures: [signedBy(content, seedOf('anybody'))] }))),
    ].map((result) => (result.ok ? 'none' : result.reason.type))
    expect(refusals).toEqual([
      'evidence-for-another-requester',
      'custodian-unknown',
      'evidence-does-not-hold',
      'evidence-does-not-hold',
      'evidence-does-not-hold',
    ])
  })

  test('asks when its evidence is committed, and not before', async () => {
    const fresh = world.random(16)
    const clinician = { npi, seed: seedOf('clinician') }
    const asked = () =>
      world
        .exchange(clinic)
        .run(({ requester }) =>
          requester.ask({ visit: fresh, clinician, purpose: 'TREAT', emergency: null, types: [] }),
        )
    expect(await asked()).toEqual({ ok: false, reason: { type: 'visit-unknown' } })
    const done = await client.checkIn(clinic, fresh, [hospital], 600)
    expect(done.ok).toBe(true)
    expect(await asked()).toEqual({ ok: false, reason: { type: 'evidence-not-committed' } })
    await world.settle()
    expect((await asked()).ok).toBe(true)
  })
})

test('an ask that nobody answers ends with its intent, and its session secret with it', async () => {
  const ask = await world.ask(visit)
  world.block()
  await world.exchange(clinic).wake()
  world.wire.length = 0
  world.time += 301
  world.block()
  await world.exchange(clinic).wake()
  expect(source(ask)).toMatchObject({ state: 'expired', code: 'no-answer' })
  expect(world.exchange(clinic).requester.idle).toBe(true)
})

test('an ask that nobody answers is put ever slower: a custodian with too much to do is not given more for it', async () => {
  await world.ask(visit)
  world.block()
  const from = world.time
  const at: number[] = []
  for (; world.time < from + 24; world.time++) {
    await world.exchange(clinic).wake()
    if (world.wire.length > 0) at.push(world.time - from)
    world.wire.length = 0
  }
  expect(at).toEqual([0, 1, 3, 7, 15, 23])
})

test('ciphertexts that are on their way are not asked for twice', async () => {
  const { answer } = await answered()
  await world.say(hospital, clinic, answer)
  await world.exchange(clinic).wake()
  expect((await world.intercept(hospital)).filter(({ type }) => type === 'fetch')).toHaveLength(1)
})
