/**
 * The query interface (EPCIS 2.0 §8.2.7): SimpleEventQuery over a repository. All parameters must hold; of the values of one
 * parameter, one. Parameters about master data (WD_…, HASATTR_…) and sensors, and comparisons of extensions, are refused as
 * unknown: an answer that left a condition out would be a wrong one.
 */
import { isJsonList, isJsonObject, JsonNumber, type JsonValue, no, ok, type Result } from '@plexus/codec'
import type { EpcisEvent, Quantity, Typed } from '../documents/events.ts'
import { type Namespaces, namespacesOfEpcis, namespacesUnder } from '../documents/namespaces.ts'
import { isUri } from '../documents/shapes.ts'
import { canonicalUri } from '../gs1/canonical-uris.ts'
import type { EpcisRefusal, EpcisRefusalType } from '../refusals.ts'
import { millisecondsOf } from '../times.ts'
import {
  bareWord,
  businessSteps,
  dispositions,
  errorReasons,
  sourceTypes,
  transactionTypes,
  type Vocabulary,
} from '../vocabulary.ts'
import { extensionParameter } from './extension-parameters.ts'
import { IdentifierMatch } from './match.ts'
import type { CapturedEvent, EventRepository } from './repository.ts'

/** A person or program asks by a handful; each costs a look at each event. */
const parametersMax = 64
const valuesMax = 1_000
/** The REST binding (EPCIS 2.0 §12): 30 unless the client says otherwise. */
const perPageDefault = 30
const perPageMax = 1_000
/** Each is read and looked at, half a second of them in all; a query about more must say when they were recorded. */
const scannedMax = 20_000

export type Direction = 'ASC' | 'DESC'

export interface EventQuery {
  readonly conditions: readonly ((event: EpcisEvent) => boolean)[]
  /** Milliseconds since 1970, from the first on and before the second: what lies outside is not looked at. */
  readonly recorded: { readonly from: number; readonly until: number }
  readonly orderBy: 'eventTime' | 'recordTime'
  readonly direction: Direction
  /** At most so many in all; null for no bound. */
  readonly countLimit: number | null
  /** More than so many is refused; null for the bound of the repository. */
  readonly countMax: number | null
  readonly perPage: number
  readonly token: PageToken | null
}

interface PageToken {
  /** Events that were captured later are not part of this answer. */
  readonly before: number
  readonly from: number
}

export interface QueryPage {
  readonly events: readonly CapturedEvent[]
  /** Null on the last page. */
  readonly nextPageToken: string | null
}

type Condition = (event: EpcisEvent) => boolean
/** What a value must be is said by the refusal, when it is undefined. */
type Parameter = (value: JsonValue) => Condition | undefined

const textsOf = (value: JsonValue): readonly string[] | undefined => {
  const list = isJsonList(value) ? value : [value]
  return list.length <= valuesMax && list.every((each) => typeof each === 'string')
    ? (list as readonly string[])
    : undefined
}

const amongWords =
  (vocabulary: Vocabulary, of: (event: EpcisEvent) => readonly (string | null)[]): Parameter =>
  (value) => {
    const wanted = new Set(textsOf(value)?.map((each) => bareWord(vocabulary, each)))
    return wanted.size === 0 ? undefined : (event) => of(event).some((each) => each !== null && wanted.has(each))
  }

const amongTexts =
  (of: (event: EpcisEvent) => readonly (string | null)[]): Parameter =>
  (value) => {
    const wanted = new Set(textsOf(value))
    return wanted.size === 0 ? undefined : (event) => of(event).some((each) => each !== null && wanted.has(each))
  }

/** Places and parties: one identifier, however it is written. */
const amongUris =
  (of: (event: EpcisEvent) => readonly (string | null)[]): Parameter =>
  (value) => {
    const wanted = new Set(
      textsOf(value)
        ?.filter(isUri)
        .map((each) => canonicalUri(each) ?? each),
    )
    if (wanted.size === 0 || wanted.size > valuesMax) return undefined
    return (event) => of(event).some((each) => each !== null && wanted.has(canonicalUri(each) ?? each))
  }

