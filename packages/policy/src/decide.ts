/**
 * May this be released? One pure function over facts that the custodian records and that anyone who holds the openings
 * can gather again. It reads no clock and no store: two runs on the same facts give the same answer, and no rule about
 * releasing stands anywhere else.
 */
import { decode, equalBytes } from '@plexus/codec'
import type { Member } from '@plexus/kernel'
import { applies, type DirectiveQuestion, judge } from './directives.ts'
import { isOfFirstMinutes, type Profile, profiles, summaryTypes } from './profiles.ts'
import { type PartReason, type RefusalCode, refusals } from './refusals.ts'
import {
  type DirectiveSet,
  type EvidenceContent,
  evidence as evidenceSchema,
  type IntentContent,
  type Segment,
  type Subject,
} from './statements.ts'

/** What the custodian's replica says at one height. */
export interface LedgerFacts {
  readonly height: number
  /** Header time of the newest block, seconds. */
  readonly blockTime: number
  /** The custodian's own clock, seconds. */
  readonly now: number
  readonly requesterActive: boolean
  /** The member whose envelope carried the intent's root acts for the requester. */
  readonly intentByRequester: boolean
  readonly licence: 'active' | 'expired' | 'none' | 'suspended'
  readonly role: 'active' | 'none' | 'suspended'
  readonly clinicianKey: Uint8Array | null
  /** State of the handle of the patient's directive head; `none` without a wallet. */
  readonly head: 'closed' | 'none' | 'open'
  readonly profile: 'opt-in' | 'us'
  readonly profileVersion: number
  readonly parameters: Ceilings
  /** How far the requester's posted self-asserted requests are above the ceiling, in patients. */
  readonly selfAssertedExcess: number
}

export interface Ceilings {
  readonly selfAssertedPatientsPerDayMax: number
  readonly selfAssertedPatientsPerClinicianPerDayMax: number
  readonly intentSecondsMax: number
  readonly blockAgeSecondsMax: number
}

/** One piece of evidence as the custodian found it. */
export interface EvidenceFacts {
  readonly hash: Uint8Array
  readonly content: EvidenceContent
  /** Height at which its root was committed. */
  readonly committedAt: number
  /** Its signatures hold: the patient's key for a check-in; referrer's and patient's for a referral. */
  readonly signaturesHold: boolean
  /** The asker keeps the patient's wallet, so that the patient's signature is the asker's own. */
  readonly walletHostedByAsker: boolean
}

export interface RecordFacts {
  readonly record: Uint8Array
  readonly segment: Segment
  readonly resourceType: string
  readonly codes: readonly { readonly system: string; readonly code: string }[]
}

export interface Request {
  readonly ledger: LedgerFacts
  readonly custodian: string
  readonly intent: IntentContent
  readonly intentCommittedAt: number
  /** Key and validity of the clinician's signature over the intent. */
  readonly clinicianSigned: { readonly key: Uint8Array; readonly holds: boolean }
  readonly evidence: readonly EvidenceFacts[]
  /** Null when the evidence names nobody whom the custodian knows. */
  readonly patient: PatientFacts | null
}

export interface PatientFacts {
  /** The set in force, or null: without a wallet the profile alone decides. */
  readonly set: DirectiveSet | null
  /** The patient's wallet is enrolled: then `ledger.head` must be open. */
  readonly enrolled: boolean
  /** Current record versions whose leaves are committed. */
  readonly records: readonly RecordFacts[]
  /**
   * Patients for whom this requester, and this clinician, asked here today on self-asserted evidence, this patient left
   * out. For an emergency, those for whom they asked in emergencies: neither uses up the other’s room.
   */
  readonly selfAssertedToday: { readonly byRequester: number; readonly byClinician: number }
}

/** `emergency`: the asker’s own word too, with a reason, and put up for review. */
export type Grade = 'corroborated' | 'emergency' | 'self-asserted'

export type Decision =
  | {
      readonly type: 'permit' | 'part'
      readonly grade: Grade
      readonly reasons: readonly PartReason[]
      readonly released: readonly number[]
      readonly open: readonly Segment[]
    }
  | { readonly type: 'refuse'; readonly code: RefusalCode; readonly exception: string | null }

