/** Events of the XML binding (EPCIS 2.0 §9) in the JSON form (§10), which is then checked like any other. */
import { JsonNumber, type JsonValue } from '@plexus/codec'
import {
  bareWord,
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
import { type Prefixes, schemaInstance } from './prefixes.ts'
import type { XmlAttribute, XmlElement } from './tree.ts'

/** A member to be; undefined drops it. Whatever cannot be mapped stays under its own name and is refused by the check. */
type Take = (element: XmlElement, prefixes: Prefixes) => JsonValue

const text: Take = (element) => element.text

const word =
  (vocabulary: Vocabulary): Take =>
  (element) =>
    bareWord(vocabulary, element.text)

/** A number as it stands, when JSON can write it so; otherwise text, which the check refuses. */
function number(given: string): JsonValue {
  const plain = given
    .replace(/^\+/, '')
    .replace(/^(-?)0+(?=\d)/, '$1')
    .replace(/^(-?)\./, '$10.')
    .replace(/\.$/, '')
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(plain) ? new JsonNumber(plain) : given
}

const yesOrNo = (given: string): JsonValue => {
  if (given === 'true' || given === '1') return true
  return given === 'false' || given === '0' ? false : given
}

/** Every child is an item of this name; a stranger stands as nothing, which the check refuses at its position. */
const list =
  (name: string, item: Take): Take =>
  (element, prefixes) =>
    element.children.map((child) => (child.namespace === '' && child.local === name ? item(child, prefixes) : null))

const members = (element: XmlElement, prefixes: Prefixes, known: ReadonlyMap<string, Take>): Map<string, JsonValue> => {
  const form = new Map<string, JsonValue>()
  for (const attribute of element.attributes)
    if (attribute.namespace !== schemaInstance) putAttribute(form, attribute, prefixes, attribute.value)
  for (const child of element.children) {
    const map = child.namespace === '' ? known.get(child.local) : undefined
    if (map) put(form, child.local, map(child, prefixes))
    else putExtension(form, child, prefixes)
  }
  return form
}

/** A name that comes again makes a list. */
function put(form: Map<string, JsonValue>, name: string, value: JsonValue): void {
  const before = form.get(name)
  if (before === undefined) form.set(name, value)
  else if (Array.isArray(before)) before.push(value)
  else form.set(name, [before, value])
}

export function putExtension(form: Map<string, JsonValue>, element: XmlElement, prefixes: Prefixes): void {
  put(form, prefixes.nameOf(element.namespace, element.prefix, element.local), extension(element, prefixes))
}

/** Text as text; what has children or attributes as an object, its own text under `#text`. */
function extension(element: XmlElement, prefixes: Prefixes): JsonValue {
  const attributes = element.attributes.filter(({ namespace }) => namespace !== schemaInstance)
  if (element.children.length === 0 && attributes.length === 0) return element.text
  const form = new Map<string, JsonValue>()
  if (element.text !== '') form.set('#text', element.text)
  for (const attribute of attributes) putAttribute(form, attribute, prefixes, attribute.value)
  for (const child of element.children) putExtension(form, child, prefixes)
  return form
}

function putAttribute(
  form: Map<string, JsonValue>,
  attribute: XmlAttribute,
  prefixes: Prefixes,
  value: JsonValue,
): void {
  put(form, prefixes.nameOf(attribute.namespace, attribute.prefix, attribute.local), value)
}

const object =
  (known: ReadonlyMap<string, Take>): Take =>
  (element, prefixes) =>
    members(element, prefixes, known)

const quantity = object(
  new Map<string, Take>([
    ['epcClass', text],
    ['quantity', (element) => number(element.text)],
    ['uom', text],
  ]),
)

/** `<bizTransaction type="…">ID</bizTransaction>`, and sources and destinations alike. */
const typed =
  (name: string, vocabulary: Vocabulary): Take =>
  (element) => {
    const type = element.attributes.find(({ local, namespace }) => local === 'type' && namespace === '')
    const form = new Map<string, JsonValue>()
    if (type) form.set('type', bareWord(vocabulary, type.value))
    return form.set(name, element.text)
  }

/** Sensor elements carry what they say in attributes. */
const attributes =
  (known: ReadonlyMap<string, (given: string) => JsonValue>): Take =>
  (element, prefixes) => {
    const form = new Map<string, JsonValue>()
    for (const attribute of element.attributes) {
      if (attribute.namespace === schemaInstance) continue
      const map = attribute.namespace === '' ? known.get(attribute.local) : undefined
      putAttribute(form, attribute, prefixes, map ? map(attribute.value) : attribute.value)
    }
    for (const child of element.children) putExtension(form, child, prefixes)
    return form
  }

const reportValues: ReadonlyMap<string, (given: string) => JsonValue> = new Map<string, (given: string) => JsonValue>([
  ['type', (given) => bareWord(measurements, given)],
  ['exception', (given) => bareWord(sensorAlerts, given)],
  ['component', (given) => bareWord(components, given)],
  ['booleanValue', yesOrNo],
  ...['value', 'minValue', 'maxValue', 'meanValue', 'sDev', 'percRank', 'percValue'].map(
    (name): [string, (given: string) => JsonValue] => [name, number],
  ),
])

const sensorReport = attributes(reportValues)

const sensorElement: Take = (element, prefixes) => {
  const form = members(element, prefixes, new Map([['sensorMetadata', attributes(new Map())]]))
  const reports = element.children.filter(({ local, namespace }) => local === 'sensorReport' && namespace === '')
  if (reports.length > 0)
    form.set(
      'sensorReport',
      reports.map((each) => sensorReport(each, prefixes)),
    )
  return form
}

/** Everything here may stand several times. */
const persistent: Take = (element, prefixes) => {
  const form = new Map<string, JsonValue>()
  for (const name of ['set', 'unset']) {
    const found = element.children.filter(({ local, namespace }) => local === name && namespace === '')
    if (found.length > 0)
      form.set(
        name,
        found.map((each) => word(dispositions)(each, prefixes)),
      )
  }
  for (const child of element.children)
    if (child.namespace !== '' || !['set', 'unset'].includes(child.local)) putExtension(form, child, prefixes)
  return form
}

const place = object(new Map([['id', text]]))
const quantities = list('quantityElement', quantity)
const epcs = list('epc', text)

const eventMembers: ReadonlyMap<string, Take> = new Map<string, Take>([
  ['eventTime', text],
  ['recordTime', text],
  ['eventTimeZoneOffset', text],
  ['eventID', text],
  ['certificationInfo', text],
  [
    'errorDeclaration',
    object(
      new Map<string, Take>([
        ['declarationTime', text],
        ['reason', word(errorReasons)],
        ['correctiveEventIDs', list('correctiveEventID', text)],
      ]),
    ),
  ],
  ['epcList', epcs],
  ['childEPCs', epcs],
  ['inputEPCList', epcs],
  ['outputEPCList', epcs],
  ['quantityList', quantities],
  ['childQuantityList', quantities],
  ['inputQuantityList', quantities],
  ['outputQuantityList', quantities],
  ['parentID', text],
  ['transformationID', text],
  ['action', text],
  ['bizStep', word(businessSteps)],
  ['disposition', word(dispositions)],
  ['persistentDisposition', persistent],
  ['readPoint', place],
  ['bizLocation', place],
  ['bizTransactionList', list('bizTransaction', typed('bizTransaction', transactionTypes))],
  ['sourceList', list('source', typed('source', sourceTypes))],
  ['destinationList', list('destination', typed('destination', sourceTypes))],
  ['sensorElementList', list('sensorElement', sensorElement)],
  ['ilmd', object(new Map())],
])

/** Wrappers of EPCIS 1.x around what came with a later edition; some writers of 2.0 keep them. */
const wrappers: ReadonlySet<string> = new Set(['extension', 'baseExtension'])

/** One event; its kind is the element's name. */
export function eventFormOf(element: XmlElement, prefixes: Prefixes): Map<string, JsonValue> {
  prefixes.declare(element.declared)
  const type = prefixes.nameOf(element.namespace, element.prefix, element.local)
  const form = members({ ...element, children: unwrapped(element.children) }, prefixes, eventMembers)
  return new Map<string, JsonValue>([['type', type], ...form])
}

export function unwrapped(children: readonly XmlElement[]): readonly XmlElement[] {
  return children.flatMap((child) =>
    child.namespace === '' && wrappers.has(child.local) ? unwrapped(child.children) : [child],
  )
}
