/**
 * Cases that patients opened here: durable and committed when they are taken, answered by a person, and told of in the
 * answer when a disputed record is released. Rules: 45 CFR 164.526 and 164.530(d).
 */
import {
  decode,
  encode,
  equalBytes,
  fromHex,
  type Infer,
  list,
  no,
  object,
  ok,
  option,
  type Result,
  text,
  toHex,
  uint,
} from '@plexus/codec'
import { signedBytes, verify } from '@plexus/crypto'
import {
  type CaseAnswer,
  type CaseOutcome,
  type CaseSubject,
  caseAnswer,
  caseContent,
  caseDaysMax,
  caseMoreDaysMax,
  casesPerPatientMax,
  type DenialBasis,
  type Disagreement,
  type Dispute,
  disagreementContent,
  disagreement as disagreementSchema,
  type Notice,
  type PatientCase,
  patientCase,
  type Receipt,
  receipt,
  statementTypes,
} from '@plexus/policy'
import type { Batches } from './batches.ts'
import type { Custody } from './custody.ts'
import type { RecordRow } from './custody-rows.ts'
import { secondsPerDay } from './facts.ts'
import type { Outbox } from './outbox.ts'
import type { Journal, JournalChange, Organisation, Replica, Surroundings } from './ports.ts'
import { tableOf } from './tables.ts'

/** One that says that it takes longer, and one that ends the case. */
const answersMax = 2

const row = object({
  opened: patientCase,
  /** Key of the patient's row. */
  patient: text({ max: 64 }),
  dueAt: uint(),
  answers: list(caseAnswer, { max: answersMax }),
  disagreement: option(disagreementSchema),
})

/** A case as the custodian's staff reads it. Times are seconds since 1970. */
export interface KeptCase {
  /** 32 hexadecimal digits: what an answer names. */
  readonly id: string
  readonly custodian: string
  /** The custodian's number of the chart. */
  readonly patient: string
  readonly subject:
    | { readonly type: 'record'; readonly source: string; readonly version: number }
    | {
        readonly type: 'access'
        readonly number: number
        readonly decision: Receipt['decision']
        readonly madeAt: number
      }
  readonly words: string
  readonly openedAt: number
  readonly dueAt: number
  readonly answers: readonly CaseAnswer[]
  readonly disagreement: string | null
}

export interface CaseRefusal {
  readonly type:
    | 'custodian-not-here'
    | 'not-enrolled'
    | 'signature-invalid'
    /** The id stands for another case already. */
    | 'case-differs'
    | 'subject-unknown'
    | 'cases-full'
    | 'case-unknown'
    /** Only a denial can be disagreed with, once. */
    | 'case-not-denied'
}

export interface AnswerRefusal {
  readonly type: 'case-unknown' | 'case-answered' | 'basis-does-not-fit' | 'no-second-delay'
}

/** What a person answers; the time of a delay is the rule's. */
export type GivenOutcome =
  | { readonly type: 'accepted' | 'later' }
  | { readonly type: 'denied'; readonly basis: DenialBasis }

export interface CaseParts {
  readonly journal: Journal
  readonly replica: Replica
  readonly batches: Batches
  readonly custody: Custody
  /** The key of the row of the patient who enrolled with this key. */
  readonly patientOfKey: (custodian: string, signingKey: Uint8Array) => string | undefined
  readonly outbox: Outbox
  readonly surroundings: Surroundings
  readonly organisations: ReadonlyMap<string, Organisation>
}

export class Cases {
  private readonly parts: CaseParts
  /** By patient and id. */
  private readonly cases
  /** By id: the patient. */
  private readonly patients

  constructor(parts: CaseParts) {
    this.parts = parts
    this.cases = tableOf(parts.journal, 'cases', row)
    this.patients = tableOf(parts.journal, 'case-patients', text({ max: 64 }))
  }

