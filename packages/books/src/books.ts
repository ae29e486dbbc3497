/**
 * All books of one node. They share three things: envelopes that are kept until their end is known, notes that are sent
 * until they are answered, and tables in the journal of the exchange, in whose turns all of it happens.
 */
import {
  bytes,
  equalBytes,
  fromHex,
  type Infer,
  no,
  object,
  ok,
  option,
  type Result,
  text,
  toHex,
  uint,
} from '@plexus/codec'
import { contracts } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import {
  type BookDoor,
  type BookNote,
  type BookParts,
  type JournalChange,
  notYet,
  sequenceKey,
  type Table,
  tableOf,
} from '@plexus/exchange'
import {
  assembleEnvelope,
  kernelRejections,
  type Outcome,
  type Refusal,
  readBody,
  readEnvelope,
  signBody,
} from '@plexus/kernel'
import type { Share } from '@plexus/sdk'
import type { Book, BookDesk, StepOutcome } from './desk.ts'

/** As batches: an envelope lives this long by block time. */
const envelopeSeconds = 300
/** The engine may have lost it. */
const resubmitSeconds = 2
/** With the engine at once; the rest waits in the journal, in the order in which it was made. */
const offeredMax = 256
/** A book that makes more steps than end is at fault: each was asked for by somebody who waits for it. */
const stepsMax = 100_000
/** Outcomes that somebody may still ask for. */
const outcomesKeptMax = 10_000
const aboutBytesMax = 64 * 1024

/** Refusals that say nothing of the step: it was accepted before, or comes through later, or its end will tell. */
const passing: readonly string[] = ['quota-exceeded', 'replayed', 'expired', 'valid-too-long']

const stepRow = object({
  contract: text({ min: 1, max: 40 }),
  envelope: bytes({ max: 256 * 1024 }),
  validUntil: uint(),
  about: bytes({ max: aboutBytesMax }),
})

/** `code`: why it was refused; null when it was taken. Kept as long as what came with the note. */
const takenRow = object({ code: option(text({ max: 40 })) })

/** What the node's ledger tells besides. */
export interface BookLedger {
  /** Where the envelope of this id and end stands on the own replica: where it was accepted, or else refused last. */
  outcomeOf(id: Uint8Array, validUntil: number): { readonly height: number; readonly outcome: Outcome } | undefined
}

interface Flight {
  readonly key: string
  readonly validUntil: number
  readonly contract: string
  offeredAt: number
  refusal: Refusal | null
}

export class Books implements BookDoor {
  private readonly parts: BookParts
  private readonly ledger: BookLedger
  private readonly shelf = new Map<string, Book>()
  private readonly steps: Table<Infer<typeof stepRow>>
  private readonly taken: Table<Infer<typeof takenRow>>
  /** By the id of the envelope in hexadecimal, in the order in which they were made. */
  private readonly flights = new Map<string, Flight>()
  private readonly outcomes = new Map<string, StepOutcome>()
  private readonly waiting = new Map<string, ((outcome: StepOutcome) => void)[]>()
  private next = 0

  constructor(parts: BookParts, ledger: BookLedger) {
    this.parts = parts
    this.ledger = ledger
    this.steps = tableOf(parts.journal, 'book-steps', stepRow)
    this.taken = tableOf(parts.journal, 'book-notes-taken', takenRow)
    for (const [key, { envelope, validUntil, contract }] of this.steps.entries()) {
      const read = readEnvelope(envelope)
      if (!read.ok) throw new Error('a step of the journal is no envelope')
      this.flights.set(toHex(read.value.id), { key, validUntil, contract, offeredAt: 0, refusal: null })
      this.next = Number(key) + 1
    }
  }

  /** Throws when the contract has a book already. */
  open<Opened extends Book>(contract: string, make: (desk: BookDesk) => Opened): Opened {
    if (this.shelf.has(contract)) throw new Error(`${contract} has a book already`)
    const book = make(this.deskOf(contract))
    this.shelf.set(contract, book)
    return book
  }

  async take(from: string | null, { id, contract, body }: BookNote): Promise<Result<void, { readonly type: string }>> {
    const book = this.shelf.get(contract)
    if (!book) return no({ type: 'book-unknown' })
    const key = id && from !== null ? this.parts.blind('book-note', from, toHex(id)) : null
    const known = key === null ? undefined : this.taken.get(key)
    if (known) return known.code === null ? ok() : no({ type: known.code })
    const answer = await book.take(from, body)
    if (!answer.ok && (key === null || answer.reason.type === notYet)) return answer
    const code = answer.ok ? null : answer.reason.type
    const mark = key === null ? [] : [this.taken.put(key, { code })]
    this.write([...(answer.ok ? answer.value : []), ...mark])
    return code === null ? ok() : no({ type: code })
  }

  refused(contract: string, note: Uint8Array, code: string): void {
    this.write(this.shelf.get(contract)?.refused?.(toHex(note), code) ?? [])
  }

  tick(): void {
    const now = this.parts.surroundings.now()
    const { time } = this.parts.replica.tip()
    let offered = 0
    for (const [id, flight] of this.flights) {
      if (offered++ >= offeredMax) break
      const outcome = this.outcomeOf(id, flight, time)
      if (outcome) this.end(id, flight, outcome)
      else if (now - flight.offeredAt >= resubmitSeconds || now < flight.offeredAt) this.offer(id, flight, now)
    }
    for (const book of this.shelf.values()) this.write(book.look?.() ?? [])
  }

