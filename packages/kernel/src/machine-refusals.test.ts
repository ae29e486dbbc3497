import { boolean, encode, uint, variant } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { kernelRejections, readEnvelope, validSecondsMax } from './index.ts'
import {
  accepted,
  count,
  envelopeOf,
  forged,
  genesisTime,
  refused,
  replica,
  seeds,
  spend,
  type Unusual,
} from './tally.testing.ts'

describe('the kernel refuses', () => {
  test('with codes that never change', () => {
    expect(Object.entries(kernelRejections).map(([reason, { code }]) => [code, reason])).toEqual([
      [1, 'malformed'],
      [2, 'other-chain'],
      [3, 'expired'],
      [4, 'valid-too-long'],
      [5, 'replayed'],
      [6, 'unknown-contract'],
      [7, 'signature-invalid'],
      [8, 'sponsor-not-active'],
      [9, 'sponsor-did-not-sign'],
      [10, 'transaction-malformed'],
      [11, 'quota-exceeded'],
    ])
  })

  test('malformed: bytes that are not an envelope, or one with a byte too many', () => {
    expect(replica().meets(new Uint8Array(0))).toEqual(refused('malformed'))
    expect(replica().meets(Uint8Array.of(...count('a'), 0))).toEqual(refused('malformed'))
  })

  test('T-11: other-chain: what was signed for another network', () => {
    expect(replica().meets(count('a', { chain: new Uint8Array(32) }))).toEqual(refused('other-chain'))
  })

  test('expired: an end before the time of the block, but not at it', () => {
    const envelope = count('a', { validUntil: genesisTime + 5 })
    expect(replica().meets(envelope, genesisTime + 5)).toEqual(accepted)
    expect(replica().meets(envelope, genesisTime + 6)).toEqual(refused('expired'))
  })

  test('valid-too-long: an end so late that it would have to be remembered too long', () => {
    const atMost = count('a', { validUntil: genesisTime + 1 + validSecondsMax })
    expect(replica().meets(atMost)).toEqual(accepted)
    const more = count('a', { validUntil: genesisTime + 2 + validSecondsMax })
    expect(replica().meets(more)).toEqual(refused('valid-too-long'))
  })

  test('T-11: replayed: an envelope that was accepted before, in the same block or a later one', () => {
    const { apply, count: counted } = replica()
    expect(apply([count('a'), count('a')]).outcomes).toEqual([accepted, refused('replayed')])
    expect(apply([count('a')]).outcomes).toEqual([refused('replayed')])
    expect(counted('a')).toBe(1)
  })

  test('unknown-contract: a name that no contract has', () => {
    expect(replica().meets(count('a', { contract: 'nobody' }))).toEqual(refused('unknown-contract'))
  })

  test('signature-invalid: one wrong bit, or a signature too few', () => {
    expect(replica().meets(forged(count('a')))).toEqual(refused('signature-invalid'))
    const both = count('a', { seeds: [seeds.clinic, seeds.oneTime] })
    const short = Uint8Array.from(both.subarray(0, both.length - 66))
    short[short.lastIndexOf(0x82)] = 0x81
    expect(readEnvelope(short).ok).toBe(true)
    expect(replica().meets(short)).toEqual(refused('signature-invalid'))
  })

  test('sponsor-not-active: a member that was suspended or never seated', () => {
    const envelope = count('a', { sponsor: 'closed', seeds: [seeds.closed] })
    expect(replica().meets(envelope)).toEqual(refused('sponsor-not-active'))
  })

  test('sponsor-did-not-sign: only a key without the scope, of another holder, or of nobody signed', () => {
    for (const seed of [seeds.desk, seeds.closed, seeds.oneTime])
      expect(replica().meets(count('a', { seeds: [seed] }))).toEqual(refused('sponsor-did-not-sign'))
    expect(replica().meets(count('a', { seeds: [seeds.oneTime, seeds.clinic] }))).toEqual(accepted)
  })

  test('transaction-malformed: content that the contract does not know', () => {
    const envelope = count('a', { transactionBytes: encode(boolean(), true) })
    expect(replica().meets(envelope)).toEqual(refused('transaction-malformed'))
  })

  test('for the first reason in order when there are several', () => {
    const faults: readonly (readonly [keyof typeof kernelRejections, Unusual])[] = [
      ['other-chain', { chain: new Uint8Array(32) }],
      ['expired', { validUntil: genesisTime }],
      ['valid-too-long', { validUntil: genesisTime + 10_000 }],
      ['unknown-contract', { contract: 'nobody' }],
      ['signature-invalid', {}],
      ['sponsor-not-active', { sponsor: 'closed' }],
      ['sponsor-did-not-sign', { seeds: [seeds.desk] }],
      ['transaction-malformed', { transactionBytes: Uint8Array.of(0xff) }],
    ]
    for (const [index, [reason]] of faults.entries()) {
      const rest = faults.slice(index)
      const envelope = count('a', Object.assign({}, ...rest.map(([, unusual]) => unusual).reverse()))
      const forge = rest.some(([each]) => each === 'signature-invalid')
      expect(replica().meets(forge ? forged(envelope) : envelope), reason).toEqual(refused(reason))
    }
    const { meets } = replica()
    meets(count('a'))
    expect(meets(forged(count('a'))), 'replayed comes before the signatures').toEqual(refused('replayed'))
  })

  test('in words that say the place and what was expected there, for the mempool', () => {
    const { machine, reader } = replica()
    const answer = machine.check(reader, count('a', { transactionBytes: Uint8Array.of(0x80) }), genesisTime)
    expect(answer).toEqual({
      ok: false,
      reason: {
        type: 'refused',
        space: 'kernel',
        reason: 'transaction-malformed',
        ...kernelRejections['transaction-malformed'],
        facts: {
          type: 'malformed',
          path: '',
          expected: 'a variant: count, forget, spend',
          came: 'an array of another length',
        },
      },
    })
  })
})