export function decide(request: Request): Decision {
  const { ledger, custodian, intent, evidence, patient } = request
  const { parameters } = ledger
  // Both clocks: header time lags after idle periods, and the custodian's own clock may be wrong.
  const latest = Math.max(ledger.now, ledger.blockTime)
  const earliest = Math.min(ledger.now, ledger.blockTime)

  if (Math.abs(ledger.now - ledger.blockTime) > parameters.blockAgeSecondsMax) return refuse('ledger-stale')
  if (intent.custodian !== custodian) return refuse('intent-of-another-custodian')
  if (latest > intent.expiresAt) return refuse('intent-expired')
  if (
    intent.expiresAt - intent.madeAt > parameters.intentSecondsMax ||
    intent.madeAt > earliest + parameters.blockAgeSecondsMax
  )
    return refuse('intent-too-long')
  if (!ledger.requesterActive) return refuse('requester-not-active')
  if (!ledger.intentByRequester) return refuse('intent-not-by-requester')
  if (ledger.licence !== 'active') return refuse('clinician-not-licensed')
  if (ledger.role !== 'active' || intent.clinician.organisation !== intent.requester)
    return refuse('clinician-without-role')
  if (
    !request.clinicianSigned.holds ||
    !ledger.clinicianKey ||
    !equalBytes(ledger.clinicianKey, request.clinicianSigned.key)
  )
    return refuse('clinician-did-not-sign')
  const isEmergency = intent.purpose === 'ETREAT'
  if (isEmergency !== (intent.emergency !== null)) return refuse('emergency-without-reason')

  const opened = intent.evidence.map((wanted) => evidence.find(({ hash }) => equalBytes(hash, wanted)))
  if (opened.some((found) => found === undefined)) return refuse('evidence-missing')
  const named = opened as readonly EvidenceFacts[]
  if (named.some(({ committedAt }) => committedAt >= request.intentCommittedAt)) return refuse('evidence-late')
  if (named.some((each) => !fits(each, intent)) || !oneSubject(named)) return refuse('evidence-does-not-fit')
  if (named.some(({ content }) => latest > content.validUntil)) return refuse('evidence-expired')
  if (!patient) return refuse('patient-unknown')
  if (patient.enrolled && (ledger.head !== 'open' || !patient.set)) return refuse('head-closed')

  const question: DirectiveQuestion = {
    directives: patient.set?.directives ?? [],
    requester: intent.requester,
    clinician: intent.clinician.npi,
    purpose: intent.purpose,
    earliest,
    latest,
  }
  // What a request says of itself it is: an emergency opens the summary also where evidence is strong.
  const grade: Grade = isEmergency ? 'emergency' : strongest(named, question)
  // Before the directives are read: whoever is above a ceiling learns no more, not even what a patient denies.
  if (grade !== 'corroborated') {
    const { byRequester, byClinician } = patient.selfAssertedToday
    if (byClinician >= parameters.selfAssertedPatientsPerClinicianPerDayMax) return refuse('ceiling-of-clinician')
    if (byRequester >= parameters.selfAssertedPatientsPerDayMax) return refuse('ceiling-of-requester')
    if (grade === 'self-asserted' && ledger.selfAssertedExcess > 0) return refuse('ceiling-in-sum')
  }
  return select(request, patient, grade, question)
}

function refuse(code: RefusalCode): Decision {
  return { type: 'refuse', code, exception: refusals[code].exception }
}

function fits({ content, signaturesHold }: EvidenceFacts, intent: IntentContent): boolean {
  if (content.custodian !== intent.custodian || content.requester !== intent.requester || !signaturesHold) return false
  return content.type !== 'referral' || enclosedFits(content)
}

/** A referral hands on a check-in at the referrer: of the same patient, for the same custodian, in force when it was made. */
function enclosedFits(referral: Member<EvidenceContent, 'referral'>): boolean {
  const read = decode(evidenceSchema, referral.enclosed)
  if (!read.ok) return false
  const { content } = read.value
  return (
    content.type === 'check-in' &&
    content.custodian === referral.custodian &&
    content.requester === referral.referrer &&
    sameSubject(content.subject, referral.subject) &&
    content.madeAt <= referral.madeAt &&
    referral.madeAt <= content.validUntil
  )
}

/** All evidence of an intent names one patient: strong evidence about one never lends its grade to another. */
function oneSubject(named: readonly EvidenceFacts[]): boolean {
  return named.every(({ content }) => sameSubject(content.subject, (named[0] as EvidenceFacts).content.subject))
}

function sameSubject(a: Subject, b: Subject): boolean {
  if (a.type === 'key') return b.type === 'key' && equalBytes(a.key, b.key)
  return b.type === 'record-number' && a.number === b.number
}

