import { isJsonList, isJsonObject, type JsonObject, type JsonValue } from '@plexus/codec'
import { cbvNamespace, gs1Namespace } from '../vocabulary.ts'

/** Prefix to namespace. */
export type Namespaces = ReadonlyMap<string, string>

/** The address of the context that declares the names of EPCIS 2.0. It is a name here and never fetched. */
export const epcisContext = 'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld'

/** What that context declares beside the names themselves. */
export const namespacesOfEpcis: Namespaces = new Map([
  ['epcis', 'https://ref.gs1.org/epcis/'],
  ['cbv', cbvNamespace],
  ['cbvmda', 'urn:epcglobal:cbv:mda:'],
  ['gs1', gs1Namespace],
  ['rdfs', 'http://www.w3.org/2000/01/rdf-schema#'],
  ['owl', 'http://www.w3.org/2002/07/owl#'],
  ['xsd', 'http://www.w3.org/2001/XMLSchema#'],
  ['dcterms', 'http://purl.org/dc/terms/'],
])

/** Namespaces in force below an `@context`, on top of those outside it. A prefix that is declared again means the new. */
export function namespacesUnder(outer: Namespaces, context: JsonValue | undefined): Namespaces {
  const parts = isJsonList(context) ? context : [context]
  const objects = parts.filter((part) => isJsonObject(part))
  if (objects.length === 0) return outer
  const declared = new Map(outer)
  for (const part of objects)
    for (const [prefix, namespace] of part)
      if (typeof namespace === 'string' && /^[A-Za-z]/.test(prefix)) declared.set(prefix, namespace)
  return declared
}

/** A name of an extension, taken apart. */
export interface ExpandedName {
  /** '' where the prefix is not declared. */
  readonly namespace: string
  readonly local: string
}

export function expandedName(namespaces: Namespaces, name: string): ExpandedName {
  const colon = name.indexOf(':')
  const namespace = colon < 0 ? undefined : namespaces.get(name.slice(0, colon))
  return namespace === undefined ? { namespace: '', local: name } : { namespace, local: name.slice(colon + 1) }
}

/** The `@context` that declares these prefixes beside those of EPCIS. */
export function contextOf(namespaces: Namespaces): JsonValue {
  const own: JsonObject = new Map([...namespaces].filter(([prefix, uri]) => namespacesOfEpcis.get(prefix) !== uri))
  return own.size === 0 ? [epcisContext] : [epcisContext, own]
}
