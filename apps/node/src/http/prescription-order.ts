/** A FHIR prescription as an order of this member's practice; what R4 has no place for stands in the address. */
import type { Order, OrderedLine } from '@plexus/books'
import { fromHex, no, ok, type Result } from '@plexus/codec'
import { dayAt, members } from '@plexus/contracts'
import type { Coding, OutcomeIssue, PrescribedLine, PrescriptionAsk, Units } from '@plexus/fhir'
import { viewOf } from '@plexus/kernel'
import type { Drug } from '@plexus/sdk'
import { secretsNamed } from '../layout.ts'
import type { MemberNode } from '../member-node.ts'
import { systems, ucum } from './prescription-fhir.ts'

/** What the address says beside the document. */
export interface FhirQuery {
  /** The practice; the member itself where it is not said. */
  readonly organisation?: string | undefined
  /** NPI of the prescriber or pharmacist, where the document names them by another registry. */
  readonly clinician?: string | undefined
  readonly pharmacy?: string | undefined
  /** NPI of the pharmacy that dispenses; the pharmacist's where it is not said. */
  readonly dispensary?: string | undefined
  readonly registrar?: string | undefined
  /** SHA-256 of the evidence of two factors, hexadecimal. */
  readonly authentication?: string | undefined
  readonly beside?: readonly string[] | undefined
  /** How long after UTC+14 a day begins where it is issued; else from the offset of `authoredOn`. */
  readonly dayLagMinutes?: number | undefined
}

const [codeMax, displayMax, wordsMax, nameMax] = [40, 300, 1_000, 64]
const printable = /^[\x20-\x7e]+$/
const millisecondsPerDay = 86_400_000
const firstOffsetMinutes = 14 * 60

type Asked = Extract<PrescriptionAsk, { readonly type: 'prescribe' }>

export function orderOf(
  node: MemberNode,
  { group, lines }: Asked,
  query: FhirQuery,
): Result<{ readonly order: Order; readonly pharmacy: string | null }, OutcomeIssue> {
  const [first] = lines
  if (!first) throw new Error('an order that was read has no line')
  const npi = first.npi || query.clinician
  if (npi === undefined || (query.clinician !== undefined && npi !== query.clinician))
    return no(
      wrong('clinician-unknown', 'requester', 'one NPI, here or as `clinician` in the address', 'none, or another'),
    )
  if (!secretsNamed(node.layout, 'clinician-').includes(`clinician-${npi}`))
    return no(wrong('clinician-unknown', 'requester', 'a clinician of this member', 'another'))
  if (!fits(group, nameMax))
    return no(wrong('name', 'groupIdentifier', `at most ${nameMax} ASCII characters`, 'another name'))
  const dayLagMinutes = query.dayLagMinutes ?? lagOf(first.issuedOn)
  if (dayLagMinutes === undefined)
    return no(wrong('place-missing', 'authoredOn', 'an offset, or `dayLagMinutes` in the address', 'neither'))
  const today = dayAt(node.store.tip()?.time ?? 0, { lagMinutes: dayLagMinutes })
  // 21 CFR 1306.05(a): dated as of, and signed on, the day when it is issued.
  if (first.issuedOn !== '' && dayOf(first.issuedOn) !== today)
    return no(wrong('issued-day-wrong', 'authoredOn', 'today: it is signed now', 'another day'))
  const ordered: OrderedLine[] = []
  for (const line of lines) {
    const read = lineOf(line, today)
    if (!read.ok) return read
    ordered.push(read.value)
  }
  const pharmacy = pharmacyOf(node, first, query)
  if (!pharmacy.ok) return pharmacy
  return ok({
    pharmacy: pharmacy.value,
    order: {
      organisation: query.organisation ?? node.member,
      name: group,
      prescriber: { npi, seed: node.clinicianSeed(npi), registration: first.registration || null },
      beside: query.beside ?? [],
      registrar: query.registrar ?? null,
      authentication: query.authentication === undefined ? null : fromHex(query.authentication),
      dayLagMinutes,
      lines: ordered,
      patient: { keys: null, mailbox: mailboxOf(node, first.chart) },
    },
  })
}

export function issue(type: string, code: string, says: string, path: string | null = null): OutcomeIssue {
  return { severity: 'error', type, code, says, path }
}

export const pharmacyMissing = (path: string): OutcomeIssue =>
  issue(
    'value',
    'pharmacy-unknown',
    'expected urn:plexus:organisation, or `pharmacy` in the address; came another identifier',
    path,
  )

