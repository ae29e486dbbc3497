/** What a wallet remembers. Its root is not in it: the state is kept sealed, and a stolen one signs nothing. */
import {
  boolean,
  bytes,
  decode,
  encode,
  type Infer,
  list,
  type Malformed,
  object,
  oneOf,
  option,
  type Result,
  text,
  uint,
} from '@plexus/codec'
import {
  caseAnswer,
  directiveSet,
  disagreement,
  emergency,
  hash,
  npi,
  organisationId,
  patientCase,
  purpose,
  randomId,
  receiptDecision,
  seconds,
  segment,
  verdicts,
} from '@plexus/policy'
import { heldPrescriptions, noPrescriptions } from './prescription-state.ts'

/** A person rarely has more custodians in a lifetime; one visit introduces them all. */
export const custodiansMax = 64
/** Twenty reads a week over a lifetime, at one custodian. */
export const accessesMax = 100_000
/** Sets on their way to a custodian that never answers. */
export const setsMax = 8
/** A change a week over a lifetime. */
export const headsMax = 5_000
/** Two visits a week over a lifetime, at one custodian. */
export const evidenceMax = 10_000
/** Notices that do not hold; whoever floods the box with more adds nothing. */
export const strayNoticesMax = 1_000
export const wrappingKeysMax = 1_000
export const correctionsMax = 10_000
/** As many as a custodian takes of one patient, and what came back of others that a recovered wallet once had. */
export const casesMax = 1_000
/** One that says that it takes longer, and one that ends the case. */
const answersMax = 2
const failuresMax = 40
/** More emergencies than a lifetime has. */
export const reviewsMax = 1_000

/** One receipt that the custodian is proven to have committed, and what was told of it. */
const access = object({
  /** Statement hash of the receipt. */
  receipt: hash,
  number: uint(),
  previous: hash,
  intent: hash,
  decision: receiptDecision,
  headVersion: option(uint()),
  /** Of the block that carries the receipt. */
  height: uint(),
  madeAt: seconds,
  /** What the intent says, once somebody has shown it. */
  asked: option(
    object({
      requester: organisationId,
      npi,
      purpose,
      emergency: option(emergency),
      evidence: list(hash, { max: 4 }),
      madeAt: seconds,
    }),
  ),
  /** The highest state on which a release note of this receipt says that the custodian decided. */
  decidedAt: option(uint()),
  told: object({ custodian: boolean(), requester: boolean() }),
  /** Some bundle of this receipt passed every check. */
  verified: boolean(),
  /** Types of the checks that bundles of this receipt failed, in alphabetical order. */
  failures: list(text({ max: 40 }), { max: failuresMax }),
})
export type Access = Infer<typeof access>

/** What is known of one directive head. */
const head = object({
  version: uint(),
  /** Height at which its handle was closed, as the ledger says. */
  closedAt: option(uint()),
  /** Height from which the custodian says that it follows the set. */
  inForceAt: option(uint()),
  /** Why the custodian could not take the set, when it said so. */
  refused: option(text({ max: 40 })),
})
export type Head = Infer<typeof head>

const strayNotice = object({
  /** SHA-256 of the notice. */
  notice: hash,
  from: oneOf('custodian', 'requester'),
  teller: organisationId,
  reason: text({ max: 40 }),
})

/** A case that this wallet opened; after a recovery its parts come back in any order. */
const heldCase = object({
  id: randomId,
  opened: option(patientCase),
  /** When the custodian says that it will have answered; null until it says that it has the case. */
  dueAt: option(seconds),
  /** In the order of their time. */
  answers: list(caseAnswer, { max: answersMax }),
  disagreement: option(disagreement),
  /** The custodian says that it has the disagreement. */
  disagreementHeard: boolean(),
})
export type HeldCase = Infer<typeof heldCase>

const relationship = object({
  custodian: organisationId,
  epoch: uint(),
  /** The member that keeps the mailbox. */
  mailboxMember: organisationId,
  /** Seconds since 1970, when the custodian took the enrolment; 0 until it is known to have. */
  enrolledAt: seconds,
  /** Handles of heads 1 to this number are on the ledger. */
  opened: uint(),
  /** Version of the newest set that was signed. */
  latest: uint(),
  /** The newest set that the custodian follows, and those on their way to it; empty after a recovery. */
  sets: list(directiveSet, { max: setsMax }),
  heads: list(head, { max: headsMax }),
  evidence: list(object({ hash, requester: organisationId, visit: randomId, madeAt: seconds, validUntil: seconds }), {
    max: evidenceMax,
  }),
  accesses: list(access, { max: accessesMax }),
  stray: list(strayNotice, { max: strayNoticesMax }),
  /** Versions said to be in force that this wallet never signed. */
  strangeSets: list(uint(), { max: strayNoticesMax }),
  wrappingKeys: list(object({ segment, epoch: uint(), key: bytes({ length: 32 }) }), { max: wrappingKeysMax }),
  corrections: list(
    object({ record: randomId, kind: oneOf('entered-in-error', 'superseded'), receivers: uint(), madeAt: seconds }),
    { max: correctionsMax },
  ),
  /** By their ids. */
  cases: list(heldCase, { max: casesMax }),
  /** What the custodian's people found who looked at an emergency, by its intent. */
  reviews: list(object({ intent: hash, verdict: oneOf(...verdicts), madeAt: seconds }), { max: reviewsMax }),
})
export type Relationship = Infer<typeof relationship>

export const walletState = object({
  relationships: list(relationship, { max: custodiansMax }),
  prescriptions: heldPrescriptions,
})
export type WalletState = Infer<typeof walletState>

/** The lists bound a state; whatever they let in must also open again, so this only keeps a length within 32 bits. */
const walletStateBytesMax = 2 ** 31 - 1

export const emptyWallet: WalletState = { relationships: [], prescriptions: noPrescriptions }

export function encodeWallet(state: WalletState): Uint8Array {
  return encode(walletState, state)
}

export function decodeWallet(source: Uint8Array): Result<WalletState, Malformed> {
  return decode(walletState, source, walletStateBytesMax)
}

export function relationshipWith(state: WalletState, custodian: string): Relationship | undefined {
  return state.relationships.find((each) => each.custodian === custodian)
}

/** Whether the custodian took the enrolment: it answered so, or has said since which set it follows. */
export const isAccepted = ({ enrolledAt, heads }: Relationship): boolean =>
  enrolledAt > 0 || heads.some(({ inForceAt }) => inForceAt !== null)

/** The state with this relationship in place of the one with the same custodian; in order of their ids. */
export function withRelationship(state: WalletState, changed: Relationship): WalletState {
  const others = state.relationships.filter(({ custodian }) => custodian !== changed.custodian)
  return { ...state, relationships: [...others, changed].sort((a, b) => (a.custodian < b.custodian ? -1 : 1)) }
}

export function headOf({ heads }: Relationship, version: number): Head {
  return heads.find((each) => each.version === version) ?? { version, closedAt: null, inForceAt: null, refused: null }
}

export function withHead(of: Relationship, changed: Head): Relationship {
  const others = of.heads.filter(({ version }) => version !== changed.version)
  return { ...of, heads: [...others, changed].sort((a, b) => a.version - b.version) }
}

/** The lower of two heights that may be unknown: what is learnt later never makes a closing later. */
export const lower = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b)
