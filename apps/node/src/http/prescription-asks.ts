/** What FHIR asks of prescriptions, done through the book of the member: each line to its end, with what became of it. */
import type { KnownItem, ListPlace } from '@plexus/books'
import { fromHex, type JsonObject, type Result } from '@plexus/codec'
import { type Dispense, type LineMeant, type OutcomeIssue, type PrescriptionAsk, writeCancellation } from '@plexus/fhir'
import type { MemberNode } from '../member-node.ts'
import { entriesOf, entryOf, itemPrefix } from './prescription-fhir.ts'
import { drugOf, type FhirQuery, issue, orderOf, pharmacyMissing, unitOf } from './prescription-order.ts'
import { isEmployed, signedBy } from './prescription-routes.ts'

/** `entries`: of a Bundle, as what was asked left them. */
export interface Answered {
  readonly issues: readonly OutcomeIssue[]
  readonly entries: readonly JsonObject[]
}

type Side = KnownItem['side']
type Made = Result<{ readonly step: string }, { readonly type: string }>

export function answerTo(node: MemberNode, ask: PrescriptionAsk, query: FhirQuery): Promise<Answered> {
  switch (ask.type) {
    case 'prescribe':
      return prescribe(node, ask, query)
    case 'nominate':
      return nominate(node, ask, query)
    case 'cancel':
      return cancel(node, ask.lines)
    case 'claim':
      return claim(node, ask.of)
    case 'dispense':
      return dispense(node, ask.dispenses, query)
    case 'return':
      return each(node, meant(node, 'dispenser', ask.of), (item) =>
        node.books.prescriptions.dispenser.move(fromHex(item.handle), 'return-item'),
      )
    case 'withdraw':
      return withdraw(node, ask.of)
    case 'complete':
      return complete(node, ask.of, ask.lines)
  }
}

const told = (code: string, says: string): OutcomeIssue => ({
  ...issue('informational', code, says),
  severity: 'information',
})
const refused = (...issues: readonly OutcomeIssue[]): Answered => ({ issues, entries: [] })

/** What is refused by whoever holds an item, in the code that England's EPS has for it. */
const withAnother = 'PRESCRIPTION_WITH_ANOTHER_DISPENSER'

function issueOfRefusal(reason: string): OutcomeIssue {
  if (reason === 'item-unknown') return issue('not-found', reason, 'No such line is known here.')
  if (reason === 'held-by-another') return issue('conflict', withAnother, 'The line is with another dispenser.')
  if (reason === 'order-known' || reason === 'dispense-known')
    return issue('duplicate', reason, 'What has this name was taken before.')
  if (reason === 'expired') return issue('timeout', reason, 'No block took it in its time: ask again.')
  return issue('business-rule', reason, `The rules refuse it: ${reason}.`)
}

/** Items of one side that are meant; none where this member knows none, or where a line's name does not tell which. */
function meant({ books }: MemberNode, side: Side, { group, line }: LineMeant): readonly KnownItem[] {
  const handle = itemPattern.exec(line)?.[1]
  if (handle) return books.prescriptions.find(fromHex(handle)).filter((item) => item.side === side)
  // A reference such as MedicationRequest/ID means the line whose own identifier is ID.
  const found = [line, line.split('/').at(-1) ?? ''].map((name) =>
    books.prescriptions.named(side, { order: group, line: name }),
  )
  const items = found.find((each) => each.length > 0) ?? []
  return line === '' || items.length === 1 ? items : []
}

const itemPattern = new RegExp(`^${itemPrefix}([0-9a-f]{64})$`)

/** One step for each item, one after the other, and how they stand then. */
async function each(
  node: MemberNode,
  items: readonly KnownItem[],
  act: (item: KnownItem) => Made | Promise<Made>,
): Promise<Answered> {
  if (items.length === 0) return refused(issueOfRefusal('item-unknown'))
  const issues: OutcomeIssue[] = []
  for (const item of items) issues.push(await done(node, () => act(item)))
  return { issues, entries: items.flatMap((item) => asItStands(node, item)) }
}

/** Makes a step in a turn of the exchange, and waits for its end outside of it. */
async function done(node: MemberNode, make: () => Made | Promise<Made>): Promise<OutcomeIssue> {
  const made = await node.exchange.run(make)
  if (!made.ok) return issueOfRefusal(made.reason.type)
  const outcome = await node.books.shelf.outcome(made.value.step)
  if (outcome.type === 'accepted') return told('accepted', `In block ${outcome.height}.`)
  return issueOfRefusal(outcome.type === 'lapsed' ? 'expired' : outcome.reason)
}

