/** Goods that do not go on: held back, let go again, gone for good, or taken back on their way. */
import { holdingWhyMax, labelIn, type SupplyBook, type SupplyRefusal } from '@plexus/books'
import type { Result } from '@plexus/codec'
import { z } from 'zod'
import type { MemberNode } from '../member-node.ts'
import { answerOfStep } from './book-answers.ts'
import { hexHash, shownMax, whole } from './fields.ts'
import { type Answer, json, memberRoute, type Route } from './route.ts'
import { label } from './supply-fields.ts'

const why = z
  .string({ error: 'why, in your words' })
  .min(1, 'a word at least')
  .max(holdingWhyMax, `at most ${holdingWhyMax} characters`)
const ending = z.enum(['destroyed', 'exported', 'lost', 'stolen', 'transformed'], {
  error: 'destroyed, exported, lost, stolen or transformed',
})
const refusals = ['book-refused', 'ledger-away', 'ledger-refused'] as const

export function supplyHoldingRoutes(): readonly Route[] {
  return [
    memberRoute({
      method: 'POST',
      path: '/supply/endings',
      id: 'endGoods',
      summary: 'Something in hand is gone for good: destroyed, exported, lost, stolen or transformed',
      tag: 'staff',
      staff: true,
      body: z.strictObject({ label, as: ending, why }),
      gives: 'The height from which it is gone. Why stays here; the ledger commits to it.',
      refusals: [...refusals],
      handle: ({ body: { as, ...said } }, node) => step(node, said, (holding, asked) => holding.end(as, asked)),
    }),
    memberRoute({
      method: 'POST',
      path: '/supply/quarantines',
      id: 'quarantineGoods',
      summary: 'Something in hand is suspect: it stands still until it is cleared, returned or destroyed',
      tag: 'staff',
      staff: true,
      body: z.strictObject({ label, why }),
      gives: 'The height from which it stands still.',
      refusals: [...refusals],
      handle: ({ body }, node) => step(node, body, (holding, asked) => holding.quarantine(asked)),
    }),
    memberRoute({
      method: 'POST',
      path: '/supply/clearances',
      id: 'clearGoods',
      summary: 'At the maker of all its lots: what stood still in hand was verified, and goes on',
      tag: 'staff',
      staff: true,
      body: z.strictObject({ label, why }),
      gives: 'The height from which it goes on.',
      refusals: [...refusals],
      handle: ({ body }, node) => step(node, body, (holding, asked) => holding.clear(asked)),
    }),
    memberRoute({
      method: 'GET',
      path: '/supply/holdings',
      id: 'supplyHoldings',
      summary: 'What was held back, let go again and ended here, and why',
      tag: 'staff',
      staff: true,
      query: z.strictObject({ after: whole.optional() }),
      gives: 'At most 200, oldest first, each with its number; `stands` once its step is on the ledger.',
      handle: ({ query: { after = 0 } }, { books }) => json({ holdings: books.supply.holdings(after, shownMax) }),
    }),
    memberRoute({
      method: 'POST',
      path: '/supply/shipments/:shipment/withdraw',
      id: 'withdrawShipment',
      summary: 'Goods on their way that nobody has received are this member’s again',
      tag: 'staff',
      staff: true,
      params: { shipment: hexHash },
      gives: 'The height of the withdrawal.',
      refusals: [...refusals],
      handle: ({ params: { shipment } }, node) =>
        answerOfStep(node, () => node.books.supply.shipping.withdraw(shipment)),
    }),
  ]
}

type Holding = SupplyBook['holding']

function step(
  node: MemberNode,
  said: { readonly label: string; readonly why: string },
  make: (
    holding: Holding,
    asked: Parameters<Holding['quarantine']>[0],
  ) => Result<{ readonly step: string }, SupplyRefusal>,
): Promise<Answer> {
  return answerOfStep(node, () => {
    const read = labelIn(said.label)
    return read.ok ? make(node.books.supply.holding, { label: read.value.identifier, why: said.why }) : read
  })
}
