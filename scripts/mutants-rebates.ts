/** Mistakes with discounts: spent twice, paid twice, taken back by halves. */
import type { Mutant } from './mutants-list.ts'

const folder = 'packages/contracts/src/rebates'
const sdk = 'packages/sdk/src/rebates'
const rulesTest = `${folder}/rules.test.ts`
const book = 'packages/books/src/rebates'
const bookTest = `${book}/book.test.ts`

export const rebatesMutants: readonly Mutant[] = [
  {
    name: 'a fill bears two discounts that exclude one another',
    file: `${folder}/accruing.ts`,
    find: "    if (state.spent.get(spentKey(tag, group))) return no({ type: 'exclusivity-spent', group })\n",
    replace: '',
    test: { file: rulesTest, name: 'exclusivity-spent: bears one discount of a group, whoever comes second' },
  },
  {
    name: 'whoever sees a tag spends it',
    file: `${folder}/accruing.ts`,
    find: "    if (!signedBy(context, tag)) return no({ type: 'not-its-key', of: 'tag' })\n",
    replace: '',
    test: { file: rulesTest, name: 'not-its-key: without the key of its tag nobody accrues on it' },
  },
  {
    name: 'a fill is taken back with one of its discounts',
    file: `${folder}/accruing.ts`,
    find: '      events: all.map(',
    replace: '      events: all.slice(1).map(',
    test: {
      file: rulesTest,
      name: 'takes all that accrued on it along in one transaction, and what was paid is owed back',
    },
  },
  {
    name: 'a fill that bears a discount is not bound',
    file: `${folder}/accruing.ts`,
    find: 'calls: standingOn(state, tag).length === 0 ? [bindFill(tag)] : [],',
    replace: 'calls: [],',
    test: { file: rulesTest, name: 'fill-unknown: on what was never filled, or was taken back, nothing accrues' },
  },
  {
    name: 'the clock starts when somebody looks',
    file: `${folder}/state.ts`,
    find: "change(draft, handle, height, { status: 'validated', record }),\n  disputed",
    replace: "change(draft, handle, height, { status: 'validated', record, dueAt: height }),\n  disputed",
    test: { file: rulesTest },
  },
  {
    name: 'a party signs the version that it proposed',
    file: `${folder}/agreeing.ts`,
    find: "const other = proposal.by === 'proposer' ? 'counterpart' : 'proposer'",
    replace: 'const other = proposal.by',
    test: {
      file: rulesTest,
      name: 'not-its-key: nobody proposes in the name of another, or signs what it proposed itself',
    },
  },
  {
    name: 'the parts of a unit rebate are rounded, and then their sum',
    file: `${sdk}/statutory.ts`,
    find: 'total: rounded(basic * base.index + additional * shareScale, shareScale * base.index, priceRounding),',
    replace: 'total: rounded(basic, shareScale, priceRounding) + rounded(additional, base.index, priceRounding),',
    test: { file: `${sdk}/arithmetic.test.ts`, name: 'is rounded once, at six decimals, a half to the even neighbour' },
  },
  {
    name: 'a ceiling price is nothing',
    file: `${sdk}/statutory.ts`,
    find: 'return price < pennyPrice ? pennyPrice : price',
    replace: 'return price < 0n ? 0n : price',
    test: { file: `${sdk}/arithmetic.test.ts`, name: 'is a penny where it would be less (42 CFR 10.10(b))' },
  },
  {
    name: 'an auditor does not ask what a settlement paid',
    file: `${sdk}/audit.ts`,
    find: "  if (left !== undefined) return refused('line-differs', left.slice(left.indexOf('/') + 1))\n",
    replace: '',
    test: {
      file: `${sdk}/books.test.ts`,
      name: 'line-differs: a settlement has a line for each payment that its accruals say, and the other way round',
    },
  },
  {
    name: 'a step may be left out of the books',
    file: `${sdk}/check.ts`,
    find: 'if (!equalBytes(before, last) || !equalBytes(of, accrual.content.accrual)) return undefined',
    replace: 'if (!equalBytes(of, accrual.content.accrual)) return undefined',
    test: { file: `${sdk}/books.test.ts` },
  },
  {
    name: 'a book signs a settlement of any amount',
    file: `${book}/settling.ts`,
    find: "    if (dueOn(party.rows.bookOf(accrual), now) !== amount) return 'amount-differs'\n",
    replace: '',
    test: { file: `${book}/settling.test.ts`, name: 'a sum that is not what the own book says is due is not signed' },
  },
  {
    name: 'the smaller discount takes the place of the larger',
    file: `${book}/clearing.ts`,
    find: "    if (content.amount <= this.party.last(standingHandle).content.amount) return no({ type: 'lower-price-stands' })\n",
    replace: '',
    test: {
      file: bookTest,
      name: 'a later 340B flag with a ceiling of 250.00 is refused: the negotiated price is the lower',
    },
  },
]
