/**
 * The asking side: steps 2, 3, 6 and 7 of an access. One intent per custodian, each with a session key of its own; what
 * comes back is believed only as far as this member's own replica and the commitments bear it out.
 */
import { concatBytes, decode, encode, fromHex, no, ok, type Result, toHex, utf8 } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { generateSealingKey, openSealed, publicKeyOf, sign, signedBytes } from '@plexus/crypto'
import { viewOf } from '@plexus/kernel'
import {
  type Evidence,
  evidence,
  intent,
  intentContent,
  type Receipt,
  randomId,
  statementBytesMax,
  statementTypes,
} from '@plexus/policy'
import { checkAnswer, openOne, readVersion } from './answer-check.ts'
import type { Batches } from './batches.ts'
import { bundleOf } from './bundles.ts'
import { releaseInfo } from './custodian.ts'
import type { EarlierAsks } from './earlier-asks.ts'
import { evidenceHolds, type Found } from './facts.ts'
import type { MemberNote, NoteDesk } from './notes.ts'
import type { Outbox } from './outbox.ts'
import type { Journal, JournalChange, Replica, Surroundings } from './ports.ts'
import { Repeats } from './repeats.ts'
import {
  type AskedRow,
  type Asking,
  type AskRefusal,
  askedRow,
  askRow,
  disputesRow,
  type Gathered,
  type GatheredSource,
  gatheredSource,
  receivedRow,
  type VisitRefusal,
  visitRow,
} from './requester-rows.ts'
import type { Reviews } from './reviews.ts'
import { sequenceKey, tableOf } from './tables.ts'

/** A question that got no answer is put again at least this often, until its intent ends. */
const slowestRepeatSeconds = 8
/** Ciphertexts are fetched in parts of about this size. */
const fetchBytesMax = 8 * 1024 * 1024
const fetchCountMax = 500
/** Contents may still come this long after the intent ended: the keys are here already. */
const fetchGraceSeconds = 300
const answersParkedMax = 256

type Answer = Extract<MemberNote, { type: 'answer' }>

interface Parts {
  readonly journal: Journal
  readonly replica: Replica
  readonly batches: Batches
  readonly outbox: Outbox
  readonly desk: NoteDesk
  readonly earlier: EarlierAsks
  readonly reviews: Reviews
  readonly surroundings: Surroundings
}

export class Requester {
  private readonly parts: Parts
  private readonly visits
  private readonly asks
  private readonly asked
  private readonly active
  private readonly received
  /** By intent: what the patient disputes of its records. */
  private readonly disputes
  /** By intent: its request, then its fetches. */
  private readonly repeats = new Repeats(slowestRepeatSeconds)
  /** By intent: an answer whose commitments this replica has not applied yet. */
  private readonly parked = new Map<string, { readonly from: string; readonly note: Answer }>()

  constructor(parts: Parts) {
    this.parts = parts
    this.visits = tableOf(parts.journal, 'visits', visitRow)
    this.asks = tableOf(parts.journal, 'asks', askRow)
    this.asked = tableOf(parts.journal, 'intents-asked', askedRow)
    this.active = tableOf(parts.journal, 'intents-active', randomId)
    this.received = tableOf(parts.journal, 'records-received', receivedRow)
    this.disputes = tableOf(parts.journal, 'disputes-received', disputesRow)
  }

  /** Step 1: evidence that came with a visit is kept and committed, before anybody asks. */
  openVisit(visit: Uint8Array, requester: string, brought: readonly Evidence[]): Result<void, VisitRefusal> {
    const { replica, batches, journal, surroundings } = this.parts
    const key = toHex(visit)
    if (this.visits.get(key)) return ok()
    const changes: JournalChange[] = []
    const rows: { custodian: string; hash: Uint8Array }[] = []
    for (const each of brought) {
      if (each.content.requester !== requester) return no({ type: 'evidence-for-another-requester' })
      if (!members.queries.isActive(viewOf(members, replica.state), each.content.custodian))
        return no({ type: 'custodian-unknown' })
      if (!evidenceHolds(replica, each)) return no({ type: 'evidence-does-not-hold' })
      const committed = batches.commit(statementTypes.evidence, encode(evidence, each))
      changes.push(...committed.changes)
      rows.push({ custodian: each.content.custodian, hash: committed.hash })
    }
    journal.append([
      ...changes,
      this.visits.put(key, { requester, evidence: rows, madeAt: Math.floor(surroundings.now()) }),
    ])
    return ok()
  }

