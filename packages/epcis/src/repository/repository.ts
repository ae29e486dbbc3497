import type { EpcisEvent } from '../documents/events.ts'

/** An event as a repository keeps it, recorded and named. */
export interface CapturedEvent {
  /** Counted from 0 in the order of capture, without gaps. */
  readonly position: number
  /** The identifier of its content (CBV 2.0, event hash identifiers), whatever `eventID` says. */
  readonly contentHash: string
  readonly event: EpcisEvent
}

/**
 * Where captured events are kept. Sealing, durability and who may ask are its own; capture and query are functions over
 * it. One repository holds what one partner sent: identifiers of content can be made to agree on purpose (their texts have
 * no separators), and nobody's event may hide another's. Everything is synchronous, as the journals of a node are.
 */
export interface EventRepository {
  /** How many events it keeps: the next position. */
  readonly count: number
  /** Does it keep this content, with or without a declaration that it was wrong? */
  holds(contentHash: string, isDeclaredWrong: boolean): boolean
  /** The content hash of the events that go by this `eventID`. */
  contentOf(eventID: string): string | undefined
  /** Keeps all of them or none; positions go on from `count`. */
  append(events: readonly CapturedEvent[]): void
  /** Undefined beyond the newest. */
  at(position: number): CapturedEvent | undefined
  /** In the order of capture, from a position on. */
  events(from?: number): Iterable<CapturedEvent>
}