const asItStands = ({ books }: MemberNode, { handle, side }: KnownItem): readonly JsonObject[] =>
  books.prescriptions
    .find(fromHex(handle))
    .filter((item) => item.side === side)
    .flatMap(entriesOf)

async function prescribe(
  node: MemberNode,
  ask: Extract<PrescriptionAsk, { readonly type: 'prescribe' }>,
  query: FhirQuery,
): Promise<Answered> {
  const read = orderOf(node, ask, query)
  if (!read.ok) return refused(read.reason)
  const { order, pharmacy } = read.value
  const { prescriptions, shelf } = node.books
  const made = await node.exchange.run(() => prescriptions.prescriber.sign(order))
  if (!made.ok) return refused(issueOfRefusal(made.reason.type))
  const outcome = await shelf.outcome(made.value.step)
  if (outcome.type !== 'accepted')
    return refused(issueOfRefusal(outcome.type === 'lapsed' ? 'expired' : outcome.reason))
  const items = made.value.handles.flatMap((handle) =>
    prescriptions.find(fromHex(handle)).filter(({ side }) => side === 'prescriber'),
  )
  const signed = told('signed', `${items.length} in block ${outcome.height}.`)
  if (pharmacy === null) return { issues: [signed], entries: items.flatMap((item) => asItStands(node, item)) }
  const named = await each(node, items, ({ handle }) => prescriptions.prescriber.nominate(fromHex(handle), pharmacy))
  return { issues: [signed, ...named.issues], entries: named.entries }
}

function nominate(
  node: MemberNode,
  { of, pharmacy }: Extract<PrescriptionAsk, { readonly type: 'nominate' }>,
  query: FhirQuery,
): Promise<Answered> {
  const id = pharmacy.id || query.pharmacy
  if (id === undefined) return Promise.resolve(refused(pharmacyMissing('Task.owner')))
  return each(node, meant(node, 'prescriber', of), ({ handle }) =>
    node.books.prescriptions.prescriber.nominate(fromHex(handle), id),
  )
}

async function cancel(node: MemberNode, lines: readonly LineMeant[]): Promise<Answered> {
  const { prescriber } = node.books.prescriptions
  const issues: OutcomeIssue[] = []
  const entries: JsonObject[] = []
  for (const line of lines) {
    const [item] = meant(node, 'prescriber', line)
    const handle = item && fromHex(item.handle)
    const made = handle && (await node.exchange.run(() => prescriber.cancel(handle)))
    if (!item || !handle || !made?.ok) {
      issues.push(issue('not-found', 'R-0008', 'not cancelled, not found'))
      continue
    }
    const answer = prescriber.answerTo(handle, await node.books.shelf.outcome(made.value.step))
    const [request, ...others] = asItStands(node, item)
    const resource = request?.get('resource') as JsonObject | undefined
    if (!answer) issues.push(issueOfRefusal('expired'))
    else if (answer.code === 'R-0001') issues.push(told(answer.code, answer.says))
    else issues.push(issue('business-rule', answer.code, answer.says))
    if (resource) entries.push(answer ? entryOf(writeCancellation(resource, answer)) : entryOf(resource), ...others)
  }
  return { issues, entries }
}

/** Items of one ask that names none: each is a step of its own, and whoever has more asks again. */
const claimedMax = 25
/** Items that are looked through in one turn. */
const turnItems = 200

/** What was brought and may be claimed now, at most as many as one ask takes, in the order of the book. */
async function claimable({ books, exchange }: MemberNode): Promise<readonly KnownItem[]> {
  const found: KnownItem[] = []
  let place: ListPlace | null = { side: 'dispenser', after: null }
  while (place !== null && found.length < claimedMax) {
    const from: ListPlace = place
    const { items, next } = await exchange.run(() => books.prescriptions.list(from, turnItems))
    found.push(...items.filter(({ status }) => status === 'available'))
    place = next
  }
  return found.slice(0, claimedMax)
}

