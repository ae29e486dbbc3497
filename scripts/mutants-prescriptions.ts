/** Mistakes in the life of a prescription: holders, fills, cancellations, limits. */
import type { Mutant } from './mutants-list.ts'

const folder = 'packages/contracts/src/prescriptions'
const rulesTest = `${folder}/rules.test.ts`
const limitsTest = `${folder}/limits.test.ts`

export const prescriptionsMutants: readonly Mutant[] = [
  {
    name: 'the second pharmacy takes an item from the first',
    file: `${folder}/holding.ts`,
    find: "    if (status === 'held' && !offered) return no({ type: 'held-by-another' })\n",
    replace: '',
    test: { file: rulesTest, name: 'held-by-another: the second pharmacy is told' },
  },
  {
    name: 'a claim needs no key',
    file: `${folder}/holding.ts`,
    find: "    if (!signedBy(context, claimant)) return no({ type: 'not-its-key', of: 'claimant' })\n",
    replace: '',
    test: { file: rulesTest },
  },
  {
    name: 'what is marked for cancellation is filled',
    file: `${folder}/dispensing.ts`,
    find: "    if (marked !== null) return no({ type: 'marked-for-cancellation', height: marked })\n    if (status !== 'held'",
    replace: "    if (status !== 'held'",
    test: {
      file: rulesTest,
      name: 'marked-for-cancellation: what is held is marked, not filled, and ends when it is given back',
    },
  },
  {
    name: 'more is filled than was authorised',
    file: `${folder}/dispensing.ts`,
    find: "    if (level > whole) return no({ type: 'more-than-authorised', max: whole })\n",
    replace: '',
    test: {
      file: rulesTest,
      name: 'in parts, never more than was authorised, and each part has its record and its tag',
    },
  },
  {
    name: 'nobody asks whether a pharmacist stands',
    file: `${folder}/dispensing.ts`,
    find: '    ...dispensers.map(({ organisation, pharmacy, pharmacists }) => ask(organisation, [pharmacy, ...pharmacists])),\n',
    replace: '',
    test: { file: `${folder}/dispensers.test.ts` },
  },
  {
    name: 'a cancellation takes an item from the pharmacy that holds it',
    file: `${folder}/ending.ts`,
    find: "    if (status !== 'held') return ok(",
    replace: '    if (status) return ok(',
    test: { file: rulesTest },
  },
  {
    name: 'the rest of a part has no end',
    file: `${folder}/dispensing.ts`,
    find: "    if (ends !== null && time >= ends) return no({ type: 'remainder-over', endsAt: ends, time })\n",
    replace: '',
    test: {
      file: limitsTest,
      name: 'the rest of a part that the pharmacy could not supply follows within 72 hours (21 CFR 1306.13(a))',
    },
  },
  {
    name: 'parts of schedule V have no end of their own',
    file: `${folder}/dispensing.ts`,
    find: "  if (remainder !== 'six-months' || !firstPart) return ok(remainderEndsAt)\n",
    replace: '  if (firstPart || from > 0) return ok(remainderEndsAt)\n',
    test: {
      file: limitsTest,
      name: 'schedule V is dispensed in parts for six months from the issue, and whole for longer (21 CFR 1306.23(c))',
    },
  },
  {
    name: 'six months end in the next month where the month is shorter',
    file: `${folder}/days.ts`,
    find: 'Math.min(dayOfMonth, lengthOf(laterYear, laterMonth))',
    replace: 'dayOfMonth',
    test: {
      file: limitsTest,
      name: 'months later is the same day of the month, or the last day where the month is shorter',
    },
  },
  {
    name: 'nobody asks whether the prescribers are registered',
    file: `${folder}/signing.ts`,
    find: '...(registrar === null',
    replace: '...(registrar',
    test: { file: rulesTest },
  },
  {
    name: 'a suspended licence prescribes',
    file: 'packages/contracts/src/practitioners/rules.ts',
    find: "      if (licence !== 'active') return no({ type: 'licence-not-active', npi })\n",
    replace: '',
    test: {
      file: rulesTest,
      name: 'licence-not-active: who has no licence prescribes nothing, and takes the whole envelope with them',
    },
  },
  {
    name: 'a key is used for two objects of one patient',
    file: `${folder}/standing.ts`,
    find: 'return keys.get(id) !== undefined || items.get(id)',
    replace: 'return items.get(id)',
    test: { file: rulesTest },
  },
  {
    name: 'a content that was altered is filled',
    file: 'packages/sdk/src/prescriptions/check.ts',
    find: "  if (!equalBytes(commitmentOf(chain, shown), item.content)) return no({ type: 'not-as-signed' })\n",
    replace: '',
    test: {
      file: 'packages/sdk/src/prescriptions/check.test.ts',
      name: 'not-as-signed: thirty tablets made ninety (21 CFR 1306.08(d))',
    },
  },
  {
    name: 'a level may stand for one unit more',
    file: 'packages/sdk/src/prescriptions/amounts.ts',
    find: 'const count = leastLevel(filled + 1, authorised) - least',
    replace: 'const count = leastLevel(filled + 1, authorised) - least + 1',
    test: { file: 'packages/sdk/src/prescriptions/check.test.ts' },
  },
]
