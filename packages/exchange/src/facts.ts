/** Gathers the facts of a decision from this member's own replica and from what was opened to it. */
import { decode, encode, equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { members, notary, practitioners } from '@plexus/contracts'
import { signedBytes, verify } from '@plexus/crypto'
import { type Opening, openingLeadsTo, viewOf } from '@plexus/kernel'
import {
  type DirectiveSet,
  type Evidence,
  type EvidenceFacts,
  evidence,
  evidenceContent,
  type Intent,
  type IntentContent,
  intent,
  intentContent,
  type LedgerFacts,
  statementBytesMax,
  statementTypes,
} from '@plexus/policy'
import type { Batches } from './batches.ts'
import type { CommittedBatch } from './openings.ts'
import type { Replica } from './ports.ts'

export const secondsPerDay = 86_400

/** An opened statement, found on the ledger. */
export interface Found<Value> {
  readonly value: Value
  readonly hash: Uint8Array
  readonly batch: CommittedBatch
  readonly opening: Opening
}

export type NotFound = { readonly type: 'not-committed' | 'opening-malformed' | 'statement-malformed' }

/** Reads an opening and looks its root up on the replica; `not-committed` may only mean that the replica is behind. */
export function findOpened<Value>(
  replica: Replica,
  batches: Batches,
  of: Opening,
  type: string,
  read: (statement: Uint8Array) => { readonly ok: true; readonly value: Value } | { readonly ok: false },
): Result<Found<Value>, NotFound> {
  const led = of.type === type ? openingLeadsTo(replica.chain.id, of) : undefined
  if (!led) return no({ type: 'opening-malformed' })
  const value = read(of.statement)
  if (!value.ok) return no({ type: 'statement-malformed' })
  const batch = batches.find(led.root)
  if (!batch) return no({ type: 'not-committed' })
  return ok({ value: value.value, hash: led.hash, batch, opening: of })
}

export const readIntent = (statement: Uint8Array) => decode(intent, statement, statementBytesMax)
export const readEvidence = (statement: Uint8Array) => decode(evidence, statement, statementBytesMax)

/** Whether the clinician's own signature over the intent holds. */
export function clinicianSigned(
  replica: Replica,
  { content, clinician }: Intent,
): { readonly key: Uint8Array; readonly holds: boolean } {
  return {
    key: clinician.key,
    holds: verify(
      clinician.key,
      signedBytes(statementTypes.intent, replica.chain.id, encode(intentContent, content)),
      clinician.signature,
    ),
  }
}

/** What this replica says, at its newest block, of everything that a decision depends on. */
export function ledgerFacts(
  replica: Replica,
  now: number,
  {
    content,
    batch,
    set,
  }: { readonly content: IntentContent; readonly batch: CommittedBatch; readonly set: DirectiveSet | null },
): LedgerFacts {
  const { height, time } = replica.tip()
  const organisations = viewOf(members, replica.state)
  const policy = members.queries.policy(organisations)
  const standing = practitioners.queries.standing(viewOf(practitioners, replica.state), { ...content.clinician, time })
  const head = set && notary.queries.handle(viewOf(notary, replica.state), toHex(set.head))
  return {
    height,
    blockTime: time,
    now,
    requesterActive: members.queries.isActive(organisations, content.requester),
    intentByRequester: members.queries.hostOf(organisations, content.requester) === batch.member,
    licence: standing.licence,
    role: standing.role,
    clinicianKey: standing.key,
    // A handle that the ledger does not know is as good as closed: nothing is released under it.
    head: set ? (head?.status === 'open' ? 'open' : 'closed') : 'none',
    profile: policy.profile,
    profileVersion: policy.version,
    parameters: policy.parameters,
    selfAssertedExcess: members.queries.selfAssertedExcess(
      organisations,
      content.requester,
      Math.floor(time / secondsPerDay),
    ),
  }
}

/** A piece of evidence with its signatures checked: the patient's for a check-in, the referrer's and the patient's for a referral. */
export function evidenceFacts(replica: Replica, { value, hash, batch }: Found<Evidence>): EvidenceFacts {
  // Wallets that a member keeps for a patient are not taken in yet: every enrolled wallet is the patient's own.
  return {
    hash,
    content: value.content,
    committedAt: batch.height,
    signaturesHold: evidenceHolds(replica, value),
    walletHostedByAsker: false,
  }
}

export function evidenceHolds(replica: Replica, { content, signatures }: Evidence): boolean {
  const [first] = signatures
  if (content.type === 'directive' || content.type === 'self-asserted') return signatures.length === 0
  if (!first || signatures.length !== 1) return false
  if (
    !verify(
      first.key,
      signedBytes(statementTypes.evidence, replica.chain.id, encode(evidenceContent, content)),
      first.signature,
    )
  )
    return false
  if (content.type === 'check-in') return content.subject.type === 'key' && equalBytes(content.subject.key, first.key)
  const referrer = members.queries.keyOf(viewOf(members, replica.state), toHex(first.key))
  if (referrer?.status !== 'active' || referrer.holder !== content.referrer || !referrer.scopes.includes('custodian'))
    return false
  const enclosed = decode(evidence, content.enclosed)
  if (!enclosed.ok || enclosed.value.content.type !== 'check-in') return false
  const own = enclosed.value.content
  // One step and never a chain: the patient signed for the referrer, at this custodian, about the same person.
  return (
    own.requester === content.referrer &&
    own.custodian === content.custodian &&
    own.validUntil >= content.madeAt &&
    own.subject.type === 'key' &&
    content.subject.type === 'key' &&
    equalBytes(own.subject.key, content.subject.key) &&
    evidenceHolds(replica, enclosed.value)
  )
}

/** Whether a directive head's handle is open on the replica. */
export function handleIsOpen(replica: Replica, handle: Uint8Array): boolean {
  return notary.queries.handle(viewOf(notary, replica.state), toHex(handle))?.status === 'open'
}
