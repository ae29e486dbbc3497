/**
 * Events of one trading partner in a member's journal: values are sealed there, and keys say neither who the partner is nor
 * what the goods are.
 */
import { bytes, object, text, uint } from '@plexus/codec'
import { type CapturedEvent, type EventRepository, restoredEvent, storedEvent } from '@plexus/epcis'
import { type Journal, type JournalChange, sequenceKey, tableOf } from '@plexus/exchange'

/** As large as a document that is taken, and what the repository adds to it. */
const eventBytesMax = 5 * 1024 * 1024
/** `ni:///sha-256;` with 64 digits and the edition. */
const contentHash = text({ max: 120 })

const eventRow = object({ contentHash, event: bytes({ max: eventBytesMax }) })
/** The newest event of a name: a declaration that an event was wrong has that event's name. */
const nameRow = object({ contentHash, position: uint() })

/** Rows are read so many at a time: a walk that stays open pins the pages of a store. */
const eventsPerRead = 256

export class JournalRepository implements EventRepository {
  readonly #journal: Journal
  readonly #blind: (...parts: readonly string[]) => string
  readonly #partner: string
  readonly #prefix: string
  readonly #events
  readonly #names
  readonly #held
  readonly #counts

  constructor({ journal, blind, partner }: RepositoryParts) {
    this.#journal = journal
    this.#blind = blind
    this.#partner = partner
    this.#prefix = `${blind('epcis', partner)}/`
    const tables = repositoryTables(journal)
    this.#events = tables.events
    this.#names = tables.names
    this.#held = tables.held
    this.#counts = tables.counts
  }

  get count(): number {
    return this.#counts.get(this.#prefix) ?? 0
  }

  holds(hash: string, isDeclaredWrong: boolean): boolean {
    return this.#held.get(this.#heldKey(hash, isDeclaredWrong)) !== undefined
  }

  contentOf(eventID: string): string | undefined {
    return this.#names.get(this.#nameKey(eventID))?.contentHash
  }

  /** The newest event that goes by this name. */
  named(eventID: string): CapturedEvent | undefined {
    const found = this.#names.get(this.#nameKey(eventID))
    return found && this.at(found.position)
  }

  at(position: number): CapturedEvent | undefined {
    const row = this.#events.get(this.#eventKey(position))
    return row && { position, contentHash: row.contentHash, event: restoredEvent(row.event) }
  }

  *events(from = 0): Iterable<CapturedEvent> {
    let position = from
    for (;;) {
      const start = position
      const after = position === 0 ? {} : { after: this.#eventKey(position - 1) }
      for (const [, row] of this.#events.entries({ prefix: this.#prefix, limit: eventsPerRead, ...after })) {
        yield { position, contentHash: row.contentHash, event: restoredEvent(row.event) }
        position++
      }
      if (position - start < eventsPerRead) return
    }
  }

  /** One write: durable when the journal says so. */
  append(events: readonly CapturedEvent[]): void {
    const changes: JournalChange[] = events.flatMap(({ position, contentHash: hash, event }) => [
      this.#events.put(this.#eventKey(position), { contentHash: hash, event: storedEvent(event) }),
      this.#held.put(this.#heldKey(hash, event.errorDeclaration !== null), position),
      this.#names.put(this.#nameKey(event.eventID ?? hash), { contentHash: hash, position }),
    ])
    this.#journal.append([...changes, this.#counts.put(this.#prefix, this.count + events.length)])
  }

  #eventKey(position: number): string {
    return this.#prefix + sequenceKey(position)
  }

  #heldKey(hash: string, isDeclaredWrong: boolean): string {
    return this.#blind('epcis-content', this.#partner, String(isDeclaredWrong), hash)
  }

  #nameKey(eventID: string): string {
    return this.#blind('epcis-name', this.#partner, eventID)
  }
}

export interface RepositoryParts {
  readonly journal: Journal
  /** From `blindKeys`, under the member's blinding key. */
  readonly blind: (...parts: readonly string[]) => string
  /** The organisation whose events these are. */
  readonly partner: string
}

/** Declares the tables, so that whoever checks a journal finds them. */
export function repositoryTables(journal: Journal) {
  return {
    events: tableOf(journal, 'epcis-events', eventRow),
    names: tableOf(journal, 'epcis-names', nameRow),
    held: tableOf(journal, 'epcis-held', uint()),
    counts: tableOf(journal, 'epcis-counts', uint()),
  }
}
