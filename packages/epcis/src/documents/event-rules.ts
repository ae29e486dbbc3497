/**
 * What each kind of event must and may say: EPCIS 2.0 §7.4 in its JSON binding (§10.2), as strict as the schema that GS1
 * publishes with it, and in three places stricter (persistent dispositions of all kinds, lengths of texts and of URIs).
 */
import { isJsonList, isJsonObject, type JsonObject } from '@plexus/codec'
import { within } from '../refusals.ts'
import {
  businessSteps,
  components,
  dispositions,
  errorReasons,
  measurements,
  sensorAlerts,
  sourceTypes,
  transactionTypes,
} from '../vocabulary.ts'
import {
  allOf,
  anything,
  type Check,
  decimal,
  eitherOf,
  listOf,
  objectOf,
  oneOf,
  pattern,
  refuse,
  text,
  time,
  uri,
  wordOf,
  yesOrNo,
} from './shapes.ts'

/** `@context`: an address, names for namespaces, or a list of both. Addresses are never fetched. */
export const context: Check = eitherOf(
  uri,
  objectOf({ members: {}, others: 'any' }),
  listOf(eitherOf(uri, objectOf({ members: {}, others: 'any' })), { once: true }),
)

const action = oneOf(['OBSERVE', 'ADD', 'DELETE'])
const disposition = wordOf(dispositions)

const quantity = objectOf({
  required: ['epcClass'],
  members: {
    epcClass: uri,
    quantity: decimal,
    uom: pattern(/^[A-Z0-9]{2,3}$/, 'a unit of UN/CEFACT Recommendation 20'),
  },
  others: 'none',
})
const quantities = listOf(quantity)
const epcs = listOf(uri)
const distinctEpcs = listOf(uri, { once: true })
const place = objectOf({ required: ['id'], members: { id: uri }, others: 'any' })

const errorDeclaration = objectOf({
  required: ['declarationTime'],
  members: { declarationTime: time, reason: wordOf(errorReasons), correctiveEventIDs: listOf(uri) },
  others: 'extensions',
})

const persistentDisposition = allOf(
  objectOf({
    members: {
      set: listOf(disposition, { least: 1, once: true }),
      unset: listOf(disposition, { least: 1, once: true }),
    },
    others: 'none',
  }),
  (value) => ((value as JsonObject).size > 0 ? undefined : refuse('missing', 'what is set or unset')),
)

const device = { deviceID: uri, deviceMetadata: uri, rawData: uri, dataProcessingMethod: uri, bizRules: uri }

const sensorElement = objectOf({
  required: ['sensorReport'],
  members: {
    sensorMetadata: objectOf({ members: { time, ...device, startTime: time, endTime: time }, others: 'extensions' }),
    sensorReport: listOf(
      objectOf({
        required: ['type'],
        members: {
          type: wordOf(measurements),
          exception: wordOf(sensorAlerts),
          ...device,
          time,
          microorganism: uri,
          chemicalSubstance: uri,
          coordinateReferenceSystem: uri,
          value: decimal,
          component: wordOf(components),
          stringValue: text,
          booleanValue: yesOrNo,
          hexBinaryValue: pattern(/^[A-Fa-f0-9]+$/, 'hexadecimal digits'),
          uriValue: uri,
          minValue: decimal,
          maxValue: decimal,
          meanValue: decimal,
          sDev: decimal,
          percRank: decimal,
          percValue: decimal,
          uom: text,
        },
        others: 'extensions',
      }),
      { least: 1 },
    ),
  },
  others: 'extensions',
})

/** What every event says or may say. */
const common = {
  '@context': context,
  type: text,
  eventTime: time,
  recordTime: time,
  eventTimeZoneOffset: pattern(/^[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)$/, 'an offset of hours and minutes'),
  eventID: uri,
  certificationInfo: eitherOf(uri, listOf(uri)),
  errorDeclaration,
}

const transactions = listOf(
  objectOf({
    required: ['bizTransaction'],
    members: { type: wordOf(transactionTypes), bizTransaction: uri },
    others: 'none',
  }),
)

