/** What a prescriber and a pharmacist do with prescriptions, through the node of their member. Staff alone come in. */
import type { Dispensed, HolderMove, KnownItem, Order } from '@plexus/books'
import { fromHex, toHex, writeJson } from '@plexus/codec'
import type { Mailbox } from '@plexus/exchange'
import { quantityMax } from '@plexus/sdk'
import { z } from 'zod'
import { secretsNamed } from '../layout.ts'
import type { MemberNode } from '../member-node.ts'
import { answerOfStep } from './book-answers.ts'
import { base64Url, chartNumber, hexHash, npi, organisationId, shownMax } from './fields.ts'
import { bundleOf, entriesOf } from './prescription-fhir.ts'
import { mailboxOf as mailboxOfChart } from './prescription-order.ts'
import { problem } from './problem.ts'
import { json, memberRoute, type Route } from './route.ts'

/** What one order holds: a discharge with many medicines. The ledger takes more at once. */
const linesMax = 32
/** As many prescribers as one envelope names. */
const besideMax = 63
/** Pharmacies beside the own that one fill names. */
const pharmaciesMax = 15
const dayLagMinutesMax = 26 * 60

const ascii = (max: number) =>
  z.string().regex(new RegExp(`^[\\x20-\\x7e]{1,${max}}$`), `a text of 1 to ${max} ASCII characters`)
const count = (min: number, max: number) => z.int().min(min, `at least ${min}`).max(max, `at most ${max}`)
const text = (max: number) => z.string().max(max, `at most ${max} characters`)

const drug = z.strictObject({
  system: z.enum(['rxnorm', 'ndc', 'snomed'], { error: 'one of rxnorm, ndc, snomed' }),
  code: ascii(40),
  display: text(300),
})

const line = z.strictObject({
  drug,
  quantity: count(0, quantityMax),
  unit: ascii(40),
  schedule: z.enum(['II', 'III', 'IV', 'V']).nullable().default(null),
  directions: text(1000),
  note: text(1000).default(''),
  limits: z.enum(['ii', 'iii-iv', 'v', 'none']).nullable().default(null),
  startsInDays: count(0, 366).default(0),
  lastsDays: count(0, 366).nullable().default(null),
  refills: count(0, 99).default(0),
  refillWeeks: count(0, 12).default(0),
  name: ascii(64).nullable().default(null),
})

export const mailbox = z.strictObject({ member: organisationId, address: hexHash, sealingKey: base64Url(1216) })

/** A wallet's keys, one for each line, and where its copy goes; or the chart whose enrolment says where that is. */
const patient = z.strictObject({
  keys: z.array(hexHash).min(1).max(linesMax).nullable().default(null),
  mailbox: mailbox.nullable().default(null),
  chart: z.strictObject({ custodian: organisationId, patient: chartNumber }).nullable().default(null),
})

const order = z.strictObject({
  organisation: organisationId,
  order: ascii(64),
  npi,
  registration: ascii(9).nullable().default(null),
  beside: z.array(npi).max(besideMax, `at most ${besideMax} NPIs`).default([]),
  registrar: organisationId.nullable().default(null),
  authentication: hexHash.nullable().default(null),
  dayLagMinutes: count(0, dayLagMinutesMax),
  patient: patient.default({ keys: null, mailbox: null, chart: null }),
  lines: z.array(line).min(1, 'at least one line').max(linesMax, `at most ${linesMax} lines`),
})

export const dispensed = z.strictObject({
  quantity: count(0, quantityMax),
  product: drug,
  lot: text(40).regex(/^[\x20-\x7e]*$/, 'a lot of ASCII characters'),
  pharmacist: npi,
  pharmacy: npi.nullable().default(null),
  beside: z
    .array(
      z.strictObject({
        organisation: organisationId,
        pharmacy: npi,
        pharmacists: z.array(npi).min(1, 'one NPI at least').max(besideMax, `at most ${besideMax} NPIs`),
      }),
    )
    .max(pharmaciesMax, `at most ${pharmaciesMax} pharmacies`)
    .default([]),
  remainder: z.enum(['shortage', 'requested']).nullable().default(null),
  name: ascii(64).nullable().default(null),
})

const stepRefusals = ['book-refused', 'ledger-away', 'ledger-refused'] as const
const known = { tag: 'staff', staff: true } as const
const given = 'The height of the block that has it, on this member’s replica.'

export function prescriptionRoutes(): readonly Route[] {
  return [...prescriberRoutes(), ...dispenserRoutes(), ...lookRoutes()]
}

