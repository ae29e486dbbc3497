/** Documents of EPCIS 2.0 in XML (§9), read into the JSON form and checked there: one set of rules for both. */
import { type JsonObject, type JsonValue, no, ok, type Result } from '@plexus/codec'
import { checkedDocument, type DocumentLimits, documentLimits, type EpcisDocument } from '../documents/document.ts'
import { contextOf } from '../documents/namespaces.ts'
import type { EpcisRefusal } from '../refusals.ts'
import { eventFormOf, putExtension, unwrapped } from './events-in.ts'
import { Prefixes, schemaInstance } from './prefixes.ts'
import { readXml, type XmlElement } from './tree.ts'

const captureNamespace = 'urn:epcglobal:epcis:xsd:2'
const queryNamespace = 'urn:epcglobal:epcis-query:xsd:2'
/** EPCIS 1.0 to 1.2. */
const formerNamespaces: ReadonlySet<string> = new Set(['urn:epcglobal:epcis:xsd:1', 'urn:epcglobal:epcis-query:xsd:1'])

/** Reads a capture or query document from XML. The paths of refusals are those of the JSON form. */
export function readEpcisXml(
  bytes: Uint8Array,
  limits: DocumentLimits = documentLimits,
): Result<EpcisDocument, EpcisRefusal> {
  const form = readXmlForm(bytes, limits)
  return form.ok ? checkedDocument(form.value, limits) : form
}

/** The JSON form of a document in XML, unchecked. */
export function readXmlForm(bytes: Uint8Array, limits: DocumentLimits): Result<JsonObject, EpcisRefusal> {
  const read = readXml(bytes, limits)
  if (!read.ok) return read
  const root = read.value
  if (formerNamespaces.has(root.namespace))
    return no({
      type: 'unsupported-version',
      path: '',
      expected: 'EPCIS 2.0; earlier editions are converted by their sender',
    })
  if (root.namespace === captureNamespace && root.local === 'EPCISDocument') return formOf(root, captureFormOf)
  if (root.namespace === queryNamespace && root.local === 'EPCISQueryDocument') return formOf(root, queryFormOf)
  return no({ type: 'wrong-value', path: '/type', expected: 'an EPCISDocument or EPCISQueryDocument of EPCIS 2.0' })
}

/** The context is known when all names were seen, and stands first. */
function formOf(
  root: XmlElement,
  map: (root: XmlElement, prefixes: Prefixes) => JsonObject,
): Result<JsonObject, EpcisRefusal> {
  const prefixes = new Prefixes()
  const form = map(root, prefixes)
  if (prefixes.isFull) return no({ type: 'too-large', path: '', expected: 'fewer namespaces' })
  return ok(new Map<string, JsonValue>([['@context', contextOf(prefixes.namespaces)], ...form]))
}

function captureFormOf(root: XmlElement, prefixes: Prefixes): JsonObject {
  const form = head(root, 'EPCISDocument', prefixes)
  const header = child(root, 'EPCISHeader')
  const master = header && masterDataOf(header)
  if (master) form.set('epcisHeader', new Map([['epcisMasterData', new Map([['vocabularyList', master]])]]))
  form.set('epcisBody', eventsUnder(child(root, 'EPCISBody'), prefixes))
  return form
}

/** Results stand in the body, or, where a query is answered directly, under the root. */
function queryFormOf(root: XmlElement, prefixes: Prefixes): JsonObject {
  const form = head(root, 'EPCISQueryDocument', prefixes)
  const body = child(root, 'EPCISBody')
  const results = (body && child(body, 'QueryResults')) ?? root
  const queryResults = new Map<string, JsonValue>()
  for (const name of ['queryName', 'subscriptionID']) {
    const found = child(results, name)
    if (found) queryResults.set(name, found.text)
  }
  queryResults.set('resultsBody', eventsUnder(child(results, 'resultsBody'), prefixes))
  form.set('epcisBody', new Map([['queryResults', queryResults]]))
  return form
}

function head(root: XmlElement, type: string, prefixes: Prefixes): Map<string, JsonValue> {
  const form = new Map<string, JsonValue>([['type', type]])
  prefixes.declare(root.declared)
  for (const { namespace, local, value } of root.attributes) if (namespace !== schemaInstance) form.set(local, value)
  for (const each of root.children) if (each.namespace !== '') putExtension(form, each, prefixes)
  return form
}

function eventsUnder(body: XmlElement | undefined, prefixes: Prefixes): JsonObject {
  const list = body && child(body, 'EventList')
  if (!list) return new Map()
  return new Map([['eventList', unwrapped(list.children).map((each) => eventFormOf(each, prefixes))]])
}

/** Master data of the header: who and where the identifiers are. Its message header (SBDH) is left away. */
function masterDataOf(header: XmlElement): JsonValue | undefined {
  const list = child(unwrappedHeader(header), 'EPCISMasterData')
  const vocabularies = list && child(list, 'VocabularyList')
  return vocabularies?.children.map((vocabulary) => {
    const elements = child(vocabulary, 'VocabularyElementList')?.children ?? []
    return new Map<string, JsonValue>([
      ...attribute(vocabulary, 'type', 'type'),
      ['vocabularyElementList', elements.map(vocabularyElement)],
    ])
  })
}

const unwrappedHeader = (header: XmlElement): XmlElement => ({ ...header, children: unwrapped(header.children) })

function vocabularyElement(element: XmlElement): JsonValue {
  const attributes = element.children.filter(({ local }) => local === 'attribute')
  const children = child(element, 'children')?.children.map(({ text }) => text)
  return new Map<string, JsonValue>([
    ...attribute(element, 'id', 'id'),
    [
      'attributes',
      attributes.map((each) => new Map<string, JsonValue>([...attribute(each, 'id', 'id'), ['attribute', each.text]])),
    ],
    ...(children ? ([['children', children]] as const) : []),
  ])
}

function attribute(element: XmlElement, name: string, as: string): readonly (readonly [string, JsonValue])[] {
  const found = element.attributes.find(({ local, namespace }) => local === name && namespace === '')
  return found ? [[as, found.value]] : []
}

const child = (element: XmlElement, name: string): XmlElement | undefined =>
  element.children.find(({ local, namespace }) => local === name && namespace === '')