/** Where a line can no longer be claimed there is nothing to be told off for: the rest of its prescription may be. */
async function claim(node: MemberNode, of: LineMeant | null): Promise<Answered> {
  const { books } = node
  const all = of ? meant(node, 'dispenser', of) : await claimable(node)
  const open = all.filter(({ status, held }) => status === 'available' || (status === 'held' && !held))
  if (open.length > 0) return each(node, open, ({ handle }) => books.prescriptions.dispenser.claim(fromHex(handle)))
  if (all.some(({ held }) => held))
    return {
      issues: [told('held-here', 'This pharmacy has it already.')],
      entries: all.filter(({ held }) => held).flatMap((item) => asItStands(node, item)),
    }
  if (of === null)
    return { issues: [told('nothing-waits', 'Nothing that was brought here can be claimed.')], entries: [] }
  return refused(issueOfRefusal(all[0] ? 'not-available' : 'item-unknown'))
}

/** All lines are looked up before the first is recorded: what does not fit leaves nothing behind. */
async function dispense(node: MemberNode, dispenses: readonly Dispense[], query: FhirQuery): Promise<Answered> {
  const { dispenser } = node.books.prescriptions
  const plan: { readonly item: KnownItem; readonly act: () => Made }[] = []
  const issues: OutcomeIssue[] = []
  for (const [index, said] of dispenses.entries()) {
    const path = `MedicationDispense[${index}]`
    const [line = ''] = said.orders
    const [item] = meant(node, 'dispenser', { group: said.group, line })
    if (!item) return refused({ ...issueOfRefusal('item-unknown'), path: `${path}.authorizingPrescription` })
    const handle = fromHex(item.handle)
    const newest = dispenser.newestFill(handle)
    if (said.counts === 'in-error' && said.name !== '' && newest?.name === said.name) {
      plan.push({ item, act: () => node.books.returns.ofItem(handle) })
      continue
    }
    const count = said.quantity?.count ?? 0
    if (said.counts !== 'dispensed' || count === 0) {
      issues.push({ ...told('nothing-dispensed', 'Nothing was handed out, and nothing is recorded.'), path })
      continue
    }
    const unit = said.quantity && unitOf(said.quantity)
    if (unit !== item.content.unit)
      return refused(
        issue('value', 'unit-differs', 'expected the unit of the prescription; came another', `${path}.quantity`),
      )
    const product = drugOf(said.drug)
    if (!product)
      return refused(
        issue('value', 'drug-system-unknown', 'expected RxNorm, NDC or SNOMED CT; came none of them', path),
      )
    const pharmacist = said.pharmacist || query.clinician
    if (pharmacist === undefined)
      return refused(
        issue(
          'required',
          'pharmacist-missing',
          'expected an NPI, or `clinician` in the address; came neither',
          `${path}.performer`,
        ),
      )
    const { lot, name } = said
    if (!/^[\x20-\x7e]{0,40}$/.test(lot) || !/^[\x20-\x7e]{0,64}$/.test(name))
      return refused(issue('value', 'too-long', 'expected a lot of 40, a name of 64 ASCII characters; came more', path))
    if (!isEmployed(node, pharmacist))
      return refused(issue('value', 'clinician-unknown', 'expected a pharmacist of this member; came another', path))
    const dispensedBy = { pharmacist, pharmacy: query.dispensary ?? null, beside: [] }
    const handedOut = { quantity: count, product, lot, ...signedBy(node, dispensedBy), name: name || null }
    const remainder = said.remainder || null
    plan.push({ item, act: () => dispenser.fill(handle, { ...handedOut, remainder }) })
  }
  for (const { act } of plan) {
    const ended = await done(node, act)
    // Sent again: it stands as it was taken.
    issues.push(ended.code === 'dispense-known' ? { ...ended, severity: 'information' } : ended)
  }
  return { issues, entries: plan.flatMap(({ item }) => asItStands(node, item)) }
}

function withdraw(node: MemberNode, of: LineMeant): Promise<Answered> {
  const filled = meant(node, 'dispenser', of).filter(({ fills }) => fills.some(({ reversed }) => !reversed))
  return each(node, filled, ({ handle }) => node.books.returns.ofItem(fromHex(handle)))
}

function complete(node: MemberNode, of: LineMeant, lines: readonly string[]): Promise<Answered> {
  const items =
    lines.length === 0
      ? meant(node, 'dispenser', of)
      : lines.flatMap((line) => meant(node, 'dispenser', { group: of.group, line }))
  if (items.length < lines.length) return Promise.resolve(refused(issueOfRefusal('item-unknown')))
  return each(node, items, ({ handle }) => node.books.prescriptions.dispenser.move(fromHex(handle), 'complete'))
}
