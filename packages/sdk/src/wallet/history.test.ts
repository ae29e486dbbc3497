import { encode, equalBytes, toHex } from '@plexus/codec'
import { sha256, statementHash } from '@plexus/crypto'
import { evidence, type Notice, type Receipt, type ReceiptBundle, type ReceiptDecision } from '@plexus/policy'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { type AccessPlan, bundleOf, must, npi, seedOf, World, zeros } from '../world.testing.ts'
import { type Finding, findings, whoLooked } from './history.ts'
import { takeClosing, takeNotice } from './notices.ts'
import { encodeWallet, relationshipWith, strayNoticesMax, wrappingKeysMax } from './state.ts'
import { changeDirectives, checkIn, createWallet, enrol, handlesOpened, nextHandle, type Wallet } from './wallet.ts'

const world = new World()
const { chain } = world
const visit = seedOf('visit').slice(0, 16)

/** A receipt as the custodian counts it: its number, and the hash of the one before. */
interface Told {
  readonly bundle: ReceiptBundle
  readonly hash: Uint8Array
  readonly number: number
}

let wallet: Wallet
let mailbox: Receipt['mailbox']
let checkInHash: Uint8Array
/** Five accesses in a row: permit, permit, refuse, own staff, part. */
let five: readonly Told[]

function next(before: Told | undefined, plan: AccessPlan = {}): Told {
  const number = plan.receipt?.number ?? (before ? before.number + 1 : 1)
  const previous = plan.receipt?.previous ?? before?.hash ?? zeros(32)
  const bundle = world.access({ ...plan, receipt: { mailbox, ...plan.receipt, number, previous } })
  return { bundle, number, hash: statementHash('receipt', chain.id, bundle.receipt.opening.statement) }
}

const refuse: ReceiptDecision = { type: 'refuse', code: 'evidence-late', exception: '171.202(b)' }
const ownStaff: ReceiptDecision = { type: 'own-staff', clinician: npi }

beforeAll(async () => {
  let drawn = 0
  const random = (length: number) => seedOf(`random ${drawn++}`).slice(0, length)
  const made = must(
    await enrol(createWallet({ chain, root: seedOf('root of a patient'), random }), {
      custodian: 'hospital',
      code: 'in-person-1',
      mailboxMember: 'elsewhere',
      now: world.time,
    }),
  )
  if (made.note.type !== 'enrol') throw new Error('no enrolment came')
  mailbox = made.note.enrolment.content.mailbox
  const opened = must(handlesOpened(made.wallet, { custodian: 'hospital', handles: made.open }))
  const spare = must(nextHandle(opened, 'hospital'))
  const ready = must(handlesOpened(opened, { custodian: 'hospital', handles: [spare] }))
  const there = must(
    checkIn(ready, { requester: 'emergency', visit, custodians: ['hospital'], validSeconds: 3600, now: world.time }),
  )
  wallet = there.wallet
  const [piece] = there.note.type === 'check-in' ? there.note.evidence : []
  if (!piece) throw new Error('no evidence came')
  checkInHash = statementHash('evidence', chain.id, encode(evidence, piece))

  const first = next(undefined, { intent: { evidence: [checkInHash] } })
  const second = next(first)
  const third = next(second, { receipt: { decision: refuse } })
  const fourth = next(third, { intent: null, receipt: { decision: ownStaff } })
  const fifth = next(fourth, { receipt: { decision: { type: 'part', reasons: ['summary-only'] } } })
  five = [first, second, third, fourth, fifth]
})

const by = (
  from: 'custodian' | 'requester',
  { bundle }: { readonly bundle: ReceiptBundle },
  teller?: string,
): Notice => ({
  type: 'access',
  from,
  teller: teller ?? (from === 'custodian' ? 'hospital' : 'emergency'),
  bundle: bundleOf(bundle),
})
/** What both sides tell of an access: of what released nothing, the custodian alone. */
const both = (told: Told): readonly Notice[] =>
  told.bundle.note ? [by('custodian', told), by('requester', told)] : [by('custodian', told)]
