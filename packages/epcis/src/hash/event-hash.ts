/**
 * The identifier of an event by its content (CBV 2.0): SHA-256 over one text that is the same however the event was
 * written: in JSON or XML, with URNs or Digital Links, in any order, in any time zone. Names and values follow each other
 * without separators, in the order below; where lists have no order, their texts are sorted. It is a name to find an event
 * by, and proves nothing about its content: with a text made for it, two events can be given one name.
 */
import { isJsonList, isJsonObject, JsonNumber, type JsonObject, type JsonValue, toHex, utf8 } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { expandedName, type Namespaces } from '../documents/namespaces.ts'
import { canonicalUri } from '../gs1/canonical-uris.ts'
import { hashedTime } from '../times.ts'
import {
  businessSteps,
  cbvNamespace,
  components,
  dispositions,
  gs1Namespace,
  measurements,
  sensorAlerts,
  sourceTypes,
  transactionTypes,
  webAddress,
} from '../vocabulary.ts'

export interface HashedEvent {
  readonly form: JsonObject
  readonly namespaces: Namespaces
}

/** Names of extensions at the top of an event that do not count, as `{NAMESPACE}NAME`. */
export type Ignored = ReadonlySet<string>

const nothing: Ignored = new Set()

/** `ni:///sha-256;…?ver=CBV2.0` (RFC 6920), which names the event wherever it is stored. */
export function eventHash(event: HashedEvent, ignored: Ignored = nothing): string {
  return `ni:///sha-256;${toHex(sha256(utf8(preHashText(event, ignored))))}?ver=CBV2.0`
}

/** The text that is hashed. */
export function preHashText({ form, namespaces }: HashedEvent, ignored: Ignored = nothing): string {
  const type = form.get('type')
  let text = `eventType=${typeof type === 'string' ? type : ''}`
  for (const [name, write] of fields) {
    const value = form.get(name)
    if (value !== undefined) text += write(name, value, namespaces)
  }
  const rest: string[] = [...rulesOfReports(form.get('sensorElementList'), namespaces)]
  for (const [name, value] of form) {
    if (fields.has(name) || neverHashed.has(name)) continue
    const written = fullName(namespaces, name)
    if (!ignored.has(written)) rest.push(...(afterwards.get(name) ?? extension)(written, value, namespaces))
  }
  return text + sorted(rest)
}

/** `errorDeclaration` too: an event and the statement that it was wrong have one identifier. */
const neverHashed: ReadonlySet<string> = new Set([
  '@context',
  'type',
  'eventID',
  'recordTime',
  'errorDeclaration',
  'comment',
  'rdfs:comment',
])

type Write = (name: string, value: JsonValue, namespaces: Namespaces) => string
type WriteMany = (name: string, value: JsonValue, namespaces: Namespaces) => readonly string[]

const plainText = (value: JsonValue): string => {
  if (value instanceof JsonNumber) return value.text
  return typeof value === 'string' ? value.trim() : typeof value === 'boolean' ? String(value) : ''
}

const named = (name: string, text: string): string => (text === '' ? '' : `${name}=${text}`)

const value: Write = (name, given, namespaces) => named(name, canonicalText(plainText(given), namespaces))

const time: Write = (name, given) => {
  const text = plainText(given)
  return named(name, hashedTime(text) ?? text)
}

const word =
  (vocabulary: Parameters<typeof webAddress>[0]): Write =>
  (name, given, namespaces) =>
    named(name, canonicalText(webAddress(vocabulary, plainText(given)), namespaces))

const step = word(businessSteps)
const disposition = word(dispositions)

const items = (given: JsonValue | undefined): readonly JsonValue[] =>
  isJsonList(given) ? given : given === undefined ? [] : [given]

const list =
  (item: string, write: Write = value): Write =>
  (name, given, namespaces) => {
    const written = sorted(items(given).map((each) => write(item, each, namespaces)))
    return written === '' ? '' : name + written
  }

/** Members in the order of `order`, then extensions, sorted. */
const object =
  (order: ReadonlyMap<string, Write>): Write =>
  (name, given, namespaces) => {
    if (!isJsonObject(given)) return ''
    let text = ''
    for (const [member, write] of order) {
      const found = given.get(member)
      if (found !== undefined) text += write(member, found, namespaces)
    }
    text += extensionsOf(given, order, namespaces)
    return text === '' ? '' : name + text
  }

const values = (...names: readonly string[]): readonly (readonly [string, Write])[] =>
  names.map((name) => [name, value])

const quantity = object(new Map(values('epcClass', 'quantity', 'uom')))
const quantities = list('quantityElement', quantity)
const epcs = list('epc')
const place = object(new Map(values('id')))

const many =
  (write: Write): Write =>
  (name, given, namespaces) =>
    sorted(items(given).map((each) => write(name, each, namespaces)))

const persistent = object(
  new Map([
    ['set', many(disposition)],
    ['unset', many(disposition)],
  ]),
)

const sensorMetadata = object(
  new Map([
    ['time', time],
    ['startTime', time],
    ['endTime', time],
    ...values('deviceID', 'deviceMetadata', 'rawData', 'dataProcessingMethod', 'bizRules'),
  ]),
)

const sensorReport = object(
  new Map([
    ['type', word(measurements)],
    ['exception', word(sensorAlerts)],
    ...values('deviceID', 'deviceMetadata', 'rawData', 'dataProcessingMethod'),
    ['time', time],
    ...values('microorganism', 'chemicalSubstance', 'value'),
    ['component', word(components)],
    ...values('stringValue', 'booleanValue', 'hexBinaryValue', 'uriValue', 'minValue', 'maxValue', 'meanValue'),
    ...values('sDev', 'percRank', 'percValue', 'uom', 'coordinateReferenceSystem'),
    ['bizRules', () => ''],
  ]),
)