function prescriberRoutes(): readonly Route[] {
  return [
    memberRoute({
      ...known,
      method: 'POST',
      path: '/prescriptions',
      id: 'signPrescription',
      summary: 'Signs the lines of an order: each becomes an item that is filled once',
      body: order,
      gives: 'The handle of each line, and the height of the block that has them.',
      refusals: [...stepRefusals, 'clinician-unknown'],
      handle({ body }, node) {
        if (!isEmployed(node, body.npi)) return problem('clinician-unknown')
        return answerOfStep(
          node,
          () => node.books.prescriptions.prescriber.sign(orderOf(body, node)),
          ({ handles }) => ({ handles }),
        )
      },
    }),
    memberRoute({
      ...known,
      method: 'POST',
      path: '/prescriptions/:handle/nominate',
      id: 'nominatePharmacy',
      summary: 'On the word of a patient without a wallet: which pharmacy may claim the item, or its next fill',
      params: { handle: hexHash },
      body: z.strictObject({ pharmacy: organisationId }),
      gives: given,
      refusals: stepRefusals,
      handle: ({ params: { handle }, body: { pharmacy } }, node) =>
        answerOfStep(node, () => node.books.prescriptions.prescriber.nominate(fromHex(handle), pharmacy)),
    }),
    memberRoute({
      ...known,
      method: 'POST',
      path: '/prescriptions/:handle/cancel',
      id: 'cancelPrescription',
      summary: 'Cancels an item; what is with a dispenser is marked, and nothing more of it is filled',
      params: { handle: hexHash },
      media: 'application/json',
      gives: 'What became of it: `code` of the Electronic Prescription Service of England, and the same in words.',
      refusals: stepRefusals,
      async handle({ params: { handle } }, node) {
        const { prescriber } = node.books.prescriptions
        const made = await node.exchange.run(() => prescriber.cancel(fromHex(handle)))
        if (!made.ok) return problem('book-refused', { refusal: made.reason.type })
        const outcome = await node.books.shelf.outcome(made.value.step)
        const answer = prescriber.answerTo(fromHex(handle), outcome)
        return answer ? json(answer) : problem('ledger-away', { refusal: 'expired', retryAfterSeconds: 1 })
      },
    }),
  ]
}

function dispenserRoutes(): readonly Route[] {
  return [
    memberRoute({
      ...known,
      method: 'POST',
      path: '/prescriptions/:handle/claim',
      id: 'claimPrescription',
      summary: 'Takes an item that was brought to this pharmacy: no other can take it then',
      params: { handle: hexHash },
      gives: given,
      refusals: stepRefusals,
      handle: ({ params: { handle } }, node) =>
        answerOfStep(node, () => node.books.prescriptions.dispenser.claim(fromHex(handle))),
    }),
    memberRoute({
      ...known,
      method: 'POST',
      path: '/prescriptions/:handle/fill',
      id: 'fillPrescription',
      summary:
        'Records what was dispensed, signed with the pharmacist’s key; the prescriber and the patient’s wallet are told',
      params: { handle: hexHash },
      body: dispensed,
      gives: given,
      refusals: [...stepRefusals, 'clinician-unknown'],
      handle({ params: { handle }, body }, node) {
        if (!isEmployed(node, body.pharmacist)) return problem('clinician-unknown')
        return answerOfStep(node, () =>
          node.books.prescriptions.dispenser.fill(fromHex(handle), { ...body, ...signedBy(node, body) }),
        )
      },
    }),
    memberRoute({
      ...known,
      method: 'POST',
      path: '/prescriptions/:handle/reverse',
      id: 'reverseFill',
      summary: 'Takes the newest fill back, with the units handed out and the discounts on it: nobody fetched it',
      params: { handle: hexHash },
      gives: given,
      refusals: stepRefusals,
      handle: ({ params: { handle } }, node) => answerOfStep(node, () => node.books.returns.ofItem(fromHex(handle))),
    }),
    ...moves.map(({ path, id, summary, type }) =>
      memberRoute({
        ...known,
        method: 'POST',
        path: `/prescriptions/:handle/${path}`,
        id,
        summary,
        params: { handle: hexHash },
        gives: given,
        refusals: stepRefusals,
        handle: ({ params: { handle } }, node) =>
          answerOfStep(node, () => node.books.prescriptions.dispenser.move(fromHex(handle), type)),
      }),
    ),
    memberRoute({
      ...known,
      method: 'POST',
      path: '/prescriptions/:handle/expire',
      id: 'expirePrescription',
      summary: 'Says that an item is over, once its last day is',
      params: { handle: hexHash },
      gives: given,
      refusals: stepRefusals,
      handle: ({ params: { handle } }, node) =>
        answerOfStep(node, () => node.books.prescriptions.expire(fromHex(handle))),
    }),
  ]
}

const moves: readonly {
  readonly path: string
  readonly id: string
  readonly summary: string
  readonly type: HolderMove
}[] = [
  {
    path: 'return',
    id: 'returnPrescription',
    summary: 'Gives an item back; one that is marked for cancellation ends so',
    type: 'return-item',
  },
  {
    path: 'transfer',
    id: 'transferPrescription',
    summary: 'Lets whoever the patient nominates take the item over',
    type: 'offer-transfer',
  },
  {
    path: 'complete',
    id: 'completePrescription',
    summary: 'Says that nothing is left to be dispensed',
    type: 'complete',
  },
  {
    path: 'not-dispensed',
    id: 'prescriptionNotDispensed',
    summary: 'Says that an item is not dispensed',
    type: 'not-dispensed',
  },
]

