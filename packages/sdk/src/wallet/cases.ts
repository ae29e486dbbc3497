/**
 * Cases of a patient: what the wallet signs to open one or to disagree with a denial, and what custodians tell of them. A
 * case's id is random and known to its two sides, so that nobody else who knows the mailbox can speak of it.
 */
import { compareBytes, encode, equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { publicKeyOf, signedBytes, verify } from '@plexus/crypto'
import {
  type CaseAnswer,
  type CaseSubject,
  caseAnswer,
  caseContent,
  type DenialBasis,
  disagreementContent,
  type Notice,
  type PatientCase,
  statementTypes,
  type WalletNote,
} from '@plexus/policy'
import { signingSeed } from './keys.ts'
import {
  casesMax,
  type HeldCase,
  type Relationship,
  relationshipWith,
  type WalletState,
  withRelationship,
} from './state.ts'
import { placeOf, signed, type Wallet, type WalletRefusal, withState } from './wallet.ts'

const idBytes = 16

/** How a case stands: what the patient said, what the custodian answered. Times are seconds since 1970. */
export interface WalletCase {
  readonly custodian: string
  /** 32 hexadecimal digits. */
  readonly id: string
  readonly subject: CaseSubject
  readonly words: string
  readonly openedAt: number
  readonly state: CaseState
  /** When the custodian says that it will have answered; null until it says that it has the case. */
  readonly dueAt: number | null
  /** What the custodian said last; null before. */
  readonly answer: { readonly words: string; readonly madeAt: number; readonly basis: DenialBasis | null } | null
  /** The patient's statement against a denial. */
  readonly disagreement: { readonly words: string; readonly heard: boolean } | null
}

/** `on-its-way`: the custodian has not said that it has it. */
export type CaseState = 'accepted' | 'denied' | 'on-its-way' | 'open'

/** Newest first. */
export function casesIn({ relationships }: WalletState): readonly WalletCase[] {
  const cases = relationships.flatMap(({ custodian, cases }) => cases.flatMap((held) => shown(custodian, held)))
  return cases.sort((a, b) => b.openedAt - a.openedAt || (a.id < b.id ? -1 : 1))
}

export function openCase(
  wallet: Wallet,
  asked: { readonly custodian: string; readonly subject: CaseSubject; readonly words: string; readonly now: number },
): Result<{ readonly wallet: Wallet; readonly id: Uint8Array; readonly note: WalletNote }, WalletRefusal> {
  const { custodian, subject, words, now } = asked
  const known = relationshipWith(wallet.state, custodian)
  if (!known) return no({ type: 'not-enrolled', custodian })
  if (known.cases.length >= casesMax) return no({ type: 'wallet-full', of: 'cases', max: casesMax })
  const content = { id: wallet.random(idBytes), custodian, subject, words, madeAt: now }
  const opened = {
    content,
    wallet: signedHere(wallet, known, statementTypes.patientCase, encode(caseContent, content)),
  }
  const changed = withCase(known, { ...fresh(content.id), opened })
  return ok({
    wallet: withState(wallet, withRelationship(wallet.state, changed)),
    id: content.id,
    note: { type: 'open-case', opened },
  })
}

/** Only a denial can be disagreed with, once; whoever asks for more has read `casesIn` wrongly. */
export function disagreeWith(
  wallet: Wallet,
  asked: { readonly custodian: string; readonly case: Uint8Array; readonly words: string; readonly now: number },
): Result<{ readonly wallet: Wallet; readonly note: WalletNote }, WalletRefusal> {
  const { custodian, case: id, words, now } = asked
  const known = relationshipWith(wallet.state, custodian)
  if (!known) return no({ type: 'not-enrolled', custodian })
  const held = known.cases.find((each) => equalBytes(each.id, id))
  if (!held || held.disagreement || endOf(held)?.outcome.type !== 'denied') return no({ type: 'case-not-denied' })
  const content = { custodian, case: id, words, madeAt: now }
  const message = encode(disagreementContent, content)
  const disagreement = { content, wallet: signedHere(wallet, known, statementTypes.disagreement, message) }
  const changed = withCase(known, { ...held, disagreement })
  return ok({
    wallet: withState(wallet, withRelationship(wallet.state, changed)),
    note: { type: 'disagree', disagreement },
  })
}

/** What was said of cases and is not known to have arrived, in the order of their ids. */
export function unheardNotes({ state }: Wallet, custodian: string): readonly WalletNote[] {
  return (relationshipWith(state, custodian)?.cases ?? []).flatMap((held): readonly WalletNote[] => [
    ...(held.opened && held.dueAt === null ? [{ type: 'open-case' as const, opened: held.opened }] : []),
    ...(held.disagreement && !held.disagreementHeard
      ? [{ type: 'disagree' as const, disagreement: held.disagreement }]
      : []),
  ])
}

type CaseNotice = Extract<Notice, { readonly type: 'case-answered' | 'case-received' | 'disagreement-received' }>

/** `not-ours`: what came back was not signed by this wallet. */
export function takeCaseNotice(
  wallet: Wallet,
  known: Relationship,
  notice: CaseNotice,
): Relationship | 'full' | 'not-ours' {
  const id = idOf(notice)
  const before = known.cases.find((each) => equalBytes(each.id, id))
  if (!before && known.cases.length >= casesMax) return 'full'
  const held = before ?? fresh(id)
  switch (notice.type) {
    case 'case-received': {
      const { opened, dueAt } = notice
      const own = isSignedHere(
        wallet,
        known,
        statementTypes.patientCase,
        encode(caseContent, opened.content),
        opened.wallet,
      )
      return own ? withCase(known, { ...held, opened, dueAt: later(held.dueAt, dueAt) }) : 'not-ours'
    }
    case 'case-answered':
      return withCase(known, withAnswer(held, notice))
    case 'disagreement-received': {
      const { disagreement } = notice
      const message = encode(disagreementContent, disagreement.content)
      const own = isSignedHere(wallet, known, statementTypes.disagreement, message, disagreement.wallet)
      return own ? withCase(known, { ...held, disagreement, disagreementHeard: true }) : 'not-ours'
    }
  }
}

function idOf(notice: CaseNotice): Uint8Array {
  if (notice.type === 'case-answered') return notice.case
  return notice.type === 'case-received' ? notice.opened.content.id : notice.disagreement.content.case
}

function withAnswer(held: HeldCase, { type: _, ...answer }: Extract<CaseNotice, { type: 'case-answered' }>): HeldCase {
  const dueAt = answer.outcome.type === 'later' ? later(held.dueAt, answer.outcome.dueAt) : held.dueAt
  // A custodian that answers twice has said two things: of each kind the first stands, whichever comes first.
  const all = [...held.answers, answer].sort(
    (a, b) => a.madeAt - b.madeAt || compareBytes(encode(caseAnswer, a), encode(caseAnswer, b)),
  )
  const kept = [all.find((each) => !isEnd(each)), all.find(isEnd)]
  return { ...held, dueAt, answers: kept.filter((each) => each !== undefined) }
}

function shown(custodian: string, held: HeldCase): readonly WalletCase[] {
  const { id, opened, dueAt, answers, disagreement, disagreementHeard } = held
  if (!opened) return []
  const last = answers.at(-1)
  const { subject, words, madeAt } = opened.content
  return [
    {
      custodian,
      id: toHex(id),
      subject,
      words,
      openedAt: madeAt,
      state: stateOf(held),
      dueAt,
      answer: last
        ? { words: last.words, madeAt: last.madeAt, basis: last.outcome.type === 'denied' ? last.outcome.basis : null }
        : null,
      disagreement: disagreement ? { words: disagreement.content.words, heard: disagreementHeard } : null,
    },
  ]
}

function stateOf(held: HeldCase): CaseState {
  const end = endOf(held)?.outcome.type
  if (end === 'accepted' || end === 'denied') return end
  return held.dueAt === null ? 'on-its-way' : 'open'
}

const isEnd = ({ outcome }: CaseAnswer): boolean => outcome.type !== 'later'
const endOf = ({ answers }: HeldCase): CaseAnswer | undefined => answers.find(isEnd)

const later = (a: number | null, b: number): number => Math.max(a ?? 0, b)

function fresh(id: Uint8Array): HeldCase {
  return { id, opened: null, dueAt: null, answers: [], disagreement: null, disagreementHeard: false }
}

function withCase(known: Relationship, changed: HeldCase): Relationship {
  const others = known.cases.filter(({ id }) => !equalBytes(id, changed.id))
  return { ...known, cases: [...others, changed].sort((a, b) => compareBytes(a.id, b.id)) }
}

function signedHere(wallet: Wallet, { custodian, epoch }: Relationship, type: string, message: Uint8Array): Signature {
  return signed(wallet, signingSeed(placeOf(wallet, custodian), epoch), type, message)
}

function isSignedHere(
  wallet: Wallet,
  { custodian, epoch }: Relationship,
  type: string,
  message: Uint8Array,
  { key, signature }: Signature,
): boolean {
  const own = publicKeyOf(signingSeed(placeOf(wallet, custodian), epoch))
  return equalBytes(key, own) && verify(own, signedBytes(type, wallet.chain.id, message), signature)
}

type Signature = PatientCase['wallet']
