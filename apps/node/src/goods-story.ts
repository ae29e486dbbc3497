/**
 * The bottle's own way in the second act: made, shipped in a sealed pallet, taken out of it by the case, and, once a patient has
 * it, not to be had a second time. Members of the demonstration play maker, wholesaler and pharmacies.
 */
import { labelIn } from '@plexus/books'
import { checkDigit } from '@plexus/epcis'
import { board } from './demonstration.ts'
import type { MemberNode } from './member-node.ts'
import type { StepReport } from './story-reports.ts'
import { type Stage, StoryFailed, stepSecondsMax } from './telling.ts'

export const maker = 'hospital-1'
const wholesaler = 'hospital-2'
/** Whom the patient chooses in the end, and whom first. */
export const pharmacy = 'hospital-5'
export const firstPharmacy = 'hospital-6'
const roles = { maker: [maker], distributor: [wholesaler], dispenser: [pharmacy, firstPharmacy] } as const
const gtin = '00300021433802'
const keysAsked = 6
const casesOfPallet = 2
const bottlesOfCase = 12
const yearSeconds = 31_557_600
const noticeSeconds = 86_400

/** The bottle that the pharmacy hands out, and what it came in. */
export interface Goods {
  readonly lot: string
  readonly lotNumber: string
  /** As it stands on the label. */
  readonly bottle: string
  readonly serial: string
}

/** An act that was played: what it leaves for the next, and how it is told. */
export interface Played<Left> {
  readonly left: Left
  readonly report: StepReport
}

/** Bottles of one lot from the maker's line to the pharmacy's shelf. */
export async function bringGoods(stage: Stage): Promise<Played<Goods>> {
  const { parts, network } = stage
  await grantKeys(stage)
  const run = Array.from(parts.random(8), (byte) => String(byte % 10)).join('')
  const sscc = (number: number) => {
    const digits = `00614141${run}${number}`
    return digits + checkDigit(digits)
  }
  const serialOf = (of: number, bottle: number) => `S${run}${of}${String(bottle).padStart(2, '0')}`
  const lotNumber = `A-${run}`
  const cases = Array.from({ length: casesOfPallet }, (_, of) => ({
    sscc: sscc(of + 1),
    serials: Array.from({ length: bottlesOfCase }, (_each, bottle) => serialOf(of, bottle)),
  }))
  const node = network.node(maker)
  const made = await node.exchange.run(() =>
    node.books.supply.making.commission({
      ...{ gtin, lot: lotNumber, endsAt: Math.floor(parts.now()) + yearSeconds },
      packages: [{ sscc: sscc(0), packages: cases }],
    }),
  )
  if (!made.ok) throw new StoryFailed(`the lot was refused: ${made.reason.type}`)
  await accepted(node, made.value.step, 'the lot')
  const { lot } = made.value
  const pallet = `(00)${sscc(0)}`
  const second = `(00)${cases[1]?.sscc ?? ''}`
  await move(stage, maker, wholesaler, pallet)
  await unpack(network.node(wholesaler), pallet, [second])
  await move(stage, wholesaler, pharmacy, second)
  await unpack(network.node(pharmacy), second, [])
  const traced = await node.exchange.run(() => node.books.supply.trace(lot))
  const counts = traced.ok ? [...traced.value.books.values()].toSorted((a, b) => a - b) : []
  const units = casesOfPallet * bottlesOfCase
  const report: StepReport = {
    step: 'goods',
    ok: counts.length === 2 && counts.every((count) => count === bottlesOfCase),
    says: [
      `${maker} plays a maker: it commissioned ${units} bottles in ${casesOfPallet} cases on a pallet, by one entry on the ledger, and shipped them sealed to ${wholesaler}, who took one case out and sold it to the pharmacy of ${pharmacy}.`,
      `With its trace key the maker finds where each of the ${units} is: ${counts.join(' and ')}. No other member can read product, lot, serial or partner.`,
    ],
    facts: { units, counts },
  }
  const serial = serialOf(1, 3)
  return { left: { lot, lotNumber, serial, bottle: `(01)${gtin}(21)${serial}(10)${lotNumber}` }, report }
}