const matching =
  (of: (event: EpcisEvent) => readonly string[]): Parameter =>
  (value) => {
    const texts = textsOf(value)
    const match = texts && texts.length > 0 ? IdentifierMatch.of(texts) : undefined
    return match && ((event) => match.any(of(event)))
  }

const timed =
  (of: (event: EpcisEvent) => number | null, holds: (time: number, bound: number) => boolean): Parameter =>
  (value) => {
    const bound = typeof value === 'string' ? millisecondsOf(value) : undefined
    if (bound === undefined) return undefined
    return (event) => {
      const time = of(event)
      return time !== null && holds(time, bound)
    }
  }

const from = (time: number, bound: number) => time >= bound
const until = (time: number, bound: number) => time < bound

const numberOf = (value: JsonValue): number | undefined => {
  const text = value instanceof JsonNumber ? value.text : value
  const number = typeof text === 'string' && /^-?\d/.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(number) ? number : undefined
}

const quantitiesOf = (event: EpcisEvent): readonly Quantity[] => [
  ...event.quantities,
  ...event.childQuantities,
  ...event.inputQuantities,
  ...event.outputQuantities,
]

const counted =
  (holds: (count: number, bound: number) => boolean): Parameter =>
  (value) => {
    const bounds = (isJsonList(value) ? value : [value]).map(numberOf).filter((each) => each !== undefined)
    if (bounds.length === 0 || bounds.length > valuesMax) return undefined
    return (event) =>
      quantitiesOf(event).some(
        ({ quantity }) => quantity !== null && bounds.some((bound) => holds(Number(quantity), bound)),
      )
  }

const classes = (quantities: readonly Quantity[]) => quantities.map(({ epcClass }) => epcClass)
const declaration = (event: EpcisEvent) => event.errorDeclaration
const parent = ({ parentID }: EpcisEvent) => (parentID === null ? [] : [parentID])

const parameters: ReadonlyMap<string, Parameter> = new Map<string, Parameter>([
  ['eventType', amongTexts((event) => [event.type])],
  ['GE_eventTime', timed((event) => event.eventTime, from)],
  ['LT_eventTime', timed((event) => event.eventTime, until)],
  ['GE_recordTime', timed((event) => event.recordTime, from)],
  ['LT_recordTime', timed((event) => event.recordTime, until)],
  ['EQ_action', amongTexts((event) => [event.action])],
  ['EQ_bizStep', amongWords(businessSteps, (event) => [event.bizStep])],
  ['EQ_disposition', amongWords(dispositions, (event) => [event.disposition])],
  ['EQ_persistentDisposition_set', amongWords(dispositions, (event) => event.persistentSet)],
  ['EQ_persistentDisposition_unset', amongWords(dispositions, (event) => event.persistentUnset)],
  ['EQ_readPoint', amongUris((event) => [event.readPoint])],
  ['EQ_bizLocation', amongUris((event) => [event.bizLocation])],
  ['EQ_transformationID', amongTexts((event) => [event.transformationID])],
  ['EQ_eventID', amongTexts((event) => [event.eventID])],
  ['MATCH_epc', matching((event) => [...event.epcs, ...event.childEPCs])],
  ['MATCH_parentID', matching(parent)],
  ['MATCH_inputEPC', matching((event) => event.inputEPCs)],
  ['MATCH_outputEPC', matching((event) => event.outputEPCs)],
  [
    'MATCH_anyEPC',
    matching((event) => [...event.epcs, ...event.childEPCs, ...event.inputEPCs, ...event.outputEPCs, ...parent(event)]),
  ],
  ['MATCH_epcClass', matching((event) => classes([...event.quantities, ...event.childQuantities]))],
  ['MATCH_inputEPCClass', matching((event) => classes(event.inputQuantities))],
  ['MATCH_outputEPCClass', matching((event) => classes(event.outputQuantities))],
  ['MATCH_anyEPCClass', matching((event) => classes(quantitiesOf(event)))],
  ['EQ_quantity', counted((count, bound) => count === bound)],
  ['GT_quantity', counted((count, bound) => count > bound)],
  ['GE_quantity', counted((count, bound) => count >= bound)],
  ['LT_quantity', counted((count, bound) => count < bound)],
  ['LE_quantity', counted((count, bound) => count <= bound)],
  ['EXISTS_errorDeclaration', () => (event) => declaration(event) !== null],
  ['GE_errorDeclaration_Time', timed((event) => declaration(event)?.declarationTime ?? null, from)],
  ['LT_errorDeclaration_Time', timed((event) => declaration(event)?.declarationTime ?? null, until)],
  ['EQ_errorReason', amongWords(errorReasons, (event) => [declaration(event)?.reason ?? null])],
  ['EQ_correctiveEventID', amongTexts((event) => declaration(event)?.correctiveEventIDs ?? [])],
])