const after = (notices: readonly Notice[], start = wallet): Wallet =>
  notices.reduce((taken, notice) => must(takeNotice(taken, 'hospital', notice)), start)
const found = (notices: readonly Notice[], start = wallet): readonly Finding[] => findings(after(notices, start).state)

describe('who looked', () => {
  test('says who, when, why, on what evidence and with what answer, newest first', () => {
    const looks = whoLooked(after(five.flatMap(both)).state)
    expect(looks.map(({ number }) => number)).toEqual([5, 4, 3, 2, 1])
    expect(looks.at(-1)).toMatchObject({
      custodian: 'hospital',
      requester: 'emergency',
      clinician: npi,
      purpose: 'TREAT',
      height: five[0]?.bundle.receipt.header.header.height,
      checkIns: [{ visit }],
      otherEvidence: 0,
      grade: 'corroborated',
      decision: { type: 'permit' },
      voided: false,
      confirmedBy: ['custodian', 'requester'],
      verified: true,
      failures: [],
    })
    const [part, own, refused, second] = looks
    expect(second).toMatchObject({ checkIns: [], otherEvidence: 1 })
    expect(refused).toMatchObject({ decision: refuse, grade: null, confirmedBy: ['custodian'], verified: true })
    expect(own).toMatchObject({ requester: 'hospital', clinician: npi, purpose: null, grade: null, verified: true })
    expect(part).toMatchObject({ grade: 'self-asserted', decision: { type: 'part', reasons: ['summary-only'] } })
  })
  test('a wallet that has all notices holds the custodian’s chain, and finds nothing', () => {
    expect(found(five.flatMap(both))).toEqual([])
  })
  test('notices come in any order and more than once: the state is the same', () => {
    const notices = five.flatMap(both)
    const state = encodeWallet(after(notices).state)
    const anyOrder = fc.shuffledSubarray([...notices, ...notices], { minLength: 2 * notices.length })
    fc.assert(
      fc.property(anyOrder, (order) => {
        expect(equalBytes(encodeWallet(after(order).state), state)).toBe(true)
      }),
      { numRuns: 8 },
    )
  })
})

