import { describe, expect, test } from 'vitest'
import { auditTerms, type Books } from './audit.ts'
import type { AccrualBook } from './check.ts'
import { Contract, type Discount, random, refundPrice, worldWithFills } from './contract.testing.ts'
import { unitScale } from './fixed-point.ts'
import { type NoteOf, rebateCommitment } from './statements.ts'
import type { Key } from './world.testing.ts'

describe('the books of one contract', () => {
  /** Five fills: one open, one settled, one restated, one taken back after it was paid, one merely accrued. */
  function contract() {
    const { world, tags } = worldWithFills(5)
    const refunds = new Contract(world, 'mfp', 'pharmacy', refundPrice)
    const discounts = tags.map((tag) => refunds.accrue(tag)) as [Discount, Discount, Discount, Discount, Discount]
    const [open, settled, restated, reversed] = discounts
    for (const each of [open, settled, restated, reversed]) each.approved()
    expect(refunds.settle(settled, restated, reversed)).toBe(870_00n)
    restated.step('restate', [restated.claimant, restated.payer], 250_00n)
    const record = random(32)
    const tag = reversed.tag.handle
    world.take({ type: 'reverse-fill', tag, record, through: 'prescriptions' }, world.holderOf(3))
    expect(world.fill(tag).reversed).toEqual(record)
    return { world, refunds, discounts, open, settled, restated, reversed }
  }

  test('add up at every height, and what is settled less what is reversed is what is approved', () => {
    const { refunds, open, restated, reversed } = contract()
    expect(refunds.audit()).toEqual({
      approved: 830_00n,
      open: 250_00n,
      settled: 870_00n,
      reversed: 290_00n,
      owedBack: 290_00n,
      moved: 870_00n,
      announced: 0n,
    })
    // 290.00 more for the open one, 40.00 and 290.00 back.
    expect(refunds.settle(open, restated, reversed)).toBe(-40_00n)
    expect(refunds.audit()).toEqual({
      approved: 830_00n,
      open: 0n,
      settled: 1_120_00n,
      reversed: 290_00n,
      owedBack: 0n,
      moved: 830_00n,
      announced: 0n,
    })
  })

  test('are refused when anything in them was left out, added or changed', () => {
    const { refunds, settled, restated, open } = contract()
    const { books } = refunds
    const { terms, settlements, accruals } = books
    const without = (left: Discount) => accruals.filter((each) => each !== left.book)
    const changed = (of: Discount, book: AccrualBook) => [...without(of), book]
    const [settlement] = settlements as [NoteOf<'settlement'>]
    const [version] = terms as [NoteOf<'terms'>]
    const last = settled.book.steps.at(-1) as NoteOf<'step'>
    const altered = { ...last, content: { ...last.content, amount: 291_00n } }
    const cases: readonly (readonly [string, Partial<Books>])[] = [
      ['right', {}],
      ['terms-missing', { terms: [] }],
      ['terms-differ', { terms: [{ ...version, content: { ...version.content, claimant: 'another' } }] }],
      ['settlement-missing', { settlements: [] }],
      ['settlement-differs', { settlements: [{ ...settlement, leafKey: random(32) }] }],
      ['line-without-accrual', { accruals: without(settled) }],
      ['accrual-repeated', { accruals: [...accruals, settled.book] }],
      ['step-missing', { accruals: changed(settled, { ...settled.book, steps: settled.book.steps.slice(1) }) }],
      ['step-missing', { accruals: changed(settled, { ...settled.book, steps: settled.book.steps.slice(0, -1) }) }],
      [
        'step-missing',
        { accruals: changed(settled, { ...settled.book, steps: [...settled.book.steps.slice(0, -1), altered] }) },
      ],
      ['step-missing', { accruals: changed(open, { ...restated.book, accrual: open.book.accrual }) }],
    ]
    for (const [expected, change] of cases)
      expect([expected, refunds.refusal({ ...books, ...change })]).toEqual([expected, expected])
    const elsewhere = auditTerms(refunds.world.chain, refunds.world.rebates, random(32), books)
    expect(elsewhere).toMatchObject({ reason: { type: 'terms-unknown' } })
  })

  test('line-differs: a settlement has a line for each payment that its accruals say, and the other way round', () => {
    const { world, tags } = worldWithFills(2)
    const refunds = new Contract(world, 'mfp', 'pharmacy', refundPrice)
    const [first, second] = tags.map((tag) => refunds.accrue(tag).approved()) as [Discount, Discount]
    refunds.settle(first)
    const record = second.say('settle', { settlement: 1 })
    world.take({ type: 'settle', handle: second.handle, record }, second.claimant, second.payer)
    expect(refunds.refusal(refunds.books)).toBe('line-differs')
  })

  test('net-differs: a sum is that of its lines', () => {
    const { world, tags } = worldWithFills(1)
    const refunds = new Contract(world, 'mfp', 'pharmacy', refundPrice)
    const { handle: accrual } = refunds.accrue(tags[0]).approved()
    const content = { terms: refunds.content.handle, number: 1, lines: [{ accrual, amount: 290_00n }], net: 291_00n }
    refunds.commit({ type: 'settlement', content, leafKey: random(32) })
    expect(refunds.refusal(refunds.books)).toBe('net-differs')
  })

  test.each([
    ['amount-differs', { amount: 290_01n }],
    ['amount-differs', { units: 4n * unitScale, amount: 1_160_00n }],
    ['other-terms', { version: 2 }],
    ['other-terms', { terms: random(32) }],
    ['other-terms', { programme: '340b' }],
    ['other-terms', { filledAt: 0 }],
  ] as const)('%s: every cent traces to a fill and to terms that cover its day', (type, change) => {
    const { world, tags } = worldWithFills(1)
    const refunds = new Contract(world, 'mfp', 'pharmacy', refundPrice)
    const { note, transaction } = refunds.composed(tags[0])
    const other = { ...note, content: { ...note.content, ...change } }
    world.take({ ...transaction, content: rebateCommitment(world.chain, other) }, tags[0])
    expect(refunds.refusal({ ...refunds.books, accruals: [{ accrual: other, steps: [] }] })).toBe(type)
  })

  test('status-differs, settlement-missing: a step is the one that the ledger took, and a payment names its settlement', () => {
    const { world, tags } = worldWithFills(1)
    const refunds = new Contract(world, 'mfp', 'pharmacy', refundPrice)
    const refund = refunds.accrue(tags[0])
    const record = refund.say('approve')
    world.take({ type: 'claim', handle: refund.handle, record }, refund.claimant)
    expect(refunds.refusal(refunds.books)).toBe('status-differs')

    const again = worldWithFills(1)
    const others = new Contract(again.world, 'mfp', 'pharmacy', refundPrice)
    const other = others.accrue(again.tags[0]).approved()
    const settle = { type: 'settle', handle: other.handle, record: other.say('settle') } as const
    again.world.take(settle, other.claimant, other.payer)
    expect(others.refusal(others.books)).toBe('settlement-missing')
  })

  test('of a past height are those of that height, whatever came since', () => {
    const { world, tags } = worldWithFills(2)
    const refunds = new Contract(world, 'mfp', 'pharmacy', refundPrice)
    const refund = refunds.accrue(tags[0]).approved()
    const past = world.snapshot()
    const totals = refunds.audit()
    expect(totals).toMatchObject({ approved: 290_00n, open: 290_00n, moved: 0n })
    refunds.settle(refund)
    refunds.settle(refunds.accrue(tags[1] as Key).approved())
    expect(refunds.audit()).toMatchObject({ approved: 580_00n, moved: 580_00n })
    const { content } = refunds
    expect(auditTerms(world.chain, past, content.handle, refunds.books)).toEqual({ ok: true, value: totals })
  })
})