/** Parameters whose name ends in a type: of transactions, sources and destinations. */
const families: readonly (readonly [string, Vocabulary, (event: EpcisEvent) => readonly Typed[]])[] = [
  ['EQ_bizTransaction_', transactionTypes, (event) => event.bizTransactions],
  ['EQ_source_', sourceTypes, (event) => event.sources],
  ['EQ_destination_', sourceTypes, (event) => event.destinations],
]

function parameterOf(name: string, namespaces: Namespaces): Parameter | undefined {
  const found = parameters.get(name)
  if (found) return found
  for (const [prefix, vocabulary, of] of families) {
    if (!name.startsWith(prefix) || name.length === prefix.length) continue
    const type = bareWord(vocabulary, name.slice(prefix.length))
    return amongUris((event) => of(event).flatMap((each) => (each.type === type ? [each.id] : [])))
  }
  const extension = extensionParameter(name, namespaces)
  if (!extension) return undefined
  return (value) => {
    const wanted = new Set(textsOf(value))
    return wanted.size === 0 ? undefined : extension(wanted)
  }
}

const refused = (type: EpcisRefusalType, path: string, expected: string) => no({ type, path, expected })

/** Reads a query as a JSON object of parameters; a single value stands for a list of one. */
export function readEventQuery(form: JsonValue): Result<EventQuery, EpcisRefusal> {
  if (!isJsonObject(form)) return refused('wrong-type', '', 'an object of parameters')
  if (form.size > parametersMax) return refused('too-large', '', `at most ${parametersMax} parameters`)
  const namespaces = namespacesUnder(namespacesOfEpcis, form.get('@context'))
  const conditions: Condition[] = []
  const rest = new Map<string, JsonValue>()
  for (const [name, value] of form) {
    const parameter = parameterOf(name, namespaces)
    const condition = parameter?.(value)
    if (condition) conditions.push(condition)
    else if (!parameter) rest.set(name, value)
    else {
      // The end of a name with a type in it is the asker's own, and no refusal repeats it.
      const path = parameters.has(name) ? `/${name}` : ''
      return refused('wrong-value', path, 'values of the kind that the parameter takes')
    }
  }
  const paging = pagingOf(conditions, rest)
  if (!paging.ok) return paging
  const [from, until] = ['GE_recordTime', 'LT_recordTime'].map((name) => {
    const value = form.get(name)
    return typeof value === 'string' ? millisecondsOf(value) : undefined
  })
  return ok({ ...paging.value, recorded: { from: from ?? 0, until: until ?? Number.MAX_SAFE_INTEGER } })
}

const pagingNames = [
  'orderBy',
  'orderDirection',
  'eventCountLimit',
  'maxEventCount',
  'perPage',
  'nextPageToken',
  '@context',
]