describe('T-09: what does not fit is shown', () => {
  test('gap: which numbers are missing, until they come', () => {
    const [first, , , fourth, fifth] = five as readonly [Told, Told, Told, Told, Told]
    const some = [first, fourth, fifth].flatMap(both)
    expect(found(some)).toEqual([{ type: 'gap', custodian: 'hospital', from: 2, to: 3 }])
    expect(found([...some, ...five.flatMap(both)])).toEqual([])
    expect(found(both(fifth))).toEqual([{ type: 'gap', custodian: 'hospital', from: 1, to: 4 }])
  })
  test('fork: two receipts with one number', () => {
    const [first, second] = five as readonly [Told, Told]
    const other = next(first)
    const receipts = [second.hash, other.hash].map(toHex).sort()
    const forked: Finding = { type: 'fork', custodian: 'hospital', number: 2, receipts }
    expect(found([first, second, other].flatMap(both))).toEqual([forked])
    expect(found([...five, other].flatMap(both))).toEqual([forked])
  })
  test('fork: a receipt that does not follow the one before it', () => {
    const [first] = five as readonly [Told]
    const astray = next(first, { receipt: { previous: seedOf('another history') } })
    expect(found([first, astray].flatMap(both))).toEqual([
      { type: 'fork', custodian: 'hospital', number: 2, receipts: [toHex(astray.hash)] },
    ])
  })
  test('fork: a first receipt that claims one before it', () => {
    const late = next(undefined, { receipt: { previous: seedOf('something before') } })
    expect(found(both(late))).toMatchObject([{ type: 'fork', number: 1 }])
  })
  test('stale head: released on a state at or after the closing of its head', () => {
    const [first] = five as readonly [Told]
    const decidedAt = first.bundle.note?.content.height ?? 0
    const closedAt = (height: number) =>
      findings(must(takeClosing(after(both(first)), { custodian: 'hospital', version: 1, height })).state)
    expect(closedAt(decidedAt)).toEqual([
      { type: 'stale-head', custodian: 'hospital', number: 1, version: 1, endedAt: decidedAt, decidedAt },
    ])
    expect(closedAt(decidedAt + 1)).toEqual([])
  })
  test('stale head: released under a head after the custodian said that it follows the next', () => {
    const changed = must(changeDirectives(wallet, { custodian: 'hospital', directives: [], now: world.time })).wallet
    const [first] = five as readonly [Told]
    const decidedAt = first.bundle.note?.content.height ?? 0
    const inForce = (height: number): Notice => ({
      type: 'set-in-force',
      custodian: 'hospital',
      version: 2,
      height,
      madeAt: world.time,
    })
    expect(found([...both(first), inForce(decidedAt - 1)], changed)).toMatchObject([{ type: 'stale-head', version: 1 }])
    expect(found([...both(first), inForce(decidedAt)], changed)).toEqual([])
  })
  test('stale head: released without a head though the custodian holds the patient’s set', () => {
    const headless = next(undefined, { receipt: { headVersion: null } })
    const inForce: Notice = { type: 'set-in-force', custodian: 'hospital', version: 1, height: 0, madeAt: world.time }
    expect(found([...both(headless), inForce])).toMatchObject([{ type: 'stale-head', number: 1, version: 0 }])
    expect(found(both(headless))).toEqual([])
  })
  test('unknown head and unknown set: versions that this wallet never signed', () => {
    const ahead = next(undefined, { receipt: { headVersion: 7 } })
    const inForce: Notice = { type: 'set-in-force', custodian: 'hospital', version: 9, height: 1, madeAt: world.time }
    expect(found([...both(ahead), inForce, inForce])).toEqual([
      { type: 'unknown-set', custodian: 'hospital', version: 9 },
      { type: 'unknown-head', custodian: 'hospital', number: 1, version: 7 },
    ])
  })
  test('unconfirmed: only one of the two sides told of a grant', () => {
    const [first] = five as readonly [Told]
    for (const toldBy of ['custodian', 'requester'] as const)
      expect(found([by(toldBy, first)])).toEqual([{ type: 'unconfirmed', custodian: 'hospital', number: 1, toldBy }])
  })
  test('wrong custodian: another one’s receipt in this one’s box', () => {
    const elsewhere = world.access({
      intent: { custodian: 'clinic' },
      receipt: { custodian: 'clinic', mailbox },
      custodianSponsor: 'clinic',
    })
    const notice = by('custodian', { bundle: elsewhere }, 'clinic')
    expect(found([notice, notice])).toEqual([{ type: 'wrong-custodian', custodian: 'hospital', teller: 'clinic' }])
  })
  test('not shown: a bundle that is none, a receipt that nobody committed, another patient’s, another teller', () => {
    const [first, second] = five as readonly [Told, Told]
    const damaged = { ...first.bundle, receipt: { ...first.bundle.receipt, historyRoot: zeros(32) } }
    const notices: readonly (readonly [string, Notice])[] = [
      ['malformed', { type: 'access', from: 'custodian', teller: 'hospital', bundle: zeros(3) }],
      ['state-not-in-header', by('custodian', { bundle: damaged })],
      ['of-another-patient', by('custodian', next(undefined, { receipt: { mailbox: otherMailbox() } }))],
      ['teller-does-not-fit', by('requester', second, 'clinic')],
    ]
    for (const [reason, notice] of notices) {
      expect(found([notice])).toMatchObject([{ type: 'not-shown', reason }])
      expect(whoLooked(after([notice]).state)).toEqual([])
    }
  })
  test('not verified: the receipt stands, what it rests on does not', () => {
    const unsigned = next(undefined, { clinicianSeed: seedOf('somebody') })
    const taken = after(both(unsigned))
    expect(findings(taken.state)).toEqual([
      { type: 'not-verified', custodian: 'hospital', number: 1, failures: ['clinician-did-not-sign'] },
    ])
    expect(whoLooked(taken.state)).toMatchObject([{ requester: 'emergency', verified: false }])
  })
  test('one side’s good bundle verifies what the other side showed badly', () => {
    const [first] = five as readonly [Told]
    const without = by('requester', { bundle: { ...first.bundle, note: null } })
    expect(findings(after([without]).state)).toMatchObject([{ type: 'unconfirmed' }, { type: 'not-verified' }])
    expect(found([without, by('custodian', first)])).toEqual([])
  })
})

