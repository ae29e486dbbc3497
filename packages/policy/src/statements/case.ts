/**
 * A case: a patient tells a custodian that an entry is wrong (45 CFR 164.526), or that an access was (45 CFR 164.530(d));
 * the custodian answers, and a denial may be disagreed with.
 */
import { type Infer, object, oneOf, option, text, utf8, variant } from '@plexus/codec'
import { hash, inner, organisationId, randomId, seconds } from './fields.ts'

/** The days in which a custodian answers: 45 CFR 164.526(b)(2)(i). */
export const caseDaysMax = 60
/** It may take longer once, by so much: 45 CFR 164.526(b)(2)(ii). */
export const caseMoreDaysMax = 30

/** Of one patient at one custodian: one every month for as long as records are kept. It bounds what goes with one release. */
export const casesPerPatientMax = 500

/** Two pages of a letter, in bytes: a custodian may limit a statement of disagreement (45 CFR 164.526(d)(2)). */
export const caseWordsMax = 4_000
// Words are shown on screens and terminals as they are: nothing in them steers either.
const plainWords = /^(?:[^\p{Cc}\p{Cs}]|\n)+$/u
export const caseWords = text({
  min: 1,
  max: caseWordsMax,
  pattern: plainWords,
  says: `words of 1 to ${caseWordsMax} bytes without control characters`,
})

/** What a person typed as words of a case; null where it is empty, too long, or holds control characters. */
export function caseWordsIn(typed: string): string | null {
  const words = typed.replaceAll('\r\n', '\n').trim()
  return plainWords.test(words) && utf8(words).length <= caseWordsMax ? words : null
}

export const caseSubject = variant({
  /** One version of an entry: its amendment is asked for. */
  record: { record: randomId },
  /** Statement hash of a receipt: the access that it tells of is complained about. */
  access: { receipt: hash },
})
export type CaseSubject = Infer<typeof caseSubject>

export const caseContent = object({
  id: randomId,
  custodian: organisationId,
  subject: caseSubject,
  words: caseWords,
  madeAt: seconds,
})
/** Signed by the patient's key at that custodian. */
export const patientCase = object({ content: caseContent, wallet: inner })
export type PatientCase = Infer<typeof patientCase>

/** Why a case is denied: 45 CFR 164.526(a)(2)(i) to (iv) for an entry, and one reason for an access. */
export const denialBases = [
  'access-was-permitted',
  'accurate-and-complete',
  'not-created-here',
  'not-in-the-record-set',
  'not-open-to-inspection',
] as const
export type DenialBasis = (typeof denialBases)[number]

export const caseOutcome = variant({
  /** The entry is amended, or the access was wrong. */
  accepted: {},
  denied: { basis: oneOf(...denialBases) },
  /** Not answered in time, for the reason given; once. */
  later: { dueAt: seconds },
})
export type CaseOutcome = Infer<typeof caseOutcome>

/** `case` is the id of the case: a random name that only its two sides know. */
const answerFields = {
  custodian: organisationId,
  case: randomId,
  outcome: caseOutcome,
  words: caseWords,
  madeAt: seconds,
}
export const caseAnswer = object(answerFields)
export type CaseAnswer = Infer<typeof caseAnswer>

export const disagreementContent = object({
  custodian: organisationId,
  case: randomId,
  words: caseWords,
  madeAt: seconds,
})
/** The patient's statement against a denial, signed as the case was: 45 CFR 164.526(d)(2). */
export const disagreement = object({ content: disagreementContent, wallet: inner })
export type Disagreement = Infer<typeof disagreement>

/** What a custodian tells the wallet of a case. What the wallet signed comes back whole: a wallet from paper finds its cases again. */
export const caseNotices = {
  'case-received': { custodian: organisationId, opened: patientCase, dueAt: seconds },
  'case-answered': answerFields,
  'disagreement-received': { custodian: organisationId, disagreement },
} as const

/**
 * What goes with a released record that its patient disputes (45 CFR 164.526(d)(5)). While the case is open both are
 * null: its words stay between the patient and the custodian.
 */
export const dispute = object({
  record: randomId,
  /** The statement of disagreement. */
  statement: option(caseWords),
  denial: option(caseWords),
})
export type Dispute = Infer<typeof dispute>
