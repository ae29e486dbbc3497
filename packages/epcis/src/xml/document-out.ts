/**
 * Documents of EPCIS 2.0 written as XML (§9), from their JSON form. Elements stand in the order of the standard's schema.
 * Reading them back gives an equal event, but for what XML cannot tell apart: a list of one extension and the extension
 * alone, numbers or booleans of extensions and their texts, and a name that is a whole URI and one in a namespace. Master
 * data are not written.
 */
import {
  isJsonList,
  isJsonObject,
  JsonNumber,
  type JsonObject,
  type JsonValue,
  no,
  ok,
  type Result,
} from '@plexus/codec'
import type { EpcisDocument } from '../documents/document.ts'
import type { EpcisEvent } from '../documents/events.ts'
import { expandedName, type Namespaces } from '../documents/namespaces.ts'
import type { EpcisRefusal } from '../refusals.ts'
import {
  businessSteps,
  components,
  dispositions,
  errorReasons,
  measurements,
  sensorAlerts,
  sourceTypes,
  transactionTypes,
  type Vocabulary,
} from '../vocabulary.ts'
import { Prefixes } from './prefixes.ts'
import { XmlWriter } from './writer.ts'

/** The document as bytes of XML; refused where JSON says what XML cannot: odd names, control characters. */
export function writeEpcisXml(document: EpcisDocument): Result<Uint8Array, EpcisRefusal> {
  const page: Page = { writer: new XmlWriter(), prefixes: new Prefixes(), namespaces: document.namespaces }
  const isQuery = document.type === 'EPCISQueryDocument'
  const { writer } = page
  const envelope = isQuery ? ['EPCISBody', 'QueryResults'] : ['EPCISBody']
  for (const name of envelope) writer.open(name)
  if (isQuery) {
    for (const name of ['subscriptionID', 'queryName']) {
      const value = resultsOf(document.form)?.get(name)
      if (typeof value === 'string') writer.leaf(name, value)
    }
    writer.open('resultsBody')
  }
  writer.open('EventList')
  for (const event of document.events) writeEvent({ ...page, namespaces: event.namespaces }, event)
  writer.close('EventList')
  if (isQuery) writer.close('resultsBody')
  for (const name of envelope.toReversed()) writer.close(name)
  const [root, namespace] = isQuery
    ? ['epcisq:EPCISQueryDocument', ['xmlns:epcisq', 'urn:epcglobal:epcis-query:xsd:2'] as const]
    : ['epcis:EPCISDocument', ['xmlns:epcis', 'urn:epcglobal:epcis:xsd:2'] as const]
  const declared = [...page.prefixes.namespaces].filter(([prefix]) => prefix !== 'epcis')
  const bytes = writer.document(root, [
    namespace,
    ...declared.map(([prefix, uri]) => [`xmlns:${prefix}`, uri] as const),
    ...['schemaVersion', 'creationDate'].flatMap((name) => {
      const value = document.form.get(name)
      return typeof value === 'string' ? [[name, value] as const] : []
    }),
  ])
  if (!writer.isFaulty && !page.prefixes.isFull) return ok(bytes)
  return no({ type: 'wrong-value', path: '/epcisBody', expected: 'names and characters that XML 1.0 has' })
}

interface Page {
  readonly writer: XmlWriter
  readonly prefixes: Prefixes
  /** What the prefixes of the form mean here. */
  readonly namespaces: Namespaces
}

function resultsOf(form: JsonObject): JsonObject | undefined {
  const body = form.get('epcisBody')
  const results = isJsonObject(body) ? body.get('queryResults') : undefined
  return isJsonObject(results) ? results : undefined
}

type Put = (page: Page, name: string, value: JsonValue) => void

const plain = (value: JsonValue): string =>
  value instanceof JsonNumber ? value.text : value === null || isJsonList(value) ? '' : String(value)

const leaf: Put = ({ writer }, name, value) => writer.leaf(name, plain(value))
const items = (value: JsonValue | undefined): readonly JsonValue[] =>
  isJsonList(value) ? value : value === undefined ? [] : [value]

/** A bare word in the notation that XML has for it. */
const inXml = (vocabulary: Vocabulary, text: string): string =>
  vocabulary.words.has(text) ? (vocabulary.urn ?? `${vocabulary.namespace}:${vocabulary.web}`) + text : text

const word =
  (vocabulary: Vocabulary): Put =>
  ({ writer }, name, value) =>
    writer.leaf(name, inXml(vocabulary, plain(value)))

const many =
  (put: Put): Put =>
  (page, name, value) => {
    for (const each of items(value)) put(page, name, each)
  }

const list =
  (item: string, put: Put): Put =>
  (page, name, value) => {
    page.writer.open(name)
    for (const each of items(value)) put(page, item, each)
    page.writer.close(name)
  }

/** Members in this order, then extensions as they come. */
const object =
  (order: ReadonlyMap<string, Put>): Put =>
  (page, name, value) => {
    page.writer.open(name)
    if (isJsonObject(value)) putMembers(page, order, value)
    page.writer.close(name)
  }

