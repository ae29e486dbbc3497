/**
 * The capture interface (EPCIS 2.0 §8.1): a document is taken whole or not at all. The same event again changes nothing, so
 * that a sender who was not answered sends again.
 */
import { type JsonObject, type JsonValue, no, ok, type Result } from '@plexus/codec'
import { type DocumentLimits, documentLimits, type EpcisDocument, readEpcisJson } from '../documents/document.ts'
import type { EpcisEvent } from '../documents/events.ts'
import { eventHash } from '../hash/event-hash.ts'
import { type EpcisRefusal, within } from '../refusals.ts'
import { utcText } from '../times.ts'
import { readEpcisXml } from '../xml/document-in.ts'
import type { CapturedEvent, EventRepository } from './repository.ts'

/** By media type: JSON and JSON-LD are one form here, since contexts are never fetched. */
const readers: ReadonlyMap<string, typeof readEpcisJson> = new Map([
  ['application/json', readEpcisJson],
  ['application/ld+json', readEpcisJson],
  ['application/xml', readEpcisXml],
  ['text/xml', readEpcisXml],
])

export interface Arrival {
  readonly bytes: Uint8Array
  /** Without parameters, in lower case. */
  readonly mediaType: string
  /** Milliseconds since 1970: when the repository records the events. */
  readonly now: number
}

export interface Captured {
  /** Those that are new, as they were kept. */
  readonly events: readonly CapturedEvent[]
  /** How many were there already. */
  readonly knownCount: number
}

/** Clocks of partners differ by minutes; a declaration from further ahead was not made yet. */
const aheadMillisecondsMax = 15 * 60 * 1000

/** Reads, checks, names, records and keeps. Durable when the repository's `append` is. */
export function capture(
  repository: EventRepository,
  { bytes, mediaType, now }: Arrival,
  limits: DocumentLimits = documentLimits,
): Result<Captured, EpcisRefusal> {
  const read = readers.get(mediaType)
  if (!read) return no({ type: 'wrong-value', path: '', expected: `one of ${[...readers.keys()].join(', ')}` })
  const document = read(bytes, limits)
  return document.ok ? captureDocument(repository, document.value, now) : document
}

/** The same for a document that was read already. */
export function captureDocument(
  repository: EventRepository,
  document: EpcisDocument,
  now: number,
): Result<Captured, EpcisRefusal> {
  if (document.type === 'EPCISQueryDocument')
    return no({ type: 'wrong-value', path: '/type', expected: 'a document to capture, no answer to a query' })
  const taken = new Batch(repository, now)
  for (const [index, event] of document.events.entries()) {
    const fault = taken.add(event)
    if (!fault) continue
    const inList = within('epcisBody', within('eventList', within(index, fault)))
    return no(document.type === 'event' ? fault : inList)
  }
  if (taken.events.length > 0) repository.append(taken.events)
  return ok({ events: taken.events, knownCount: taken.knownCount })
}

/** Events of one document, seen against the repository and against each other. */
class Batch {
  readonly events: CapturedEvent[] = []
  knownCount = 0
  readonly #repository: EventRepository
  readonly #recordTime: string
  readonly #recordedAt: number
  readonly #now: number
  readonly #held = new Set<string>()
  readonly #contentByID = new Map<string, string>()

  constructor(repository: EventRepository, now: number) {
    this.#repository = repository
    this.#now = now
    // A clock that was set back must not make times of recording go down: queries find their way by them.
    this.#recordedAt = Math.max(now, repository.at(repository.count - 1)?.event.recordTime ?? 0)
    this.#recordTime = utcText(this.#recordedAt)
  }

  add(event: EpcisEvent): EpcisRefusal | undefined {
    const contentHash = eventHash(event)
    const isDeclaredWrong = event.errorDeclaration !== null
    const fault = this.#faultOf(event, contentHash)
    if (fault) return fault
    const key = `${isDeclaredWrong} ${contentHash}`
    if (this.#held.has(key) || this.#repository.holds(contentHash, isDeclaredWrong)) {
      this.knownCount++
      return undefined
    }
    this.#held.add(key)
    const eventID = event.eventID ?? contentHash
    this.#contentByID.set(eventID, contentHash)
    const position = this.#repository.count + this.events.length
    this.events.push({ position, contentHash, event: recorded(event, eventID, this.#recordTime, this.#recordedAt) })
    return undefined
  }

  /** EPCIS 2.0 §7.4.1.2: a declaration repeats the event that it declares wrong, and is made after it. */
  #faultOf({ eventID, eventTime, errorDeclaration }: EpcisEvent, contentHash: string): EpcisRefusal | undefined {
    const before =
      eventID === null ? undefined : (this.#contentByID.get(eventID) ?? this.#repository.contentOf(eventID))
    if (before !== undefined && before !== contentHash)
      return { type: 'contradiction', path: '/eventID', expected: 'an identifier that no other event has' }
    if (!errorDeclaration) return undefined
    const { declarationTime } = errorDeclaration
    if (declarationTime >= eventTime && declarationTime <= this.#now + aheadMillisecondsMax) return undefined
    const path = '/errorDeclaration/declarationTime'
    return { type: 'contradiction', path, expected: 'a time after the event, and not ahead of now' }
  }
}

/** What the repository adds (§7.4.1): when it took the event, and a name where there was none. */
function recorded(event: EpcisEvent, eventID: string, recordTime: string, recordedAt: number): EpcisEvent {
  const form: JsonObject = new Map<string, JsonValue>([...event.form, ['recordTime', recordTime], ['eventID', eventID]])
  return { ...event, recordTime: recordedAt, eventID, form }
}