/** Why and where, of every kind of event. */
const circumstances = {
  bizStep: wordOf(businessSteps),
  disposition,
  persistentDisposition,
  readPoint: place,
  bizLocation: place,
  bizTransactionList: transactions,
  sourceList: listOf(
    objectOf({ required: ['type', 'source'], members: { type: wordOf(sourceTypes), source: uri }, others: 'none' }),
  ),
  destinationList: listOf(
    objectOf({
      required: ['type', 'destination'],
      members: { type: wordOf(sourceTypes), destination: uri },
      others: 'none',
    }),
  ),
  sensorElementList: listOf(sensorElement),
}

/** Data of the instance or lot, commissioned with it: names with a namespace alone. */
const instanceData = objectOf({ members: {}, others: 'extensions' })

const timesRequired = ['eventTime', 'eventTimeZoneOffset']

function kind(required: readonly string[], members: Readonly<Record<string, Check>>): Check {
  return objectOf({
    required: [...timesRequired, ...required],
    members: { ...common, ...circumstances, ...members },
    others: 'extensions',
  })
}

const filled = (event: JsonObject, name: string): boolean => {
  const list = event.get(name)
  return isJsonList(list) && list.length > 0
}

/** A rule over the whole event, which is an object by then. */
const together =
  (holds: (event: JsonObject) => boolean, expected: string): Check =>
  (event) =>
    holds(event as JsonObject) ? undefined : refuse('missing', expected)

const hasChildren = together(
  (event) => filled(event, 'childEPCs') || filled(event, 'childQuantityList') || event.get('action') === 'DELETE',
  'children, unless the action is DELETE',
)

const objectEvent = allOf(
  kind(['action'], { action, epcList: distinctEpcs, quantityList: quantities, ilmd: instanceData }),
  together(
    (event) =>
      event.has('epcList') ||
      filled(event, 'quantityList') ||
      (filled(event, 'sensorElementList') && event.has('readPoint')),
    'identifiers, quantities, or a sensor report with a read point',
  ),
  (event) =>
    (event as JsonObject).has('ilmd') && (event as JsonObject).get('action') !== 'ADD'
      ? within('ilmd', refuse('contradiction', 'instance data with the action ADD alone'))
      : undefined,
)

const parts = { parentID: uri, childEPCs: epcs, childQuantityList: quantities, action }

const transactionEvent = allOf(
  kind(['bizTransactionList', 'action'], {
    parentID: uri,
    epcList: epcs,
    quantityList: quantities,
    action,
    bizTransactionList: allOf(transactions, listOf(anything, { least: 1 })),
  }),
  together(
    (event) => event.has('epcList') || filled(event, 'quantityList') || event.get('action') === 'DELETE',
    'identifiers or quantities, unless the action is DELETE',
  ),
)

const hasInput = (event: JsonObject) => filled(event, 'inputEPCList') || filled(event, 'inputQuantityList')
const hasOutput = (event: JsonObject) => filled(event, 'outputEPCList') || filled(event, 'outputQuantityList')

const transformationEvent = allOf(
  kind([], {
    inputEPCList: distinctEpcs,
    inputQuantityList: quantities,
    outputEPCList: distinctEpcs,
    outputQuantityList: quantities,
    transformationID: uri,
    ilmd: instanceData,
  }),
  together(
    (event) =>
      (hasInput(event) && hasOutput(event)) || (event.has('transformationID') && (hasInput(event) || hasOutput(event))),
    'inputs and outputs, or one of them with a transformation',
  ),
)

/** The five kinds of the standard (§7.4.2 to §7.4.6). */
export const eventKinds: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['ObjectEvent', objectEvent],
  ['AggregationEvent', allOf(kind(['action'], parts), hasChildren)],
  ['TransactionEvent', transactionEvent],
  ['TransformationEvent', transformationEvent],
  ['AssociationEvent', allOf(kind(['action', 'parentID'], parts), hasChildren)],
])

/** An event of somebody else's kind: what is common is checked, all else is theirs. */
const extendedEvent = objectOf({
  required: timesRequired,
  members: { ...common, type: uri },
  others: 'any',
})

export const event: Check = (value) => {
  if (!isJsonObject(value)) return refuse('wrong-type', 'an object')
  const type = value.get('type')
  if (type === undefined) return within('type', refuse('missing', 'a member of this name'))
  return ((typeof type === 'string' && eventKinds.get(type)) || extendedEvent)(value)
}
