/** MedicationRequest (R4 §11.1) in and out: one line of a prescription. */
import { JsonNumber, type JsonObject, type JsonValue, no, ok, type Result } from '@plexus/codec'
import { objectsIn, textIn } from '../references.ts'
import { type Coding, drugOf, identifierIn, objectIn, referenceIn } from './fields.ts'

/** A quantity in whole units; a decimal in the source is no number of units. */
export interface Units {
  readonly count: number
  /** System and code of the unit; "" where the source names none. */
  readonly system: string
  readonly unit: string
  /** In words, or "". */
  readonly says: string
}

export interface Order {
  /** The identifier of the line, else the id of the resource. */
  readonly line: string
  /** The identifier that all lines of one prescription share, or "". */
  readonly group: string
  readonly status: string
  readonly drug: readonly Coding[]
  readonly subject: string
  readonly requester: string
  readonly authoredOn: string
  readonly quantity: Units
  readonly refills: number
  readonly directions: string
}

/** Why a resource is no order that a pharmacy could fill, first reason first. */
export type OrderRefusal = {
  readonly type:
    | 'not-a-medication-request'
    | 'not-an-order'
    | 'not-active'
    | 'drug-missing'
    | 'issue-missing'
    | 'quantity-missing'
    | 'quantity-not-whole'
    | 'refills-not-whole'
}

/** `beside`: Medications that came with it, by `Medication/id` and by full URL. */
export function readOrder(
  value: JsonObject,
  beside: ReadonlyMap<string, JsonObject> = new Map(),
): Result<Order, OrderRefusal> {
  if (textIn(value, 'resourceType') !== 'MedicationRequest') return no({ type: 'not-a-medication-request' })
  if (!fillable.includes(textIn(value, 'intent'))) return no({ type: 'not-an-order' })
  const status = textIn(value, 'status')
  if (status !== 'active') return no({ type: 'not-active' })
  const { drug } = drugOf(value, beside)
  if (drug.length === 0) return no({ type: 'drug-missing' })
  const request = objectIn(value, 'dispenseRequest')
  const validity = request && objectIn(request, 'validityPeriod')
  // England's EPS leaves the day of issue to the signature, and says from when the line is valid.
  const authoredOn = textIn(value, 'authoredOn') || (validity ? textIn(validity, 'start') : '')
  if (authoredOn === '') return no({ type: 'issue-missing' })
  const asked = request && objectIn(request, 'quantity')
  if (!asked) return no({ type: 'quantity-missing' })
  const quantity = unitsOf(asked)
  if (!quantity || quantity.count === 0) return no({ type: 'quantity-not-whole' })
  const refills = wholeOf(request.get('numberOfRepeatsAllowed') ?? new JsonNumber('0'))
  if (refills === undefined) return no({ type: 'refills-not-whole' })
  return ok({
    line: identifierIn(value) || textIn(value, 'id'),
    group: identifierIn(value, 'groupIdentifier'),
    status,
    drug,
    subject: referenceIn(value, 'subject'),
    requester: referenceIn(value, 'requester'),
    authoredOn,
    quantity,
    refills,
    directions: objectsIn(value, 'dosageInstruction')
      .map((each) => textIn(each, 'text'))
      .filter((each) => each !== '')
      .join('; '),
  })
}

/** An order (R4 §11.1): what is planned or proposed is none, and its copies of an instance are for those who carry it out. */
const fillable: readonly string[] = ['order', 'original-order', 'reflex-order', 'filler-order', 'instance-order']

/** A FHIR Quantity in whole units, or undefined. */
export function unitsOf(value: JsonObject): Units | undefined {
  const count = wholeOf(value.get('value'))
  if (count === undefined) return undefined
  const says = textIn(value, 'unit')
  return { count, system: textIn(value, 'system'), unit: textIn(value, 'code') || says, says }
}

/** "480" and "480.0" are whole; "0.5", "-1" and "1e3" are not read as a number of units. */
function wholeOf(value: JsonValue | undefined): number | undefined {
  if (!(value instanceof JsonNumber)) return undefined
  const digits = /^([0-9]{1,9})(?:\.0{1,9})?$/.exec(value.text)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** The order as a MedicationRequest again, under the state that its item has. */
export function writeOrder(order: Order, status: 'active' | 'completed' | 'cancelled' | 'stopped'): JsonObject {
  const { quantity, refills } = order
  return new Map<string, JsonValue>([
    ['resourceType', 'MedicationRequest'],
    ['identifier', [new Map([['value', order.line]])]],
    ['status', status],
    ['intent', 'order'],
    ['medicationCodeableConcept', concept(order.drug)],
    ['subject', reference(order.subject)],
    ['authoredOn', order.authoredOn],
    ...some('requester', order.requester === '' ? undefined : reference(order.requester)),
    ...some('groupIdentifier', order.group === '' ? undefined : new Map([['value', order.group]])),
    ...some('dosageInstruction', order.directions === '' ? undefined : [new Map([['text', order.directions]])]),
    [
      'dispenseRequest',
      new Map<string, JsonValue>([
        ['numberOfRepeatsAllowed', new JsonNumber(String(refills))],
        ['quantity', amount(quantity)],
      ]),
    ],
  ])
}

export function concept(codings: readonly Coding[]): JsonObject {
  const coding = codings.map(
    ({ system, code, display }) =>
      new Map<string, JsonValue>([
        ...some('system', system || undefined),
        ['code', code],
        ...some('display', display || undefined),
      ]),
  )
  return new Map([['coding', coding]])
}

export const reference = (to: string): JsonObject => new Map([['reference', to]])

export function amount({ count, system, unit, says }: Units): JsonObject {
  return new Map<string, JsonValue>([
    ['value', new JsonNumber(String(count))],
    ...some('unit', says || undefined),
    ...some('system', system || undefined),
    ...some('code', unit || undefined),
  ])
}

/** A field that is there, or none. */
export function some(name: string, value: JsonValue | undefined): readonly (readonly [string, JsonValue])[] {
  return value === undefined ? [] : [[name, value]]
}
