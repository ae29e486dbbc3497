/** What was found, as documents to be written in JSON or XML. */
import type { JsonObject, JsonValue } from '@plexus/codec'
import { answerForm, type EpcisDocument } from '../documents/document.ts'
import type { EpcisEvent } from '../documents/events.ts'
import { contextOf, namespacesOfEpcis } from '../documents/namespaces.ts'

/** The answer to a query (EPCIS 2.0 §8.2); `creationDate` in RFC 3339. Prefixes that are an event's own go with that event. */
export function answerDocument(
  events: readonly EpcisEvent[],
  { queryName, creationDate }: { readonly queryName: string; readonly creationDate: string },
): EpcisDocument {
  const forms = events.map((event) => (hasOwnPrefixes(event) ? loneEventForm(event) : event.form))
  const form = answerForm({ creationDate, namespaces: namespacesOfEpcis }, queryName, forms)
  return { type: 'EPCISQueryDocument', events, form, namespaces: namespacesOfEpcis }
}

/** One event that travels alone, with its context (§10.2). */
export function loneEventForm({ form, namespaces }: EpcisEvent): JsonObject {
  return new Map<string, JsonValue>([...form, ['@context', contextOf(namespaces)]])
}

const hasOwnPrefixes = ({ namespaces }: EpcisEvent): boolean =>
  [...namespaces].some(([prefix, namespace]) => namespacesOfEpcis.get(prefix) !== namespace)
