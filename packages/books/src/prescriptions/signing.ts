/** A prescriber's order becomes signed contents and the items that the ledger keeps of them. */
import { no, ok, type Result } from '@plexus/codec'
import {
  dayAt,
  type LimitsName,
  lastDayOf,
  limitsFor,
  limitsSuffice,
  type Schedule,
  type SignedItem,
} from '@plexus/contracts'
import type { RandomBytes } from '@plexus/crypto'
import type { Mailbox } from '@plexus/exchange'
import {
  type Drug,
  handleOfSeed,
  isRegistrationNumber,
  itemSeed,
  type LineNames,
  type Prescription,
  type PrescriptionContent,
  quantityMax,
  signPrescription,
} from '@plexus/sdk'

/** One line, as the prescriber orders it. What is null follows from the rest. */
export interface OrderedLine {
  readonly drug: Drug
  /** For each fill, in `unit` (UCUM), the smallest that is dispensed. */
  readonly quantity: number
  readonly unit: string
  /** 21 CFR 1308; null is not controlled. */
  readonly schedule: Schedule | null
  readonly directions: string
  readonly note: string
  /** The limits under which the item stands; null: the loosest that its schedule allows. */
  readonly limits: LimitsName | null
  /** Days from the day of issue. `lastsDays` null: as long as the limits allow. */
  readonly startsInDays: number
  readonly lastsDays: number | null
  readonly refills: number
  readonly refillWeeks: number
  /** What the practice's own system calls the line, besides the order's name; null: the pharmacy is told neither. */
  readonly name: string | null
}

/** The patient's side of an order: a wallet's key for each line, or null for a patient whose practice keeps the key. */
export interface OrderedFor {
  readonly keys: readonly Uint8Array[] | null
  readonly mailbox: Mailbox | null
}

export interface Order {
  readonly organisation: string
  /** The practice's own name of it: the same line of the same order is signed once. */
  readonly name: string
  readonly lines: readonly OrderedLine[]
  readonly patient: OrderedFor
  readonly prescriber: { readonly npi: string; readonly seed: Uint8Array; readonly registration: string | null }
  /** Others of the organisation who stand in the same envelope, so that it does not tell who signed. */
  readonly beside: readonly string[]
  /** The authority that registered all of them for controlled substances. */
  readonly registrar: string | null
  /** SHA-256 of the evidence of two factors (21 CFR 1311.115). */
  readonly authentication: Uint8Array | null
  /** Where it is issued: how long after UTC+14 a day begins there, in minutes. */
  readonly dayLagMinutes: number
}

export type OrderRefusal = {
  readonly type:
    | 'quantity-missing'
    | 'limits-too-loose'
    | 'registration-invalid'
    | 'authentication-missing'
    | 'patient-keys-differ'
}

export interface SignedLine {
  readonly line: number
  readonly seed: Uint8Array
  readonly patientSeed: Uint8Array | null
  readonly content: PrescriptionContent
  readonly prescription: Prescription
  readonly item: SignedItem
  readonly names: LineNames | null
}

/** The lines of an order, signed by the clinician. `secret`: the practice's, 32 bytes; `time`: of the newest block. */
export function signOrder(
  order: Order,
  {
    chain,
    secret,
    time,
    random,
  }: {
    readonly chain: Uint8Array
    readonly secret: Uint8Array
    readonly time: number
    readonly random: RandomBytes
  },
): Result<readonly SignedLine[], OrderRefusal> {
  const { keys } = order.patient
  if (keys && keys.length !== order.lines.length) return no({ type: 'patient-keys-differ' })
  const today = dayAt(time, { lagMinutes: order.dayLagMinutes })
  const signed: SignedLine[] = []
  for (const [index, line] of order.lines.entries()) {
    const broken = brokenLine(order, line)
    if (broken) return no(broken)
    const seed = itemSeed({ secret, chain }, order.name, index + 1)
    const patientSeed = keys ? null : random(32)
    const patient = patientSeed ? handleOfSeed(patientSeed) : (keys?.[index] as Uint8Array)
    const content = contentOf(order, line, { handle: handleOfSeed(seed), patient, today })
    const { prescription, item } = signPrescription(chain, content, { clinicianSeed: order.prescriber.seed, random })
    const names = line.name === null ? null : { order: order.name, line: line.name }
    signed.push({ line: index + 1, seed, patientSeed, content, prescription, item, names })
  }
  return ok(signed)
}

/** What the dispenser would refuse is not signed: the ledger does not see it. */
function brokenLine(
  { prescriber, authentication }: Order,
  { quantity, schedule, limits }: OrderedLine,
): OrderRefusal | undefined {
  if (quantity < 1 || quantity > quantityMax) return { type: 'quantity-missing' }
  if (limits !== null && !limitsSuffice(limits, schedule)) return { type: 'limits-too-loose' }
  if (schedule === null) return undefined
  if (prescriber.registration === null || !isRegistrationNumber(prescriber.registration))
    return { type: 'registration-invalid' }
  return authentication === null ? { type: 'authentication-missing' } : undefined
}

function contentOf(
  { organisation, prescriber: { npi, registration }, authentication }: Order,
  { limits: asked, startsInDays, lastsDays, drug, quantity, unit, schedule, ...said }: OrderedLine,
  { handle, patient, today }: { readonly handle: Uint8Array; readonly patient: Uint8Array; readonly today: number },
): PrescriptionContent {
  const limits = asked ?? limitsFor(schedule)
  const { directions, note, refills, refillWeeks } = said
  return {
    ...{ handle, patient, drug, quantity, unit, schedule, directions, note, limits, refills, refillWeeks },
    issuedDay: today,
    firstDay: today + startsInDays,
    lastDay: lastsDays === null ? lastDayOf(limits, today) : today + lastsDays,
    prescriber: { npi, organisation, registration: schedule === null ? null : registration },
    authentication: schedule === null ? null : authentication,
  }
}
