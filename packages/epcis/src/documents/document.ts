/** Documents of EPCIS 2.0 in JSON (§10): opened within bounds, checked, and their events taken out. */
import {
  isJsonList,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  no,
  ok,
  type Result,
  readJson,
  writeJson,
} from '@plexus/codec'
import { type EpcisRefusal, within } from '../refusals.ts'
import { context, event as eventCheck, eventKinds } from './event-rules.ts'
import { type EpcisEvent, eventOf } from './events.ts'
import { contextOf, type Namespaces, namespacesOfEpcis, namespacesUnder } from './namespaces.ts'
import { anything, type Check, listOf, objectOf, oneOf, pattern, refuse, text, time, uri } from './shapes.ts'

export interface DocumentLimits {
  readonly bytesMax: number
  readonly eventsMax: number
  /** Objects, lists and elements inside each other. */
  readonly depthMax: number
}

export const documentLimits: DocumentLimits = {
  // A pallet of 10,000 units as SGTINs is half a megabyte; larger shipments travel as several documents.
  bytesMax: 16 * 1024 * 1024,
  // What one transaction of a store takes in well under a second.
  eventsMax: 20_000,
  // The standard's own structure ends at nine; the rest is for extensions.
  depthMax: 32,
}

/** Objects and lists in all: an event of the standard's examples has twenty. */
const containersMax = 512 * 1024

export interface EpcisDocument {
  readonly type: 'EPCISDocument' | 'EPCISQueryDocument' | 'event'
  readonly events: readonly EpcisEvent[]
  /** The document in its JSON form, whichever form it came in. */
  readonly form: JsonObject
  readonly namespaces: Namespaces
}

const masterDataEntry = objectOf({
  required: ['id'],
  members: {
    id: uri,
    attributes: listOf(objectOf({ required: ['id'], members: { id: uri, attribute: anything }, others: 'any' })),
    children: listOf(uri),
  },
  others: 'any',
})

const masterData = listOf(
  objectOf({
    required: ['type'],
    members: { type: uri, vocabularyElementList: listOf(masterDataEntry) },
    others: 'any',
  }),
)

const versionTwo = pattern(/^2\.\d+(?:\.\d+)*$/, 'a version of EPCIS 2')
const version: Check = (value) =>
  value === '1.0' || value === '1.1' || value === '1.2' ? refuse('unsupported-version', 'EPCIS 2') : versionTwo(value)
const header = objectOf({
  members: { epcisMasterData: objectOf({ members: { vocabularyList: masterData }, others: 'any' }) },
  others: 'extensions',
})
const eventList = listOf(eventCheck)

const captureDocument = objectOf({
  required: ['@context', 'type', 'schemaVersion', 'creationDate', 'epcisBody'],
  members: {
    '@context': context,
    id: uri,
    type: oneOf(['EPCISDocument']),
    schemaVersion: version,
    creationDate: time,
    instanceIdentifier: text,
    sender: text,
    receiver: text,
    epcisHeader: header,
    epcisBody: objectOf({ required: ['eventList'], members: { eventList }, others: 'any' }),
  },
  others: 'extensions',
})

const results = objectOf({
  required: ['queryName', 'resultsBody'],
  members: {
    queryName: text,
    subscriptionID: text,
    resultsBody: objectOf({
      required: ['eventList'],
      members: { eventList, vocabularyList: masterData },
      others: 'extensions',
    }),
  },
  others: 'extensions',
})

const queryDocument = objectOf({
  required: ['@context', 'type', 'epcisBody'],
  members: {
    '@context': context,
    id: uri,
    type: oneOf(['EPCISQueryDocument']),
    schemaVersion: version,
    creationDate: time,
    epcisBody: objectOf({ members: { queryResults: results }, others: 'extensions' }),
  },
  others: 'extensions',
})

/** An event that travels alone brings its context itself (§10.2). */
const loneEvent = objectOf({ required: ['@context'], members: { '@context': context }, others: 'any' })

