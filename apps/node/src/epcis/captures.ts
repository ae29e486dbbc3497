/**
 * Capture jobs (EPCIS 2.0 §12.6): a document is durable before its sender is answered, and is then read, checked and kept
 * whole or not at all. A job that a crash cut off is done again at the next start, which changes nothing twice.
 */
import { bytes, type Infer, no, object, ok, option, type Result, text, uint, variant } from '@plexus/codec'
import { capture, type DocumentLimits } from '@plexus/epcis'
import { type Journal, sequenceKey, tableOf } from '@plexus/exchange'
import { JournalRepository } from './journal-repository.ts'
import { NamedQueries } from './named-queries.ts'

/** Reading a document takes the node's one thread: these take it for half a second, and larger shipments come in parts. */
export const captureLimits: DocumentLimits = { bytesMax: 4 * 1024 * 1024, eventsMax: 2_000, depthMax: 32 }
/** Documents that wait; with their length this bounds memory and disk. */
const waitingMax = 16
/** A sender looks after its jobs within days; older ones are forgotten, their events are not. */
const jobsKeptMax = 1_000

const jobRow = object({
  /** Milliseconds since 1970. */
  createdAt: uint(),
  finishedAt: option(uint()),
  outcome: variant({
    waiting: {},
    /** Events that were new, and events that were there already. */
    captured: { events: uint(), known: uint() },
    /** As `EpcisRefusal`: shapes and places, nothing of the document. */
    refused: { fault: text({ max: 40 }), path: text({ max: 4_096 }), expected: text({ max: 4_096 }) },
    /** The node failed; its log says of what. */
    failed: {},
  }),
})
/** What waits: a document, of whom, and its media type. */
const documentRow = object({
  partner: text({ max: 40 }),
  mediaType: text({ max: 40 }),
  body: bytes({ max: captureLimits.bytesMax }),
})

export interface CaptureJob extends Infer<typeof jobRow> {
  readonly id: string
}

/** Ids are what callers send: anything else than one of ours is no job. */
const idForm = /^\d{12}$/

export class Captures {
  readonly queries: NamedQueries
  readonly #parts: CaptureParts
  readonly #jobs
  readonly #documents
  readonly #counts
  readonly #repositories = new Map<string, JournalRepository>()
  /** Keys of documents that wait, oldest first. */
  readonly #waiting: string[]
  #running: Promise<void> | null = null
  #closed = false

  constructor(parts: CaptureParts) {
    this.#parts = parts
    this.queries = new NamedQueries(parts)
    const { jobs, documents, counts } = captureTables(parts.journal)
    this.#jobs = jobs
    this.#documents = documents
    this.#counts = counts
    this.#waiting = [...this.#documents.entries()].map(([key]) => key)
  }

  repository(partner: string): JournalRepository {
    const { journal, blind } = this.#parts
    const known = this.#repositories.get(partner) ?? new JournalRepository({ journal, blind, partner })
    this.#repositories.set(partner, known)
    return known
  }

  /** The id of the job; the document is durable when it resolves. */
  async take(
    partner: string,
    { mediaType, body }: { readonly mediaType: string; readonly body: Uint8Array },
  ): Promise<Result<string, { readonly type: 'node-busy' }>> {
    if (this.#waiting.length >= waitingMax || this.#closed) return no({ type: 'node-busy' })
    const { journal, now, run } = this.#parts
    const prefix = this.#prefixOf(partner)
    const number = (this.#counts.get(prefix) ?? 0) + 1
    const id = sequenceKey(number)
    const key = prefix + id
    // Its place is taken before anything waits, so that the bound holds for those who come together.
    this.#waiting.push(key)
    journal.append([
      this.#counts.put(prefix, number),
      this.#jobs.put(key, { createdAt: now(), finishedAt: null, outcome: { type: 'waiting' } }),
      this.#documents.put(key, { partner, mediaType, body }),
      ...(number > jobsKeptMax ? [this.#jobs.drop(prefix + sequenceKey(number - jobsKeptMax))] : []),
    ])
    await run(() => {})
    this.wake()
    return ok(id)
  }

  job(partner: string, id: string): CaptureJob | undefined {
    const row = idForm.test(id) ? this.#jobs.get(this.#prefixOf(partner) + id) : undefined
    return row && { id, ...row }
  }

  /** Newest first, at most so many, older than `before` where it is given. */
  jobs(
    partner: string,
    { before, limit }: { readonly before?: string; readonly limit: number },
  ): readonly CaptureJob[] {
    const newest = this.#counts.get(this.#prefixOf(partner)) ?? 0
    const from = before !== undefined && idForm.test(before) ? Math.min(Number(before) - 1, newest) : newest
    const found: CaptureJob[] = []
    for (let number = from; number >= 1 && number > newest - jobsKeptMax && found.length < limit; number--) {
      const job = this.job(partner, sequenceKey(number))
      if (job) found.push(job)
    }
    return found
  }

  /** Goes on with what waits, one document at a time, each in a turn of the exchange. */
  wake(): void {
    this.#running ??= this.#workOff().finally(() => {
      this.#running = null
    })
  }

  /** Resolves when nothing waits, or what runs has ended after `close`. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running
  }

  /** What waits is done after the next start. */
  close(): Promise<void> {
    this.#closed = true
    return this.settled()
  }

  async #workOff(): Promise<void> {
    for (let [key] = this.#waiting; key !== undefined && !this.#closed; [key] = this.#waiting) {
      const next = key
      try {
        await this.#parts.run(() => this.#work(next))
      } catch (error) {
        this.#parts.onFailure(error)
        this.#end(next, { type: 'failed' })
      }
      this.#waiting.shift()
    }
  }

  #work(key: string): void {
    const document = this.#documents.get(key)
    if (!document) return
    const { partner, mediaType, body } = document
    const now = this.#parts.now()
    const taken = capture(this.repository(partner), { bytes: body, mediaType, now }, captureLimits)
    if (taken.ok) {
      const { events, knownCount: known } = taken.value
      this.#end(key, { type: 'captured', events: events.length, known })
    } else {
      const { type: fault, path, expected } = taken.reason
      this.#end(key, { type: 'refused', fault, path, expected })
    }
  }

  /** A crash before this leaves the document, whose events are known at the next attempt. */
  #end(key: string, outcome: CaptureJob['outcome']): void {
    const job = this.#jobs.get(key)
    const { journal, now } = this.#parts
    journal.append([
      this.#documents.drop(key),
      ...(job ? [this.#jobs.put(key, { ...job, finishedAt: now(), outcome })] : []),
    ])
  }

  #prefixOf(partner: string): string {
    return `${this.#parts.blind('epcis-jobs', partner)}/`
  }
}

export interface CaptureParts {
  readonly journal: Journal
  readonly blind: (...parts: readonly string[]) => string
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** One turn of the member's exchange; resolves when all that was written is durable. */
  readonly run: (action: () => void) => Promise<void>
  readonly onFailure: (error: unknown) => void
}

/** Declares the tables, so that whoever checks a journal finds them. */
export function captureTables(journal: Journal) {
  return {
    jobs: tableOf(journal, 'epcis-jobs', jobRow),
    documents: tableOf(journal, 'epcis-documents', documentRow),
    counts: tableOf(journal, 'epcis-job-counts', uint()),
  }
}
