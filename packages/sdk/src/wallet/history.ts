/** Who looked, and what does not fit together. Both are read off the state, so nothing that was found can be forgotten. */
import { equalBytes, toHex } from '@plexus/codec'
import type { Emergency, Grade, Purpose, ReceiptDecision, verdicts } from '@plexus/policy'
import { type Access, headOf, lower, type Relationship, type WalletState } from './state.ts'

/** One access, as the patient reads it. Times are seconds since 1970. */
export interface Look {
  readonly custodian: string
  /** The receipt's number in the patient's chain at this custodian, and its statement's hash in hexadecimal. */
  readonly number: number
  readonly receipt: string
  /** The custodian itself for its own staff; null while nobody has shown the intent. */
  readonly requester: string | null
  /** NPI. */
  readonly clinician: string | null
  readonly purpose: Purpose | null
  /** Why the asker called it an emergency; null where it was none. */
  readonly emergency: Emergency | null
  /** What the custodian's people found who looked at the emergency afterwards; null while nobody has told. */
  readonly review: { readonly verdict: (typeof verdicts)[number]; readonly madeAt: number } | null
  readonly madeAt: number
  /** Of the block that carries the receipt. */
  readonly height: number
  /** The check-ins of this wallet on which it rests: the visits, by their names. */
  readonly checkIns: readonly { readonly visit: Uint8Array; readonly madeAt: number }[]
  /** Pieces of evidence that this wallet did not make. */
  readonly otherEvidence: number
  /** What the evidence was worth; null where nothing was granted to others. */
  readonly grade: Grade | null
  readonly decision: ReceiptDecision
  /** A later receipt voids it: nothing was released on it. */
  readonly voided: boolean
  /** Who told: the custodian, the requester, or both. */
  readonly confirmedBy: readonly ('custodian' | 'requester')[]
  readonly verified: boolean
  /** Types of the checks that failed; see `bundleRefusals`. */
  readonly failures: readonly string[]
}

/** Something that does not fit. It stays for as long as the receipts and notices say so. */
export type Finding = { readonly custodian: string } & (
  | { readonly type: 'gap'; readonly from: number; readonly to: number }
  /** Two receipts with one number, or a receipt that does not follow any that is known before it. */
  | { readonly type: 'fork'; readonly number: number; readonly receipts: readonly string[] }
  /** Released under a head that was closed, or replaced by the custodian's own word, when it decided last. */
  | {
      readonly type: 'stale-head'
      readonly number: number
      readonly version: number
      readonly endedAt: number
      readonly decidedAt: number
    }
  /** Decided under a head that this wallet never signed a set for. */
  | { readonly type: 'unknown-head'; readonly number: number; readonly version: number }
  | { readonly type: 'unknown-set'; readonly version: number }
  /** Only one of the two sides has told. */
  | { readonly type: 'unconfirmed'; readonly number: number; readonly toldBy: 'custodian' | 'requester' }
  /** Something was released on an intent that has another receipt too: one intent, at most one release. */
  | { readonly type: 'answered-twice'; readonly number: number; readonly others: readonly number[] }
  | { readonly type: 'not-verified'; readonly number: number; readonly failures: readonly string[] }
  /** A notice in this custodian's box that speaks of another custodian. */
  | { readonly type: 'wrong-custodian'; readonly teller: string }
  /** A notice that shows no receipt of this patient's by this custodian. */
  | { readonly type: 'not-shown'; readonly teller: string; readonly reason: string }
)

/** Every access that was told, newest first. */
export function whoLooked(state: WalletState): readonly Look[] {
  const looks = state.relationships.flatMap((known) => known.accesses.map((access) => lookOf(known, access)))
  return looks.sort(
    (a, b) =>
      b.madeAt - a.madeAt || (a.custodian < b.custodian ? -1 : a.custodian > b.custodian ? 1 : b.number - a.number),
  )
}

/** All that does not fit, by custodian. */
export function findings(state: WalletState): readonly Finding[] {
  return state.relationships.flatMap((known) => [
    ...gaps(known),
    ...forks(known),
    ...heads(known),
    ...unconfirmed(known),
    ...answeredTwice(known),
    ...known.stray.map(({ teller, reason }): Finding => {
      const { custodian } = known
      return reason === 'wrong-custodian'
        ? { type: 'wrong-custodian', custodian, teller }
        : { type: 'not-shown', custodian, teller, reason }
    }),
  ])
}

function reviewOf({ reviews }: Relationship, { intent }: Access): Look['review'] {
  const found = reviews.find((each) => equalBytes(each.intent, intent))
  return found ? { verdict: found.verdict, madeAt: found.madeAt } : null
}

function lookOf(known: Relationship, access: Access): Look {
  const { decision, asked, told } = access
  const own = decision.type === 'own-staff'
  const evidence = asked?.evidence ?? []
  const checkIns = known.evidence.filter(({ hash }) => evidence.some((each) => equalBytes(each, hash)))
  return {
    custodian: known.custodian,
    number: access.number,
    receipt: toHex(access.receipt),
    requester: own ? known.custodian : (asked?.requester ?? null),
    clinician: own ? decision.clinician : (asked?.npi ?? null),
    purpose: asked?.purpose ?? null,
    emergency: asked?.emergency ?? null,
    review: reviewOf(known, access),
    madeAt: access.madeAt,
    height: access.height,
    checkIns: checkIns.map(({ visit, madeAt }) => ({ visit, madeAt })),
    otherEvidence: evidence.length - checkIns.length,
    grade: gradeOf(decision),
    decision,
    voided: isVoided(known, access),
    confirmedBy: (['custodian', 'requester'] as const).filter((side) => told[side]),
    verified: isVerified(known, access),
    failures: access.failures,
  }
}