const wrong = (code: string, at: string, expected: string, came: string): OutcomeIssue =>
  issue('value', code, `expected ${expected}; came ${came}`, `MedicationRequest.${at}`)

function lineOf(line: PrescribedLine, today: number): Result<OrderedLine, OutcomeIssue> {
  const drug = drugOf(line.drug)
  if (!drug) return no(wrong('drug-system-unknown', 'medication[x]', 'RxNorm, NDC or SNOMED CT', 'none of them'))
  const unit = unitOf(line.quantity)
  if (unit === undefined)
    return no(wrong('unit-missing', 'dispenseRequest.quantity', 'a unit of UCUM, or one in words', 'neither'))
  if (!fits(line.line, nameMax))
    return no(wrong('name', 'identifier', `at most ${nameMax} ASCII characters`, 'another name'))
  const { directions, note, quantity, schedule, refills, refillWeeks } = line
  if (directions.length > wordsMax || note.length > wordsMax)
    return no(wrong('too-long', 'dosageInstruction.text', `at most ${wordsMax} characters, as the note`, 'more'))
  const starts = line.startsOn === '' ? today : dayOf(line.startsOn)
  if (!Number.isInteger(starts) || starts < today)
    return no(wrong('too-late', 'dispenseRequest.validityPeriod.start', 'today or a later day', 'a day that is over'))
  const ends = line.endsOn === '' ? null : dayOf(line.endsOn)
  if (ends !== null && !(ends >= starts))
    return no(wrong('too-late', 'dispenseRequest.validityPeriod.end', 'its start or a later day', 'an earlier one'))
  return ok({
    ...{ drug, quantity: quantity.count, unit, schedule: schedule || null, directions, note, limits: null },
    ...{ startsInDays: starts - today, lastsDays: ends === null ? null : ends - today },
    ...{ refills, refillWeeks, name: line.line },
  })
}

const fits = (text: string, max: number): boolean => text.length <= max && printable.test(text)

/** The first coding of a system that items have. */
export function drugOf(codings: readonly Coding[]): Drug | undefined {
  for (const { system: url, code, display } of codings)
    for (const system of ['rxnorm', 'ndc', 'snomed'] as const)
      if (systems[system] === url && fits(code, codeMax)) return { system, code, display: display.slice(0, displayMax) }
  return undefined
}

/** A unit of UCUM; one of another system becomes an annotation of UCUM, such as `{tablet}`. */
export function unitOf({ system, unit, says }: Units): string | undefined {
  if (system === ucum) return fits(unit, codeMax) ? unit : undefined
  const words = (says || unit).trim().replaceAll(' ', '_')
  return /^[!-z|~]{1,38}$/.test(words) ? `{${words}}` : undefined
}

/** Days since 1970 of a date, or of a date-time where it was written. NaN for a year or a month alone, which is no day. */
const dayOf = (text: string): number =>
  Date.parse(text.slice(0, 'yyyy-mm-dd'.length).padEnd(10, '?')) / millisecondsPerDay

function lagOf(dateTime: string): number | undefined {
  if (dateTime.endsWith('Z')) return firstOffsetMinutes
  const [, sign, hours, minutes] = /T.*([+-])(\d\d):(\d\d)$/.exec(dateTime) ?? []
  if (sign === undefined) return undefined
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1)
  return firstOffsetMinutes - offset
}

/** Whom the patient chose; null where nobody is named. */
function pharmacyOf(
  node: MemberNode,
  { pharmacy }: PrescribedLine,
  query: FhirQuery,
): Result<string | null, OutcomeIssue> {
  const id = pharmacy?.id || query.pharmacy
  if (id === undefined) return pharmacy ? no(pharmacyMissing('MedicationRequest.dispenseRequest.performer')) : ok(null)
  if (members.queries.isActive(viewOf(members, node.store), id)) return ok(id)
  return no(wrong('pharmacy-unknown', 'dispenseRequest.performer', 'an organisation that takes part', 'another'))
}

/** Where the enrolled wallet of a chart here is told. */
export function mailboxOf(
  { exchange: { custody } }: MemberNode,
  chart: PrescribedLine['chart'],
): Order['patient']['mailbox'] {
  if (!chart) return null
  return custody.patients.get(custody.patientKey(chart.custodian, chart.patient))?.enrolment?.content.mailbox ?? null
}
