import { decode, encode, toHex } from '@plexus/codec'
import { notary, practitioners } from '@plexus/contracts'
import { publicKeyOf, statementHash } from '@plexus/crypto'
import { assembleEnvelope, foundChain, readEnvelope, sealEnvelope } from '@plexus/kernel'
import type { Committed, ReceiptBundle } from '@plexus/policy'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verifyBundle } from './bundle.ts'
import { type BundlePart, type BundleRefusalType, bundleRefusals } from './bundle-refusals.ts'
import {
  type AccessPlan,
  bundleOf,
  memberSeed,
  npi,
  secondsPerBlock,
  seedOf,
  sponsorOnlySeed,
  suspendedNpi,
  World,
  zeros,
} from './world.testing.ts'

const world = new World()
const { chain } = world
const good = world.access()
const verify = (bundle: ReceiptBundle) => verifyBundle(chain, bundleOf(bundle))
const accessOf = (plan: AccessPlan) => {
  const checked = verify(world.access(plan))
  if (!checked.ok) throw new Error(checked.reason.says)
  return checked.value
}

describe('a good bundle', () => {
  test('shows who asked, who answered, in which order, and on which state the release rests', () => {
    const checked = verify(good)
    if (!checked.ok) throw new Error(checked.reason.says)
    const { receipt, intent, note, receiptHeight, intentHeight, proven, notProven } = checked.value
    expect(receipt.decision).toEqual({ type: 'permit' })
    expect(intent?.requester).toBe('emergency')
    expect([intentHeight, receiptHeight, note?.height]).toEqual([1, 2, 2])
    expect(proven.join(' ')).toContain(`NPI ${npi}`)
    expect(notProven).toContain(
      'On the embedded engine one key orders the blocks: this proves nothing against its owner.',
    )
  })
  test('a tenant asks and answers through its host', () => {
    const plan = { intent: { requester: 'practice', custodian: 'ward' }, receipt: { custodian: 'ward' } }
    expect(accessOf(plan).intent?.requester).toBe('practice')
  })
  test('a refusal is proven without a note, and says so when the asker’s side is not shown', () => {
    const decision = { type: 'refuse' as const, code: 'clinician-without-role', exception: '171.203' }
    const refused = accessOf({
      receipt: { decision },
      intent: { clinician: { npi: '1999999992', organisation: 'emergency' } },
    })
    expect(refused.note).toBeNull()
    expect(refused.notProven).toContain(bundleRefusals['clinician-without-role'])
    expect(refused.notProven).toContain('That nothing was handed over all the same.')
  })
  test('a void receipt is proven without a note', () => {
    expect(accessOf({ receipt: { decision: { type: 'void', code: 'head-closed' } } }).note).toBeNull()
  })
  test('a read by own staff stands alone', () => {
    const decision = { type: 'own-staff' as const, clinician: npi }
    const own = accessOf({ intent: null, receipt: { decision } })
    expect(own.intent).toBeNull()
    expect(own.proven.join(' ')).toContain('own staff')
  })
  test('proves nothing on another chain, though the same key orders it', () => {
    const other = foundChain({ ...chain.genesis, name: 'other' })
    expect(verifyBundle(other, bundleOf(good))).toMatchObject({
      ok: false,
      reason: { type: 'header-of-another-chain' },
    })
  })
})

test('T-13: with any byte changed it is refused', () => {
  const bytes = bundleOf(good)
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const changed = bytes.slice()
      changed[at] = (changed[at] as number) ^ mask
      expect(verifyBundle(chain, changed).ok).toBe(false)
    }),
    { numRuns: 600 },
  )
})

test('cut off or lengthened it is refused', () => {
  const bytes = bundleOf(good)
  for (const changed of [bytes.subarray(1), bytes.subarray(0, -1), Uint8Array.of(...bytes, 0), zeros(0)])
    expect(verifyBundle(chain, changed)).toMatchObject({ ok: false, reason: { type: 'malformed', part: 'bundle' } })
})

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte))
const lacking = (shown: Committed, prefix: string): Committed => ({
  ...shown,
  facts: shown.facts.filter(({ key }) => !key.startsWith(prefix)),
})

