/** What the staff of a payer or a claimant does with its discounts. Prices are worked out here and stay here. */
import type { KnownAccrual, KnownTerms } from '@plexus/books'
import { fromHex, toHex } from '@plexus/codec'
import { ceilingPrice, type TermsContent, type Totals, unitRebate } from '@plexus/sdk'
import { z } from 'zod'
import { answerOfStep } from './book-answers.ts'
import { decimal, decimalText } from './decimals.ts'
import { hexHash, npi, organisationId } from './fields.ts'
import { type ProblemCode, problem } from './problem.ts'
import { empty, json, memberRoute, type Route } from './route.ts'

/** Cents; millionths of the currency for one unit; thousandths of a unit; an index in any scale. */
const [moneyPlaces, pricePlaces, unitPlaces, indexPlaces] = [2, 6, 3, 6]
const money = decimal(moneyPlaces)
const price = decimal(pricePlaces)
const units = decimal(unitPlaces)
const positive = <Of extends z.ZodType<bigint>>(of: Of) => of.refine((value) => value > 0n, 'more than 0')

const matching = (pattern: RegExp, expected: string) => z.string({ error: expected }).regex(pattern, expected)
/** What the book and the ledger name by 32 bytes. */
const hash = hexHash.transform(fromHex)
const product = matching(/^\d{11}$/, 'a product of eleven digits (5-4-2)')
const unit = matching(/^[\x21-\x7e]{1,40}$/, 'a unit of UCUM, such as {tbl} or mL')
const seconds = z.int({ error: 'seconds since 1970' }).min(0, 'seconds since 1970').max(1e12, 'seconds since 1970')
const words = (max: number) =>
  z.string({ error: `a text of at most ${max} characters` }).max(max, `a text of at most ${max} characters`)
const programme = z.enum(['340b', 'medicaid', 'mfp', 'commercial'])
const ratesMax = 500

const said = {
  arbiter: words(100).min(1).nullable(),
  startsAt: seconds,
  endsAt: seconds,
  currency: matching(/^[A-Z]{3}$/, 'a currency of ISO 4217'),
  rounding: z.enum(['half-even', 'half-up']),
  rates: z
    .array(z.strictObject({ product, unit, price, unitsMax: positive(units) }), { error: 'a list of rates' })
    .min(1, 'at least one rate')
    .max(ratesMax, `at most ${ratesMax} rates`)
    .refine((rates) => new Set(rates.map((rate) => rate.product)).size === rates.length, 'each product once')
    .transform((rates) => rates.toSorted((a, b) => (a.product < b.product ? -1 : 1))),
}

const stepRefusals: readonly ProblemCode[] = ['book-refused', 'ledger-away', 'ledger-refused']

export function rebateRoutes(): readonly Route[] {
  return [...termsRoutes(), ...accrualRoutes(), ...fillRoutes(), pricesRoute]
}