describe('a refused transaction', () => {
  const hopeless: readonly Uint8Array[] = [
    new Uint8Array(3),
    forged(count('a')),
    envelopeOf({ type: 'forget', name: 'unknown' }),
    spend('a', 101),
    count('a', {
      contract: 'purse',
      transactionBytes: encode(variant({ spend: { amount: uint() } }), { type: 'spend', amount: 1 }),
    }),
  ]

  test('changes nothing, and keeps its place and its code in the block', () => {
    const { apply, tip } = replica()
    const before = tip().stateRoot
    const applied = apply(hopeless)
    expect(applied.outcomes).toEqual([
      refused('malformed'),
      refused('signature-invalid'),
      { space: 'tally', code: 1 },
      { space: 'purse', code: 2 },
      { space: 'purse', code: 1 },
    ])
    expect(applied.transactions).toEqual(hopeless)
    expect([applied.changes, applied.events, applied.tiles]).toEqual([[], [], []])
    expect(applied.tip.stateRoot).toEqual(before)
  })

  test('leaves to the others of its block the state they would have had without it', () => {
    const good = [count('a'), spend('b', 60), count('c')]
    const [clean, mixed] = [replica(), replica()]
    const alone = clean.apply(good)
    const among = mixed.apply(
      [...hopeless.slice(0, 3), good[0], hopeless[4], good[1], spend('d', 60), good[2]].flatMap((each) => each ?? []),
    )
    expect(among.tip.stateRoot).toEqual(alone.tip.stateRoot)
    expect(among.events).toEqual(alone.events)
    expect(among.tip.appHash).not.toEqual(alone.tip.appHash)
  })

  test('may be sent again: only what was accepted is a replay', () => {
    const { meets } = replica()
    const envelope = envelopeOf({ type: 'forget', name: 'late' })
    expect(meets(envelope)).toEqual({ space: 'tally', code: 1 })
    expect(meets(count('late'))).toEqual(accepted)
    expect(meets(envelope)).toEqual(accepted)
  })
})