  /** Whether all evidence of a visit is committed, so that it may be used. */
  visitReady(visit: Uint8Array): boolean {
    const row = this.visits.get(toHex(visit))
    return row?.evidence.every(({ hash: hashed }) => this.parts.batches.committedAt(hashed) !== undefined) ?? false
  }

  /** The evidence of a visit, as a referrer hands it on. */
  evidenceOf(visit: Uint8Array): readonly Evidence[] {
    return (this.visits.get(toHex(visit))?.evidence ?? []).flatMap(({ hash: hashed }) => {
      const statement = this.parts.batches.statement(hashed)
      const read = statement && decode(evidence, statement, statementBytesMax)
      return read?.ok ? [read.value] : []
    })
  }

  /** Step 2: one intent per custodian of the visit, durable before anything leaves. */
  async ask(of: Asking): Promise<Result<Uint8Array, AskRefusal>> {
    const { replica, batches, earlier, journal, reviews, surroundings } = this.parts
    const visit = this.visits.get(toHex(of.visit))
    if (!visit) return no({ type: 'visit-unknown' })
    if (!this.visitReady(of.visit)) return no({ type: 'evidence-not-committed' })
    const id = surroundings.random(16)
    const organisations = viewOf(members, replica.state)
    const { intentSecondsMax } = members.queries.policy(organisations).parameters
    const changes: JournalChange[] = []
    const intents: Uint8Array[] = []
    const madeAt = Math.floor(surroundings.now())
    const custodians = [...new Set(visit.evidence.map(({ custodian }) => custodian))].sort()
    const sessions = await Promise.all(
      custodians.map(async () => {
        const seed = surroundings.random(32)
        return { seed, publicKey: (await generateSealingKey(seed)).publicKey }
      }),
    )
    for (const [index, custodian] of custodians.entries()) {
      const session = sessions[index]
      if (!session) throw new Error('a custodian has no session key')
      const used = visit.evidence
        .filter((each) => each.custodian === custodian)
        .map(({ hash: hashed }) => hashed)
        .slice(0, 4)
      const content = {
        id: surroundings.random(16),
        requester: visit.requester,
        custodian,
        clinician: { npi: of.clinician.npi, organisation: visit.requester },
        purpose: of.purpose,
        emergency: of.emergency,
        evidence: used,
        types: of.types,
        sessionKey: session.publicKey,
        madeAt,
        expiresAt: madeAt + intentSecondsMax,
      }
      const signature = sign(
        of.clinician.seed,
        signedBytes(statementTypes.intent, replica.chain.id, encode(intentContent, content)),
      )
      const statement = encode(intent, { content, clinician: { key: publicKeyOf(of.clinician.seed), signature } })
      const committed = batches.commit(statementTypes.intent, statement)
      intents.push(committed.hash)
      changes.push(
        ...committed.changes,
        this.active.put(toHex(committed.hash), id),
        this.asked.put(toHex(committed.hash), {
          ask: id,
          custodian,
          to: members.queries.hostOf(organisations, custodian) ?? custodian,
          evidence: used,
          state: 'committing',
          session: session.seed,
          expiresAt: content.expiresAt,
          code: null,
          exception: null,
          height: null,
          records: [],
          keys: new Uint8Array(0),
          reasons: [],
          received: 0,
        }),
      )
    }
    journal.append([
      ...changes,
      this.asks.put(toHex(id), {
        visit: of.visit,
        requester: visit.requester,
        npi: of.clinician.npi,
        purpose: of.purpose,
        intents,
        madeAt,
      }),
      ...earlier.remember(id, this.evidenceOf(of.visit), madeAt),
      ...reviews.ofAsk(of, { requester: visit.requester, custodians, intents, askedAt: madeAt }),
    ])
    // Durable: intents, leaf keys and session secrets. A crash before the commitment leaves noise, or asks again.
    return ok(id)
  }