/** Reads a capture or query document, or one event, from JSON. Refuses with the first fault, size first of all. */
export function readEpcisJson(
  bytes: Uint8Array,
  limits: DocumentLimits = documentLimits,
): Result<EpcisDocument, EpcisRefusal> {
  const { bytesMax, depthMax } = limits
  const read = readJson(bytes, { bytesMax, depthMax, containersMax })
  if (read.ok) return checkedDocument(read.value.value, limits)
  const { type, expected } = read.reason
  return no({ type: type === 'too-large' || type === 'too-deep' ? 'too-large' : 'not-json', path: '', expected })
}

/** Checks a document in its JSON form. */
export function checkedDocument(form: JsonValue, limits: DocumentLimits): Result<EpcisDocument, EpcisRefusal> {
  if (!isJsonObject(form)) return no(refuse('wrong-type', 'an object'))
  const opened = openForm(form)
  if (!opened) return no(within('type', refuse('wrong-value', 'a document of EPCIS 2, or an event')))
  if (opened.forms.length > limits.eventsMax)
    return no({ type: 'too-large', path: opened.path, expected: `at most ${limits.eventsMax} events` })
  const fault = opened.check(form)
  if (fault) return no(fault)
  const { namespaces } = opened
  const events = opened.forms.map((each) => eventOf(each, namespacesUnder(namespaces, each.get('@context'))))
  return ok({ type: opened.type, events, form, namespaces })
}

interface OpenedForm {
  readonly type: EpcisDocument['type']
  readonly check: Check
  /** Where the events stand. */
  readonly path: string
  /** The events, unchecked. */
  readonly forms: readonly JsonObject[]
  readonly namespaces: Namespaces
}

/** Finds the events of a form without checking them. */
export function openForm(form: JsonObject): OpenedForm | undefined {
  const type = form.get('type')
  const namespaces = namespacesUnder(namespacesOfEpcis, form.get('@context'))
  const under = (...path: readonly string[]): Pick<OpenedForm, 'path' | 'forms'> => {
    let value: JsonValue | undefined = form
    for (const step of path) value = isJsonObject(value) ? value.get(step) : undefined
    return { path: `/${path.join('/')}`, forms: isJsonList(value) ? value.filter((each) => isJsonObject(each)) : [] }
  }
  if (type === 'EPCISDocument') return { type, check: captureDocument, namespaces, ...under('epcisBody', 'eventList') }
  if (type === 'EPCISQueryDocument') {
    const events = under('epcisBody', 'queryResults', 'resultsBody', 'eventList')
    return { type, check: queryDocument, namespaces, ...events }
  }
  if (typeof type !== 'string' || !(eventKinds.has(type) || type.includes(':'))) return undefined
  const check: Check = (value) => loneEvent(value) ?? eventCheck(value)
  return { type: 'event', check, path: '', forms: [form], namespaces }
}

export interface DocumentHead {
  /** RFC 3339. */
  readonly creationDate: string
  readonly namespaces: Namespaces
}

/** A capture document of these events, as its JSON form. */
export function captureForm({ creationDate, namespaces }: DocumentHead, events: readonly JsonObject[]): JsonObject {
  return new Map<string, JsonValue>([
    ['@context', contextOf(namespaces)],
    ['type', 'EPCISDocument'],
    ['schemaVersion', '2.0'],
    ['creationDate', creationDate],
    ['epcisBody', new Map([['eventList', events]])],
  ])
}

/** A query document with these events as the answer, as its JSON form. */
export function answerForm(
  { creationDate, namespaces }: DocumentHead,
  queryName: string,
  events: readonly JsonObject[],
): JsonObject {
  const resultsBody = new Map([['eventList', events]])
  return new Map<string, JsonValue>([
    ['@context', contextOf(namespaces)],
    ['type', 'EPCISQueryDocument'],
    ['schemaVersion', '2.0'],
    ['creationDate', creationDate],
    [
      'epcisBody',
      new Map([
        [
          'queryResults',
          new Map<string, JsonValue>([
            ['queryName', queryName],
            ['resultsBody', resultsBody],
          ]),
        ],
      ]),
    ],
  ])
}

/** A form as bytes of JSON. */
export const writeEpcisJson = (form: JsonObject): Uint8Array => writeJson(form)