  /** Takes a case. Brought again, it is there already: an answer to the wallet may be lost. */
  open(opened: PatientCase): Result<void, CaseRefusal> {
    const { content, wallet } = opened
    const { journal, batches, surroundings } = this.parts
    const patient = this.signer(content.custodian, wallet, statementTypes.patientCase, encode(caseContent, content))
    if (!patient.ok) return patient
    const id = toHex(content.id)
    const known = this.find(id)
    if (known)
      return equalBytes(encode(patientCase, known.opened), encode(patientCase, opened))
        ? ok()
        : no({ type: 'case-differs' })
    if (!this.hasSubject(patient.value, content.custodian, content.subject)) return no({ type: 'subject-unknown' })
    if (this.casesOf(patient.value).length >= casesPerPatientMax) return no({ type: 'cases-full' })
    const dueAt = Math.floor(surroundings.now()) + caseDaysMax * secondsPerDay
    journal.append([
      ...batches.commit(statementTypes.patientCase, encode(patientCase, opened)).changes,
      this.patients.put(id, patient.value),
      this.put(id, { opened, patient: patient.value, dueAt, answers: [], disagreement: null }),
      ...this.tell(patient.value, { type: 'case-received', custodian: content.custodian, opened, dueAt }),
    ])
    return ok()
  }

  disagree(disagreement: Disagreement): Result<void, CaseRefusal> {
    const { content, wallet } = disagreement
    const { journal, batches } = this.parts
    const message = encode(disagreementContent, content)
    const patient = this.signer(content.custodian, wallet, statementTypes.disagreement, message)
    if (!patient.ok) return patient
    const id = toHex(content.case)
    const known = this.find(id)
    if (known?.patient !== patient.value) return no({ type: 'case-unknown' })
    const statement = encode(disagreementSchema, disagreement)
    if (known.disagreement)
      return equalBytes(encode(disagreementSchema, known.disagreement), statement)
        ? ok()
        : no({ type: 'case-not-denied' })
    if (endOf(known)?.outcome.type !== 'denied') return no({ type: 'case-not-denied' })
    journal.append([
      ...batches.commit(statementTypes.disagreement, statement).changes,
      this.put(id, { ...known, disagreement }),
      ...this.tell(patient.value, { type: 'disagreement-received', custodian: content.custodian, disagreement }),
    ])
    return ok()
  }

  /** A person's answer, in the words that the patient reads. The amendment itself is an import or a mark of its own. */
  answer(
    id: string,
    { outcome, words }: { readonly outcome: GivenOutcome; readonly words: string },
  ): Result<void, AnswerRefusal> {
    const { journal, batches, surroundings } = this.parts
    const known = this.find(id)
    if (!known) return no({ type: 'case-unknown' })
    if (endOf(known)) return no({ type: 'case-answered' })
    if (outcome.type === 'later' && known.answers.length > 0) return no({ type: 'no-second-delay' })
    const { custodian, subject } = known.opened.content
    // 45 CFR 164.526(a)(2) lists why an entry may stand; none of it is a reason for an access.
    if (outcome.type === 'denied' && (outcome.basis === 'access-was-permitted') !== (subject.type === 'access'))
      return no({ type: 'basis-does-not-fit' })
    const dueAt = outcome.type === 'later' ? known.dueAt + caseMoreDaysMax * secondsPerDay : known.dueAt
    const given: CaseOutcome =
      outcome.type === 'later' ? { type: 'later', dueAt } : outcome.type === 'denied' ? outcome : { type: 'accepted' }
    const madeAt = Math.floor(surroundings.now())
    const answer: CaseAnswer = { custodian, case: fromHex(id), outcome: given, words, madeAt }
    journal.append([
      ...batches.commit(statementTypes.caseAnswer, encode(caseAnswer, answer)).changes,
      this.put(id, { ...known, dueAt, answers: [...known.answers, answer] }),
      ...this.tell(known.patient, { type: 'case-answered', ...answer }),
    ])
    return ok()
  }

  /** Those that wait for an answer, soonest due first; then the others, newest first. */
  list(): readonly KeptCase[] {
    const kept = [...this.cases.entries()].map(([, each]) => each)
    const ended = kept.filter((each) => endOf(each)).sort((a, b) => b.opened.content.madeAt - a.opened.content.madeAt)
    const waiting = kept.filter((each) => !endOf(each)).sort((a, b) => a.dueAt - b.dueAt)
    return [...waiting, ...ended].map((each) => this.shown(each))
  }

  /** What goes with records of a release: of each, the newest case that its patient still holds against it. */
  disputesOf(patient: string, released: readonly RecordRow[]): readonly Dispute[] {
    const disputed = new Map<string, Omit<Dispute, 'record'>>()
    for (const known of [...this.casesOf(patient)].sort((a, b) => a.opened.content.madeAt - b.opened.content.madeAt)) {
      const { subject } = known.opened.content
      const standing = standingOf(known)
      const source = subject.type === 'record' && this.parts.custody.recordOf(patient, subject.record)?.source
      // By its source's name: a dispute goes on about the versions that follow, until it is accepted.
      if (source && standing) disputed.set(source, standing)
      else if (source) disputed.delete(source)
    }
    return released.flatMap(({ source, record }) => {
      const found = disputed.get(source)
      return found ? [{ record, ...found }] : []
    })
  }

