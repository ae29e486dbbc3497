import { type JsonObject, type JsonValue, writeJson } from '@plexus/codec'
import type { AttributedEntry, AttributionRule } from './attribution.ts'

/** Each rule has a URI of its own, so that a reader of the record can tell a fact of the source from an inference. */
export const attributionPolicy = 'urn:plexus:attribution:'

const rulesInWords: Readonly<Record<AttributionRule, string>> = {
  'own-organisation': 'named by a field of the resource itself',
  encounter: 'service provider of its encounter',
  'item-or-provider': 'encounter of its items, or where its provider mostly works',
  'care-plan': 'organisation of the care plan that refers to it',
  'encounter-open-then': 'organisation of the encounter that was open when it was recorded',
  referrer: 'organisation of the first resource that refers to it',
  'main-custodian': 'organisation with most encounters of the patient',
  unnamed: 'not named by the source: kept by the importing organisation',
}

type Made = Pick<AttributedEntry, 'resourceType' | 'id' | 'organisation' | 'organisationName' | 'rule'>

/**
 * A FHIR R4 Provenance (R4 §6.3) as JSON bytes: who made these resources, all of one organisation, and by which one rule
 * that is known, as a `policy` URI and in words as the activity. `recordedAt` is a FHIR instant, `id` a FHIR id, both
 * given: nothing here reads a clock.
 */
export function provenanceOf(
  entries: readonly Made[],
  { id, recordedAt }: { readonly id: string; readonly recordedAt: string },
): Uint8Array {
  const [entry] = entries
  if (!entry) throw new Error('a Provenance speaks of at least one resource')
  if (entries.some(({ organisation, rule }) => organisation !== entry.organisation || rule !== entry.rule))
    throw new Error('a Provenance speaks of one organisation and one rule')
  const organisation = object({ reference: `Organization/${entry.organisation}`, display: entry.organisationName })
  return writeJson(
    object({
      resourceType: 'Provenance',
      id,
      target: entries.map((made) => object({ reference: `${made.resourceType}/${made.id}` })),
      recorded: recordedAt,
      policy: [attributionPolicy + entry.rule],
      activity: object({ text: rulesInWords[entry.rule] }),
      agent: [object({ type: object({ coding: [author] }), who: organisation })],
    }),
  )
}

const author = object({
  system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type',
  code: 'author',
  display: 'Author',
})

function object(members: Readonly<Record<string, JsonValue>>): JsonObject {
  return new Map(Object.entries(members))
}
