/** A discount from the terms to the money and back, on a real ledger, with the books audited at every height. */
import { encode, toHex } from '@plexus/codec'
import { rebates } from '@plexus/contracts'
import { generateSealingKey } from '@plexus/crypto'
import { describe, expect, test } from 'vitest'
import { checkAccrual } from './check.ts'
import { accrualOf, stepAfter } from './composing.ts'
import {
  Contract,
  Discount,
  dollars,
  pharmacy,
  product,
  random,
  refundPrice,
  secondsPerDay,
  worldWithFills,
} from './contract.testing.ts'
import { unitScale } from './fixed-point.ts'
import { openRebateNote, rebateNote, sealRebateNote, type TermsContent } from './statements.ts'
import { lowerPrice } from './statutory.ts'

describe('thirty days of a drug with a negotiated price: list 521.00, negotiated 231.00', () => {
  /** Dispensed on day 0, data on day 3, paid on day 9. */
  function paidOnDay9() {
    const { world, tags } = worldWithFills(1)
    const refunds = new Contract(world, 'mfp', 'pharmacy', refundPrice)
    const filledAt = world.time
    const refund = refunds.accrue(tags[0])
    world.time = filledAt + 3 * secondsPerDay
    const dataAt = world.time + 60
    refund.step('claim', [refund.claimant])
    world.time = filledAt + 9 * secondsPerDay
    refund.step('validate', [refund.payer]).step('approve', [refund.payer])
    expect(refunds.audit()).toMatchObject({ approved: 290_00n, open: 290_00n, moved: 0n })
    expect(refunds.settle(refund)).toBe(290_00n)
    expect(refund.now.dueAt).toBe(dataAt + 14 * secondsPerDay)
    expect(world.time).toBeLessThan(refund.now.dueAt ?? 0)
    world.time = filledAt + 20 * secondsPerDay
    return { world, refunds, refund, tag: tags[0] }
  }

  test('290.00 are refunded in time; a 340B flag on day 20 with a ceiling of 250.00 is refused, and the refund stands', () => {
    const { world, refunds, refund, tag } = paidOnDay9()
    expect(lowerPrice({ mfp: dollars(231n), ceiling: dollars(250n) })).toBe('mfp')
    const entity = new Contract(world, '340b', 'entity', dollars(521n - 250n))
    const { transaction } = entity.composed(tag)
    expect(world.submit([[transaction, tag]])).toEqual(['exclusivity-spent'])
    expect(refund.now.status).toBe('settled')
    expect(refunds.audit()).toMatchObject({ approved: 290_00n, settled: 290_00n, reversed: 0n, moved: 290_00n })
  })

  test('with a ceiling of 200.00 the refund becomes a debit of 290.00, and the 340B price stands', () => {
    const { world, refunds, refund, tag } = paidOnDay9()
    expect(lowerPrice({ mfp: dollars(231n), ceiling: dollars(200n) })).toBe('340b')
    const entity = new Contract(world, '340b', 'entity', dollars(521n - 200n))
    const { note, transaction, claimant, payer } = entity.composed(tag)
    const { handle, programme, content } = transaction
    const record = refund.say('displace', { amount: 0n })
    const displace = {
      type: 'displace',
      handle,
      from: refund.handle,
      programme,
      payer: payer.handle,
      content,
      record,
    } as const
    world.take(displace, tag, refund.payer)
    expect(refund.now).toMatchObject({ status: 'reversed', ending: 'displaced', paid: true })
    expect(refunds.audit()).toMatchObject({ approved: 0n, settled: 290_00n, reversed: 290_00n, owedBack: 290_00n })
    expect(refunds.settle(refund)).toBe(-290_00n)
    expect(refunds.audit()).toMatchObject({ approved: 0n, owedBack: 0n, moved: 0n })

    const discount = new Discount(entity, { claimant, payer, tag }, note)
    expect(discount.now.status).toBe('accrued')
    expect(entity.settle(discount.approved())).toBe(321_00n)
    expect(entity.audit()).toMatchObject({ approved: 321_00n, settled: 321_00n, moved: 321_00n })
  })
})

describe('what a claimant shows', () => {
  const { world, tags } = worldWithFills(1)
  const refunds = new Contract(world, 'mfp', 'pharmacy', refundPrice)
  const [tag] = tags
  const refund = refunds.accrue(tag)
  const { content } = refund.book.accrual
  const inForce = rebates.queries.versionInForce(world.rebates, toHex(refunds.content.handle), content.filledAt)
  const facts = {
    chain: world.chain,
    handle: refund.handle,
    accrual: refund.now,
    fill: world.fill(tag.handle),
    terms: refunds.content,
    inForce,
    pharmacies: [pharmacy],
  }

  test('is due when ledger, fill and terms in force say so, whatever was said since', () => {
    expect(checkAccrual(refund.book, facts)).toEqual({ ok: true, value: content })
    const note = stepAfter(world.chain, refund.book.accrual, { step: 'claim' }, random)
    const claimed = { ...facts, accrual: { ...facts.accrual, record: note.record } }
    expect(checkAccrual({ ...refund.book, steps: [note.note] }, claimed).ok).toBe(true)
    expect(checkAccrual(refund.book, claimed)).toMatchObject({ reason: { type: 'not-as-committed' } })
  })

  test.each([
    ['other-accrual', { handle: random(32) }],
    ['other-accrual', { accrual: { ...facts.accrual, tag: random(32) } }],
    ['other-terms', { terms: { ...facts.terms, number: 2 } }],
    ['no-terms-in-force', { inForce: undefined }],
    ['no-terms-in-force', { inForce: 2 }],
    ['fill-reversed', { fill: { ...facts.fill, reversed: random(32) } }],
    ['pharmacy-not-registered', { pharmacies: [] }],
    ['product-not-covered', { terms: { ...facts.terms, rates: [] } }],
    ['unit-differs', { terms: withRate({ unit: 'mL' }) }],
    ['units-implausible', { terms: withRate({ unitsMax: 999n }) }],
    ['amount-differs', { terms: withRate({ price: refundPrice + 10_000n }) }],
  ] as const)('%s: is not', (type, change) => {
    expect(checkAccrual(refund.book, { ...facts, ...change })).toEqual({ ok: false, reason: { type } })
  })

  test('quantity-missing: nothing, or less than nothing, was never dispensed', () => {
    const fill = { tag: tag.handle, product, unit: '{30d}', pharmacy, filledAt: world.time }
    for (const units of [0n, -unitScale])
      expect(() =>
        accrualOf(world.chain, refunds.content, { ...fill, units }, { handle: random(32), payer: random(32), random }),
      ).toThrow('quantity-missing')
  })

  function withRate(change: Partial<TermsContent['rates'][number]>): TermsContent {
    return { ...refunds.content, rates: refunds.content.rates.map((rate) => ({ ...rate, ...change })) }
  }

  test('travels sealed, and opens for its reader alone', async () => {
    const seed = random(32)
    const { publicKey } = await generateSealingKey(seed)
    const sealed = await sealRebateNote(refund.book.accrual, { chain: world.chain, publicKey })
    expect(await openRebateNote(sealed, { chain: world.chain, seed })).toEqual({ ok: true, value: refund.book.accrual })
    expect((await openRebateNote(sealed, { chain: world.chain, seed: random(32) })).ok).toBe(false)
    expect((await openRebateNote(sealed, { chain: random(32), seed })).ok).toBe(false)
    expect(Buffer.from(sealed).includes(Buffer.from(encode(rebateNote, refund.book.accrual)).subarray(0, 40))).toBe(
      false,
    )
  })
})
