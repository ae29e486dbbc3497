import { notary } from '@plexus/contracts'
import type { WalletNote } from '@plexus/policy'
import { changeDirectives, createWallet, enrol, type Wallet, type WalletClient } from '@plexus/sdk'
import { beforeEach, describe, expect, test } from 'vitest'
import { board, clinic, hospital, patient, seedOf, ward } from './founding.testing.ts'
import { recordOf, World } from './world.testing.ts'

let world: World
beforeEach(async () => {
  world = await World.start()
  await world.register([recordOf('a')])
})

const door = () => world.exchange(hospital).door
const told = (note: WalletNote) => {
  const taken = door().take(note)
  return taken.ok ? 'taken' : taken.reason.type
}

type EnrolNote = Extract<WalletNote, { type: 'enrol' }>
type SetNote = Extract<WalletNote, { type: 'directive-set' }>

const codeFor = (custodian: string = hospital) => door().issueCode(custodian, patient)

/** A note of enrolment by a wallet of this name, with its handles open on the ledger unless it says otherwise. */
async function enrolment(name: string, code: string, { custodian = hospital, open = true } = {}): Promise<EnrolNote> {
  const wallet = createWallet({ chain: world.chain, root: seedOf(name), random: world.random })
  const made = await enrol(wallet, { custodian, code, mailboxMember: board, now: world.time })
  if (!made.ok || made.value.note.type !== 'enrol') throw new Error('a wallet cannot enrol')
  if (open) {
    const handles = [...made.value.open].sort((a, b) => Buffer.compare(a, b))
    world.submit(board, notary, { type: 'open-handles', handles })
    world.block()
  }
  return made.value.note
}

describe('an enrolment', () => {
  test('is taken with the code that was handed over, once', async () => {
    const code = codeFor()
    expect(told(await enrolment('one', code))).toBe('taken')
    expect(told(await enrolment('two', code))).toBe('code-unknown')
  })

  test('needs a code of this custodian, not older than a day', async () => {
    expect(told(await enrolment('one', '00112233445566778899'))).toBe('code-unknown')
    expect(told(await enrolment('two', codeFor(ward)))).toBe('code-unknown')
    const late = await enrolment('three', codeFor())
    world.time += 86_401
    expect(told(late)).toBe('code-unknown')
  })

  test('is for a custodian of this node', async () => {
    const note = await enrolment('one', codeFor(), { custodian: clinic })
    expect(told(note)).toBe('custodian-not-here')
  })

  test('waits for the handles of its heads', async () => {
    const code = codeFor()
    expect(told(await enrolment('one', code, { open: false }))).toBe('handle-not-open')
    expect(told(await enrolment('one', code))).toBe('taken')
  })

  test('proves itself: by the wallet over the enrolment, by the head over the first set, which is empty', async () => {
    const note = await enrolment('one', codeFor())
    const other = await enrolment('two', codeFor())
    const { content, wallet } = note.enrolment
    const changes: readonly (readonly [string, Partial<EnrolNote>])[] = [
      ['signature-invalid', { enrolment: { content: { ...content, madeAt: content.madeAt + 1 }, wallet } }],
      ['signature-invalid', { enrolment: { content, wallet: other.enrolment.wallet } }],
      ['signature-invalid', { set: { ...note.set, signature: other.set.signature } }],
      ['set-not-empty', { set: other.set }],
      ['key-refused', { enrolment: { content: { ...content, signingKey: new Uint8Array(32) }, wallet } }],
      ['key-refused', { enrolment: { content: { ...content, sealingKey: new Uint8Array(1_216).fill(255) }, wallet } }],
    ]
    for (const [refusal, change] of changes) expect(told({ ...note, ...change })).toBe(refusal)
    expect(told(note)).toBe('taken')
  })
})

describe('a directive set', () => {
  let client: WalletClient
  beforeEach(async () => {
    client = await world.enrolled()
  })

  const deny = {
    effect: 'deny' as const,
    grantee: { type: 'anyone' as const },
    scope: { type: 'everything' as const },
    purposes: [],
    from: 0,
    until: null,
  }

  function next(wallet: Wallet = client.wallet): SetNote {
    const made = changeDirectives(wallet, { custodian: hospital, directives: [deny], now: world.time })
    if (!made.ok || made.value.note.type !== 'directive-set') throw new Error('a wallet cannot change its directives')
    return made.value.note
  }

  test('that follows the one in force is taken, once, and decides from then on', async () => {
    const visit = await world.checkedIn(client)
    const note = next()
    expect(told(note)).toBe('taken')
    const notices = world.exchange(hospital).outbox.waiting
    // Brought again, because its answer was lost, it is in force already and nothing happens twice.
    expect(told(note)).toBe('taken')
    expect(world.exchange(hospital).outbox.waiting).toBe(notices)
    await world.settle()
    const ask = await world.ask(visit)
    await world.settle()
    expect(world.exchange(clinic).requester.gathered(ask)?.sources).toMatchObject([
      { state: 'refused', code: 'directive-denies' },
    ])
  })

  test('with anything changed after it was signed is refused', () => {
    const { type, set } = next()
    for (const change of [{ directives: [] }, { madeAt: 0 }, { version: 3 }])
      expect(told({ type, set: { ...set, content: { ...set.content, ...change } } })).toBe('signature-invalid')
  })

  test('of another patient, or not the next, is refused', async () => {
    const { set } = await enrolment('stranger', codeFor())
    expect(told({ type: 'directive-set', set })).toBe('set-not-the-next')
  })
})

test('a visit is opened only at an organisation of this node', () => {
  const note: WalletNote = { type: 'check-in', visit: world.random(16), requester: clinic, evidence: [] }
  expect(told(note)).toBe('requester-not-here')
})