/** The same batch in another envelope; nothing else fits it any more. */
function inEnvelope(shown: Committed, made: Parameters<World['envelope']>[2], sponsor = 'hospital'): Committed {
  const posted = { type: 'post-batch' as const, root: rootIn(shown), leaves: shown.opening.size }
  return { ...shown, envelope: world.envelope(sponsor, posted, { validUntil: shown.header.header.time + 60, ...made }) }
}

function rootIn(shown: Committed): Uint8Array {
  const read = readEnvelope(shown.envelope)
  const posted = read.ok ? decode(notary.transaction, read.value.body.transaction) : read
  if (!posted.ok || posted.value.type !== 'post-batch') throw new Error('the envelope posts no batch')
  return posted.value.root
}

function unsigned(shown: Committed): Committed {
  const read = readEnvelope(shown.envelope)
  if (!read.ok) throw new Error('the envelope does not decode')
  return { ...shown, envelope: assembleEnvelope(read.value.bodyBytes, read.value.signatures.map(flipped)) }
}

/** Checks that intent and receipt share: what is done to the one that is shown. */
const committedFaults: Readonly<Partial<Record<BundleRefusalType, (shown: Committed) => Committed>>> = {
  'other-statement': (shown) => ({ ...shown, opening: { ...shown.opening, type: 'padding' } }),
  'header-of-another-chain': (shown) => ({
    ...shown,
    header: { ...shown.header, header: { ...shown.header.header, chain: zeros(32) } },
  }),
  'header-not-signed': (shown) => ({
    ...shown,
    header: { ...shown.header, header: { ...shown.header.header, time: shown.header.header.time + 1 } },
  }),
  'state-not-in-header': (shown) => ({ ...shown, historyRoot: flipped(shown.historyRoot) }),
  'fact-not-in-state': (shown) => ({
    ...shown,
    facts: shown.facts.map((fact) => ({ ...fact, value: fact.value && flipped(fact.value) })),
  }),
  'envelope-malformed': (shown) => ({ ...shown, envelope: zeros(40) }),
  'envelope-of-another-chain': (shown) => inEnvelope(shown, { chain: zeros(32) }),
  'envelope-not-in-force': (shown) => inEnvelope(shown, { validUntil: shown.header.header.time - 1 }),
  'envelope-not-signed': unsigned,
  'sponsor-not-active': (shown) => lacking(shown, 'members/members/'),
  'sponsor-did-not-sign': (shown) => lacking(shown, 'members/keys/'),
  'not-a-batch': (shown) => ({
    ...shown,
    envelope: world.envelope(
      sponsorIn(shown),
      { type: 'open-handles', handles: [zeros(32)] },
      { validUntil: shown.header.header.time + 60 },
    ),
  }),
  'not-in-batch': (shown) => ({ ...shown, opening: { ...shown.opening, leafKey: zeros(32) } }),
  'batch-posted-before': (shown) => lacking(shown, 'notary/batches/'),
  'batch-not-in-block': (shown) => inEnvelope(shown, {}, sponsorIn(shown)),
}

function sponsorIn(shown: Committed): string {
  const read = readEnvelope(shown.envelope)
  return read.ok ? read.value.body.sponsor : ''
}

const ownStaff = { type: 'own-staff' as const, clinician: npi }
const refused = { type: 'refuse' as const, code: 'evidence-late', exception: '171.202(b)' }

/** Checks across the parts: a bundle that is good but for one thing, and committed as it stands. */
const crossFaults: Readonly<Partial<Record<BundleRefusalType, readonly [BundlePart, () => ReceiptBundle]>>> = {
  'receipt-not-by-custodian': ['receipt', () => world.access({ custodianSponsor: 'clinic' })],
  'intent-missing': ['receipt', () => ({ ...good, intent: null })],
  'intent-unexpected': ['receipt', () => world.access({ receipt: { decision: ownStaff }, note: null })],
  'intent-of-another-custodian': ['intent', () => world.access({ intent: { custodian: 'clinic' } })],
  'receipt-of-another-intent': ['receipt', () => world.access({ receipt: { intent: seedOf('another') } })],
  'receipt-not-after-intent': ['receipt', () => world.access({ together: true })],
  'decided-out-of-order': ['receipt', () => world.access({ receipt: { height: world.height } })],
  'intent-not-by-requester': ['intent', () => world.access({ requesterSponsor: 'clinic' })],
  'clinician-without-role': [
    'intent',
    () => world.access({ intent: { clinician: { npi: suspendedNpi, organisation: 'emergency' } } }),
  ],
  'clinician-did-not-sign': ['intent', () => world.access({ clinicianSeed: seedOf('somebody') })],
  'released-after-end': ['receipt', () => world.access({ intent: { expiresAt: world.time + 6 } })],
  'note-missing': ['note', () => ({ ...good, note: null })],
  'note-unexpected': ['note', () => world.access({ receipt: { decision: refused }, note: {} })],
  'note-of-another-receipt': ['note', () => world.access({ note: { receipt: seedOf('another') } })],
  'note-before-receipt': ['note', () => world.access({ note: { height: world.height } })],
  'note-not-by-custodian': ['note', () => world.access({ noteSeed: memberSeed('clinic') })],
  'note-not-signed': [
    'note',
    () => ({
      ...good,
      note: good.note && { ...good.note, content: { ...good.note.content, madeAt: good.note.content.madeAt + 1 } },
    }),
  ],
}