  private shown({ opened: { content }, patient, dueAt, answers, disagreement }: Row): KeptCase {
    const { id, custodian, words, madeAt } = content
    const chart = this.parts.custody.patients.get(patient)
    if (!chart) throw new Error('a case names a patient who is not in custody')
    return {
      id: toHex(id),
      custodian,
      patient: chart.patient,
      subject: this.subjectOf(patient, content.subject),
      words,
      openedAt: madeAt,
      dueAt,
      answers,
      disagreement: disagreement?.content.words ?? null,
    }
  }

  private subjectOf(patient: string, subject: CaseSubject): KeptCase['subject'] {
    if (subject.type === 'record') {
      const found = this.parts.custody.recordOf(patient, subject.record)
      if (!found) throw new Error('a case names a record that is not in custody')
      return { type: 'record', source: found.source, version: found.version }
    }
    const told = this.receiptOf(subject.receipt)
    if (!told) throw new Error('a case names a receipt that is not here')
    return { type: 'access', number: told.number, decision: told.decision, madeAt: told.madeAt }
  }

  private hasSubject(patient: string, custodian: string, subject: CaseSubject): boolean {
    const { custody } = this.parts
    if (subject.type === 'record') return custody.recordOf(patient, subject.record) !== undefined
    const told = this.receiptOf(subject.receipt)
    if (told?.custodian !== custodian) return false
    // A receipt from before the enrolment names no mailbox: whoever has its hash was told of it.
    const own = custody.patients.get(patient)?.enrolment?.content.mailbox
    return told.mailbox === null || (own !== undefined && equalBytes(told.mailbox.address, own.address))
  }

  /** One of this member's own receipts, by its statement's hash. */
  private receiptOf(hash: Uint8Array): Receipt | undefined {
    const found = this.parts.batches.statement(hash)
    const read = found && decode(receipt, found)
    return read?.ok ? read.value : undefined
  }

  /** The patient's row whose enrolled key signed this. */
  private signer(
    custodian: string,
    { key, signature }: PatientCase['wallet'],
    type: string,
    message: Uint8Array,
  ): Result<string, CaseRefusal> {
    const { custody, organisations, patientOfKey, replica } = this.parts
    if (!organisations.has(custodian)) return no({ type: 'custodian-not-here' })
    const patient = patientOfKey(custodian, key)
    const enrolment = patient === undefined ? undefined : custody.patients.get(patient)?.enrolment
    if (patient === undefined || !enrolment || !equalBytes(enrolment.content.signingKey, key))
      return no({ type: 'not-enrolled' })
    return verify(key, signedBytes(type, replica.chain.id, message), signature)
      ? ok(patient)
      : no({ type: 'signature-invalid' })
  }

  private tell(patient: string, notice: Notice): readonly JournalChange[] {
    const mailbox = this.parts.custody.patients.get(patient)?.enrolment?.content.mailbox
    return mailbox ? this.parts.outbox.addNotice(mailbox, notice) : []
  }

  private find(id: string): Row | undefined {
    const patient = this.patients.get(id)
    return patient === undefined ? undefined : this.cases.get(`${patient}/${id}`)
  }

  private casesOf(patient: string): readonly Row[] {
    return [...this.cases.entries({ prefix: `${patient}/` })].map(([, each]) => each)
  }

  private put(id: string, value: Row): JournalChange {
    return this.cases.put(`${value.patient}/${id}`, value)
  }
}

type Row = Infer<typeof row>

/** The answer that ends a case, when there is one. */
function endOf({ answers }: Row): CaseAnswer | undefined {
  return answers.find(({ outcome }) => outcome.type !== 'later')
}

/** What is told of a case with its entry: that it is open, or both statements; nothing once it is accepted or left at a denial. */
function standingOf(known: Row): Omit<Dispute, 'record'> | null {
  const end = endOf(known)
  if (!end) return { statement: null, denial: null }
  if (!known.disagreement) return null
  return { statement: known.disagreement.content.words, denial: end.words }
}
