/**
 * T-09: a custodian that releases and hides it, counts wrongly, or tells two stories. Each way to lie is tried at each
 * place of a history; the requester is honest, as the threat says: both lying together is found by nobody.
 */
import { statementHash } from '@plexus/crypto'
import type { Notice, Receipt, ReceiptBundle, ReceiptDecision } from '@plexus/policy'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { type AccessPlan, bundleOf, must, seedOf, World, zeros } from '../world.testing.ts'
import { findings } from './history.ts'
import { takeClosing, takeNotice } from './notices.ts'
import { createWallet, enrol, handlesOpened, type Wallet } from './wallet.ts'

const world = new World()
const custodian = 'hospital'
const accesses = 4

interface Told {
  readonly bundle: ReceiptBundle
  readonly hash: Uint8Array
  readonly number: number
}
/** What the custodian says, what the requester says, and what the wallet knows of its own closings. */
interface Story {
  readonly custodian: readonly Told[]
  readonly requester: readonly Told[]
  /** State at which the wallet's head was closed. */
  readonly closedAt?: number
}

let wallet: Wallet
let mailbox: Receipt['mailbox']

beforeAll(async () => {
  let drawn = 0
  const random = (length: number) => seedOf(`random ${drawn++}`).slice(0, length)
  const made = must(
    await enrol(createWallet({ chain: world.chain, root: seedOf('root of a patient'), random }), {
      custodian,
      code: 'in-person-1',
      mailboxMember: 'elsewhere',
      now: world.time,
    }),
  )
  if (made.note.type !== 'enrol') throw new Error('no enrolment came')
  mailbox = made.note.enrolment.content.mailbox
  wallet = must(handlesOpened(made.wallet, { custodian, handles: made.open }))
})

function next(before: Told | undefined, plan: AccessPlan = {}): Told {
  const number = plan.receipt?.number ?? (before?.number ?? 0) + 1
  const previous = plan.receipt?.previous ?? before?.hash ?? zeros(32)
  const bundle = world.access({ ...plan, receipt: { mailbox, ...plan.receipt, number, previous } })
  return { bundle, number, hash: statementHash('receipt', world.chain.id, bundle.receipt.opening.statement) }
}

/** Accesses that follow one another as an honest custodian counts them. */
function honest(count: number, before?: Told): readonly Told[] {
  const all: Told[] = []
  for (let made = 0; made < count; made++) all.push(next(all.at(-1) ?? before))
  return all
}

const refuse: ReceiptDecision = { type: 'refuse', code: 'evidence-late', exception: '171.202(b)' }
/** The patient's notices, in any order; what the wallet then finds. */
function found({ custodian: own, requester, closedAt }: Story): readonly string[] {
  const notices = [
    ...own.map((told) => notice('custodian', told)),
    ...requester.filter(({ bundle }) => bundle.note).map((told) => notice('requester', told)),
  ]
  const [order = notices] = fc.sample(fc.shuffledSubarray(notices, { minLength: notices.length }), {
    numRuns: 1,
    seed: notices.length,
  })
  let taken = order.reduce((held, each) => must(takeNotice(held, custodian, each)), wallet)
  if (closedAt !== undefined) taken = must(takeClosing(taken, { custodian, version: 1, height: closedAt }))
  return findings(taken.state).map(({ type }) => type)
}

const notice = (from: 'custodian' | 'requester', { bundle }: Told): Notice => ({
  type: 'access',
  from,
  teller: from === 'custodian' ? custodian : 'emergency',
  bundle: bundleOf(bundle),
})

