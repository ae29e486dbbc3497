/** What a patient does with a wallet: enrol, check in, change directives, ask for mail. A wallet is a value, and each step gives the next. */
import { encode, equalBytes, type Malformed, no, ok, type Result } from '@plexus/codec'
import {
  generateSealingKey,
  handleOf,
  publicKeyOf,
  type RandomBytes,
  sign,
  signedBytes,
  statementHash,
} from '@plexus/crypto'
import type { Chain } from '@plexus/kernel'
import {
  type Directive,
  directiveSetContent,
  type Enrolment,
  type Evidence,
  enrolmentContent,
  evidence,
  evidenceContent,
  mailboxRequest,
  type SignedDirectiveSet,
  signedMailboxRequest,
  statementTypes,
  type WalletNote,
} from '@plexus/policy'
import { headHandle, headSeed, type KeyPlace, mailboxSeed, noticeSeed, sealingSeed, signingSeed } from './keys.ts'
import {
  custodiansMax,
  decodeWallet,
  emptyWallet,
  evidenceMax,
  headOf,
  headsMax,
  isAccepted,
  type Relationship,
  relationshipWith,
  setsMax,
  type WalletState,
  withRelationship,
} from './state.ts'

/** The secret root (32 bytes), the chain that it is used on, and what the wallet remembers. */
export interface Wallet {
  readonly chain: Chain
  readonly root: Uint8Array
  /** Identifiers of statements; no key comes from it. */
  readonly random: RandomBytes
  readonly state: WalletState
}

/** Why a wallet does not do what it was asked. */
export type WalletRefusal =
  | { readonly type: 'already-enrolled'; readonly custodian: string }
  | { readonly type: 'not-enrolled'; readonly custodian: string }
  | { readonly type: 'no-custodian-named' }
  /** Only a denial can be disagreed with, once. */
  | { readonly type: 'case-not-denied' }
  /** The head after the next must be on the ledger before a set can name it. */
  | { readonly type: 'handle-not-open'; readonly custodian: string; readonly number: number }
  /** The change before this one is neither closed on the ledger nor in force at the custodian. */
  | { readonly type: 'change-pending'; readonly custodian: string; readonly version: number }
  | {
      readonly type: 'wallet-full'
      readonly of: 'cases' | 'custodians' | 'evidence' | 'heads' | 'sets'
      readonly max: number
    }

const randomIdBytes = 16
/** Rotation is a new enrolment under a higher epoch. */
const firstEpoch = 1

export function createWallet(parts: {
  readonly chain: Chain
  readonly root: Uint8Array
  readonly random: RandomBytes
}): Wallet {
  return { ...parts, state: emptyWallet }
}

/** A wallet with the state that was kept. */
export function openWallet(
  parts: { readonly chain: Chain; readonly root: Uint8Array; readonly random: RandomBytes },
  state: Uint8Array,
): Result<Wallet, Malformed> {
  const read = decodeWallet(state)
  return read.ok ? ok({ ...parts, state: read.value }) : read
}

export const placeOf = ({ root, chain }: Wallet, custodian: string): KeyPlace => ({ root, chain: chain.id, custodian })

/**
 * Enrolment at a custodian, with the code that it handed over in person. `open`: the handles of heads 1 and 2, which any
 * member opens before the note is sent; tell the wallet with `handlesOpened`, that the note was taken with
 * `enrolmentTaken`, and open a spare (`nextHandle`) some time later. An enrolment that was not taken is made again with
 * another code, from the same handles.
 */
export async function enrol(
  wallet: Wallet,
  asked: { readonly custodian: string; readonly code: string; readonly mailboxMember: string; readonly now: number },
): Promise<
  Result<{ readonly wallet: Wallet; readonly open: readonly Uint8Array[]; readonly note: WalletNote }, WalletRefusal>
