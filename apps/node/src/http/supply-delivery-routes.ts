/** Goods on their way between partners, and what a member has in hand. */
import { labelIn } from '@plexus/books'
import { z } from 'zod'
import { answerOfStep } from './book-answers.ts'
import { hexHash, organisationId, shownMax } from './fields.ts'
import { problem } from './problem.ts'
import { json, memberRoute, type Route } from './route.ts'
import { identifiersIn, label, labels } from './supply-fields.ts'

export function supplyDeliveryRoutes(): readonly Route[] {
  return [
    memberRoute({
      method: 'POST',
      path: '/supply/shipments',
      id: 'ship',
      summary: 'Sends things to a partner, who is asked for a key first',
      tag: 'staff',
      staff: true,
      body: z.strictObject({
        to: organisationId,
        labels,
        purpose: z.enum(['trade', 'return'], { error: 'trade or return' }),
      }),
      gives: 'The shipment’s handle; where it stands is in the list.',
      refusals: ['book-refused'],
      async handle({ body }, node) {
        const made = await node.exchange.run(() => {
          const read = identifiersIn(body.labels)
          return read.ok ? node.books.supply.shipping.ship({ ...body, labels: read.value }) : read
        })
        return made.ok ? json(made.value) : problem('book-refused', { refusal: made.reason.type })
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/supply/shipments',
      id: 'shipments',
      summary: 'Deliveries to and from this member, and where each stands',
      tag: 'staff',
      staff: true,
      query: z.strictObject({ after: hexHash.optional() }),
      gives: 'At most 200, by handle.',
      handle({ query: { after } }, { books }) {
        const range = after === undefined ? {} : { after }
        const rows = [...books.supply.shipping.shipments.entries({ ...range, limit: shownMax })]
        return json({
          shipments: rows.map(([shipment, { direction, partner, tags, purpose, status, ending, since }]) => ({
            shipment,
            direction,
            partner,
            things: tags.map((tag) => books.supply.labelOf(tag)),
            purpose,
            status,
            ending,
            since,
          })),
        })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/supply/shipments/:shipment/receive',
      id: 'receive',
      summary: 'The goods are here; what is missing or damaged is said with it',
      tag: 'staff',
      staff: true,
      params: { shipment: hexHash },
      body: z.strictObject({ missing: labels, damaged: labels }),
      gives: 'The height from which they are this member’s.',
      refusals: ['book-refused', 'ledger-away', 'ledger-refused'],
      handle: ({ params: { shipment }, body }, node) =>
        answerOfStep(node, () => {
          const [missing, damaged] = [identifiersIn(body.missing), identifiersIn(body.damaged)]
          if (!missing.ok) return missing
          if (!damaged.ok) return damaged
          const told = { missing: missing.value, damaged: damaged.value }
          return node.books.supply.shipping.receive({ shipment, ...told, notes: [] })
        }),
    }),
    memberRoute({
      method: 'GET',
      path: '/supply/things',
      id: 'things',
      summary: 'What this member has, or had, in hand: packages and what came alone, or what was put into one package',
      tag: 'staff',
      staff: true,
      query: z.strictObject({ after: hexHash.optional(), inside: label.optional() }),
      gives: 'At most 200, by tag.',
      refusals: ['book-refused'],
      handle: ({ query: { after = null, inside } }, { books: { supply } }) => {
        if (inside === undefined) return json({ things: supply.list(after, shownMax) })
        const read = labelIn(inside)
        if (!read.ok) return problem('book-refused', { refusal: read.reason.type })
        const things = supply.inside(read.value, after, shownMax)
        return things ? json({ things }) : problem('book-refused', { refusal: 'label-unknown' })
      },
    }),
  ]
}
