/** What an event says, taken out of its JSON form once, for whoever asks: queries, and the contract of the supply chain. */
import { isJsonList, isJsonObject, JsonNumber, type JsonObject, type JsonValue } from '@plexus/codec'
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
import type { Namespaces } from './namespaces.ts'

export type Action = 'OBSERVE' | 'ADD' | 'DELETE'

/** So many of a class, or, without a number, some. */
export interface Quantity {
  readonly epcClass: string
  /** As it was written; null where the event does not count. */
  readonly quantity: string | null
  /** UN/CEFACT Recommendation 20; null for pieces. */
  readonly uom: string | null
}

/** A document of business, a source or a destination. */
export interface Typed {
  /** A bare word of CBV, a URI, or null. */
  readonly type: string | null
  readonly id: string
}

export interface ErrorDeclaration {
  /** Milliseconds since 1970. */
  readonly declarationTime: number
  readonly reason: string | null
  readonly correctiveEventIDs: readonly string[]
}

/**
 * One event, checked. Absent lists are empty, absent texts null. Words of CBV stand bare whichever way they came; URIs
 * stand as they came. `form` is all of it, extensions included, and is what is stored, hashed and written.
 */
export interface EpcisEvent {
  /** One of the five kinds, or the URI of an extended one. */
  readonly type: string
  /** Milliseconds since 1970. */
  readonly eventTime: number
  readonly recordTime: number | null
  readonly eventTimeZoneOffset: string
  readonly eventID: string | null
  readonly action: Action | null
  readonly bizStep: string | null
  readonly disposition: string | null
  readonly persistentSet: readonly string[]
  readonly persistentUnset: readonly string[]
  readonly parentID: string | null
  readonly epcs: readonly string[]
  readonly childEPCs: readonly string[]
  readonly inputEPCs: readonly string[]
  readonly outputEPCs: readonly string[]
  readonly quantities: readonly Quantity[]
  readonly childQuantities: readonly Quantity[]
  readonly inputQuantities: readonly Quantity[]
  readonly outputQuantities: readonly Quantity[]
  readonly transformationID: string | null
  readonly readPoint: string | null
  readonly bizLocation: string | null
  readonly bizTransactions: readonly Typed[]
  readonly sources: readonly Typed[]
  readonly destinations: readonly Typed[]
  readonly errorDeclaration: ErrorDeclaration | null
  readonly form: JsonObject
  /** What the prefixes in `form` stand for. */
  readonly namespaces: Namespaces
}

/** Takes a form that was checked; throws on any other. */
export function eventOf(form: JsonObject, namespaces: Namespaces): EpcisEvent {
  const get = (name: string) => form.get(name)
  return {
    type: textOf(get('type')) ?? '',
    eventTime: timeOf(get('eventTime')) as number,
    recordTime: timeOf(get('recordTime')),
    eventTimeZoneOffset: textOf(get('eventTimeZoneOffset')) ?? '',
    eventID: textOf(get('eventID')),
    action: textOf(get('action')) as Action | null,
    bizStep: wordIn(businessSteps, get('bizStep')),
    disposition: wordIn(dispositions, get('disposition')),
    persistentSet: wordsIn(get('persistentDisposition'), 'set'),
    persistentUnset: wordsIn(get('persistentDisposition'), 'unset'),
    parentID: textOf(get('parentID')),
    epcs: textsOf(get('epcList')),
    childEPCs: textsOf(get('childEPCs')),
    inputEPCs: textsOf(get('inputEPCList')),
    outputEPCs: textsOf(get('outputEPCList')),
    quantities: quantitiesOf(get('quantityList')),
    childQuantities: quantitiesOf(get('childQuantityList')),
    inputQuantities: quantitiesOf(get('inputQuantityList')),
    outputQuantities: quantitiesOf(get('outputQuantityList')),
    transformationID: textOf(get('transformationID')),
    readPoint: idOf(get('readPoint')),
    bizLocation: idOf(get('bizLocation')),
    bizTransactions: typedOf(get('bizTransactionList'), 'bizTransaction', transactionTypes),
    sources: typedOf(get('sourceList'), 'source', sourceTypes),
    destinations: typedOf(get('destinationList'), 'destination', sourceTypes),
    errorDeclaration: declarationOf(get('errorDeclaration')),
    form,
    namespaces,
  }
}

const textOf = (value: JsonValue | undefined): string | null => (typeof value === 'string' ? value : null)

function timeOf(value: JsonValue | undefined): number | null {
  return typeof value === 'string' ? (millisecondsOf(value) ?? null) : null
}

const itemsOf = (value: JsonValue | undefined): readonly JsonValue[] => (isJsonList(value) ? value : [])
const objectsOf = (value: JsonValue | undefined) => itemsOf(value).filter((each) => isJsonObject(each))
const textsOf = (value: JsonValue | undefined) => itemsOf(value).filter((each) => typeof each === 'string')
const idOf = (value: JsonValue | undefined) => (isJsonObject(value) ? textOf(value.get('id')) : null)

function wordIn(vocabulary: Vocabulary, value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? bareWord(vocabulary, value) : null
}

function wordsIn(value: JsonValue | undefined, name: string): readonly string[] {
  return isJsonObject(value) ? textsOf(value.get(name)).map((each) => bareWord(dispositions, each)) : []
}

function quantitiesOf(value: JsonValue | undefined): readonly Quantity[] {
  return objectsOf(value).map((each) => {
    const quantity = each.get('quantity')
    return {
      epcClass: textOf(each.get('epcClass')) ?? '',
      quantity: quantity instanceof JsonNumber ? quantity.text : null,
      uom: textOf(each.get('uom')),
    }
  })
}

function typedOf(value: JsonValue | undefined, name: string, types: Vocabulary): readonly Typed[] {
  return objectsOf(value).map((each) => ({ type: wordIn(types, each.get('type')), id: textOf(each.get(name)) ?? '' }))
}

function declarationOf(value: JsonValue | undefined): ErrorDeclaration | null {
  if (!isJsonObject(value)) return null
  return {
    declarationTime: timeOf(value.get('declarationTime')) as number,
    reason: wordIn(errorReasons, value.get('reason')),
    correctiveEventIDs: textsOf(value.get('correctiveEventIDs')),
  }
}