function termsRoutes(): readonly Route[] {
  return [
    memberRoute({
      method: 'GET',
      path: '/rebates',
      id: 'rebateContracts',
      summary: 'Contracts on discounts of which this member is a party',
      tag: 'staff',
      staff: true,
      gives: 'Each with its state on the ledger and the newest version that was told, and what waits for whom.',
      handle: (_, { books }) => json({ contracts: books.rebates.terms().map(termsShown) }),
    }),
    memberRoute({
      method: 'POST',
      path: '/rebates',
      id: 'proposeRebateContract',
      summary: 'Offers terms to another member; they are proposed on the ledger once that member has named its key',
      tag: 'staff',
      staff: true,
      body: z.strictObject({
        name: words(100).min(1),
        with: organisationId,
        role: z.enum(['payer', 'claimant']),
        programme,
        ...said,
      }),
      gives: 'The handle of the terms.',
      refusals: ['book-refused'],
      async handle({ body }, { exchange, books }) {
        const offered = await exchange.run(() => books.rebates.propose(body))
        return offered.ok ? json(offered.value) : problem('book-refused', { refusal: offered.reason.type })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/rebates/:terms/versions',
      id: 'proposeRebateVersion',
      summary: 'Proposes a further version of terms; the other party signs it',
      tag: 'staff',
      staff: true,
      params: { terms: hash },
      body: z.strictObject(said),
      gives: 'The height of the block that has the proposal.',
      refusals: stepRefusals,
      handle: ({ params: { terms }, body }, node) =>
        answerOfStep(node, () => node.books.rebates.proposeVersion(terms, body)),
    }),
    memberRoute({
      method: 'POST',
      path: '/rebates/:terms/sign',
      id: 'signRebateVersion',
      summary: 'Signs the version that the other party proposed and told',
      tag: 'staff',
      staff: true,
      params: { terms: hash },
      gives: 'The height of the block that has the signature.',
      refusals: stepRefusals,
      handle: ({ params: { terms } }, node) => answerOfStep(node, () => node.books.rebates.sign(terms)),
    }),
    memberRoute({
      method: 'GET',
      path: '/rebates/:terms',
      id: 'rebateContract',
      summary: 'One contract, and every discount under it',
      tag: 'staff',
      staff: true,
      params: { terms: hash },
      gives: 'Amounts in the currency of the terms; `due` is what the next settlement moves to the claimant.',
      refusals: ['book-refused'],
      handle({ params: { terms } }, { books }) {
        const found = books.rebates.terms().find((each) => each.terms === toHex(terms))
        if (!found) return problem('book-refused', { refusal: 'terms-unknown' })
        return json({ ...termsShown(found), accruals: books.rebates.accruals(terms).map(accrualShown) })
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/rebates/:terms/audit',
      id: 'auditRebateContract',
      summary: 'Holds the book of one contract against the ledger: nothing left out, nothing counted twice',
      tag: 'staff',
      staff: true,
      params: { terms: hash },
      gives: 'The sums. settled − reversed = approved − open.',
      refusals: ['book-refused'],
      handle({ params: { terms } }, { books }) {
        const audited = books.rebates.audit(terms)
        return audited.ok ? json(totalsShown(audited.value)) : problem('book-refused', { refusal: audited.reason.type })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/rebates/:terms/settle',
      id: 'settleRebates',
      summary: 'One sum over all that is due under terms; it stands once the other party’s book has signed the same',
      tag: 'staff',
      staff: true,
      params: { terms: hash },
      gives: 'Its number, its sum to the claimant (negative: to the payer), and how many discounts it is over.',
      refusals: ['book-refused'],
      async handle({ params: { terms } }, { exchange, books }) {
        const settled = await exchange.run(() => books.rebates.settle(terms))
        if (!settled.ok) return problem('book-refused', { refusal: settled.reason.type })
        return json({ ...settled.value, net: decimalText(settled.value.net, moneyPlaces) })
      },
    }),
  ]
}

function accrualRoutes(): readonly Route[] {
  return [
    memberRoute({
      method: 'POST',
      path: '/rebates/:terms/accruals',
      id: 'accrueRebate',
      summary: 'A discount on a fill, under the version of the terms in force when it was made; claimed by itself',
      tag: 'staff',
      staff: true,
      params: { terms: hash },
      body: z.strictObject({ tag: hash, product, unit, units: positive(units) }),
      gives: 'The handle of the accrual, and the height of the block that has it.',
      refusals: stepRefusals,
      handle: ({ params: { terms }, body }, node) =>
        answerOfStep(
          node,
          () => node.books.rebates.accrue({ terms, ...body }),
          ({ accrual }) => ({ accrual }),
        ),
    }),
    memberRoute({
      method: 'POST',
      path: '/rebates/accruals/:accrual/approve',
      id: 'approveRebate',
      summary: 'The payer will pay',
      tag: 'staff',
      staff: true,
      params: { accrual: hash },
      gives: 'The height of the block.',
      refusals: stepRefusals,
      handle: ({ params: { accrual } }, node) => answerOfStep(node, () => node.books.rebates.approve(accrual)),
    }),
    memberRoute({
      method: 'POST',
      path: '/rebates/accruals/:accrual/dispute',
      id: 'disputeRebate',
      summary: 'The payer disputes; the code is on the ledger, the reason is not',
      tag: 'staff',
      staff: true,
      params: { accrual: hash },
      body: z.strictObject({
        code: z.enum(['duplicate', 'fill', 'not-eligible', 'other', 'pharmacy', 'price', 'product', 'terms', 'units']),
        why: words(300),
      }),
      gives: 'The height of the block.',
      refusals: stepRefusals,
      handle: ({ params: { accrual }, body: { code, why } }, node) =>
        answerOfStep(node, () => node.books.rebates.dispute(accrual, code, why)),
    }),
    memberRoute({
      method: 'POST',
      path: '/rebates/accruals/:accrual/amount',
      id: 'setRebateAmount',
      summary: 'Another amount, of a dispute that is over or restated; done when both parties have said the same',
      tag: 'staff',
      staff: true,
      params: { accrual: hash },
      body: z.strictObject({ amount: money, why: words(300) }),
      gives: 'The other party is told, or asked to sign.',
      media: 'none',
      refusals: ['book-refused'],
      async handle({ params: { accrual }, body: { amount, why } }, { exchange, books }) {
        const said = await exchange.run(() => books.rebates.setAmount(accrual, amount, why))
        return said.ok ? empty : problem('book-refused', { refusal: said.reason.type })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/rebates/accruals/:accrual/displace',
      id: 'displaceRebate',
      summary: 'Asks the payer for the place of the discount that refused this claim: the lower price stands',
      tag: 'staff',
      staff: true,
      params: { accrual: hash },
      gives: 'The payer is asked.',
      media: 'none',
      refusals: ['book-refused'],
      async handle({ params: { accrual } }, { exchange, books }) {
        const asked = await exchange.run(() => books.rebates.displace(accrual))
        return asked.ok ? empty : problem('book-refused', { refusal: asked.reason.type })
      },
    }),
  ]
}

function fillRoutes(): readonly Route[] {
  return [
    memberRoute({
      method: 'POST',
      path: '/rebates/fills',
      id: 'keepRebatedFill',
      summary: 'Keeps the key of a fill from a copy of its record of dispensing, so that a discount may accrue on it',
      tag: 'staff',
      staff: true,
      body: z.strictObject({ tagSeed: hash, pharmacy: npi, filledAt: seconds }),
      gives: 'The tag of the fill.',
      refusals: ['book-refused'],
      async handle({ body }, { exchange, books }) {
        const kept = await exchange.run(() => books.rebates.keepFill(body))
        return kept.ok ? json(kept.value) : problem('book-refused', { refusal: kept.reason.type })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/rebates/fills/:tag/reverse',
      id: 'reverseRebatedFill',
      summary: 'Takes a fill back with its units and every discount on it, by the pharmacy that holds its item',
      tag: 'staff',
      staff: true,
      params: { tag: hash },
      body: z.strictObject({ why: words(300) }),
      gives: 'The height of the block in which fill and discounts are reversed.',
      refusals: stepRefusals,
      handle: ({ params: { tag }, body: { why } }, node) =>
        answerOfStep(node, () => node.books.returns.ofTag(tag, why)),
    }),
  ]
}

/** A price file never leaves its owner: this works out what the law makes of it, and keeps nothing. */
const pricesRoute = memberRoute({
  method: 'POST',
  path: '/rebates/prices',
  id: 'rebatePrices',
  summary:
    'The unit rebate of a quarter (42 CFR 447.509) and the 340B ceiling price of the next (42 CFR 10.10); nothing is kept',
  tag: 'staff',
  staff: true,
  body: z.strictObject({
    category: z.enum(['innovator', 'clotting-or-paediatric', 'noninnovator']),
    amp: price,
    bestPrice: price.nullable(),
    base: z.strictObject({ amp: price, index: positive(decimal(indexPlaces)) }),
    index: decimal(indexPlaces),
  }),
  gives: 'Prices of one unit to six decimals.',
  handle({ body }) {
    const { basic, additional, total } = unitRebate(body)
    const ceiling = ceilingPrice({ amp: body.amp, unitRebate: total })
    const text = (value: bigint) => decimalText(value, pricePlaces)
    return json({ basic: text(basic), additional: text(additional), unitRebate: text(total), ceiling: text(ceiling) })
  },
})

function termsShown({ content, ...known }: KnownTerms) {
  return { ...known, ...contentShown(content) }
}

function contentShown({
  programme,
  payer,
  claimant,
  arbiter,
  startsAt,
  endsAt,
  currency,
  rounding,
  rates,
}: TermsContent) {
  const shown = rates.map(({ price: each, unitsMax, ...rate }) => ({
    ...rate,
    price: decimalText(each, pricePlaces),
    unitsMax: decimalText(unitsMax, unitPlaces),
  }))
  return { programme, payer, claimant, arbiter, startsAt, endsAt, currency, rounding, rates: shown }
}

function accrualShown({ units: quantity, amount, paid, due, wanted, ...known }: KnownAccrual) {
  const shown = (value: bigint) => decimalText(value, moneyPlaces)
  return {
    ...known,
    units: decimalText(quantity, unitPlaces),
    amount: shown(amount),
    paid: shown(paid),
    due: shown(due),
    wanted: wanted === null ? null : shown(wanted),
  }
}

const totalsShown = (totals: Totals) =>
  Object.fromEntries(Object.entries(totals).map(([name, value]) => [name, decimalText(value as bigint, moneyPlaces)]))