describe('a grant that was voided', () => {
  const voided = (plan: AccessPlan = {}): { readonly grant: Told; readonly last: Told } => {
    const grant = next(undefined, plan)
    const intent = statementHash('intent', chain.id, grant.bundle.intent?.opening.statement ?? zeros(0))
    const height = world.height
    const [receipt] = world.commit([
      {
        type: 'receipt',
        sponsor: 'hospital',
        bytes: world.receiptBytes({
          mailbox,
          intent,
          number: 2,
          previous: grant.hash,
          height,
          decision: { type: 'void', code: 'head-closed' },
        }),
      },
    ])
    if (!receipt) throw new Error('nothing was committed')
    const hash = statementHash('receipt', chain.id, receipt.opening.statement)
    return { grant, last: { bundle: { intent: grant.bundle.intent, receipt, note: null }, hash, number: 2 } }
  }

  test('released nothing, needs no note and no second voice', () => {
    const { grant, last } = voided()
    const silent = { bundle: { ...grant.bundle, note: null } }
    const taken = after([by('custodian', silent), by('custodian', last)])
    expect(findings(taken.state)).toEqual([])
    expect(whoLooked(taken.state)).toMatchObject([{ number: 2 }, { number: 1, voided: true, verified: true }])
  })
  const elsewhere = { npi: '1245319599', organisation: 'clinic' }
  test.each<readonly [string, NonNullable<AccessPlan['intent']>, string]>([
    ['its receipt came into a block after the intent ended', { expiresAt: world.time + 6 }, 'released-after-end'],
    ['neither block that it shows has the clinician’s role', { clinician: elsewhere }, 'clinician-without-role'],
  ])('is not suspect because %s', (_, intent, failure) => {
    const { grant, last } = voided({ intent })
    const silent = { bundle: { ...grant.bundle, note: null } }
    expect(findings(after([by('custodian', silent)]).state)).toMatchObject([
      { type: 'unconfirmed' },
      { type: 'not-verified', failures: [failure] },
    ])
    expect(findings(after([by('custodian', silent), by('custodian', last)]).state)).toEqual([])
  })
  test('is not voided by the void receipt of another intent', () => {
    const grant = next(undefined)
    const last = next(grant, { receipt: { decision: { type: 'void', code: 'head-closed' } } })
    const silent = { bundle: { ...grant.bundle, note: null } }
    const taken = after([by('custodian', silent), by('requester', silent), by('custodian', last)])
    expect(whoLooked(taken.state).at(-1)).toMatchObject({ number: 1, voided: false, verified: false })
    expect(findings(taken.state)).toMatchObject([{ type: 'not-verified', failures: ['note-missing'] }])
  })
  test('and released all the same: the requester’s note shows it', () => {
    const { grant, last } = voided()
    const silent = { bundle: { ...grant.bundle, note: null } }
    const taken = after([by('custodian', silent), by('custodian', last), by('requester', grant)])
    expect(findings(taken.state)).toEqual([{ type: 'answered-twice', custodian: 'hospital', number: 1, others: [2] }])
    expect(whoLooked(taken.state).at(-1)).toMatchObject({ voided: false })
  })
})

test('wrapping keys and corrections are kept once, in an order of their own', () => {
  const key = (epoch: number): Notice => ({
    type: 'wrapping-key',
    custodian: 'hospital',
    segment: 'general',
    epoch,
    key: sha256(Uint8Array.of(epoch)),
  })
  const corrected = (madeAt: number): Notice => ({
    type: 'corrected',
    custodian: 'hospital',
    record: seedOf('record').slice(0, 16),
    kind: 'superseded',
    receivers: 2,
    madeAt,
  })
  const notices = [key(2), key(1), corrected(8), corrected(7)]
  const [once, again] = [after(notices), after([...notices, ...notices].reverse())]
  expect(again.state).toEqual(once.state)
  const known = relationshipWith(once.state, 'hospital')
  expect(known?.wrappingKeys.map(({ epoch }) => epoch)).toEqual([1, 2])
  expect(known?.corrections.map(({ madeAt }) => madeAt)).toEqual([7, 8])
})