  get idle(): boolean {
    return this.flights.size === 0
  }

  private outcomeOf(id: string, { validUntil, refusal }: Flight, time: number): StepOutcome | undefined {
    const placed = this.ledger.outcomeOf(fromHex(id), validUntil)
    if (placed) {
      const { height, outcome } = placed
      if (outcome.code === 0) return { type: 'accepted', height }
      return { type: 'refused', ...outcome, reason: rejectionName(outcome), height }
    }
    if (refusal) {
      const { space, code, reason } = refusal
      return { type: 'refused', space, code, reason, height: null }
    }
    return time > validUntil ? { type: 'lapsed' } : undefined
  }

  private offer(id: string, flight: Flight, now: number): void {
    const row = this.steps.get(flight.key)
    if (!row) {
      // Made, and never written: there is no such step.
      this.flights.delete(id)
      return
    }
    flight.offeredAt = now
    this.parts.replica.submit(row.envelope, (refusal) => {
      if (!passing.includes(refusal.reason)) flight.refusal = refusal
    })
  }

  private end(step: string, { key, contract }: Flight, outcome: StepOutcome): void {
    const row = this.steps.get(key)
    const book = this.shelf.get(contract)
    // A book that was not opened is told at the next start that opens it.
    if (!row || !book) return
    this.write([this.steps.drop(key), ...book.ended({ step, about: row.about, outcome })])
    this.flights.delete(step)
    this.outcomes.set(step, outcome)
    for (const [oldest] of this.outcomes) {
      if (this.outcomes.size <= outcomesKeptMax) break
      this.outcomes.delete(oldest)
    }
    for (const tell of this.waiting.get(step) ?? []) tell(outcome)
    this.waiting.delete(step)
  }

  private write(changes: readonly JournalChange[]): void {
    if (changes.length > 0) this.parts.journal.append(changes)
  }

  private deskOf(contract: string): BookDesk {
    const { parts } = this
    const { member, replica, journal, surroundings, outbox, organisations, blind } = parts
    const chain = replica.chain.id
    return {
      member,
      chain,
      get state() {
        return replica.state
      },
      random: surroundings.random,
      organisations,
      get seed() {
        return parts.seed
      },
      tip: () => replica.tip(),
      now: () => surroundings.now(),
      table: (name, rows) => tableOf(journal, `book-${contract}-${name}`, rows),
      keyOf: (...of) => blind('book', contract, ...of),
      write: (changes) => this.write(changes),
      frame: () => ({
        sponsor: member,
        sponsorKey: publicKeyOf(parts.seed),
        nonce: surroundings.random(16),
        validUntil: replica.tip().time + envelopeSeconds,
      }),
      step: (made) => this.step(contract, made),
      outcome: (step) => this.outcome(step),
      tell(to, body) {
        const id = surroundings.random(32)
        const changes = outbox.add(to, id, { type: 'book', id, contract, part: { type: 'note', body } })
        return { note: toHex(id), changes }
      },
      notify: (mailbox, body) => outbox.addNotice(mailbox, { type: 'book', teller: member, contract, body }),
    }
  }

  private step(
    contract: string,
    {
      body,
      shares,
      about,
    }: { readonly body: Uint8Array; readonly shares: readonly Share[]; readonly about: Uint8Array },
  ) {
    const { member, replica, seed } = this.parts
    const read = readBody(body)
    if (!read.ok || read.value.sponsor !== member || read.value.contract !== contract)
      throw new Error(`a step of ${contract} was not framed here`)
    if (this.flights.size >= stepsMax) throw new Error(`${stepsMax} steps wait for their end`)
    const own = publicKeyOf(seed)
    const envelope = assembleEnvelope(
      body,
      read.value.signers.map((key) => {
        if (equalBytes(key, own)) return signBody(replica.chain.id, body, seed)
        const share = shares.find((each) => equalBytes(each.key, key))
        if (!share) throw new Error(`a share of a step of ${contract} is missing`)
        return share.signature
      }),
    )
    const sealed = readEnvelope(envelope)
    if (!sealed.ok) throw new Error(`a step of ${contract} is no envelope`)
    const key = sequenceKey(this.next++)
    const { validUntil } = read.value
    const step = toHex(sealed.value.id)
    // In memory now, offered with the next tick: in the turn in which its row is written.
    this.flights.set(step, { key, validUntil, contract, offeredAt: 0, refusal: null })
    return { step, changes: [this.steps.put(key, { contract, envelope, validUntil, about })] }
  }

  /** What became of a step. Not to be awaited in a turn of the exchange, which the end needs. */
  async outcome(step: string): Promise<StepOutcome> {
    const outcome =
      this.outcomes.get(step) ??
      (await new Promise<StepOutcome>((resolve, reject) => {
        if (!this.flights.has(step)) reject(new Error('no such step waits for its end'))
        this.waiting.set(step, [...(this.waiting.get(step) ?? []), resolve])
      }))
    await this.parts.journal.durable()
    return outcome
  }
}

/** A rejection is told by its name where this version knows it, and by space and number otherwise. */
export function rejectionName({ space, code }: Outcome): string {
  const rejections = space === 'kernel' ? kernelRejections : contracts.find(({ name }) => name === space)?.rejections
  const named = Object.entries(rejections ?? {}).find(([, rejection]) => rejection.code === code)
  return named?.[0] ?? `${space}-${code}`
}
