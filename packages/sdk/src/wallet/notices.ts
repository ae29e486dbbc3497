/** What the mailbox brings. Notices come in any order and more than once; the state depends only on which have come. */
import { compareBytes, decode, encode, equalBytes, no, ok, type Result, toHex, utf8 } from '@plexus/codec'
import { handleOf, openSealed, publicKeyOf, sha256, statementHash } from '@plexus/crypto'
import type { Chain } from '@plexus/kernel'
import {
  intent as intentSchema,
  type Notice,
  noticeBytesMax,
  noticeInfo,
  notice as noticeSchema,
  type ReceiptBundle,
  statementTypes,
} from '@plexus/policy'
import { readBundle, type ShownReceipt, verifyBundle, verifyNote, verifyReceipt } from '../bundle.ts'
import { engineKey, type HeaderTrust } from '../header-trust.ts'
import { takeCaseNotice } from './cases.ts'
import { mailboxSeed, noticeSeed, sealingSeed } from './keys.ts'
import { takeBookNotice } from './prescription-words.ts'
import {
  type Access,
  accessesMax,
  casesMax,
  correctionsMax,
  headOf,
  lower,
  type Relationship,
  relationshipWith,
  reviewsMax,
  strayNoticesMax,
  withHead,
  withRelationship,
  wrappingKeysMax,
} from './state.ts'
import { placeOf, type Wallet, withState } from './wallet.ts'

export type NoticeRefusal =
  | { readonly type: 'not-enrolled'; readonly custodian: string }
  | { readonly type: 'notice-not-for-us' }
  | { readonly type: 'notice-malformed' }
  | {
      readonly type: 'wallet-full'
      readonly of: 'accesses' | 'cases' | 'corrections' | 'prescriptions' | 'reviews' | 'wrapping-keys'
      readonly max: number
    }

/** Opens what lay in the mailbox for this custodian; wrapping keys may also be sealed to the key that was enrolled for them. */
export async function openNotice(
  wallet: Wallet,
  { custodian, sealed }: { readonly custodian: string; readonly sealed: Uint8Array },
): Promise<Result<Notice, NoticeRefusal>> {
  const known = relationshipWith(wallet.state, custodian)
  if (!known) return no({ type: 'not-enrolled', custodian })
  const place = placeOf(wallet, custodian)
  for (const seed of [noticeSeed(place, known.epoch), sealingSeed(place, known.epoch)]) {
    const opened = await openSealed({ seed, info: utf8(noticeInfo), context: wallet.chain.id, sealed })
    if (!opened.ok) continue
    const read = decode(noticeSchema, opened.value, noticeBytesMax)
    return read.ok ? read : no({ type: 'notice-malformed' })
  }
  return no({ type: 'notice-not-for-us' })
}

/**
 * The wallet after a notice from the box for `custodian`. What does not hold is kept as a finding, never dropped: on
 * CometBFT come with `trust` when `headersOf` has answered, not when no source did.
 */
export function takeNotice(
  wallet: Wallet,
  custodian: string,
  notice: Notice,
  trust: HeaderTrust = engineKey,
): Result<Wallet, NoticeRefusal> {
  const known = relationshipWith(wallet.state, custodian)
  if (!known) return no({ type: 'not-enrolled', custodian })
  if (notice.type === 'book') return takeBookNotice(wallet, custodian, notice)
  const taken = notice.type === 'access' ? takeAccess(wallet, known, notice, trust) : takeWord(wallet, known, notice)
  if (!taken.ok) return taken
  return ok(withState(wallet, withRelationship(wallet.state, taken.value)))
}

/** The ledger shows that a head was closed at this height. */
export function takeClosing(
  wallet: Wallet,
  { custodian, version, height }: { readonly custodian: string; readonly version: number; readonly height: number },
): Result<Wallet, NoticeRefusal> {
  const known = relationshipWith(wallet.state, custodian)
  if (!known) return no({ type: 'not-enrolled', custodian })
  const head = headOf(known, version)
  const changed = withHead(known, { ...head, closedAt: lower(head.closedAt, height) })
  return ok(withState(wallet, withRelationship(wallet.state, changed)))
}

type Taken = Result<Relationship, NoticeRefusal>
type Of<Type> = Extract<Notice, { readonly type: Type }>