/** The label of a bottle that a patient has, on another one elsewhere. */
export async function showCounterfeit(stage: Stage, { bottle }: Goods): Promise<StepReport> {
  const { network, parts } = stage
  const node = network.node(firstPharmacy)
  const { scanning } = node.books.supply
  const label = labelIn(bottle)
  if (!label.ok) throw new StoryFailed('the label does not read')
  const { scan } = await node.exchange.run(() => scanning.scan(label.value, maker))
  await network.until(
    () => (scanning.read(scan)?.noticeDueAt ?? null) !== null,
    stepSecondsMax,
    'the label to be reported',
  )
  const found = scanning.read(scan)
  const owners = [maker, wholesaler, pharmacy]
  const told = () =>
    owners.filter((member) =>
      network
        .node(member)
        .books.supply.alerts(0, 1_000)
        .some(({ incident }) => incident === found?.incident),
    ).length
  await network.until(() => told() === owners.length, stepSecondsMax, 'former owners to be told')
  const dueIn = (found?.noticeDueAt ?? 0) - parts.now()
  return {
    step: 'counterfeit',
    ok: found?.answer === 'ended: dispensed' && Math.abs(dueIn - noticeSeconds) < stepSecondsMax,
    says: [
      `The label of the dispensed bottle was shown at ${firstPharmacy}: ${found?.answer}. It is reported; ${told()} former owners know, and the authority is to be told within 24 hours.`,
    ],
    facts: { answer: found?.answer, told: told(), noticeDueAt: found?.noticeDueAt },
  }
}

/** Holders of a recalled lot: the wholesaler and the pharmacy. */
export const holdersOfLot = 2

/** The maker recalls the lot: how many holders answered what they have. Their pharmacies tell the wallets. */
export async function recallLot({ network }: Stage, { lot }: Goods): Promise<number> {
  const node = network.node(maker)
  const made = await node.exchange.run(() => node.books.supply.alarms.recall([lot]))
  if (!made.ok) throw new StoryFailed(`the recall was refused: ${made.reason.type}`)
  await accepted(node, made.value.step, 'the recall')
  const holders = () =>
    node.books.supply.alerts(0, 1_000).filter((each) => each['type'] === 'held-elsewhere' && each['lot'] === lot).length
  await network.until(() => holders() === holdersOfLot, stepSecondsMax, 'the holders to answer')
  return holders()
}

/** Partners ask the board for one-time keys, which its people grant. */
async function grantKeys({ network, parts }: Stage): Promise<void> {
  for (const [role, partners] of rolesOf()) {
    for (const partner of partners) {
      const { exchange, books } = network.node(partner)
      await exchange.run(() => books.supply.licences.ask({ role, count: keysAsked, authority: board }))
    }
    const { exchange, books } = network.node(board)
    const waiting = () => books.supply.licences.waiting().filter((each) => each.role === role).length
    await network.until(() => waiting() === partners.length, stepSecondsMax, 'partners to ask for keys')
    const validUntil = Math.floor(parts.now()) + yearSeconds
    const made = await exchange.run(() => books.supply.licences.grant({ role, partners, validUntil }))
    if (!made.ok) throw new StoryFailed(`keys were refused: ${made.reason.type}`)
    await accepted(network.node(board), made.value.step, 'the keys')
    const free = (partner: string) => network.node(partner).books.supply.shelves.freeKey([role]) !== undefined
    await network.until(() => partners.every(free), stepSecondsMax, 'keys to arrive')
  }
}

const rolesOf = () => Object.entries(roles) as [keyof typeof roles, readonly string[]][]

async function move({ network }: Stage, from: string, to: string, ...labels: readonly string[]): Promise<void> {
  const sender = network.node(from)
  const identifiers = labels.map(identifierOf)
  const shipped = await sender.exchange.run(() =>
    sender.books.supply.shipping.ship({ to, labels: identifiers, purpose: 'trade' }),
  )
  if (!shipped.ok) throw new StoryFailed(`a shipment was refused: ${shipped.reason.type}`)
  const { shipment } = shipped.value
  const receiver = network.node(to)
  const { shipping } = receiver.books.supply
  await network.until(
    () => shipping.shipments.get(shipment)?.status === 'arrived',
    stepSecondsMax,
    'a shipment to arrive',
  )
  const received = await receiver.exchange.run(() =>
    shipping.receive({ shipment, missing: [], damaged: [], notes: [] }),
  )
  if (!received.ok) throw new StoryFailed(`a receipt was refused: ${received.reason.type}`)
  await accepted(receiver, received.value.step, 'a receipt')
}

async function unpack(node: MemberNode, label: string, only: readonly string[]): Promise<void> {
  const made = await node.exchange.run(() =>
    node.books.supply.making.unpack(identifierOf(label), only.map(identifierOf)),
  )
  if (!made.ok) throw new StoryFailed(`a package was not opened: ${made.reason.type}`)
  for (const step of made.value.steps) await accepted(node, step, 'the opening of a package')
}

export function identifierOf(label: string) {
  const found = labelIn(label)
  if (!found.ok) throw new StoryFailed('a label does not read')
  return found.value.identifier
}

async function accepted(node: MemberNode, step: string, what: string): Promise<void> {
  const outcome = await node.books.shelf.outcome(step)
  if (outcome.type === 'accepted') return
  throw new StoryFailed(`${what} was refused: ${outcome.type === 'refused' ? outcome.reason : outcome.type}`)
}
