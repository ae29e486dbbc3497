import { fromHex, toHex } from '@plexus/codec'
import { priceScale, unitScale } from '@plexus/sdk'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type MemberName, World } from '../world.testing.ts'
import type { Offer } from './agreeing.ts'
import type { RebatesBook } from './book.ts'
import { fillIn, type TestFill } from './fills.testing.ts'

/** The payer, a pharmacy chain that asks for refunds, and a covered entity. */
const [maker, chain, entity] = ['board', 'pharmacy-1', 'pharmacy-2'] as const
const product = '00003089421'
const unit = '{30d}'
const pharmacy = '1234567893'

let world: World
beforeEach(async () => {
  world = await World.start()
})
afterEach(() => world.close())

const bookOf = (member: MemberName): RebatesBook => world.node(member).rebates

/** Something that a member's people do; then blocks and notes until nothing waits. */
async function act<Value>(member: MemberName, of: (book: RebatesBook) => Value): Promise<Value> {
  const { exchange } = world.node(member)
  const value = await exchange.run(() => of(bookOf(member)))
  await world.settle()
  return value
}

const dollars = (whole: bigint) => whole * priceScale

function offer(name: string, claimant: MemberName, programme: Offer['programme'], price: bigint): Offer {
  return {
    name,
    with: claimant,
    role: 'payer',
    programme,
    arbiter: null,
    startsAt: world.time - 86_400,
    endsAt: world.time + 365 * 86_400,
    currency: 'USD',
    rounding: 'half-even',
    rates: [{ product, unit, price, unitsMax: 1_000n * unitScale }],
  }
}

/** Terms that both signed. */
async function agreed(claimant: MemberName, programme: Offer['programme'], price: bigint): Promise<Uint8Array> {
  const made = await act(maker, (book) =>
    book.propose(offer(`${programme} with ${claimant}`, claimant, programme, price)),
  )
  if (!made.ok) throw new Error(made.reason.type)
  const terms = fromHex(made.value.terms)
  expect(await act(claimant, (book) => book.sign(terms))).toMatchObject({ ok: true })
  return terms
}

/** A claim on a fill by whoever has a copy of its record. */
async function accrued(
  claimant: MemberName,
  terms: Uint8Array,
  { tagSeed, tag, filledAt }: TestFill,
  units = unitScale,
) {
  expect(await act(claimant, (book) => book.keepFill({ tagSeed, pharmacy, filledAt }))).toMatchObject({ ok: true })
  const made = await act(claimant, (book) => book.accrue({ terms, tag, product, unit, units }))
  if (!made.ok) throw new Error(made.reason.type)
  return fromHex(made.value.accrual)
}

const known = (member: MemberName, terms: Uint8Array, accrual: Uint8Array) =>
  bookOf(member)
    .accruals(terms)
    .find((each) => each.accrual === toHex(accrual))

const audit = (terms: Uint8Array, claimant: MemberName) => {
  const [paid, got] = [bookOf(maker).audit(terms), bookOf(claimant).audit(terms)]
  expect(got).toEqual(paid)
  return paid.ok ? paid.value : paid.reason
}