> {
  const { custodian, code, mailboxMember, now } = asked
  const known = relationshipWith(wallet.state, custodian)
  if (known && isAccepted(known)) return no({ type: 'already-enrolled', custodian })
  if (!known && wallet.state.relationships.length >= custodiansMax)
    return no({ type: 'wallet-full', of: 'custodians', max: custodiansMax })
  const place = placeOf(wallet, custodian)
  const seed = signingSeed(place, firstEpoch)
  const [sealing, notices] = await Promise.all([
    generateSealingKey(sealingSeed(place, firstEpoch)),
    generateSealingKey(noticeSeed(place, firstEpoch)),
  ])
  const content: Enrolment = {
    id: wallet.random(randomIdBytes),
    custodian,
    signingKey: publicKeyOf(seed),
    sealingKey: sealing.publicKey,
    mailbox: {
      member: mailboxMember,
      address: handleOf(publicKeyOf(mailboxSeed(place, firstEpoch))),
      sealingKey: notices.publicKey,
    },
    head: headHandle(place, 1),
    madeAt: now,
  }
  const set = known?.sets[0] ?? signSet(wallet, custodian, { version: 1, directives: [], now })
  const relationship: Relationship = {
    ...(known ?? strangers(custodian, mailboxMember, 0)),
    mailboxMember,
    latest: 1,
    sets: [set],
  }
  return ok({
    wallet: withState(wallet, withRelationship(wallet.state, relationship)),
    open: [set.content.head, set.content.next].slice(relationship.opened),
    note: {
      type: 'enrol',
      code,
      enrolment: { content, wallet: signed(wallet, seed, statementTypes.enrolment, encode(enrolmentContent, content)) },
      set,
    },
  })
}

/** The custodian took the enrolment. */
export function enrolmentTaken(wallet: Wallet, custodian: string, now: number): Wallet {
  const known = relationshipWith(wallet.state, custodian)
  return known && !isAccepted(known)
    ? withState(wallet, withRelationship(wallet.state, { ...known, enrolledAt: now }))
    : wallet
}

/** A relationship in which nothing has happened yet. */
export function strangers(custodian: string, mailboxMember: string, now: number): Relationship {
  return {
    custodian,
    epoch: firstEpoch,
    mailboxMember,
    enrolledAt: now,
    opened: 0,
    latest: 0,
    sets: [],
    heads: [],
    evidence: [],
    accesses: [],
    stray: [],
    strangeSets: [],
    wrappingKeys: [],
    corrections: [],
    cases: [],
    reviews: [],
  }
}

/** Evidence that the patient is at `requester`, one piece for each custodian, each with the patient's key there. */
export function checkIn(
  wallet: Wallet,
  asked: {
    readonly requester: string
    /** 16 random bytes: the requester's name for the visit. */
    readonly visit: Uint8Array
    readonly custodians: readonly string[]
    readonly validSeconds: number
    readonly now: number
  },
): Result<{ readonly wallet: Wallet; readonly note: WalletNote }, WalletRefusal> {
  const { requester, visit, custodians, validSeconds, now } = asked
  const made: Evidence[] = []
  let { state } = wallet
  for (const custodian of [...new Set(custodians)].sort()) {
    const known = relationshipWith(state, custodian)
    if (!known) return no({ type: 'not-enrolled', custodian })
    if (known.evidence.length >= evidenceMax) return no({ type: 'wallet-full', of: 'evidence', max: evidenceMax })
    const seed = signingSeed(placeOf(wallet, custodian), known.epoch)
    const content = {
      type: 'check-in' as const,
      id: wallet.random(randomIdBytes),
      custodian,
      requester,
      subject: { type: 'key' as const, key: publicKeyOf(seed) },
      encounter: visit,
      madeAt: now,
      validUntil: now + validSeconds,
    }
    const piece: Evidence = {
      content,
      signatures: [signed(wallet, seed, statementTypes.evidence, encode(evidenceContent, content))],
    }
    made.push(piece)
    const hash = statementHash(statementTypes.evidence, wallet.chain.id, encode(evidence, piece))
    state = withRelationship(state, {
      ...known,
      evidence: [...known.evidence, { hash, requester, visit, madeAt: now, validUntil: content.validUntil }],
    })
  }
  if (made.length === 0) return no({ type: 'no-custodian-named' })
  return ok({
    wallet: withState(wallet, state),
    note: { type: 'check-in', visit, requester, evidence: made },
  })
}

/** All directives that shall hold at a custodian from now on. Nothing is released there between the closing and the new set. */
export interface DirectiveChange {
  readonly wallet: Wallet
  /** For the custodian, by any road and as often as needed. */
  readonly note: WalletNote
  /** The head to be closed on the ledger: ask `closeHandleBody`, or co-sign what a sponsor composed. */
  readonly close: { readonly version: number; readonly handle: Uint8Array }
  /** A further spare, to be opened at a time that has nothing to do with this one. */
  readonly open: Uint8Array
}

