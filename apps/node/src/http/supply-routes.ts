/** What a maker, wholesaler or pharmacy does with its goods. Labels are what a scanner gives, or `(01)…(21)…`, or `(00)…`. */
import { type Label, labelIn, type SupplyRefusal } from '@plexus/books'
import { fromHex, no, ok, type Result, toHex } from '@plexus/codec'
import { z } from 'zod'
import type { MemberNode } from '../member-node.ts'
import { answerOfStep } from './book-answers.ts'
import { hexHash, organisationId, whole } from './fields.ts'
import { isEmployed, signedBy } from './prescription-routes.ts'
import { problem } from './problem.ts'
import { type Answer, json, memberRoute, type Route } from './route.ts'
import { supplyAgreementRoutes } from './supply-agreement-routes.ts'
import { fill, gs1Text, label, labels, lotBytesMax, plan, role, seconds, sscc } from './supply-fields.ts'
import { supplyHoldingRoutes } from './supply-holding-routes.ts'

const shownMax = 200

export function supplyRoutes(): readonly Route[] {
  const onHand = [...supplyHoldingRoutes(), ...supplyAgreementRoutes()]
  return [...keyRoutes(), ...lotRoutes(), ...deliveryRoutes(), ...counterRoutes(), ...onHand]
}

function keyRoutes(): readonly Route[] {
  return [
    memberRoute({
      method: 'POST',
      path: '/supply/keys',
      id: 'askSupplyKeys',
      summary: 'Makes one-time keys and asks an authority to grant them for a role',
      tag: 'staff',
      staff: true,
      body: z.strictObject({
        role,
        count: z.number({ error: 'a number of keys' }).int().min(1, 'one at least').max(1_024, 'at most 1,024'),
        authority: organisationId,
      }),
      gives: 'How many were asked for; they may be used once the authority granted them.',
      async handle({ body }, node) {
        await node.exchange.run(() => node.books.supply.licences.ask(body))
        return json({ asked: body.count })
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/supply/keys',
      id: 'supplyKeysWaiting',
      summary: 'At an authority: partners whose keys wait for a grant',
      tag: 'staff',
      staff: true,
      gives: 'Partner, role and number of keys.',
      handle: (_, { books }) => json({ waiting: books.supply.licences.waiting() }),
    }),
    memberRoute({
      method: 'POST',
      path: '/supply/grants',
      id: 'grantSupplyKeys',
      summary: 'At an authority: grants the keys of these partners for a role, all under one root',
      tag: 'staff',
      staff: true,
      body: z.strictObject({
        role,
        partners: z.array(organisationId, { error: 'a list of partners' }).min(1).max(4_096),
        validUntil: seconds,
      }),
      gives: 'The height of the grant; the partners are told.',
      refusals: ['book-refused', 'ledger-away', 'ledger-refused'],
      handle: ({ body }, node) => answerOfStep(node, () => node.books.supply.licences.grant(body)),
    }),
  ]
}

function lotRoutes(): readonly Route[] {
  return [
    memberRoute({
      method: 'POST',
      path: '/supply/lots',
      id: 'commissionLot',
      summary: 'Begins a lot with all its packages and units',
      tag: 'staff',
      staff: true,
      bodyBytesMax: lotBytesMax,
      body: z.strictObject({
        gtin: z.string({ error: 'a GTIN' }).regex(/^\d{14}$/, 'a GTIN of 14 digits'),
        lot: gs1Text,
        endsAt: seconds,
        packages: z.array(plan, { error: 'a list of packages' }).min(1).max(256),
      }),
      gives: 'The lot’s handle, by which it is traced and recalled.',
      refusals: ['book-refused', 'ledger-away', 'ledger-refused'],
      handle: ({ body }, node) =>
        answerOfStep(
          node,
          () => node.books.supply.making.commission(body),
          ({ lot }) => ({ lot }),
        ),
    }),
    memberRoute({
      method: 'GET',
      path: '/supply/lots/:lot/trace',
      id: 'traceLot',
      summary: 'Where every unit of an own lot is, counted, and that none was gained or lost',
      tag: 'staff',
      staff: true,
      params: { lot: hexHash },
      gives: 'The number of units, and how many each key holds or held last.',
      refusals: ['book-refused'],
      async handle({ params: { lot } }, node) {
        const traced = await node.exchange.run(() => node.books.supply.trace(lot))
        if (!traced.ok) return problem('book-refused', { refusal: traced.reason.type })
        const { units, books } = traced.value
        return json({ units: units.length, books: Object.fromEntries(books) })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/supply/lots/:lot/proofs',
      id: 'proveLot',
      summary:
        'For a regulator: a proof of where every unit of an own lot was after a block, and what opens its labels',
      tag: 'staff',
      staff: true,
      params: { lot: hexHash },
      body: z.strictObject({ height: z.number({ error: 'a height' }).int().min(1, 'from 1').nullable() }),
      gives:
        'The proof in base64url, checked by `verifyLotProof` of the SDK or `plexus verify`; the lot’s trace key, which opens the labels of this lot alone; the height. Without one asked for, the newest that a header carries. That it was handed out is among the alerts.',
      refusals: ['book-refused'],
      async handle({ params: { lot }, body: { height } }, node) {
        const made = await node.exchange.run(() => node.books.supply.proving.prove(lot, height, node.ledgerProofs()))
        if (!made.ok) return problem('book-refused', { refusal: made.reason.type })
        const { proof, traceKey, height: at } = made.value
        return json({ height: at, traceKey: toHex(traceKey), proof: Buffer.from(proof).toString('base64url') })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/supply/recalls',
      id: 'recallLots',
      summary: 'Recalls own lots: every unit of them is held back, wherever it is, in the block of this step',
      tag: 'staff',
      staff: true,
      body: z.strictObject({ lots: z.array(hexHash, { error: 'a list of lots' }).min(1).max(15, 'at most 15 lots') }),
      gives: 'The height of the recall; holders and patients hear of it by themselves.',
      refusals: ['book-refused', 'ledger-away', 'ledger-refused'],
      handle: ({ body: { lots } }, node) => answerOfStep(node, () => node.books.supply.alarms.recall(lots)),
    }),
    memberRoute({
      method: 'POST',
      path: '/supply/pack',
      id: 'pack',
      summary: 'Packs things that stand for themselves into a new package',
      tag: 'staff',
      staff: true,
      body: z.strictObject({ sscc, labels }),
      gives: 'The height from which they move together.',
      refusals: ['book-refused', 'ledger-away', 'ledger-refused'],
      handle: ({ body }, node) =>
        answerOfStep(node, () => {
          const read = all(body.labels)
          return read.ok ? node.books.supply.making.pack(body.sscc, identifiers(read.value)) : read
        }),
    }),
    memberRoute({
      method: 'POST',
      path: '/supply/unpack',
      id: 'unpack',
      summary: 'Opens a sealed package: all in it, or only these, stand for themselves',
      tag: 'staff',
      staff: true,
      body: z.strictObject({ label, only: labels }),
      gives: 'The height of the last step.',
      refusals: ['book-refused', 'ledger-away', 'ledger-refused'],
      handle: ({ body }, node) =>
        answerOfStep(node, () => {
          const read = all([body.label, ...body.only])
          const [outer, ...inner] = read.ok ? read.value : []
          if (!read.ok || !outer) return no({ type: 'label-malformed' } as const)
          const made = node.books.supply.making.unpack(outer.identifier, identifiers(inner))
          return made.ok ? ok({ step: made.value.steps.at(-1) ?? '' }) : made
        }),
    }),
  ]
}

function deliveryRoutes(): readonly Route[] {
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
          const read = all(body.labels)
          return read.ok ? node.books.supply.shipping.ship({ ...body, labels: identifiers(read.value) }) : read
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
          const [missing, damaged] = [all(body.missing), all(body.damaged)]
          if (!missing.ok) return missing
          if (!damaged.ok) return damaged
          const told = { missing: identifiers(missing.value), damaged: identifiers(damaged.value) }
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

function counterRoutes(): readonly Route[] {
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
            const read = all(given)
            if (!read.ok) return read
            const item = part && { ...part, ...signedBy(node, part), item: fromHex(part.item) }
            return node.books.supply.dispensing.dispense({ labels: identifiers(read.value), fill: item })
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
      handle: ({ query: { after } }, node) => alertsAnswer(node, after ?? 0),
    }),
  ]
}

function alertsAnswer({ books }: MemberNode, after: number): Answer {
  return json({ alerts: books.supply.alerts(after, shownMax) })
}

function all(texts: readonly string[]): Result<readonly Label[], SupplyRefusal> {
  const read = texts.map(labelIn)
  const wrong = read.find((each) => !each.ok)
  return wrong && !wrong.ok ? wrong : ok(read.flatMap((each) => (each.ok ? [each.value] : [])))
}

const identifiers = (read: readonly Label[]) => read.map(({ identifier }) => identifier)
