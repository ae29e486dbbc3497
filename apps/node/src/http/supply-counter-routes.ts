/** Goods in front of somebody: is this real, to whom does it go, and what concerns it. */
import { labelIn } from '@plexus/books'
import { fromHex } from '@plexus/codec'
import { z } from 'zod'
import { answerOfStep } from './book-answers.ts'
import { hexHash, organisationId, shownMax, whole } from './fields.ts'
import { isEmployed, signedBy } from './prescription-routes.ts'
import { problem } from './problem.ts'
import { json, memberRoute, type Route } from './route.ts'
import { fill, identifiersIn, label, labels } from './supply-fields.ts'

export function supplyCounterRoutes(): readonly Route[] {
  return [
    memberRoute({
      method: 'POST',
      path: '/supply/scans',
      id: 'scan',
      summary: 'Is this real, this member’s own, and good? Where its maker must be asked, the answer comes to the scan',
      tag: 'staff',
      staff: true,
      body: z.strictObject({ label, maker: organisationId.nullable() }),
      gives: '`answer`: `good`, or why the thing at hand is held back; `asked` while the maker has not answered.',
      refusals: ['book-refused'],
      async handle({ body: { label: scanned, maker } }, node) {
        const read = labelIn(scanned)
        if (!read.ok) return problem('book-refused', { refusal: read.reason.type })
        return json(await node.exchange.run(() => node.books.supply.scanning.scan(read.value, maker)))
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/supply/scans/:scan',
      id: 'scanned',
      summary: 'What became of a scan',
      tag: 'staff',
      staff: true,
      params: { scan: whole },
      gives: 'As of the scan; with an incident, its handle and by when the authority is to be told.',
      refusals: ['book-refused'],
      handle({ params: { scan } }, { books }) {
        const found = books.supply.scanning.read(scan)
        return found ? json(found) : problem('book-refused', { refusal: 'scan-unknown' })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/supply/scans/:scan/suspect',
      id: 'suspect',
      summary: 'What carries this label is not what it says: an incident is reported, and the clock of 24 hours runs',
      tag: 'staff',
      staff: true,
      params: { scan: whole },
      gives: 'The scan with its incident.',
      refusals: ['book-refused'],
      async handle({ params: { scan } }, node) {
        const made = await node.exchange.run(() => node.books.supply.scanning.suspect(scan))
        return made.ok ? json(made.value) : problem('book-refused', { refusal: made.reason.type })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/supply/scans/:scan/notified',
      id: 'notified',
      summary: 'The authority was told of the incident; the clock stops',
      tag: 'staff',
      staff: true,
      params: { scan: whole },
      gives: 'The height of the notice.',
      refusals: ['book-refused', 'ledger-away', 'ledger-refused'],
      handle: ({ params: { scan } }, node) =>
        answerOfStep(node, () => node.books.supply.scanning.notifyAuthority(scan)),
    }),
    memberRoute({
      method: 'POST',
      path: '/supply/dispensings',
      id: 'dispense',
      summary: 'Units go to a patient; with an item of a prescription, its fill moves in the same transaction',
      tag: 'staff',
      staff: true,
      body: z.strictObject({ labels, fill: fill.nullable() }),
      gives: 'The tag of the dispensing.',
      refusals: ['book-refused', 'ledger-away', 'ledger-refused', 'clinician-unknown'],
      handle({ body: { labels: given, fill: part } }, node) {
        if (part && !isEmployed(node, part.pharmacist)) return problem('clinician-unknown')
        return answerOfStep(
          node,
          () => {
            const read = identifiersIn(given)
            if (!read.ok) return read
            const item = part && { ...part, ...signedBy(node, part), item: fromHex(part.item) }
            return node.books.supply.dispensing.dispense({ labels: read.value, fill: item })
          },
          ({ dispensing }) => ({ dispensing }),
        )
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/supply/dispensings/:dispensing/return',
      id: 'returnToStock',
      summary:
        'Nobody fetched it: the units are on the shelf again; a fill goes back with them, and the discounts on it',
      tag: 'staff',
      staff: true,
      params: { dispensing: hexHash },
      gives: 'The height of the return.',
      refusals: ['book-refused', 'ledger-away', 'ledger-refused'],
      handle: ({ params: { dispensing } }, node) =>
        answerOfStep(node, () => node.books.returns.ofTag(fromHex(dispensing))),
    }),
    memberRoute({
      method: 'GET',
      path: '/supply/alerts',
      id: 'supplyAlerts',
      summary:
        'What concerns goods that this member has or had: labels shown elsewhere, recalls, who holds recalled goods',
      tag: 'staff',
      staff: true,
      query: z.strictObject({ after: whole.optional() }),
      gives: 'At most 200, oldest first, each with its number.',
      handle: ({ query: { after = 0 } }, { books }) => json({ alerts: books.supply.alerts(after, shownMax) }),
    }),
  ]
}