/** The next set, signed by its own head, which the set before named. It stays pending until the closing or the custodian confirms it. */
export function changeDirectives(
  wallet: Wallet,
  asked: { readonly custodian: string; readonly directives: readonly Directive[]; readonly now: number },
): Result<DirectiveChange, WalletRefusal> {
  const { custodian, directives, now } = asked
  const known = relationshipWith(wallet.state, custodian)
  if (!known) return no({ type: 'not-enrolled', custodian })
  const { latest, opened, sets } = known
  if (isPending(known)) return no({ type: 'change-pending', custodian, version: latest })
  if (opened < latest + 2) return no({ type: 'handle-not-open', custodian, number: latest + 2 })
  if (sets.length >= setsMax) return no({ type: 'wallet-full', of: 'sets', max: setsMax })
  if (latest >= headsMax) return no({ type: 'wallet-full', of: 'heads', max: headsMax })
  const set = signSet(wallet, custodian, { version: latest + 1, directives, now })
  const changed: Relationship = { ...known, latest: latest + 1, sets: [...sets, set] }
  const place = placeOf(wallet, custodian)
  return ok({
    wallet: withState(wallet, withRelationship(wallet.state, changed)),
    note: { type: 'directive-set', set },
    close: { version: latest, handle: headHandle(place, latest) },
    open: headHandle(place, latest + 3),
  })
}

/** Neither the ledger nor the custodian has confirmed the newest change. The set of the enrolment replaces nothing. */
export function isPending(known: Relationship): boolean {
  const { latest } = known
  if (latest <= 1) return false
  return headOf(known, latest).inForceAt === null && headOf(known, latest - 1).closedAt === null
}

/** Sets that the custodian has not confirmed, oldest first: to be brought again, in this order. */
export function unconfirmedSets({ state }: Wallet, custodian: string): readonly SignedDirectiveSet[] {
  const known = relationshipWith(state, custodian)
  return (known?.sets ?? []).filter(({ content }) => known && headOf(known, content.version).inForceAt === null)
}

/** The handle that is to be opened next at this custodian. */
export function nextHandle(wallet: Wallet, custodian: string): Result<Uint8Array, WalletRefusal> {
  const known = relationshipWith(wallet.state, custodian)
  if (!known) return no({ type: 'not-enrolled', custodian })
  return ok(headHandle(placeOf(wallet, custodian), known.opened + 1))
}

/** The ledger shows these handles: the wallet counts its own, in order, and ignores all others. */
export function handlesOpened(
  wallet: Wallet,
  { custodian, handles }: { readonly custodian: string; readonly handles: readonly Uint8Array[] },
): Result<Wallet, WalletRefusal> {
  const known = relationshipWith(wallet.state, custodian)
  if (!known) return no({ type: 'not-enrolled', custodian })
  const place = placeOf(wallet, custodian)
  let { opened } = known
  const isOpen = (wanted: Uint8Array): boolean => handles.some((handle) => equalBytes(handle, wanted))
  while (opened < headsMax && isOpen(headHandle(place, opened + 1))) opened++
  return ok(withState(wallet, withRelationship(wallet.state, { ...known, opened })))
}

/** A signed request for the notices after the one with this number; it is good for two minutes at the member that keeps the box. */
export function mailboxRequestFor(
  wallet: Wallet,
  { custodian, after, now }: { readonly custodian: string; readonly after: number; readonly now: number },
): Result<{ readonly member: string; readonly request: Uint8Array }, WalletRefusal> {
  const known = relationshipWith(wallet.state, custodian)
  if (!known) return no({ type: 'not-enrolled', custodian })
  const seed = mailboxSeed(placeOf(wallet, custodian), known.epoch)
  const content = { address: handleOf(publicKeyOf(seed)), after, madeAt: now }
  const signature = signed(wallet, seed, 'mailbox-request', encode(mailboxRequest, content))
  return ok({ member: known.mailboxMember, request: encode(signedMailboxRequest, { content, signature }) })
}

export const withState = (wallet: Wallet, state: WalletState): Wallet => ({ ...wallet, state })

function signSet(
  wallet: Wallet,
  custodian: string,
  asked: { readonly version: number; readonly directives: readonly Directive[]; readonly now: number },
): SignedDirectiveSet {
  const { version, directives, now } = asked
  const place = placeOf(wallet, custodian)
  const content = {
    custodian,
    version,
    directives,
    head: headHandle(place, version),
    next: headHandle(place, version + 1),
    madeAt: now,
  }
  const signature = signed(
    wallet,
    headSeed(place, version),
    statementTypes.directiveSet,
    encode(directiveSetContent, content),
  )
  return { content, signature }
}

/** A signature of a key of this wallet over what is to be hashed as `typeName` on its chain. */
export function signed(
  { chain }: Wallet,
  seed: Uint8Array,
  typeName: string,
  content: Uint8Array,
): { readonly key: Uint8Array; readonly signature: Uint8Array } {
  return { key: publicKeyOf(seed), signature: sign(seed, signedBytes(typeName, chain.id, content)) }
}