function strongest(named: readonly EvidenceFacts[], question: DirectiveQuestion): 'corroborated' | 'self-asserted' {
  return named.some((each) => gradeOf(each, question) === 'corroborated') ? 'corroborated' : 'self-asserted'
}

/** Corroborated: by a key of the patient that the asker does not host, by another member's patient-signed evidence, or by a directive that names the asker. */
function gradeOf(
  { content, walletHostedByAsker }: EvidenceFacts,
  question: DirectiveQuestion,
): 'corroborated' | 'self-asserted' {
  if (content.type === 'check-in') return walletHostedByAsker ? 'self-asserted' : 'corroborated'
  // A referral to oneself is no second voice, and would keep an old check-in alive.
  if (content.type === 'referral')
    return walletHostedByAsker || content.referrer === content.requester ? 'self-asserted' : 'corroborated'
  if (content.type !== 'directive') return 'self-asserted'
  const names = question.directives.some(
    (directive) => directive.effect === 'permit' && directive.grantee.type !== 'anyone' && applies(directive, question),
  )
  return names ? 'corroborated' : 'self-asserted'
}

/** Which records the request opens: directives first, then the profile, then what the grade and the purpose leave. */
function select(
  { ledger, intent }: Request,
  patient: PatientFacts,
  grade: Grade,
  question: DirectiveQuestion,
): Decision {
  const profile = profiles[ledger.profile]
  const reasons = new Set<PartReason>()
  const released: number[] = []
  const permitted = profile.permits.includes(intent.purpose)
  const chart = judge(question, null)
  if (chart === 'deny' && !patient.records.some((record) => judge(question, record) === 'permit'))
    return refuse('directive-denies')

  const minimum = profile.minimum[intent.purpose]
  for (const [index, record] of patient.records.entries()) {
    const withheld = withheldBy(question, profile, record)
    if (withheld) reasons.add(withheld)
    else if (grade === 'self-asserted' && !summaryTypes.includes(record.resourceType)) reasons.add('summary-only')
    else if (grade === 'emergency' && !isOfFirstMinutes(record)) reasons.add('emergency-only')
    else if (minimum && !minimum.includes(record.resourceType)) reasons.add('minimum-necessary')
    else if (intent.types.length > 0 && !intent.types.includes(record.resourceType)) reasons.add('selected')
    else released.push(index)
  }
  if (!permitted && chart === 'silent' && released.length === 0) return refuse('purpose-not-permitted')
  if (grade === 'self-asserted') reasons.add('summary-only')
  if (grade === 'emergency') reasons.add('emergency-only')
  const open = openSegments(patient.records, released)
  return { type: reasons.size > 0 ? 'part' : 'permit', grade, reasons: [...reasons].sort(), released, open }
}

/**
 * Why a record stays closed to this question by directives and profile alone, or null: what evidence, purpose and choice
 * take away besides is not in it. A wallet previews with it what a change would do.
 */
export function withheldBy(
  question: DirectiveQuestion,
  profile: Profile,
  record: RecordFacts,
): 'directive-withholds' | 'segment-closed' | null {
  const said = judge(question, record)
  if (said === 'deny') return 'directive-withholds'
  if (said === 'silent' && !profile.permits.includes(question.purpose)) return 'directive-withholds'
  return profile.closed.includes(record.segment) && !opensSegment(question, record) ? 'segment-closed' : null
}

/** A specially protected segment opens by a permit that speaks of it: of the segment, of a label, or of the entry. */
function opensSegment(question: DirectiveQuestion, record: RecordFacts): boolean {
  const narrow = question.directives.filter(
    ({ scope }) => scope.type === 'segment' || scope.type === 'label' || scope.type === 'entry',
  )
  return judge({ ...question, directives: narrow }, record) === 'permit'
}

function openSegments(records: readonly RecordFacts[], released: readonly number[]): readonly Segment[] {
  return [...new Set(released.map((index) => (records[index] as RecordFacts).segment))].sort()
}

/** Whether a second decision may be released on the strength of the first: the same answer, under the same head, over the same set. */
export function sameDecision(first: Decision, second: Decision): boolean {
  if (first.type === 'refuse' || second.type === 'refuse') return false
  return (
    first.type === second.type &&
    first.grade === second.grade &&
    first.reasons.join() === second.reasons.join() &&
    first.released.join() === second.released.join()
  )
}