/** By what the custodian does about one access of an otherwise honest history. */
const lies: Readonly<Record<string, (place: number) => Story>> = {
  'says nothing of it': (place) => {
    const all = honest(accesses)
    return { custodian: all.filter((_, index) => index !== place), requester: all }
  },
  'says nothing, and gives its number to the next': (place) => {
    const before = honest(place)
    const hidden = next(before.at(-1))
    const after = honest(accesses - place, before.at(-1))
    return { custodian: [...before, ...after], requester: [...before, hidden, ...after] }
  },
  'says nothing, and lets the next follow the one before': (place) => {
    const before = honest(place)
    const hidden = next(before.at(-1))
    const first = next(hidden, { receipt: { previous: before.at(-1)?.hash ?? zeros(32) } })
    const all = [...before, first, ...honest(accesses - place, first)]
    return { custodian: all, requester: [...before, hidden, ...all.slice(place)] }
  },
  'tells the patient that it refused': (place) => {
    const before = honest(place)
    const released = next(before.at(-1))
    const shown = next(before.at(-1), { receipt: { decision: refuse } })
    const after = honest(accesses - place, shown)
    return { custodian: [...before, shown, ...after], requester: [...before, released, ...after] }
  },
  'tells the patient of another access in its place': (place) => {
    const before = honest(place)
    const released = next(before.at(-1))
    const shown = next(before.at(-1))
    const after = honest(accesses - place, shown)
    return { custodian: [...before, shown, ...after], requester: [...before, released, shown, ...after] }
  },
  'passes over a number': (place) => {
    const before = honest(place)
    const first = next(before.at(-1), { receipt: { number: place + 2 } })
    const all = [...before, first, ...honest(accesses - place, first)]
    return { custodian: all, requester: all }
  },
  'begins its count anew': (place) => {
    const before = honest(place + 1)
    const all = [...before, ...honest(accesses)]
    return { custodian: all, requester: all }
  },
  'releases on a head that was closed': (place) => {
    const all = honest(accesses)
    return { custodian: all, requester: all, closedAt: all[place]?.bundle.note?.content.height ?? 0 }
  },
  'releases without a request': (place) => {
    const before = honest(place)
    const bare = next(before.at(-1), { intent: null })
    const all = [...before, bare, ...honest(accesses - place, bare)]
    return { custodian: all, requester: all }
  },
  'shows a receipt that nobody committed': (place) => {
    const all = honest(accesses)
    const forged = all.map((told, index) => (index === place ? forgedOf(told) : told))
    return { custodian: forged, requester: all }
  },
  'signs its release with the key of another': (place) => {
    const before = honest(place)
    const signed = next(before.at(-1), { noteSeed: seedOf('somebody') })
    const all = [...before, signed, ...honest(accesses - place, signed)]
    return { custodian: all, requester: all }
  },
}

const forgedOf = (told: Told): Told => ({
  ...told,
  bundle: { ...told.bundle, receipt: { ...told.bundle.receipt, historyRoot: zeros(32) } },
})

test('T-09: an honest custodian is suspected of nothing, whatever the order of the notices', () => {
  for (let count = 0; count <= accesses; count++) {
    const all = honest(count)
    expect(found({ custodian: all, requester: all })).toEqual([])
  }
})

test.each(Object.entries(lies))('T-09: a custodian that %s is found out, at whichever access', (_, lie) => {
  for (let place = 0; place < accesses; place++)
    expect({ place, found: found(lie(place)) }).toEqual({ place, found: expect.arrayContaining([expect.any(String)]) })
})

test('T-09: the wallet says by what it was found out', () => {
  const told = Object.entries(lies).map(([lie, story]) => [lie, [...new Set(found(story(1)))].sort()])
  expect(Object.fromEntries(told)).toEqual({
    'says nothing of it': ['unconfirmed'],
    'says nothing, and gives its number to the next': ['fork', 'unconfirmed'],
    'says nothing, and lets the next follow the one before': ['fork', 'unconfirmed'],
    'tells the patient that it refused': ['fork', 'unconfirmed'],
    'tells the patient of another access in its place': ['fork', 'unconfirmed'],
    'passes over a number': ['gap'],
    'begins its count anew': ['fork'],
    'releases on a head that was closed': ['stale-head'],
    'releases without a request': ['not-shown', 'not-verified', 'unconfirmed'],
    'shows a receipt that nobody committed': ['not-shown', 'unconfirmed'],
    'signs its release with the key of another': ['not-verified'],
  })
})