/** The custodian's word; it carries no signature, so nothing but display hangs on it. */
function takeWord(wallet: Wallet, known: Relationship, notice: Exclude<Notice, Of<'access'> | Of<'book'>>): Taken {
  if (notice.custodian !== known.custodian) return ok(stray(known, notice, 'wrong-custodian'))
  switch (notice.type) {
    case 'set-in-force':
      return ok(setInForce(known, notice))
    case 'set-refused': {
      const head = headOf(known, known.latest)
      return ok(withHead(known, { ...head, refused: notice.code }))
    }
    case 'wrapping-key': {
      const { segment, epoch, key } = notice
      const held = known.wrappingKeys
      if (held.some((each) => each.segment === segment && each.epoch === epoch && equalBytes(each.key, key)))
        return ok(known)
      if (held.length >= wrappingKeysMax) return no({ type: 'wallet-full', of: 'wrapping-keys', max: wrappingKeysMax })
      const name = (each: (typeof held)[number]) => `${each.segment}/${toHex(each.key)}`
      const wrappingKeys = [...held, { segment, epoch, key }].sort(
        (a, b) => a.epoch - b.epoch || (name(a) < name(b) ? -1 : 1),
      )
      return ok({ ...known, wrappingKeys })
    }
    case 'corrected': {
      const { record, kind, receivers, madeAt } = notice
      const told = { record, kind, receivers, madeAt }
      const held = known.corrections
      const name = (each: typeof told) => `${toHex(each.record)}/${each.kind}/${each.receivers}`
      if (held.some((each) => each.madeAt === madeAt && name(each) === name(told))) return ok(known)
      if (held.length >= correctionsMax) return no({ type: 'wallet-full', of: 'corrections', max: correctionsMax })
      const corrections = [...held, told].sort((a, b) => a.madeAt - b.madeAt || (name(a) < name(b) ? -1 : 1))
      return ok({ ...known, corrections })
    }
    case 'emergency-reviewed':
      return withReview(known, notice)
    case 'case-received':
    case 'case-answered':
    case 'disagreement-received': {
      const taken = takeCaseNotice(wallet, known, notice)
      if (taken === 'not-ours') return ok(stray(known, notice, 'of-another-patient'))
      return taken === 'full' ? no({ type: 'wallet-full', of: 'cases', max: casesMax }) : ok(taken)
    }
  }
}

/** Of one emergency the first finding stands, whichever comes first. */
function withReview(known: Relationship, { intent, verdict, madeAt }: Of<'emergency-reviewed'>): Taken {
  const held = known.reviews
  const before = held.find((each) => equalBytes(each.intent, intent))
  if (!before && held.length >= reviewsMax) return no({ type: 'wallet-full', of: 'reviews', max: reviewsMax })
  const told = { intent, verdict, madeAt }
  const first = before && (before.madeAt - madeAt || (before.verdict < verdict ? -1 : 1)) < 0 ? before : told
  const reviews = [...held.filter((each) => each !== before), first]
  return ok({ ...known, reviews: reviews.sort((a, b) => compareBytes(a.intent, b.intent)) })
}

function setInForce(known: Relationship, { version, height }: Of<'set-in-force'>): Relationship {
  if (version < 1 || version > known.latest) {
    if (known.strangeSets.includes(version) || known.strangeSets.length >= strayNoticesMax) return known
    return { ...known, strangeSets: [...known.strangeSets, version].sort((a, b) => a - b) }
  }
  const head = headOf(known, version)
  const confirmed = withHead(known, { ...head, inForceAt: lower(head.inForceAt, height), refused: null })
  const newest = Math.max(...confirmed.heads.filter((each) => each.inForceAt !== null).map((each) => each.version))
  return { ...confirmed, sets: confirmed.sets.filter(({ content }) => content.version >= newest) }
}