function putMembers(page: Page, order: ReadonlyMap<string, Put>, value: JsonObject): void {
  for (const [member, put] of order) {
    const found = value.get(member)
    if (found !== undefined) put(page, member, found)
  }
  for (const [member, found] of value) if (!order.has(member) && !silent.has(member)) extension(page, member, found)
}

/** Part of the element's name, or of its namespaces. */
const silent: ReadonlySet<string> = new Set(['type', '@context', '#text'])

function extension(page: Page, name: string, value: JsonValue): void {
  const qualified = nameIn(page, name)
  for (const each of items(value)) {
    page.writer.open(qualified)
    if (isJsonObject(each)) {
      const own = each.get('#text')
      if (own !== undefined) page.writer.text(plain(own))
      for (const [inner, found] of each) if (inner !== '#text') extension(page, inner, found)
    } else if (isJsonList(each)) {
      for (const inner of each) extension(page, name, inner)
    } else page.writer.text(plain(each))
    page.writer.close(qualified)
  }
}

/** A whole URI as a name is cut behind its last mark: XML has names in namespaces only. */
function nameIn({ prefixes, namespaces }: Page, name: string): string {
  const { namespace, local } = expandedName(namespaces, name)
  if (namespace !== '') return prefixes.nameOf(namespace, name.slice(0, name.indexOf(':')), local)
  const [, start, end] = /^(.+[/#:])([^/#:]+)$/.exec(name) ?? []
  return start === undefined || end === undefined ? name : prefixes.nameOf(start, 'ext', end)
}

const quantities = list(
  'quantityElement',
  object(
    new Map([
      ['epcClass', leaf],
      ['quantity', leaf],
      ['uom', leaf],
    ]),
  ),
)
const epcs = list('epc', leaf)
const place = object(new Map([['id', leaf]]))

const typed = (item: string, vocabulary: Vocabulary): Put =>
  list(item, ({ writer }, name, value) => {
    if (!isJsonObject(value)) return
    const type = value.get('type')
    writer.leaf(
      name,
      plain(value.get(item) ?? ''),
      type === undefined ? [] : [['type', inXml(vocabulary, plain(type))]],
    )
  })

const attributeWords: ReadonlyMap<string, Vocabulary> = new Map([
  ['type', measurements],
  ['exception', sensorAlerts],
  ['component', components],
])

/** Sensor data stand in attributes; extensions that are objects, below. */
const attributes: Put = (page, name, value) => {
  if (!isJsonObject(value)) return
  const written: [string, string][] = []
  const below: [string, JsonValue][] = []
  for (const [member, found] of value) {
    const vocabulary = attributeWords.get(member)
    if (isJsonObject(found) || isJsonList(found)) below.push([member, found])
    else written.push([nameIn(page, member), vocabulary ? inXml(vocabulary, plain(found)) : plain(found)])
  }
  page.writer.open(name, written)
  for (const [member, found] of below) extension(page, member, found)
  page.writer.close(name)
}

const sensors = list(
  'sensorElement',
  object(
    new Map<string, Put>([
      ['sensorMetadata', attributes],
      ['sensorReport', many(attributes)],
    ]),
  ),
)

const errorDeclaration = object(
  new Map([
    ['declarationTime', leaf],
    ['reason', word(errorReasons)],
    ['correctiveEventIDs', list('correctiveEventID', leaf)],
  ]),
)

const transactions: Put = typed('bizTransaction', transactionTypes)

const eventOrder: ReadonlyMap<string, Put> = new Map<string, Put>([
  ['eventTime', leaf],
  ['recordTime', leaf],
  ['eventTimeZoneOffset', leaf],
  ['eventID', leaf],
  ['errorDeclaration', errorDeclaration],
  ['certificationInfo', many(leaf)],
  ['inputEPCList', epcs],
  ['inputQuantityList', quantities],
  ['outputEPCList', epcs],
  ['outputQuantityList', quantities],
  ['transformationID', leaf],
  ['parentID', leaf],
  ['epcList', epcs],
  ['childEPCs', epcs],
  ['action', leaf],
  ['bizStep', word(businessSteps)],
  ['disposition', word(dispositions)],
  ['readPoint', place],
  ['bizLocation', place],
  ['bizTransactionList', transactions],
  ['quantityList', quantities],
  ['childQuantityList', quantities],
  ['sourceList', typed('source', sourceTypes)],
  ['destinationList', typed('destination', sourceTypes)],
  ['sensorElementList', sensors],
  [
    'persistentDisposition',
    object(
      new Map([
        ['unset', many(word(dispositions))],
        ['set', many(word(dispositions))],
      ]),
    ),
  ],
  ['ilmd', object(new Map())],
])

/** Transactions are what a TransactionEvent is about, and stand first there. */
const transactionOrder: ReadonlyMap<string, Put> = new Map([
  ...[...eventOrder].slice(0, 6),
  ['bizTransactionList', transactions],
  ...[...eventOrder].slice(6).filter(([name]) => name !== 'bizTransactionList'),
])

function writeEvent(page: Page, event: EpcisEvent): void {
  const name = event.type.includes(':') ? nameIn(page, event.type) : event.type
  page.writer.open(name)
  putMembers(page, event.type === 'TransactionEvent' ? transactionOrder : eventOrder, event.form)
  page.writer.close(name)
}