describe('refusals', () => {
  for (const [type, spoil] of Object.entries(committedFaults))
    for (const part of ['receipt', 'intent'] as const)
      test(`${type}: ${bundleRefusals[type as BundleRefusalType].replace('{part}', part)}`, () => {
        const shown = good[part]
        if (!shown) throw new Error(`the bundle has no ${part}`)
        expect(verify({ ...good, [part]: spoil(shown) })).toEqual({
          ok: false,
          reason: { type, part, says: bundleRefusals[type as BundleRefusalType].replace('{part}', part) },
        })
      })
  for (const [type, [part, make]] of Object.entries(crossFaults))
    test(`${type}: ${bundleRefusals[type as BundleRefusalType]}`, () => {
      expect(verify(make())).toEqual({
        ok: false,
        reason: { type, part, says: bundleRefusals[type as BundleRefusalType].replace('{part}', part) },
      })
    })

  test('each was produced, here or on headers of a light client', () => {
    const ofLightClients = ['header-not-verified', 'header-of-another-block']
    expect(['malformed', ...Object.keys(committedFaults), ...Object.keys(crossFaults)]).toEqual(
      Object.keys(bundleRefusals).filter((type) => !ofLightClients.includes(type)),
    )
  })
})

describe('the same refusals, come by otherwise', () => {
  const typeOf = (bundle: ReceiptBundle) => {
    const checked = verify(bundle)
    return checked.ok ? 'verified' : checked.reason.type
  }

  test('an intent is no receipt, though it is committed', () => {
    if (!good.intent) throw new Error('the bundle has no intent')
    expect(typeOf({ ...good, receipt: good.intent })).toBe('other-statement')
  })
  test('bytes that are no receipt are none, though they are committed under its name', () => {
    const [shown] = world.commit([{ type: 'receipt', bytes: Uint8Array.of(0), sponsor: 'hospital' }])
    if (!shown) throw new Error('nothing was committed')
    expect(typeOf({ ...good, receipt: shown })).toBe('other-statement')
  })
  test('bytes that are no intent are none, though they are committed under its name', () => {
    const [shown] = world.commit([{ type: 'intent', bytes: Uint8Array.of(0), sponsor: 'emergency' }])
    if (!shown) throw new Error('nothing was committed')
    expect(verify({ ...good, intent: shown })).toMatchObject({ reason: { type: 'other-statement', part: 'intent' } })
  })
  test('an envelope that ends more than ten minutes after its block would not have been taken', () => {
    expect(
      typeOf({ ...good, receipt: inEnvelope(good.receipt, { validUntil: good.receipt.header.header.time + 601 }) }),
    ).toBe('envelope-not-in-force')
  })
  test('a key that may sponsor but not post batches signs no batch', () => {
    const bytes = world.receiptBytes()
    const [shown] = world.commit([
      { type: 'receipt', bytes, sponsor: 'hospital', seeds: [memberSeed('hospital'), sponsorOnlySeed] },
    ])
    if (!shown) throw new Error('nothing was committed')
    // Both keys are proven; only the one with less to say signs.
    expect(typeOf({ ...good, receipt: inEnvelope(shown, { seeds: [sponsorOnlySeed] }) })).toBe('sponsor-did-not-sign')
    expect(typeOf({ ...good, receipt: inEnvelope(shown, {}) })).toBe('batch-not-in-block')
  })
  test('an envelope holds in the second of its end, and ends at most ten minutes after its block', () => {
    for (const endsAfter of [0, 600]) expect(typeOf(world.access({ endsAfter }))).toBe('verified')
  })
  test('a leaf of a batch opens at its own place only', () => {
    expect(typeOf({ ...good, receipt: { ...good.receipt, opening: { ...good.receipt.opening, index: 6 } } })).toBe(
      'not-in-batch',
    )
    expect(typeOf({ ...good, receipt: { ...good.receipt, opening: { ...good.receipt.opening, size: 15 } } })).toBe(
      'not-in-batch',
    )
  })
  test('a tenant’s receipt needs the fact that it is hosted', () => {
    const hosted = world.access({ intent: { custodian: 'ward' }, receipt: { custodian: 'ward' } })
    expect(typeOf(hosted)).toBe('verified')
    expect(typeOf({ ...hosted, receipt: lacking(hosted.receipt, 'members/tenants/') })).toBe('receipt-not-by-custodian')
  })
  test('own staff claim no intent in words either', () => {
    expect(
      typeOf(world.access({ intent: null, receipt: { decision: ownStaff, intent: Uint8Array.of(1, ...zeros(31)) } })),
    ).toBe('intent-unexpected')
  })
  test('a custodian that decided before it could know the intent', () => {
    expect(typeOf(world.access({ receipt: { height: 0 } }))).toBe('decided-out-of-order')
  })
  test('a custodian that says it decided after its own receipt was committed', () => {
    for (const plan of [{}, { intent: null, receipt: { decision: ownStaff } }])
      expect(typeOf(world.access({ ...plan, receipt: { ...plan.receipt, height: 1_000 } }))).toBe(
        'decided-out-of-order',
      )
  })
  test('a custodian that says it decided on the state after its own receipt', () => {
    expect(typeOf(world.access({ receipt: { height: world.height + 2 } }))).toBe('decided-out-of-order')
    expect(typeOf(world.access({ receipt: { height: world.height + 1 } }))).toBe('verified')
    const own = (height: number) => typeOf(world.access({ intent: null, receipt: { decision: ownStaff, height } }))
    expect(own(world.height + 2)).toBe('decided-out-of-order')
  })
  test('a receipt in the last second of its intent', () => {
    expect(typeOf(world.access({ intent: { expiresAt: world.time + 2 * secondsPerBlock } }))).toBe('verified')
  })
  test('a clinician who asks in another organisation’s name', () => {
    expect(typeOf(world.access({ intent: { clinician: { npi, organisation: 'practice' } } }))).toBe(
      'clinician-without-role',
    )
  })
})