function takeAccess(wallet: Wallet, known: Relationship, notice: Of<'access'>, trust: HeaderTrust): Taken {
  const { chain } = wallet
  const bundle = readBundle(notice.bundle)
  if (!bundle) return ok(stray(known, notice, 'malformed'))
  const shown = verifyReceipt(chain, bundle.receipt, trust)
  if (!shown.ok) return ok(stray(known, notice, shown.reason.type))
  const { receipt } = shown.value
  if (receipt.custodian !== known.custodian) return ok(stray(known, notice, 'wrong-custodian'))
  // Whoever knows the box could put another patient's receipt into it, and make this chain look forked.
  const address = handleOf(publicKeyOf(mailboxSeed(placeOf(wallet, known.custodian), known.epoch)))
  if (receipt.mailbox && !equalBytes(receipt.mailbox.address, address))
    return ok(stray(known, notice, 'of-another-patient'))
  const asked = askedIn(chain, bundle, shown.value)
  const teller = notice.from === 'custodian' ? known.custodian : asked?.requester
  if (notice.teller !== teller) return ok(stray(known, notice, 'teller-does-not-fit'))
  return withAccess(known, accessIn(chain, notice, bundle, shown.value, asked, trust))
}

/** What the notice shows of one access. The receipt stands, whatever else may fail. */
function accessIn(
  chain: Chain,
  notice: Of<'access'>,
  bundle: ReceiptBundle,
  shown: ShownReceipt,
  asked: Access['asked'],
  trust: HeaderTrust,
): Access {
  const { receipt, standing } = shown
  const whole = verifyBundle(chain, notice.bundle, trust)
  const note = verifyNote(chain, shown, bundle.note)
  return {
    receipt: standing.statementHash,
    number: receipt.number,
    previous: receipt.previous,
    intent: receipt.intent,
    decision: receipt.decision,
    headVersion: receipt.headVersion,
    height: standing.height,
    madeAt: receipt.madeAt,
    asked,
    decidedAt: note.ok ? (note.value?.height ?? null) : null,
    told: { custodian: notice.from === 'custodian', requester: notice.from === 'requester' },
    verified: whole.ok,
    failures: whole.ok ? [] : [whole.reason.type],
  }
}

/** What was asked, when the bundle shows the very intent that the receipt answers. */
function askedIn(chain: Chain, { intent }: ReceiptBundle, { receipt }: ShownReceipt): Access['asked'] {
  if (!intent) return null
  const { statement } = intent.opening
  if (!equalBytes(statementHash(statementTypes.intent, chain.id, statement), receipt.intent)) return null
  const read = decode(intentSchema, statement)
  if (!read.ok) return null
  const { requester, clinician, purpose, emergency, evidence, madeAt } = read.value.content
  return { requester, npi: clinician.npi, purpose, emergency, evidence, madeAt }
}

/** Two notices of one receipt say together what each of them says. */
function withAccess(known: Relationship, told: Access): Taken {
  const before = known.accesses.find(({ receipt }) => equalBytes(receipt, told.receipt))
  if (!before && known.accesses.length >= accessesMax)
    return no({ type: 'wallet-full', of: 'accesses', max: accessesMax })
  const others = known.accesses.filter((each) => each !== before)
  const accesses = [...others, before ? together(before, told) : told].sort(
    (a, b) => a.number - b.number || compareBytes(a.receipt, b.receipt),
  )
  return ok({ ...known, accesses })
}

function together(a: Access, b: Access): Access {
  return {
    ...a,
    height: Math.min(a.height, b.height),
    asked: a.asked ?? b.asked,
    decidedAt:
      a.decidedAt === null ? b.decidedAt : b.decidedAt === null ? a.decidedAt : Math.max(a.decidedAt, b.decidedAt),
    told: {
      custodian: a.told.custodian || b.told.custodian,
      requester: a.told.requester || b.told.requester,
    },
    verified: a.verified || b.verified,
    failures: [...new Set([...a.failures, ...b.failures])].sort(),
  }
}

function stray(known: Relationship, notice: Exclude<Notice, Of<'book'>>, reason: string): Relationship {
  const hashed = sha256(encode(noticeSchema, notice))
  if (known.stray.length >= strayNoticesMax || known.stray.some((each) => equalBytes(each.notice, hashed))) return known
  const [from, teller] =
    notice.type === 'access' ? [notice.from, notice.teller] : (['custodian', notice.custodian] as const)
  const all = [...known.stray, { notice: hashed, from, teller, reason }]
  return { ...known, stray: all.sort((a, b) => compareBytes(a.notice, b.notice)) }
}
