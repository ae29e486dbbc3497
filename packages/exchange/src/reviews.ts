/**
 * Emergencies that wait for a person to look at them: at the custodian that answered, and at the organisation that asked.
 * A review is opened in the write that makes the receipt, or the intents, durable: no emergency comes without one.
 */
import {
  encode,
  type Infer,
  list,
  no,
  object,
  ok,
  oneOf,
  option,
  type Result,
  text,
  toHex,
  uint,
  variant,
} from '@plexus/codec'
import { emergency, hash, type Intent, npi, randomId, review, statementTypes, verdicts } from '@plexus/policy'
import type { Batches } from './batches.ts'
import type { Custody } from './custody.ts'
import type { Outbox } from './outbox.ts'
import type { Journal, JournalChange, Surroundings } from './ports.ts'
import type { Asking } from './requester-rows.ts'
import { sequenceKey, type Table, tableOf } from './tables.ts'

/** A review is due after this (security: a mandatory queue, 72 h). */
const reviewSeconds = 72 * 3600
/** A shift; more emergencies of one clinician in it than `inShiftMax` are an alarm (security: anti-overuse). */
const shiftSeconds = 12 * 3600
const inShiftMax = 3
/** What a screen shows; the oldest come first, so that what is answered makes room. */
const listedMax = 500

const row = object({
  /** Whose list it is on. */
  organisation: text({ max: 40 }),
  requester: text({ max: 40 }),
  npi,
  /** Whom it was about, as this side knows: the custodian by its chart, the asker by the visit. */
  about: variant({ chart: { number: text({ max: 64 }) }, visit: { visit: randomId } }),
  custodians: list(text({ max: 40 }), { min: 1, max: 64 }),
  intents: list(hash, { min: 1, max: 64 }),
  emergency,
  askedAt: uint(),
  outcome: option(
    object({ verdict: oneOf(...verdicts), reviewer: text({ max: 80 }), words: text({ max: 500 }), at: uint() }),
  ),
})
type ReviewRow = Infer<typeof row>

export interface Review extends ReviewRow {
  readonly id: string
  readonly dueAt: number
  /** The same clinician asked in more emergencies in one shift than the alarm allows, this one with them. */
  readonly isAlarm: boolean
}

export interface ReviewOutcome {
  /** NPI of whoever is signed in; null at a terminal of the member's. */
  readonly signedIn: string | null
  readonly verdict: (typeof verdicts)[number]
  readonly reviewer: string
  readonly words: string
}

export type ReviewRefusal = { readonly type: 'review-answered' | 'review-unknown' | 'reviewer-asked' }

export interface ReviewParts {
  readonly journal: Journal
  readonly batches: Batches
  readonly surroundings: Surroundings
  readonly custody: Custody
  readonly outbox: Outbox
}

export class Reviews {
  private readonly journal: Journal
  private readonly batches: Batches
  private readonly surroundings: Surroundings
  private readonly custody: Custody
  private readonly outbox: Outbox
  private readonly rows
  /** Those without an outcome, so that a list of what is left to do does not grow with the years. */
  private readonly waiting

  constructor(parts: ReviewParts) {
    this.custody = parts.custody
    this.outbox = parts.outbox
    this.journal = parts.journal
    this.batches = parts.batches
    this.surroundings = parts.surroundings
    this.rows = tableOf(parts.journal, 'reviews', row)
    this.waiting = tableOf(parts.journal, 'reviews-waiting', uint())
  }

  /** At the organisation that asked: what belongs into the write of the intents. Nothing where it was no emergency. */
  ofAsk(
    { emergency: why, visit, clinician }: Asking,
    of: Pick<ReviewRow, 'askedAt' | 'custodians' | 'intents' | 'requester'>,
  ): readonly JournalChange[] {
    if (!why) return []
    const about = { type: 'visit' as const, visit }
    return this.open({ ...of, organisation: of.requester, npi: clinician.npi, about, emergency: why })
  }

  /** At the custodian: what belongs into the write of the receipt. */
  ofRequest({ content }: Intent, intent: Uint8Array, number: string): readonly JournalChange[] {
    const { emergency: why, requester, custodian, clinician } = content
    if (!why) return []
    return this.open({
      organisation: custodian,
      requester,
      npi: clinician.npi,
      about: { type: 'chart', number },
      custodians: [custodian],
      intents: [intent],
      emergency: why,
      // By the own clock: what an intent says of its time is its author's word.
      askedAt: Math.floor(this.surroundings.now()),
    })
  }

  private open(of: Omit<ReviewRow, 'outcome'>): readonly JournalChange[] {
    const [first] = of.intents
    if (!first) throw new Error('a review is opened of no intent')
    // A member may ask itself: both its lists have the intent.
    const id = `${sequenceKey(of.askedAt)}-${of.about.type}-${toHex(first)}`
    return [this.rows.put(id, { ...of, outcome: null }), this.waiting.put(id, of.askedAt)]
  }

  /** Emergencies after the one named, oldest first: those without an outcome, or all. */
  list({ after, all }: { readonly after: string | null; readonly all: boolean }): readonly Review[] {
    const table: Table<unknown> = all ? this.rows : this.waiting
    return [...table.entries({ limit: listedMax, ...(after !== null && { after }) })].map(([id]) => {
      const known = this.rows.get(id)
      if (!known) throw new Error('a review that waits has no row')
      return { ...known, id, dueAt: known.askedAt + reviewSeconds, isAlarm: this.inShift(known) > inShiftMax }
    })
  }

  /** Patients of whose charts the same clinician asked here in an emergency in the twelve hours up to this one, it with them. */
  private inShift({ organisation, npi: asking, askedAt }: ReviewRow): number {
    const about = new Set<string>()
    for (const [, each] of this.rows.entries({ after: sequenceKey(Math.max(0, askedAt - shiftSeconds)) })) {
      if (each.askedAt > askedAt) break
      if (each.npi !== asking || each.organisation !== organisation) continue
      about.add(each.about.type === 'chart' ? each.about.number : toHex(each.about.visit))
    }
    return about.size
  }

  /** A named person looked at it; what was found is committed, and final. */
  answer(id: string, { signedIn, verdict, reviewer, words }: ReviewOutcome): Result<void, ReviewRefusal> {
    const known = this.rows.get(id)
    if (!known) return no({ type: 'review-unknown' })
    if (known.outcome) return no({ type: 'review-answered' })
    if (signedIn === known.npi || reviewer.includes(known.npi)) return no({ type: 'reviewer-asked' })
    const at = Math.floor(this.surroundings.now())
    const { organisation, intents } = known
    const committed = this.batches.commit(
      statementTypes.review,
      encode(review, { organisation, intents, verdict, reviewer, words, madeAt: at }),
    )
    this.journal.append([
      ...committed.changes,
      this.rows.put(id, { ...known, outcome: { verdict, reviewer, words, at } }),
      this.waiting.drop(id),
      ...this.tell(known, verdict, at),
    ])
    return ok()
  }

  /** The patient hears of it from the custodian; whoever asked knows a visit, and no mailbox. */
  private tell({ about, organisation, intents }: ReviewRow, verdict: ReviewOutcome['verdict'], madeAt: number) {
    if (about.type === 'visit') return []
    const { custody, outbox } = this
    const mailbox = custody.patients.get(custody.patientKey(organisation, about.number))?.enrolment?.content.mailbox
    if (!mailbox) return []
    return intents.flatMap((intent) =>
      outbox.addNotice(mailbox, { type: 'emergency-reviewed', custodian: organisation, intent, verdict, madeAt }),
    )
  }
}