test('of two release notes of one receipt the later state counts, whoever told it first', () => {
  const [first] = five as readonly [Told]
  const height = (first.bundle.note?.content.height ?? 0) + 3
  const later = { bundle: { ...first.bundle, note: world.noteOf(first.hash, { height }) } }
  for (const notices of [
    [by('custodian', first), by('requester', later)],
    [by('requester', later), by('custodian', first)],
    [by('custodian', { bundle: { ...first.bundle, note: null } }), by('requester', later)],
    [by('requester', later), by('custodian', { bundle: { ...first.bundle, note: null } })],
  ]) {
    const taken = must(takeClosing(after(notices), { custodian: 'hospital', version: 1, height }))
    expect(findings(taken.state)).toMatchObject([{ type: 'stale-head', decidedAt: height }])
  }
})

test('a flood of notices is bounded: strays are no longer kept, keys are refused', () => {
  const malformed = (number: number): Notice => ({
    type: 'access',
    from: 'custodian',
    teller: 'hospital',
    bundle: Uint8Array.of(number >> 8, number & 255),
  })
  const key = (number: number): Notice => ({
    type: 'wrapping-key',
    custodian: 'hospital',
    segment: number % 2 === 0 ? 'general' : 'part2',
    epoch: 1,
    key: sha256(Uint8Array.of(number >> 8, number & 255)),
  })
  const numbers = [...Array(strayNoticesMax).keys()]
  const full = after(numbers.map(malformed))
  expect(findings(full.state)).toHaveLength(strayNoticesMax)
  expect(after([malformed(strayNoticesMax)], full).state).toEqual(full.state)
  const keys = after([...Array(wrappingKeysMax).keys()].map(key))
  expect(relationshipWith(keys.state, 'hospital')?.wrappingKeys).toHaveLength(wrappingKeysMax)
  expect(takeNotice(keys, 'hospital', key(wrappingKeysMax))).toEqual({
    ok: false,
    reason: { type: 'wallet-full', of: 'wrapping-keys', max: wrappingKeysMax },
  })
  expect(must(takeNotice(keys, 'hospital', key(0))).state).toEqual(keys.state)
})

test('of what was found of an emergency the first word stands, in whatever order the two come', () => {
  const [first] = five
  if (!first) throw new Error('there is no access')
  const { intent } =
    must(takeNotice(wallet, 'hospital', by('custodian', first))).state.relationships[0]?.accesses[0] ?? {}
  if (!intent) throw new Error('the access has no intent')
  const of = { type: 'emergency-reviewed', custodian: 'hospital', intent } as const
  const words: readonly Notice[] = [
    { ...of, verdict: 'justified', madeAt: 5 },
    { ...of, verdict: 'unjustified', madeAt: 6 },
  ]
  for (const order of [
    [...words, ...both(first)],
    [...both(first), ...words.toReversed(), ...words],
  ]) {
    const [look] = whoLooked(after(order).state)
    expect(look?.review).toEqual({ verdict: 'justified', madeAt: 5 })
  }
})

test('words about another custodian, and notices for one that is not known, change nothing but the findings', () => {
  const told: Notice = { type: 'set-in-force', custodian: 'clinic', version: 1, height: 1, madeAt: world.time }
  expect(found([told])).toEqual([{ type: 'wrong-custodian', custodian: 'hospital', teller: 'clinic' }])
  expect(takeNotice(wallet, 'clinic', told)).toMatchObject({ reason: { type: 'not-enrolled' } })
  expect(takeClosing(wallet, { custodian: 'clinic', version: 1, height: 1 })).toMatchObject({
    reason: { type: 'not-enrolled' },
  })
})

function otherMailbox(): NonNullable<Receipt['mailbox']> {
  return { member: 'elsewhere', address: seedOf('another box'), sealingKey: zeros(1216) }
}