  /** Step 3, repeats, and what ends by time. */
  async tick(): Promise<void> {
    const { batches, surroundings } = this.parts
    const parked = [...this.parked.values()]
    this.parked.clear()
    for (const { from, note } of parked) await this.answer(from, note)
    for (const [key] of [...this.active.entries()]) {
      const row = this.asked.get(key)
      if (!row) throw new Error('an active intent has no row')
      const now = surroundings.now()
      if (row.state === 'fetching') {
        if (now > row.expiresAt + fetchGraceSeconds) this.end(key, row, 'failed', 'contents-unavailable')
        else if (this.repeats.isDue(key, now)) await this.fetch(key, row)
      } else if (now > row.expiresAt) this.end(key, row, 'expired', 'no-answer')
      else if (batches.committedAt(fromHex(key)) !== undefined && this.repeats.isDue(key, now)) await this.put(key, row)
    }
  }

  private async put(key: string, row: AskedRow): Promise<void> {
    const { batches, journal, surroundings } = this.parts
    const opened = batches.opening(fromHex(key))
    const openings = row.evidence.map((each) => batches.opening(each))
    if (!opened || openings.some((each) => !each)) throw new Error('a committed statement has no opening')
    if (row.state === 'committing') journal.append([this.asked.put(key, { ...row, state: 'sent' })])
    this.repeats.sent(key, surroundings.now())
    await this.parts.desk.tell(row.to, {
      type: 'request',
      intent: opened,
      evidence: openings.filter((each) => each !== undefined),
    })
  }

  private end(
    key: string,
    row: AskedRow,
    state: 'expired' | 'failed' | 'refused',
    code: string,
    exception: string | null = null,
  ): void {
    const height = row.height ?? this.parts.replica.tip().height
    this.parts.journal.append([
      this.asked.put(key, { ...row, state, code, exception, height, session: null }),
      this.active.drop(key),
    ])
    this.repeats.end(key)
  }

  refusal(from: string, note: Extract<MemberNote, { type: 'refusal' }>): void {
    const key = toHex(note.intent)
    const row = this.asked.get(key)
    if (!row || row.to !== from || (row.state !== 'sent' && row.state !== 'committing')) return
    this.end(key, row, 'refused', note.code, note.exception)
  }

  /** Step 6: everything is checked against the own replica before a key is used, and durable before anything is shown. */
  async answer(from: string, note: Answer): Promise<void> {
    const key = toHex(note.intent)
    const row = this.asked.get(key)
    if (!row || row.to !== from || row.state !== 'sent' || !row.session) return
    const checked = checkAnswer(this.parts, from, row, note)
    if (!checked.ok) {
      if (checked.reason === 'not-committed') {
        if (this.parked.size < answersParkedMax) this.parked.set(key, { from, note })
        return
      }
      return this.end(key, row, 'failed', checked.reason)
    }
    const { receipt: found, records } = checked.value
    const context = concatBytes(note.intent, found.hash)
    const opened = await openSealed({ seed: row.session, info: utf8(releaseInfo), context, sealed: note.release })
    if (!opened.ok || opened.value.length !== 32 * records.length)
      return this.end(key, row, 'failed', 'release-invalid')
    const { decision } = found.value
    const next: AskedRow = {
      ...row,
      state: records.length === 0 ? 'complete' : 'fetching',
      session: null,
      height: note.note.content.height,
      records: records.map(({ opening, batch }) => ({ statement: opening.statement, committedAt: batch.height })),
      keys: opened.value,
      reasons: decision.type === 'part' ? decision.reasons : [],
    }
    this.parts.journal.append([
      this.asked.put(key, next),
      ...(note.disputes.length === 0 ? [] : [this.disputes.put(key, note.disputes)]),
      ...(records.length === 0 ? [this.active.drop(key)] : []),
      ...this.notice(this.asks.get(toHex(row.ask))?.requester ?? '', note, found),
    ])
    // Durable: the answer and the patient's second notice. Nothing was shown before.
    this.repeats.end(key)
    if (next.state === 'fetching') await this.fetch(key, next)
  }