describe('two members', () => {
  test('agree on terms: the ledger has a commitment and two keys, each has the other’s words, and one waits for the other', async () => {
    const made = await act(maker, (book) => book.propose(offer('refunds', chain, 'mfp', dollars(290n))))
    expect(made.ok).toBe(true)
    expect(bookOf(maker).terms()).toMatchObject([
      { name: 'refunds', with: chain, state: 'proposed', waitsFor: 'other' },
    ])
    const [shown] = bookOf(chain).terms()
    expect(shown).toMatchObject({ with: maker, role: 'claimant', state: 'proposed', waitsFor: 'own' })
    await act(chain, (book) => book.sign(fromHex(shown?.terms ?? '')))
    for (const member of [maker, chain] as const)
      expect(bookOf(member).terms()).toMatchObject([{ state: 'signed', versions: 1, waitsFor: null }])
    expect(await act(chain, (book) => book.sign(fromHex(shown?.terms ?? '')))).toMatchObject({
      reason: { type: 'nothing-proposed' },
    })
  })

  test('1,000 units at a unit rebate of 38.00 are 38,000.00: accrued, checked, approved, settled, and the same in both books', async () => {
    const terms = await agreed(chain, 'medicaid', dollars(38n))
    const fill = fillIn(world, 'vials')
    const accrual = await accrued(chain, terms, fill, 1_000n * unitScale)
    expect(known(maker, terms, accrual)).toMatchObject({ status: 'validated', amount: 38_000_00n, check: 'due' })
    expect(known(chain, terms, accrual)).toMatchObject({ status: 'validated', amount: 38_000_00n, underWay: false })
    expect(await act(maker, (book) => book.settle(terms))).toMatchObject({ reason: { type: 'nothing-due' } })
    expect(await act(chain, (book) => book.approve(accrual))).toMatchObject({ reason: { type: 'not-the-payer' } })
    expect(await act(maker, (book) => book.approve(accrual))).toMatchObject({ ok: true })
    expect(audit(terms, chain)).toMatchObject({ approved: 38_000_00n, open: 38_000_00n, moved: 0n })
    expect(await act(maker, (book) => book.settle(terms))).toMatchObject({
      value: { number: 1, net: 38_000_00n, lines: 1 },
    })
    for (const member of [maker, chain] as const)
      expect(known(member, terms, accrual)).toMatchObject({ status: 'settled', paid: 38_000_00n, due: 0n })
    expect(audit(terms, chain)).toMatchObject({
      approved: 38_000_00n,
      open: 0n,
      settled: 38_000_00n,
      moved: 38_000_00n,
    })
  })

  test('come to another amount when both have said the same, of a dispute and of what was paid', async () => {
    const terms = await agreed(chain, 'commercial', dollars(100n))
    const accrual = await accrued(chain, terms, fillIn(world, 'disputed'))
    await act(maker, (book) => book.dispute(accrual, 'units', 'half a package'))
    expect(known(chain, terms, accrual)).toMatchObject({ status: 'disputed', code: 'units' })
    await act(chain, (book) => book.setAmount(accrual, 50_00n, 'half'))
    expect(known(maker, terms, accrual)).toMatchObject({ status: 'disputed', wanted: 50_00n })
    expect(await act(maker, (book) => book.setAmount(accrual, 49_00n, ''))).toMatchObject({
      reason: { type: 'amount-differs' },
    })
    await act(maker, (book) => book.setAmount(accrual, 50_00n, ''))
    for (const member of [maker, chain] as const)
      expect(known(member, terms, accrual)).toMatchObject({ status: 'validated', amount: 50_00n, wanted: null })
    await act(maker, (book) => book.approve(accrual))
    await act(chain, (book) => book.settle(terms))
    await act(maker, (book) => book.setAmount(accrual, 40_00n, 'restated'))
    await act(chain, (book) => book.setAmount(accrual, 40_00n, ''))
    expect(known(chain, terms, accrual)).toMatchObject({
      status: 'approved',
      amount: 40_00n,
      paid: 50_00n,
      due: -10_00n,
    })
    expect(await act(maker, (book) => book.settle(terms))).toMatchObject({ value: { net: -10_00n } })
    expect(audit(terms, chain)).toMatchObject({ approved: 40_00n, settled: 40_00n, moved: 40_00n })
  })

  test('a fill that is taken back takes its discount along, and what was paid is owed back', async () => {
    const terms = await agreed(chain, 'mfp', dollars(290n))
    const fill = fillIn(world, 'returned')
    const accrual = await accrued(chain, terms, fill)
    await act(maker, (book) => book.approve(accrual))
    await act(maker, (book) => book.settle(terms))
    await act(chain, (book) =>
      book.reverse(fill.tag, [fill.holderSeed], { why: 'never fetched', through: 'prescriptions' }),
    )
    expect(known(maker, terms, accrual)).toMatchObject({ status: 'reversed', ending: 'fill-reversed', due: -290_00n })
    expect(audit(terms, chain)).toMatchObject({ settled: 290_00n, reversed: 290_00n, owedBack: 290_00n })
    await act(maker, (book) => book.settle(terms))
    expect(audit(terms, chain)).toMatchObject({ owedBack: 0n, moved: 0n })
  })

  test('an accrual that is not due by the terms is said so, and not validated by itself', async () => {
    const terms = await agreed(chain, 'mfp', dollars(290n))
    const refused = (change: object) =>
      act(chain, (book) => book.accrue({ terms, tag: fill.tag, product, unit, units: unitScale, ...change }))
    const fill = fillIn(world, 'wrong')
    expect(await refused({})).toMatchObject({ reason: { type: 'fill-unknown' } })
    const { tagSeed, filledAt } = fill
    await act(chain, (book) => book.keepFill({ tagSeed, pharmacy, filledAt }))
    expect(await refused({ unit: 'mL' })).toMatchObject({ reason: { type: 'unit-differs' } })
    expect(await refused({ product: '00003089422' })).toMatchObject({ reason: { type: 'product-not-covered' } })
    expect(await refused({ units: 10_000n * unitScale })).toMatchObject({ reason: { type: 'units-implausible' } })
    await act(chain, (book) => book.keepFill({ tagSeed, pharmacy, filledAt: 1 }))
    expect(await refused({})).toMatchObject({ reason: { type: 'no-terms-in-force' } })
  })
})

