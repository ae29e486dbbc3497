/** One statement, shown to be committed: from the statement up to a header that there is reason to believe. */
import { decode, equalBytes, ok, type Result, toHex } from '@plexus/codec'
import { members, notary, practitioners, type RegisteredKey, type Role, type Tenancy } from '@plexus/contracts'
import {
  appHash,
  type Chain,
  type Envelope,
  openingLeadsTo,
  readEnvelope,
  signaturesHold,
  stateKey,
  transactionBytesMax,
  validSecondsMax,
  verifyStateProof,
} from '@plexus/kernel'
import type { Committed, StateFact } from '@plexus/policy'
import { type BundleRefusal, refusal } from './bundle-refusals.ts'
import { believedBlock, type HeaderTrust } from './header-trust.ts'

/** What the ledger shows of a committed statement. */
export interface Standing {
  readonly statement: Uint8Array
  readonly statementHash: Uint8Array
  /** Of the block that carries its batch. */
  readonly height: number
  /** Of the same block, seconds since 1970. */
  readonly time: number
  /** The member that answers for it: its envelope carried the batch. */
  readonly sponsor: string
  /** Proven entries of the state on which that block ran. */
  readonly facts: Facts
}

/** Statement, opening, batch, envelope, block, header and state: each holds on the next, and the last on why the header is believed. */
export function verifyCommitted(
  chain: Chain,
  part: 'intent' | 'page-manifest' | 'receipt',
  shown: Committed,
  trust: HeaderTrust,
): Result<Standing, BundleRefusal> {
  const { opening, stateRoot, historyRoot } = shown
  const { header } = shown.header
  if (opening.type !== part) return refusal('other-statement', part)
  if (!equalBytes(header.chain, chain.id)) return refusal('header-of-another-chain', part)
  const block = believedBlock(chain, shown, trust)
  if (!block.ok) return refusal(block.reason, part)
  if (!equalBytes(appHash({ stateRoot, historyRoot }), block.value.appHash)) return refusal('state-not-in-header', part)
  if (!shown.facts.every((fact) => verifyStateProof({ root: stateRoot, ...fact })))
    return refusal('fact-not-in-state', part)
  const facts = new Facts(shown.facts)

  const read = readEnvelope(shown.envelope)
  if (!read.ok) return refusal('envelope-malformed', part)
  const envelope = read.value
  const { sponsor, validUntil, contract, transaction } = envelope.body
  if (!equalBytes(envelope.body.chain, chain.id)) return refusal('envelope-of-another-chain', part)
  if (validUntil < header.time || validUntil > header.time + validSecondsMax)
    return refusal('envelope-not-in-force', part)
  if (!signaturesHold(envelope)) return refusal('envelope-not-signed', part)
  if (!facts.isActiveMember(sponsor)) return refusal('sponsor-not-active', part)
  if (!sponsorSigned(envelope, facts)) return refusal('sponsor-did-not-sign', part)

  const posted = contract === notary.name ? decode(notary.transaction, transaction, transactionBytesMax) : undefined
  if (!posted?.ok || posted.value.type !== 'post-batch') return refusal('not-a-batch', part)
  const led = openingLeadsTo(chain.id, opening)
  if (!led || !equalBytes(led.root, posted.value.root) || opening.size !== posted.value.leaves)
    return refusal('not-in-batch', part)
  // An envelope may stand in a second block, refused there as a replay: only the first one shows when it was committed.
  if (!facts.notPosted(led.root)) return refusal('batch-posted-before', part)
  if (!block.value.carries()) return refusal('batch-not-in-block', part)
  return ok({
    statement: opening.statement,
    statementHash: led.hash,
    height: header.height,
    time: header.time,
    sponsor,
    facts,
  })
}

/** As the kernel and the notary ask: a key that may sponsor, and one that may post batches, both the sponsor's own. */
function sponsorSigned({ body: { sponsor, signers } }: Envelope, facts: Facts): boolean {
  const held = signers.map((key) => facts.activeKey(key)).filter((key) => key?.holder === sponsor)
  return (['batches', 'sponsor'] as const).every((scope) => held.some((key) => key?.scopes.includes(scope)))
}

/** Proven entries of the state, read by the schemas of the contracts that keep them. What was not shown is not so. */
export class Facts {
  private readonly values: ReadonlyMap<string, Uint8Array | null>

  constructor(facts: readonly StateFact[]) {
    this.values = new Map(facts.map(({ key, value }) => [key, value]))
  }

  isActiveMember(id: string): boolean {
    const value = this.values.get(stateKey(members.name, 'members', id))
    const read = value && decode(members.state.members.value, value)
    return read?.ok === true && read.value.status === 'active'
  }

  /** Whether a root is shown not to have been posted yet. */
  notPosted(root: Uint8Array): boolean {
    return this.values.get(stateKey(notary.name, 'batches', toHex(root))) === null
  }

  /** Whether a member is this organisation, or the host of this active tenant. */
  actsFor(member: string, organisation: string): boolean {
    if (member === organisation) return true
    const tenancy = this.tenancy(organisation)
    return tenancy?.host === member && tenancy.status === 'active'
  }

  activeKey(key: Uint8Array): RegisteredKey | undefined {
    const value = this.values.get(stateKey(members.name, 'keys', toHex(key)))
    const read = value && decode(members.state.keys.value, value)
    return read?.ok && read.value.status === 'active' ? read.value : undefined
  }

  role(npi: string, organisation: string): Role | undefined {
    const value = this.values.get(stateKey(practitioners.name, 'roles', `${npi}/${organisation}`))
    const read = value && decode(practitioners.state.roles.value, value)
    return read?.ok ? read.value : undefined
  }

  private tenancy(id: string): Tenancy | undefined {
    const value = this.values.get(stateKey(members.name, 'tenants', id))
    const read = value && decode(members.state.tenants.value, value)
    return read?.ok ? read.value : undefined
  }
}