  /** Step 7: the requester tells the patient too; a missing second notice is shown as unconfirmed. */
  private notice(requester: string, note: Answer, found: Found<Receipt>): readonly JournalChange[] {
    const { replica, batches, outbox } = this.parts
    const { mailbox, custodian } = found.value
    const own = batches.opening(note.intent)
    if (!mailbox || !own) return []
    const bundle = bundleOf(replica, batches, { custodian, intent: own, receipt: note.receipt, note: note.note })
    if (!bundle) return []
    return outbox.addNotice(mailbox, { type: 'access', from: 'requester', teller: requester, bundle })
  }

  private async fetch(key: string, row: AskedRow): Promise<void> {
    let size = 0
    let count = 0
    for (const { statement } of row.records.slice(row.received, row.received + fetchCountMax)) {
      size += readVersion(statement).length + 32
      if (count > 0 && size > fetchBytesMax) break
      count++
    }
    this.repeats.sent(key, this.parts.surroundings.now())
    await this.parts.desk.tell(row.to, { type: 'fetch', intent: fromHex(key), from: row.received, count })
  }

  /** Each ciphertext is held against its commitment, opened, and the plaintext held against its own. */
  async contents(from: string, note: Extract<MemberNote, { type: 'contents' }>): Promise<void> {
    const key = toHex(note.intent)
    const row = this.asked.get(key)
    if (
      !row ||
      row.to !== from ||
      row.state !== 'fetching' ||
      note.from !== row.received ||
      note.ciphertexts.length === 0
    )
      return
    const changes: JournalChange[] = []
    for (const [index, ciphertext] of note.ciphertexts.entries()) {
      const at = note.from + index
      const released = row.records[at]
      if (!released) return
      const version = readVersion(released.statement)
      changes.push(
        this.received.put(`${key}/${sequenceKey(at)}`, {
          record: version.record,
          ...openOne(version, ciphertext, row.keys.slice(32 * at, 32 * at + 32)),
        }),
      )
    }
    const received = note.from + note.ciphertexts.length
    const complete = received >= row.records.length
    const next: AskedRow = complete
      ? { ...row, received, state: 'complete', keys: new Uint8Array(0) }
      : { ...row, received }
    this.parts.journal.append([...changes, this.asked.put(key, next), ...(complete ? [this.active.drop(key)] : [])])
    this.repeats.end(key)
    if (!complete) await this.fetch(key, next)
  }

  /** Whether every source of an ask has ended, one way or the other. */
  settled(ask: Uint8Array): boolean {
    const row = this.asks.get(toHex(ask))
    return row?.intents.every((each) => this.active.get(toHex(each)) === undefined) ?? false
  }

  /** What an ask has brought so far. It reads what is durable, so the same ask gives the same sources on any later day. */
  gathered(ask: Uint8Array): Gathered | undefined {
    const row = this.asks.get(toHex(ask))
    if (!row) return undefined
    const sources = row.intents.map((each) => this.source(toHex(each)))
    const heights = sources.map(({ height }) => height ?? 0)
    const settled = sources.every(({ state }) => state !== 'committing' && state !== 'sent' && state !== 'fetching')
    return { ask, requester: row.requester, purpose: row.purpose, height: Math.max(0, ...heights), settled, sources }
  }

  private source(key: string): GatheredSource {
    const row = this.asked.get(key)
    if (!row) throw new Error('an ask names an intent that has no row')
    const received = new Map(
      [...this.received.entries({ prefix: `${key}/` })].map(([at, value]) => [Number(at.slice(key.length + 1)), value]),
    )
    return gatheredSource(row, received, this.disputes.get(key) ?? [])
  }

  /** Everything active has ended. */
  get idle(): boolean {
    return [...this.active.entries({ limit: 1 })].length === 0
  }
}
