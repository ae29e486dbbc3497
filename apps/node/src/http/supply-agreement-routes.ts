/** What two partners say together of goods: what became of those that did not come, and that suspect ones are as they were made. */
import { holdingWhyMax, labelIn, type SupplyBook, type SupplyRefusal } from '@plexus/books'
import { fromHex, no, type Result } from '@plexus/codec'
import { z } from 'zod'
import type { MemberNode } from '../member-node.ts'
import { hexHash, shownMax } from './fields.ts'
import { problem } from './problem.ts'
import { type Answer, json, memberRoute, type Route } from './route.ts'
import { identifiersIn, label, labels } from './supply-fields.ts'

const why = z
  .string({ error: 'why, in your words' })
  .min(1, 'a word at least')
  .max(holdingWhyMax, `at most ${holdingWhyMax} characters`)
const staff = { tag: 'staff', staff: true } as const
const asked = 'The id of the agreement. Why goes to the partner; the ledger commits to it once both signed.'

export function supplyAgreementRoutes(): readonly Route[] {
  return [
    memberRoute({
      ...staff,
      method: 'POST',
      path: '/supply/shipments/:shipment/resolve',
      id: 'resolveShipment',
      summary: 'Asks the partner to say together what became of missing goods: lost, found, or never shipped',
      params: { shipment: hexHash },
      body: z.strictObject({ lost: labels.default([]), found: labels.default([]), why }),
      gives: asked,
      refusals: ['book-refused'],
      handle: ({ params: { shipment }, body: { lost, found, why: said } }, node) =>
        agreement(node, (agreeing) => {
          const partner = node.books.supply.shipping.shipments.get(shipment)?.partner
          if (partner === undefined) return no({ type: 'shipment-unknown' })
          const [gone, here] = [identifiersIn(lost), identifiersIn(found)]
          if (!gone.ok) return gone
          if (!here.ok) return here
          const parts = { shipment: fromHex(shipment), partner, lost: gone.value, found: here.value, why: said }
          return agreeing.resolve(parts)
        }),
    }),
    memberRoute({
      ...staff,
      method: 'POST',
      path: '/supply/verifications',
      id: 'verifyGoods',
      summary: 'Asks the maker of suspect goods in hand whether they may go on; they do once it agreed',
      body: z.strictObject({ label, why }),
      gives: asked,
      refusals: ['book-refused'],
      handle: ({ body }, node) =>
        agreement(node, (agreeing) => {
          const read = labelIn(body.label)
          return read.ok ? agreeing.clear({ label: read.value.identifier, why: body.why }) : read
        }),
    }),
    memberRoute({
      ...staff,
      method: 'GET',
      path: '/supply/agreements',
      id: 'supplyAgreements',
      summary: 'What partners asked of this member, and it of them',
      query: z.strictObject({ after: hexHash.optional() }),
      gives: 'At most 200 in the order of ids, after one of them; `isOpen` while the ledger waits for both.',
      handle: ({ query: { after = null } }, { books }) =>
        json({ agreements: books.supply.agreements(after, shownMax) }),
    }),
    ...(['agree', 'decline'] as const).map((answer) =>
      memberRoute({
        ...staff,
        method: 'POST',
        path: `/supply/agreements/:agreement/${answer}`,
        id: `${answer}OnGoods`,
        summary:
          answer === 'agree'
            ? 'Says what the partner says: the step is on the ledger once the books have put both shares together'
            : 'Does not say what the partner says',
        params: { agreement: hexHash },
        gives: 'The id.',
        refusals: ['book-refused'],
        handle: ({ params }, node) => agreement(node, (agreeing) => agreeing[answer](params.agreement)),
      }),
    ),
  ]
}

type Agreeing = SupplyBook['agreeing']

async function agreement(
  node: MemberNode,
  act: (agreeing: Agreeing) => Result<{ readonly agreement: string }, SupplyRefusal>,
): Promise<Answer> {
  const made = await node.exchange.run(() => act(node.books.supply.agreeing))
  return made.ok ? json(made.value) : problem('book-refused', { refusal: made.reason.type })
}
