/** A MedicationRequest as a line that is to be signed: what an order of a practice needs of it, and no more. */
import { JsonNumber, type JsonObject, ok, type Result } from '@plexus/codec'
import { custodianSystem } from '../demographics.ts'
import { objectsIn, textIn } from '../references.ts'
import { extensionOf, identifierOf, npiIn, objectIn, organisationSystem, targetIn } from './fields.ts'
import { type MessageRefusal, refuse } from './message-refusal.ts'
import { type Order, type OrderRefusal, readOrder } from './order.ts'

/** A pharmacy as a message names it; `id` "": by an identifier of another registry. */
export interface PharmacyNamed {
  readonly id: string
}

export interface PrescribedLine extends Order {
  /** NPI of the requester, or "" where another registry names them. */
  readonly npi: string
  /** The requester's registration for controlled substances, or "". */
  readonly registration: string
  /** 21 CFR 1308, or "" for what is not controlled. */
  readonly schedule: '' | 'II' | 'III' | 'IV' | 'V'
  /** Dates or date-times of R4, or "". */
  readonly issuedOn: string
  readonly startsOn: string
  readonly endsOn: string
  readonly refillWeeks: number
  readonly note: string
  /** The patient's chart at a custodian, or null: its wallet then has its copy. */
  readonly chart: { readonly custodian: string; readonly patient: string } | null
  /** Whom the patient chose, or null. */
  readonly pharmacy: PharmacyNamed | null
}

/** R4 has no place for the schedule of a line; this extension of a MedicationRequest has it as a `valueCode`. */
const scheduleExtension = 'urn:plexus:schedule'
/** Numbers of the Drug Enforcement Administration (HL7 OID registry). */
const registrationSystem = 'urn:oid:2.16.840.1.113883.4.814'

export function readLine(
  value: JsonObject,
  beside: ReadonlyMap<string, JsonObject>,
  path: string,
): Result<PrescribedLine, MessageRefusal> {
  const read = readOrder(value, beside)
  if (!read.ok) return refuse(read.reason.type, path, ...orderExpectations[read.reason.type])
  if (read.value.line === '') return refuse('line-missing', `${path}.identifier`, 'what the line is called', 'nothing')
  if (read.value.directions === '')
    return refuse('directions-missing', `${path}.dosageInstruction.text`, 'directions in words', 'none')
  if (extensionOf(value, 'Extension-DM-ControlledDrug'))
    return refuse('controlled-elsewhere', `${path}.extension`, 'a schedule of 21 CFR 1308', 'one of another country')
  const schedule = scheduleIn(value)
  if (schedule === undefined)
    return refuse('controlled-elsewhere', `${path}.extension`, 'one of II, III, IV, V', 'another schedule')
  const request = objectIn(value, 'dispenseRequest') ?? new Map()
  const refillWeeks = weeksIn(objectIn(request, 'dispenseInterval'))
  if (refillWeeks === undefined)
    return refuse('interval-not-weeks', `${path}.dispenseRequest.dispenseInterval`, 'whole weeks', 'another interval')
  const period = objectIn(request, 'validityPeriod') ?? new Map()
  const substitution = objectIn(value, 'substitution')
  const notes = objectsIn(value, 'note').map((each) => textIn(each, 'text'))
  return ok({
    ...read.value,
    schedule,
    refillWeeks,
    npi: npiIn(value, 'requester', value, beside),
    registration: registrationIn(value, beside),
    issuedOn: textIn(value, 'authoredOn'),
    startsOn: textIn(period, 'start'),
    endsOn: textIn(period, 'end'),
    note: [...(substitution?.get('allowedBoolean') === false ? ['No substitution.'] : []), ...notes].join(' '),
    chart: chartIn(objectIn(value, 'subject')),
    pharmacy: pharmacyIn(request, 'performer'),
  })
}

function scheduleIn(value: JsonObject): PrescribedLine['schedule'] | undefined {
  const said = objectsIn(value, 'extension').find((each) => textIn(each, 'url') === scheduleExtension)
  const code = said ? textIn(said, 'valueCode') : ''
  return schedules.find((each) => each === code)
}

const schedules = ['', 'II', 'III', 'IV', 'V'] as const

function registrationIn(value: JsonObject, beside: ReadonlyMap<string, JsonObject>): string {
  const requester = objectIn(value, 'requester')
  if (!requester) return ''
  const role = targetIn(textIn(requester, 'reference'), value, beside)
  const practitioner = role && objectIn(role, 'practitioner')
  const person = practitioner && targetIn(textIn(practitioner, 'reference'), value, beside)
  return [requester, role, person].reduce(
    (found, each) => found || (each ? identifierOf(each, registrationSystem) : ''),
    '',
  )
}

/** A pharmacy under `name`, where one is named at all. */
export function pharmacyIn(value: JsonObject, name: string): PharmacyNamed | null {
  const named = objectIn(value, name)
  return named ? { id: identifierOf(named, organisationSystem) } : null
}

/** Weeks of a Duration; 0 where none is said. */
function weeksIn(interval: JsonObject | undefined): number | undefined {
  if (!interval) return 0
  const count = interval.get('value')
  const days = { wk: 7, d: 1 }[textIn(interval, 'code')] ?? Number.NaN
  const weeks = count instanceof JsonNumber ? (Number(count.text) * days) / 7 : Number.NaN
  return Number.isInteger(weeks) && weeks >= 0 ? weeks : undefined
}

/** A patient of a custodian is named by the custodian's own number. */
function chartIn(subject: JsonObject | undefined): PrescribedLine['chart'] {
  const identifier = subject && objectIn(subject, 'identifier')
  if (!identifier) return null
  const system = textIn(identifier, 'system')
  const patient = textIn(identifier, 'value')
  return system.startsWith(custodianSystem) && patient !== ''
    ? { custodian: system.slice(custodianSystem.length), patient }
    : null
}

const orderExpectations: Readonly<Record<OrderRefusal['type'], readonly [string, string]>> = {
  'not-a-medication-request': ['a MedicationRequest', 'another resource'],
  'not-an-order': ['an order as intent', 'another intent'],
  'not-active': ['status active, or cancelled to cancel', 'another status'],
  'drug-missing': ['a drug with a code', 'none'],
  'issue-missing': ['authoredOn, or the start of its validity', 'neither'],
  'quantity-missing': ['a quantity to be dispensed', 'none'],
  'quantity-not-whole': ['whole units, at least one', 'none, or a part'],
  'refills-not-whole': ['a whole number of repeats', 'another'],
}
