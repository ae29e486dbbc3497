/** What a maker, wholesaler or pharmacy does with its goods. Labels are what a scanner gives, or `(01)…(21)…`, or `(00)…`. */
import { no, ok, toHex } from '@plexus/codec'
import { z } from 'zod'
import { answerOfStep } from './book-answers.ts'
import { hexHash, organisationId } from './fields.ts'
import { problem } from './problem.ts'
import { json, memberRoute, type Route } from './route.ts'
import { supplyAgreementRoutes } from './supply-agreement-routes.ts'
import { supplyCounterRoutes } from './supply-counter-routes.ts'
import { supplyDeliveryRoutes } from './supply-delivery-routes.ts'
import { gs1Text, identifiersIn, label, labels, lotBytesMax, plan, role, seconds, sscc } from './supply-fields.ts'
import { supplyHoldingRoutes } from './supply-holding-routes.ts'

export function supplyRoutes(): readonly Route[] {
  const onHand = [...supplyHoldingRoutes(), ...supplyAgreementRoutes()]
  return [...keyRoutes(), ...lotRoutes(), ...supplyDeliveryRoutes(), ...supplyCounterRoutes(), ...onHand]
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
          const read = identifiersIn(body.labels)
          return read.ok ? node.books.supply.making.pack(body.sscc, read.value) : read
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
          const read = identifiersIn([body.label, ...body.only])
          const [outer, ...inner] = read.ok ? read.value : []
          if (!read.ok || !outer) return no({ type: 'label-malformed' } as const)
          const made = node.books.supply.making.unpack(outer, inner)
          return made.ok ? ok({ step: made.value.steps.at(-1) ?? '' }) : made
        }),
    }),
  ]
}