function lookRoutes(): readonly Route[] {
  return [
    memberRoute({
      ...known,
      method: 'GET',
      path: '/prescriptions',
      id: 'prescriptions',
      summary: 'Items that this member’s organisations signed, or that were brought to its pharmacies',
      query: z.strictObject({ side: z.enum(['dispenser', 'prescriber']).optional(), after: hexHash.optional() }),
      gives:
        'At most 200, those that were signed here first: each as the ledger has it, with its content and what was dispensed. `next` is null, or the side and the item after which to ask on.',
      async handle({ query: { side = 'prescriber', after = null } }, node) {
        const { items, next } = await node.exchange.run(() => node.books.prescriptions.list({ side, after }, shownMax))
        return json({ items: items.map(itemOf), next })
      },
    }),
    memberRoute({
      ...known,
      method: 'GET',
      path: '/prescriptions/:handle',
      id: 'prescription',
      summary: 'One item, from each side that this member has of it',
      params: { handle: hexHash },
      gives:
        'As the ledger has it, with its content and what was dispensed; at the pharmacy, the key of each fill’s tag.',
      refusals: ['book-refused'],
      async handle({ params: { handle } }, node) {
        const items = await node.exchange.run(() => node.books.prescriptions.find(fromHex(handle)))
        return items.length > 0
          ? json({ items: items.map(itemWithKeys) })
          : problem('book-refused', { refusal: 'item-unknown' })
      },
    }),
    memberRoute({
      ...known,
      method: 'GET',
      path: '/prescriptions/:handle/fhir',
      id: 'prescriptionAsFhir',
      summary: 'The same in FHIR R4, for systems beside this node',
      params: { handle: hexHash },
      gives: 'A Bundle: MedicationRequest, a MedicationDispense for each fill, and the Task of its dispensing.',
      refusals: ['book-refused'],
      async handle({ params: { handle } }, node) {
        const [item] = await node.exchange.run(() => node.books.prescriptions.find(fromHex(handle)))
        if (!item) return problem('book-refused', { refusal: 'item-unknown' })
        return { type: 'json-bytes', bytes: writeJson(bundleOf(entriesOf(item))) }
      },
    }),
  ]
}

/** A seed is made on first use: signing must not make one for a clinician who was never employed here. */
export const isEmployed = ({ layout }: MemberNode, of: string): boolean =>
  secretsNamed(layout, 'clinician-').includes(`clinician-${of}`)

/** Who dispenses, as the book takes it: a pharmacist who practises alone is the pharmacy too. */
export function signedBy(
  node: MemberNode,
  { pharmacist, pharmacy, beside }: Pick<z.output<typeof dispensed>, 'beside' | 'pharmacist' | 'pharmacy'>,
): Pick<Dispensed, 'beside' | 'pharmacist' | 'pharmacy'> {
  const seed = node.clinicianSeed(pharmacist)
  const others = beside.map(({ pharmacists, ...at }) => ({ ...at, pharmacists: [...new Set(pharmacists)].sort() }))
  return { pharmacist: { npi: pharmacist, seed }, pharmacy: pharmacy ?? pharmacist, beside: others }
}

function orderOf(body: z.output<typeof order>, node: MemberNode): Order {
  const { organisation, order: name, npi: signer, registration, beside, registrar, authentication, ...rest } = body
  const { keys } = rest.patient
  return {
    organisation,
    name,
    prescriber: { npi: signer, seed: node.clinicianSeed(signer), registration },
    beside,
    registrar,
    authentication: authentication === null ? null : fromHex(authentication),
    dayLagMinutes: rest.dayLagMinutes,
    lines: rest.lines,
    patient: { keys: keys?.map(fromHex) ?? null, mailbox: mailboxOf(rest.patient, node) },
  }
}

/** As was given, or where the chart's enrolled wallet is told. */
function mailboxOf({ mailbox: told, chart }: z.output<typeof patient>, node: MemberNode): Mailbox | null {
  return told ? { ...told, address: fromHex(told.address) } : mailboxOfChart(node, chart)
}

function itemOf({ content, fills, filled, ...item }: KnownItem) {
  const { drug: prescribed, quantity, unit, schedule, directions, note, limits, prescriber, ...terms } = content
  return {
    ...item,
    drug: prescribed,
    quantity,
    filled,
    unit,
    schedule,
    directions,
    note,
    limits,
    issuedDay: terms.issuedDay,
    firstDay: terms.firstDay,
    lastDay: terms.lastDay,
    refills: terms.refills,
    refillWeeks: terms.refillWeeks,
    prescriber,
    fills: fills.map(({ tag, record: { handle: _, ...record }, reversed }) => ({ tag, ...record, reversed })),
  }
}

/** Of one item, and never of a list: who has the key of a fill's tag may claim a discount for it. */
function itemWithKeys(item: KnownItem) {
  const shown = itemOf(item)
  const seeds = item.fills.map(({ tagSeed }) => tagSeed && toHex(tagSeed))
  return { ...shown, fills: shown.fills.map((fill, index) => ({ ...fill, tagSeed: seeds[index] ?? null })) }
}
