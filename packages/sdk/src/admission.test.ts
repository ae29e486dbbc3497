/** Asking to be admitted, from one machine to another. */
import { encode } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { handleOf, publicKeyOf } from '@plexus/crypto'
import { composeBody, readEnvelope, signaturesHold } from '@plexus/kernel'
import { describe, expect, test } from 'vitest'
import { type Admission, askAdmission, sponsorAdmission } from './admission.ts'

const seedOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
const [chain, sponsorSeed, first, second] = [seedOf(1), seedOf(2), seedOf(3), seedOf(4)]
const frame = {
  chain,
  sponsor: 'alder',
  sponsorKey: publicKeyOf(sponsorSeed),
  nonce: new Uint8Array(16),
  validUntil: 1_800_000_000,
}
const action: Admission = {
  type: 'admit-member',
  member: 'fir',
  address: 'plexus://fir.example:7443',
  engineAddress: null,
  sealingKey: new Uint8Array(1216),
  owner: 'fir',
  keys: [first, second]
    .map(publicKeyOf)
    .sort(Buffer.compare)
    .map((key) => ({ key, scopes: ['governance', 'sponsor'], next: handleOf(key) })),
  validator: null,
}
const own = { chain, sponsor: 'alder', seed: sponsorSeed }

describe('an admission that a candidate asks for', () => {
  test('is proposed with the signatures of both sides', () => {
    const sponsored = sponsorAdmission(askAdmission(action, frame, [first, second]), own)
    if (!sponsored.ok) throw new Error(sponsored.reason.type)
    expect(sponsored.value.action).toEqual(action)
    const envelope = readEnvelope(sponsored.value.envelope)
    expect(envelope.ok && signaturesHold(envelope.value)).toBe(true)
  })

  test.each([
    ['other-chain', { chain: seedOf(9) }],
    ['not-for-this-member', { sponsor: 'birch' }],
    ['not-for-this-key', { seed: seedOf(9) }],
  ] as const)('%s', (type, changed) => {
    const asked = askAdmission(action, frame, [first, second])
    expect(sponsorAdmission(asked, { ...own, ...changed })).toEqual({ ok: false, reason: { type } })
  })

  test('signature-missing: a key of the candidate did not sign', () => {
    const { body, shares } = askAdmission(action, frame, [first, second])
    expect(sponsorAdmission({ body, shares: shares.slice(1) }, own)).toEqual({
      ok: false,
      reason: { type: 'signature-missing' },
    })
  })

  test('not-an-admission: nothing else is signed by this way', () => {
    const transaction = encode(members.transaction, {
      type: 'propose',
      action: { type: 'suspend-member', member: 'birch' },
    })
    const { sponsorKey, ...content } = frame
    const body = composeBody({ ...content, contract: members.name, transaction, signers: [sponsorKey] })
    for (const each of [body, new Uint8Array([1, 2, 3])])
      expect(sponsorAdmission({ body: each, shares: [] }, own)).toEqual({
        ok: false,
        reason: { type: 'not-an-admission' },
      })
  })
})