describe('thirty days of a drug with a negotiated price: list 521.00, negotiated 231.00, refunded 290.00', () => {
  async function refunded() {
    const terms = await agreed(chain, 'mfp', dollars(521n - 231n))
    const fill = fillIn(world, 'thirty days')
    const refund = await accrued(chain, terms, fill)
    await act(maker, (book) => book.approve(refund))
    expect(await act(maker, (book) => book.settle(terms))).toMatchObject({ value: { net: 290_00n } })
    return { terms, fill, refund }
  }

  test('a later 340B flag with a ceiling of 250.00 is refused: the negotiated price is the lower', async () => {
    const { terms, fill, refund } = await refunded()
    const other = await agreed(entity, '340b', dollars(521n - 250n))
    const claim = await accrued(entity, other, fill)
    expect(known(entity, other, claim)).toMatchObject({ status: 'not-accrued', refused: 'exclusivity-spent' })
    await act(entity, (book) => book.displace(claim))
    expect(known(entity, other, claim)).toMatchObject({ status: 'not-accrued', refused: 'lower-price-stands' })
    expect(known(chain, terms, refund)).toMatchObject({ status: 'settled', paid: 290_00n })
    expect(audit(terms, chain)).toMatchObject({ approved: 290_00n, moved: 290_00n })
  })

  test('with a ceiling of 200.00 the refund becomes a debit of 290.00, and the 340B price stands', async () => {
    const { terms, fill, refund } = await refunded()
    const other = await agreed(entity, '340b', dollars(521n - 200n))
    const claim = await accrued(entity, other, fill)
    await act(entity, (book) => book.displace(claim))
    expect(known(chain, terms, refund)).toMatchObject({ status: 'reversed', ending: 'displaced', due: -290_00n })
    expect(known(entity, other, claim)).toMatchObject({ status: 'validated', amount: 321_00n })
    expect(await act(maker, (book) => book.settle(terms))).toMatchObject({ value: { net: -290_00n } })
    expect(audit(terms, chain)).toMatchObject({ approved: 0n, owedBack: 0n, moved: 0n })
    await act(maker, (book) => book.approve(claim))
    expect(await act(maker, (book) => book.settle(other))).toMatchObject({ value: { net: 321_00n } })
    expect(audit(other, entity)).toMatchObject({ approved: 321_00n, settled: 321_00n })
  })
})