function pagingOf(
  conditions: readonly Condition[],
  rest: ReadonlyMap<string, JsonValue>,
): Result<Omit<EventQuery, 'recorded'>, EpcisRefusal> {
  for (const name of rest.keys())
    if (!pagingNames.includes(name))
      return refused('unknown-member', '', 'parameters of SimpleEventQuery that are answered here')
  const orderBy = rest.get('orderBy') ?? 'eventTime'
  const direction = rest.get('orderDirection') ?? 'DESC'
  if (orderBy !== 'eventTime' && orderBy !== 'recordTime')
    return refused('wrong-value', '/orderBy', 'eventTime or recordTime')
  if (direction !== 'ASC' && direction !== 'DESC') return refused('wrong-value', '/orderDirection', 'ASC or DESC')
  const counts = new Map<string, number | null>()
  for (const name of ['eventCountLimit', 'maxEventCount', 'perPage']) {
    const given = rest.get(name)
    const count = given === undefined ? null : numberOf(given)
    if (count === undefined || (count !== null && !(Number.isInteger(count) && count >= 1)))
      return refused('wrong-value', `/${name}`, 'a whole number from 1 on')
    counts.set(name, count)
  }
  const [countLimit = null, countMax = null] = [counts.get('eventCountLimit'), counts.get('maxEventCount')]
  if (countLimit !== null && countMax !== null)
    return refused('contradiction', '/maxEventCount', 'eventCountLimit or maxEventCount, not both')
  const perPage = Math.min(counts.get('perPage') ?? perPageDefault, perPageMax)
  const token = pageToken(rest.get('nextPageToken'))
  if (token === undefined) return refused('wrong-value', '/nextPageToken', 'a token that a page gave')
  return ok({ conditions, orderBy, direction, countLimit, countMax, perPage, token })
}

/** Null without one, undefined for anything else than a token. */
function pageToken(value: JsonValue | undefined): PageToken | null | undefined {
  if (value === undefined) return null
  const [, before, start] = (typeof value === 'string' && /^(\d{1,15})-(\d{1,15})$/.exec(value)) || []
  return before === undefined ? undefined : { before: Number(before), from: Number(start) }
}

/** One page of the answer. Pages of one answer fit together although events go on being captured. */
export function queryEvents(repository: EventRepository, query: EventQuery): Result<QueryPage, EpcisRefusal> {
  const { conditions, recorded, countLimit, countMax, perPage, token } = query
  const before = token?.before ?? repository.count
  const first = positionOf(repository, recorded.from)
  const end = Math.min(before, positionOf(repository, recorded.until))
  if (end - first > scannedMax)
    return refused('too-large', '/GE_recordTime', `times of recording between which lie at most ${scannedMax} events`)
  const matches: CapturedEvent[] = []
  for (const captured of repository.events(first)) {
    if (captured.position >= end) break
    if (!conditions.every((holds) => holds(captured.event))) continue
    if (countMax !== null && matches.length >= countMax)
      return refused('too-large', '/maxEventCount', 'a query that fewer events match')
    matches.push(captured)
  }
  const sign = query.direction === 'ASC' ? 1 : -1
  // Equal times stand in the order of capture, so that pages do not depend on the sort.
  matches.sort((a, b) => sign * (timeOf(a, query) - timeOf(b, query)) || a.position - b.position)
  const all = countLimit === null ? matches : matches.slice(0, countLimit)
  const start = token?.from ?? 0
  const next = start + perPage
  return ok({ events: all.slice(start, next), nextPageToken: next < all.length ? `${before}-${next}` : null })
}

/** The first event that was recorded then or later. Times of recording never go down. */
function positionOf(repository: EventRepository, time: number): number {
  let [low, high] = [0, repository.count]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if ((repository.at(middle)?.event.recordTime ?? 0) < time) low = middle + 1
    else high = middle
  }
  return low
}

const timeOf = ({ event }: CapturedEvent, { orderBy }: EventQuery): number =>
  (orderBy === 'eventTime' ? event.eventTime : event.recordTime) ?? 0
