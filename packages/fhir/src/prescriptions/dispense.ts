/** MedicationDispense (R4 §11.3) in and out: what a pharmacy says it did with a line. */
import { type JsonObject, type JsonValue, no, ok, type Result } from '@plexus/codec'
import { objectsIn, textIn } from '../references.ts'
import { type Coding, codingsIn, drugOf, extensionCode, identifierIn, medicationOf, npiIn, objectIn } from './fields.ts'
import { amount, concept, reference, some, type Units, unitsOf } from './order.ts'

export interface Dispense {
  readonly status: string
  /** What counts: handed out, still under way, not handed out, or said in error. */
  readonly counts: 'dispensed' | 'under-way' | 'not-dispensed' | 'in-error'
  /** The code of the kind of dispensing, or ""; its display is decoration. */
  readonly kind: string
  readonly drug: readonly Coding[]
  /** Of a compound. */
  readonly ingredients: readonly Coding[]
  /** References of the orders, or identifiers of the lines of an order that it contains. */
  readonly orders: readonly string[]
  /** Null where no whole number of units is said; 0 is said, and is not inferred from. */
  readonly quantity: Units | null
  /** England's EPS: where the whole prescription stands with this, or "". */
  readonly prescriptionStatus: string
  readonly handedOverAt: string
  /** The pharmacy's own identifier of it, or "". */
  readonly name: string
  /** The identifier that all lines of the prescription share, or "". */
  readonly group: string
  /** NPI of whoever dispensed it, or "". */
  readonly pharmacist: string
  readonly lot: string
  /** Why only a part, where the limits of the item ask for it, or "". */
  readonly remainder: '' | 'requested' | 'shortage'
}

/** R4 has no place for the reason of a part; this extension of a MedicationDispense has it as a `valueCode`. */
const remainderExtension = 'urn:plexus:remainder'

export type DispenseRefusal = {
  readonly type: 'not-a-medication-dispense' | 'status-unknown' | 'drug-missing' | 'order-missing'
}

/** R4 §11.3, valueset-medicationdispense-status. */
const counting: Readonly<Record<string, Dispense['counts']>> = {
  completed: 'dispensed',
  preparation: 'under-way',
  'in-progress': 'under-way',
  'on-hold': 'under-way',
  unknown: 'under-way',
  cancelled: 'not-dispensed',
  stopped: 'not-dispensed',
  declined: 'not-dispensed',
  'entered-in-error': 'in-error',
}

export function readDispense(
  value: JsonObject,
  beside: ReadonlyMap<string, JsonObject> = new Map(),
): Result<Dispense, DispenseRefusal> {
  if (textIn(value, 'resourceType') !== 'MedicationDispense') return no({ type: 'not-a-medication-dispense' })
  const status = textIn(value, 'status')
  const counts = Object.hasOwn(counting, status) ? counting[status] : undefined
  if (!counts) return no({ type: 'status-unknown' })
  const { drug, ingredients } = drugOf(value, beside)
  if (drug.length + ingredients.length === 0) return no({ type: 'drug-missing' })
  const orders = objectsIn(value, 'authorizingPrescription').map((each) => orderNamed(value, textIn(each, 'reference')))
  const named = orders.filter((each) => each !== '')
  if (named.length === 0) return no({ type: 'order-missing' })
  const quantity = objectIn(value, 'quantity')
  return ok({
    status,
    counts,
    kind: codingsIn(value, 'type')[0]?.code ?? '',
    drug,
    ingredients,
    orders: named,
    quantity: (quantity && unitsOf(quantity)) ?? null,
    prescriptionStatus: extensionCode(value, 'Extension-EPS-TaskBusinessStatus'),
    handedOverAt: textIn(value, 'whenHandedOver') || textIn(value, 'whenPrepared'),
    name: identifierIn(value),
    group: objectsIn(value, 'contained').reduce((found, each) => found || identifierIn(each, 'groupIdentifier'), ''),
    pharmacist: objectsIn(value, 'performer').reduce((found, each) => found || npiIn(each, 'actor', value, beside), ''),
    lot: lotIn(medicationOf(value, beside)),
    remainder: remainderIn(value),
  })
}

function remainderIn(value: JsonObject): Dispense['remainder'] {
  const said = objectsIn(value, 'extension').find((each) => textIn(each, 'url') === remainderExtension)
  const code = said ? textIn(said, 'valueCode') : ''
  return code === 'requested' || code === 'shortage' ? code : ''
}

const lotIn = (medication: JsonObject | undefined): string => {
  const batch = medication && objectIn(medication, 'batch')
  return batch ? textIn(batch, 'lotNumber') : ''
}

/** An order that the resource contains is known by the identifier of its line. */
function orderNamed(value: JsonObject, to: string): string {
  const contained = objectsIn(value, 'contained').find((each) => `#${textIn(each, 'id')}` === to)
  return contained ? identifierIn(contained) : to
}

/** HL7 v3 ActCode, ActPharmacySupplyType: first fill or refill, complete or part. */
export type SupplyKind = 'FFC' | 'FFP' | 'RFC' | 'RFP'

/** Which of them a fill is: from the number of the fill, and whether it began and ended with this part. */
export function supplyKind(fill: number, whole: boolean): SupplyKind {
  if (fill === 1) return whole ? 'FFC' : 'FFP'
  return whole ? 'RFC' : 'RFP'
}

/** A fill as a MedicationDispense; `reversed` says that it went back to stock, and counts as none. */
export function writeDispense(said: {
  readonly order: string
  readonly subject: string
  readonly drug: readonly Coding[]
  readonly quantity: Units
  readonly kind: SupplyKind
  readonly handedOverAt: string
  readonly reversed: boolean
}): JsonObject {
  const kind = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: said.kind, display: '' }
  return new Map<string, JsonValue>([
    ['resourceType', 'MedicationDispense'],
    ['status', said.reversed ? 'entered-in-error' : 'completed'],
    ['medicationCodeableConcept', concept(said.drug)],
    ['subject', reference(said.subject)],
    ['authorizingPrescription', [reference(said.order)]],
    ['type', concept([kind])],
    ['quantity', amount(said.quantity)],
    ...some('whenHandedOver', said.handedOverAt || undefined),
  ])
}
