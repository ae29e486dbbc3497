/** Queries that a partner's programs keep under a name (EPCIS 2.0 §12.7): parameters of SimpleEventQuery, sealed in the journal. */
import { bytes, no, object, ok, type Result, text, uint } from '@plexus/codec'
import { type Journal, tableOf } from '@plexus/exchange'

/** Of one partner: each is looked at when all are listed. */
const queriesMax = 100
/** As much as a request to keep one has. */
export const queryBytesMax = 64 * 1024
export const queryNameMax = 80

const queryRow = object({
  name: text({ max: queryNameMax }),
  /** As it came: one JSON object of `name` and `query`. */
  document: bytes({ max: queryBytesMax }),
  /** Milliseconds since 1970. */
  createdAt: uint(),
})

export interface NamedQuery {
  readonly name: string
  readonly document: Uint8Array
  readonly createdAt: number
}

export class NamedQueries {
  readonly #journal: Journal
  readonly #blind: (...parts: readonly string[]) => string
  readonly #queries

  constructor({
    journal,
    blind,
  }: { readonly journal: Journal; readonly blind: (...parts: readonly string[]) => string }) {
    this.#journal = journal
    this.#blind = blind
    this.#queries = namedQueryTable(journal)
  }

  /** A name stands for one query until that is dropped: what was asked under it before stays what it was. */
  add(
    partner: string,
    query: NamedQuery,
  ): Result<void, { readonly type: 'epcis-queries-too-many' | 'epcis-query-known' }> {
    const key = this.#keyOf(partner, query.name)
    if (this.#queries.get(key)) return no({ type: 'epcis-query-known' })
    if (this.list(partner).length >= queriesMax) return no({ type: 'epcis-queries-too-many' })
    this.#journal.append([this.#queries.put(key, query)])
    return ok()
  }

  get(partner: string, name: string): NamedQuery | undefined {
    return this.#queries.get(this.#keyOf(partner, name))
  }

  /** By name. */
  list(partner: string): readonly NamedQuery[] {
    const prefix = this.#prefixOf(partner)
    return [...this.#queries.entries({ prefix })].map(([, row]) => row).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** False where there is none. */
  drop(partner: string, name: string): boolean {
    const key = this.#keyOf(partner, name)
    if (!this.#queries.get(key)) return false
    this.#journal.append([this.#queries.drop(key)])
    return true
  }

  #keyOf(partner: string, name: string): string {
    return this.#prefixOf(partner) + this.#blind('epcis-query', partner, name)
  }

  #prefixOf(partner: string): string {
    return `${this.#blind('epcis', partner)}/`
  }
}

/** Declares the table, so that whoever checks a journal finds it. */
export const namedQueryTable = (journal: Journal) => tableOf(journal, 'epcis-queries', queryRow)