test('a role that was reinstated after the intent’s block is shown beside the receipt, and holds', () => {
  const later = new World()
  const role = `practitioners/roles/${suspendedNpi}/emergency`
  const asks = later.intentOf({ clinician: { npi: suspendedNpi, organisation: 'emergency' } })
  const [intent] = later.commit([{ type: 'intent', bytes: asks, sponsor: 'emergency', facts: [role] }])
  const reinstate = { type: 'reinstate-role' as const, npi: suspendedNpi, organisation: 'emergency' }
  later.block([
    sealEnvelope(
      {
        chain: later.chain.id,
        sponsor: 'emergency',
        nonce: seedOf('reinstate').slice(0, 16),
        validUntil: later.time + 60,
        contract: practitioners.name,
        transaction: encode(practitioners.transaction, reinstate),
      },
      [memberSeed('emergency')],
    ),
  ])
  const bytes = later.receiptBytes({ intent: statementHash('intent', later.chain.id, asks) })
  const noteKey = `members/keys/${toHex(publicKeyOf(memberSeed('hospital')))}`
  const [receipt] = later.commit([{ type: 'receipt', bytes, sponsor: 'hospital', facts: [noteKey, role] }])
  if (!intent || !receipt) throw new Error('nothing was committed')
  const note = later.noteOf(statementHash('receipt', later.chain.id, bytes))
  expect(verifyBundle(later.chain, bundleOf({ intent, receipt, note }))).toMatchObject({ ok: true })
  const without = { ...receipt, facts: receipt.facts.filter(({ key }) => key !== role) }
  expect(verifyBundle(later.chain, bundleOf({ intent, receipt: without, note }))).toMatchObject({
    ok: false,
    reason: { type: 'clinician-without-role' },
  })
})