const sensorElement = object(
  new Map([
    ['sensorMetadata', sensorMetadata],
    ['sensorReport', many(sensorReport)],
  ]),
)

/** What comes first, in this order. */
const fields: ReadonlyMap<string, Write> = new Map<string, Write>([
  ['eventTime', time],
  ['eventTimeZoneOffset', value],
  ['certificationInfo', many(value)],
  ['parentID', value],
  ['epcList', epcs],
  ['inputEPCList', epcs],
  ['childEPCs', epcs],
  ['quantityList', quantities],
  ['childQuantityList', quantities],
  ['inputQuantityList', quantities],
  ['outputEPCList', epcs],
  ['outputQuantityList', quantities],
  ['action', value],
  ['transformationID', value],
  ['bizStep', step],
  ['disposition', disposition],
  ['persistentDisposition', persistent],
  ['readPoint', place],
  ['bizLocation', place],
  ['sensorElementList', list('sensorElement', sensorElement)],
])

const typed = (item: string, vocabulary: Parameters<typeof webAddress>[0]): WriteMany => {
  const pair = object(new Map([['type', word(vocabulary)], ...values(item)]))
  return (name, given, namespaces) => {
    const written = sorted(items(given).map((each) => pair('', each, namespaces)))
    return written === '' ? [] : [name + written]
  }
}

/** One text for each value of an extension: a list is its name again and again. */
const extension: WriteMany = (name, given, namespaces) =>
  items(given).map((each) => {
    if (!isJsonObject(each)) {
      const text = canonicalText(plainText(each), namespaces)
      return text === '' ? name : `${name}=${text}`
    }
    const own = each.get('#text')
    const text = own === undefined ? '' : canonicalText(plainText(own), namespaces)
    return name + (text === '' ? '' : `=${text}`) + extensionsOf(each, new Map([['#text', value]]), namespaces)
  })

/** What follows, sorted among the extensions by name: so the reference implementation does. */
const afterwards: ReadonlyMap<string, WriteMany> = new Map<string, WriteMany>([
  ['bizTransactionList', typed('bizTransaction', transactionTypes)],
  ['destinationList', typed('destination', sourceTypes)],
  ['sourceList', typed('source', sourceTypes)],
])

/** Business rules of a sensor report stand with what follows, inside all their names: the reference has no other place. */
function rulesOfReports(given: JsonValue | undefined, namespaces: Namespaces): readonly string[] {
  const inside = (name: string, texts: readonly string[]) => (texts.length === 0 ? [] : [name + sorted(texts)])
  const elements = items(given).flatMap((element) => {
    const reports = items(isJsonObject(element) ? element.get('sensorReport') : undefined).flatMap((report) => {
      const rules = isJsonObject(report) ? report.get('bizRules') : undefined
      return rules === undefined ? [] : [`sensorReport${value('bizRules', rules, namespaces)}`]
    })
    return inside('sensorElement', reports)
  })
  return inside('sensorElementList', elements)
}

function extensionsOf(given: JsonObject, known: ReadonlyMap<string, unknown>, namespaces: Namespaces): string {
  const texts: string[] = []
  for (const [name, each] of given)
    if (!known.has(name) && !neverHashedInside.has(name))
      texts.push(...extension(fullName(namespaces, name), each, namespaces))
  return sorted(texts)
}

const neverHashedInside: ReadonlySet<string> = new Set(['comment', 'rdfs:comment'])

function fullName(namespaces: Namespaces, name: string): string {
  const { namespace, local } = expandedName(namespaces, name)
  return namespace === '' ? name : `{${namespace}}${local}`
}

function canonicalText(text: string, namespaces: Namespaces): string {
  const number = canonicalNumber(text)
  if (number !== undefined) return number
  const { namespace, local } = expandedName(namespaces, text)
  const whole = namespace === cbvNamespace || namespace === gs1Namespace ? namespace + local : text
  return canonicalUri(whole) ?? whole
}

const numberForm = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
/** Longer digits are no measured number, and a huge exponent would make a huge text. */
const numberCharactersMax = 40

/** CBV 2.0: no sign, zeros or exponent that a number does not need. The value is that of the nearest double. */
function canonicalNumber(text: string): string | undefined {
  if (text.length > numberCharactersMax || !numberForm.test(text)) return undefined
  const number = Number(text)
  if (!Number.isFinite(number)) return undefined
  if (Number.isInteger(number)) return BigInt(number).toString()
  const [digits = '', exponent = ''] = number.toExponential().split('e')
  // Below a ten-thousandth the reference writes an exponent of two digits at least.
  return Number(exponent) < -4
    ? `${digits}e-${exponent.slice(1).padStart(2, '0')}`
    : positional(digits, Number(exponent))
}

/** Digits with a point moved left or right; a number that is no integer has its point inside or in front. */
function positional(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith('-') ? '-' : ''
  const digits = mantissa.replace(/[-.]/g, '')
  return exponent < 0
    ? `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
    : `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`
}

/** By code points, as every language can sort, joined. */
function sorted(texts: readonly string[]): string {
  return texts.length < 2 ? (texts[0] ?? '') : texts.toSorted(byCodePoint).join('')
}

function byCodePoint(a: string, b: string): number {
  for (let index = 0; index < a.length && index < b.length; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    // Where units differ, a surrogate stands for a point above all others of one unit.
    if (left !== right) return surrogateLast(left) - surrogateLast(right)
  }
  return a.length - b.length
}

const surrogateLast = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)