/** A grant on the asker’s own word always says that it opens the summary only, and one in an emergency that it is one. */
function gradeOf(decision: ReceiptDecision): Grade | null {
  if (decision.type === 'permit') return 'corroborated'
  if (decision.type !== 'part') return null
  if (decision.reasons.includes('emergency-only')) return 'emergency'
  return decision.reasons.includes('summary-only') ? 'self-asserted' : 'corroborated'
}

const isGrant = ({ decision }: Access): boolean => decision.type === 'permit' || decision.type === 'part'

/** A void receipt is final for its intent, unless a release note shows that something was released all the same. */
function isVoided({ accesses }: Relationship, access: Access): boolean {
  return (
    isGrant(access) &&
    access.decidedAt === null &&
    accesses.some(
      ({ decision, intent, number }) =>
        decision.type === 'void' && number > access.number && equalBytes(intent, access.intent),
    )
  )
}

/**
 * What a grant that was voided need not show: no release note was made; its receipt may have come into a block after the
 * intent's end, which is why it was voided; and the clinician may have had the role when it was decided, but neither in the
 * block of the intent nor any more in that of the receipt, which are the two that a bundle shows.
 */
export const excusedWhenVoided: readonly string[] = ['clinician-without-role', 'note-missing', 'released-after-end']

function isVerified(known: Relationship, access: Access): boolean {
  return (
    access.verified ||
    (isVoided(known, access) && access.failures.every((failure) => excusedWhenVoided.includes(failure)))
  )
}

function gaps({ custodian, accesses }: Relationship): readonly Finding[] {
  const found: Finding[] = []
  let next = 1
  for (const { number } of accesses) {
    if (number > next) found.push({ type: 'gap', custodian, from: next, to: number - 1 })
    next = Math.max(next, number + 1)
  }
  return found
}

function forks({ custodian, accesses }: Relationship): readonly Finding[] {
  const byNumber = new Map<number, Access[]>()
  for (const access of accesses) byNumber.set(access.number, [...(byNumber.get(access.number) ?? []), access])
  const found: Finding[] = []
  for (const [number, same] of byNumber) {
    const before = byNumber.get(number - 1)
    const follows = ({ previous }: Access): boolean => {
      if (number === 1) return previous.every((byte) => byte === 0)
      return !before || before.some(({ receipt }) => equalBytes(receipt, previous))
    }
    if (same.length > 1 || number < 1 || !same.every(follows))
      found.push({ type: 'fork', custodian, number, receipts: same.map(({ receipt }) => toHex(receipt)) })
  }
  return found
}

function heads(known: Relationship): readonly Finding[] {
  const { custodian, accesses, latest, strangeSets } = known
  const found: Finding[] = strangeSets.map((version) => ({ type: 'unknown-set', custodian, version }))
  for (const { number, headVersion, decidedAt } of accesses) {
    const version = headVersion ?? 0
    if (version > latest) found.push({ type: 'unknown-head', custodian, number, version })
    if (decidedAt === null) continue
    const endedAt = endOf(known, version)
    if (endedAt !== null && decidedAt >= endedAt)
      found.push({ type: 'stale-head', custodian, number, version, endedAt, decidedAt })
  }
  return found
}

/**
 * The height from which nothing may be released under a head: its closing (design, release note: at or below A), or the
 * block after the one at which the custodian says that it took a later set. Version 0 stands for no head at all.
 */
function endOf(known: Relationship, version: number): number | null {
  const later = known.heads.filter((each) => each.version > version)
  const replaced = later.reduce<number | null>((height, { inForceAt }) => lower(height, inForceAt), null)
  return lower(headOf(known, version).closedAt, replaced === null ? null : replaced + 1)
}

function unconfirmed(known: Relationship): readonly Finding[] {
  const { custodian } = known
  return known.accesses.flatMap((access): readonly Finding[] => {
    const { number, told, failures } = access
    const found: Finding[] = []
    // Only a grant is told by both: what was refused or voided left nothing with the requester.
    if (isGrant(access) && !isVoided(known, access) && told.custodian !== told.requester)
      found.push({ type: 'unconfirmed', custodian, number, toldBy: told.custodian ? 'custodian' : 'requester' })
    if (!isVerified(known, access)) found.push({ type: 'not-verified', custodian, number, failures })
    return found
  })
}

function answeredTwice({ custodian, accesses }: Relationship): readonly Finding[] {
  return accesses.flatMap((access): readonly Finding[] => {
    if (!isGrant(access) || access.decidedAt === null) return []
    const others = accesses.filter(
      ({ intent, receipt }) => equalBytes(intent, access.intent) && receipt !== access.receipt,
    )
    if (others.length === 0) return []
    return [{ type: 'answered-twice', custodian, number: access.number, others: others.map(({ number }) => number) }]
  })
}
