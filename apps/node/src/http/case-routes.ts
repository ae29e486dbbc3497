/** Cases that patients opened here: a person of the member reads them, and answers (45 CFR 164.526 and 164.530(d)). */
import type { KeptCase } from '@plexus/exchange'
import { caseWordsIn, caseWordsMax, denialBases } from '@plexus/policy'
import { z } from 'zod'
import type { Directory } from '../directory.ts'
import { hexId } from './fields.ts'
import { problem } from './problem.ts'
import { json, memberRoute, type Route } from './route.ts'

/** What a screen shows at once; those that wait come first. */
const casesShownMax = 500

const expectedWords = `text of 1 to ${caseWordsMax} bytes without control characters`
const words = z.string({ error: expectedWords }).transform((typed, context) => {
  const read = caseWordsIn(typed)
  if (read !== null) return read
  context.addIssue({ code: 'custom', message: expectedWords })
  return z.NEVER
})
const outcome = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ type: z.literal('accepted') }),
    z.strictObject({
      type: z.literal('denied'),
      basis: z.enum(denialBases, { error: `one of ${denialBases.join(', ')}` }),
    }),
    z.strictObject({ type: z.literal('later') }),
  ],
  { error: 'an outcome: accepted, denied with its basis, or later' },
)

export function caseRoutes(directory: Directory): readonly Route[] {
  return [
    memberRoute({
      method: 'GET',
      path: '/cases',
      id: 'cases',
      summary: 'Cases that patients opened: entries to be amended, and accesses that they say were wrong',
      tag: 'staff',
      staff: true,
      gives: 'Those that wait first, soonest due first; at most 500, and how many there are.',
      async handle(_, { exchange }) {
        const cases = exchange.cases.list()
        await exchange.durable()
        return json({
          cases: cases.slice(0, casesShownMax).map((each) => caseOf(each, directory)),
          count: cases.length,
        })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/cases/:case/answer',
      id: 'answerCase',
      summary: 'Answers a case in words that the patient reads; an answer that ends it is final',
      tag: 'staff',
      staff: true,
      params: { case: hexId },
      body: z.strictObject({ outcome, words }),
      gives:
        'Its id: the answer is durable here, and told to the patient’s wallet. An entry is amended by an import or a mark of its own.',
      refusals: ['basis-does-not-fit', 'case-answered', 'case-unknown', 'no-second-delay'],
      async handle({ params: { case: id }, body }, { exchange }) {
        const done = await exchange.run(({ cases }) => cases.answer(id, body))
        return done.ok ? json({ case: id }) : problem(done.reason.type)
      },
    }),
  ]
}

function caseOf({ answers, ...each }: KeptCase, directory: Directory) {
  return {
    ...each,
    name: directory.nameOf(each.custodian),
    answers: answers.map(({ outcome: given, words: said, madeAt }) => ({ outcome: given, words: said, madeAt })),
  }
}
