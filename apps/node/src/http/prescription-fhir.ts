/** An item as others' systems read it: MedicationRequest, a MedicationDispense for each fill, and the Task of its dispensing (R4). */
import type { KnownItem } from '@plexus/books'
import { type JsonObject, type JsonValue, toHex } from '@plexus/codec'
import { businessStatus, type ItemStanding, supplyKind, writeDispense, writeOrder, writeTask } from '@plexus/fhir'

export const systems = {
  rxnorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  ndc: 'http://hl7.org/fhir/sid/ndc',
  snomed: 'http://snomed.info/sct',
} as const
/** Before a handle: how an item is referred to. */
export const itemPrefix = 'urn:plexus:item:'
export const ucum = 'http://unitsofmeasure.org'
const npiSystem = 'http://hl7.org/fhir/sid/us-npi'
const millisecondsPerDay = 86_400_000

/** A Bundle of type collection. */
export function bundleOf(entries: readonly JsonObject[]): JsonObject {
  return new Map<string, JsonValue>([
    ['resourceType', 'Bundle'],
    ['type', 'collection'],
    ['entry', entries],
  ])
}

export const entryOf = (resource: JsonObject): JsonObject => new Map([['resource', resource]])

/**
 * The entries of an item: the request under its handle, what was dispensed, and where it stands. The patient stands in them by
 * the item's one-time key alone.
 */
export function entriesOf({ handle, status, content, names, fill, filled, fills }: KnownItem): readonly JsonObject[] {
  const order = `${itemPrefix}${handle}`
  const subject = `urn:plexus:patient-key:${toHex(content.patient)}`
  const units = (count: number) => ({ count, system: ucum, unit: content.unit, says: '' })
  const request = writeOrder(
    {
      line: names?.line ?? order,
      group: names?.order ?? '',
      status: 'active',
      drug: [codingOf(content.drug)],
      subject,
      requester: `${npiSystem}|${content.prescriber.npi}`,
      authoredOn: dateOf(content.issuedDay),
      quantity: units(content.quantity),
      refills: content.refills,
      directions: content.directions,
    },
    requestStatus(status, fill > content.refills),
  )
  const dispenses = fills.map(({ record, reversed }) =>
    writeDispense({
      ...{ order, subject, reversed, drug: [codingOf(record.product)], quantity: units(record.quantity) },
      kind: supplyKind(record.fill, record.quantity === content.quantity),
      handedOverAt: dateOf(record.day),
    }),
  )
  const business = status === null ? undefined : businessStatus(status as ItemStanding, filled > 0)
  const tasks = business === undefined ? [] : [writeTask({ order, subject, status: business })]
  const named: JsonObject = new Map<string, JsonValue>([['fullUrl', order], ...entryOf(request)])
  return [named, ...[...dispenses, ...tasks].map(entryOf)]
}

const codingOf = ({ system, code, display }: KnownItem['content']['drug']) => ({
  system: systems[system],
  code,
  display,
})

/** FHIR's date of a day since 1970. */
const dateOf = (day: number): string => new Date(day * millisecondsPerDay).toISOString().slice(0, 10)

function requestStatus(status: string | null, isLastFill: boolean): 'active' | 'cancelled' | 'completed' | 'stopped' {
  if (status === 'cancelled') return 'cancelled'
  if (status === 'completed' || (status === 'filled' && isLastFill)) return 'completed'
  return status === 'expired' || status === 'not-dispensed' ? 'stopped' : 'active'
}
