/** One access, checked off-line, whoever sent the bundle: from the genesis document, or from headers of a light client. */
import { decode, encode, equalBytes, ok, type Result } from '@plexus/codec'
import { signedBytes, verify } from '@plexus/crypto'
import type { Chain } from '@plexus/kernel'
import {
  bundleBytesMax,
  type Committed,
  type IntentContent,
  intentContent,
  intent as intentSchema,
  type Receipt,
  type ReceiptBundle,
  type ReleaseNote,
  receiptBundle,
  receipt as receiptSchema,
  releaseNoteContent,
  type SignedReleaseNote,
  statementTypes,
} from '@plexus/policy'
import { type BundleRefusal, refusal } from './bundle-refusals.ts'
import { type Standing, verifyCommitted } from './committed.ts'
import { engineKey, type HeaderTrust } from './header-trust.ts'

/** An access as the ledger proves it. Heights are of blocks, times seconds since 1970 from their headers. */
export interface VerifiedAccess {
  readonly receipt: Receipt
  readonly receiptHash: Uint8Array
  readonly receiptHeight: number
  readonly receiptTime: number
  /** Null for a read by the custodian's own staff. */
  readonly intent: IntentContent | null
  readonly intentHeight: number | null
  /** Null when nothing was released. */
  readonly note: ReleaseNote | null
  /** In plain words: what the bundle shows to anyone who trusts the genesis document. */
  readonly proven: readonly string[]
  /** In plain words: what nobody should read into it. */
  readonly notProven: readonly string[]
}

/**
 * Checks one receipt bundle. The first failed check is the answer, with its type and a plain sentence. `trust` says why
 * its blocks are believed; on CometBFT `headersOf` verifies them.
 */
export function verifyBundle(
  chain: Chain,
  bundleBytes: Uint8Array,
  trust: HeaderTrust = engineKey,
): Result<VerifiedAccess, BundleRefusal> {
  const read = readBundle(bundleBytes)
  if (!read) return refusal('malformed', 'bundle')
  const shown = verifyReceipt(chain, read.receipt, trust)
  if (!shown.ok) return shown
  const { receipt, standing } = shown.value

  const asked = verifyIntent(chain, shown.value, read.intent, trust)
  if (!asked.ok) return asked
  const note = verifyNote(chain, shown.value, read.note)
  if (!note.ok) return note
  return ok({
    receipt,
    receiptHash: standing.statementHash,
    receiptHeight: standing.height,
    receiptTime: standing.time,
    intent: asked.value?.content ?? null,
    intentHeight: asked.value?.standing.height ?? null,
    note: note.value,
    ...inPlainWords(shown.value, asked.value, note.value, trust),
  })
}

export function readBundle(bytes: Uint8Array): ReceiptBundle | undefined {
  const read = decode(receiptBundle, bytes, bundleBytesMax)
  return read.ok ? read.value : undefined
}

/** The receipt that a bundle shows, unchecked: by it whoever keeps bundles finds one again, and nothing else may hang on it. */
export function receiptIn(bundleBytes: Uint8Array): Receipt | undefined {
  const shown = readBundle(bundleBytes)
  const read = shown && decode(receiptSchema, shown.receipt.opening.statement)
  return read?.ok ? read.value : undefined
}

export interface ShownReceipt {
  readonly receipt: Receipt
  readonly standing: Standing
}

/** That the custodian committed this receipt, whatever it answers. */
export function verifyReceipt(
  chain: Chain,
  shown: Committed,
  trust: HeaderTrust = engineKey,
): Result<ShownReceipt, BundleRefusal> {
  const standing = verifyCommitted(chain, 'receipt', shown, trust)
  if (!standing.ok) return standing
  const read = decode(receiptSchema, standing.value.statement)
  if (!read.ok) return refusal('other-statement', 'receipt')
  const { sponsor, facts } = standing.value
  if (!facts.actsFor(sponsor, read.value.custodian)) return refusal('receipt-not-by-custodian', 'receipt')
  return ok({ receipt: read.value, standing: standing.value })
}

interface ShownIntent {
  readonly content: IntentContent
  readonly standing: Standing
  /** Why the requester's side is not proven; it need not be where nothing was released. */
  readonly doubt: BundleRefusal | null
}

function verifyIntent(
  chain: Chain,
  { receipt, standing: answer }: ShownReceipt,
  shown: Committed | null,
  trust: HeaderTrust,
): Result<ShownIntent | null, BundleRefusal> {
  if (receipt.decision.type === 'own-staff') {
    if (shown || receipt.intent.some((byte) => byte !== 0)) return refusal('intent-unexpected', 'receipt')
    return receipt.height < answer.height ? ok(null) : refusal('decided-out-of-order', 'receipt')
  }
  if (!shown) return refusal('intent-missing', 'receipt')
  const standing = verifyCommitted(chain, 'intent', shown, trust)
  if (!standing.ok) return standing
  const read = decode(intentSchema, standing.value.statement)
  if (!read.ok) return refusal('other-statement', 'intent')
  const { content, clinician } = read.value
  const { height, sponsor, statementHash } = standing.value
  if (content.custodian !== receipt.custodian) return refusal('intent-of-another-custodian', 'intent')
  if (!equalBytes(receipt.intent, statementHash)) return refusal('receipt-of-another-intent', 'receipt')
  if (height >= answer.height) return refusal('receipt-not-after-intent', 'receipt')
  if (receipt.height < height || receipt.height >= answer.height) return refusal('decided-out-of-order', 'receipt')

  const asker = requesterSide()
  const granted = isGrant(receipt)
  if (granted && !asker.ok) return asker
  // The custodian decides once more after this block, on a time that is not before it.
  if (granted && answer.time > content.expiresAt) return refusal('released-after-end', 'receipt')
  return ok({ content, standing: standing.value, doubt: asker.ok ? null : asker.reason })

  function requesterSide(): Result<void, BundleRefusal> {
    const facts = (standing as { readonly value: Standing }).value.facts
    if (![facts, answer.facts].some((each) => each.actsFor(sponsor, content.requester)))
      return refusal('intent-not-by-requester', 'intent')
    const { npi, organisation } = content.clinician
    // The decision came after the intent's block: a role that was reinstated in between stands beside the receipt.
    const role = [facts, answer.facts]
      .map((each) => each.role(npi, organisation))
      .find((each) => each?.status === 'active')
    if (!role || organisation !== content.requester) return refusal('clinician-without-role', 'intent')
    const message = signedBytes(statementTypes.intent, chain.id, encode(intentContent, content))
    if (!equalBytes(role.key, clinician.key) || !verify(clinician.key, message, clinician.signature))
      return refusal('clinician-did-not-sign', 'intent')
    return ok()
  }
}

function isGrant({ decision }: Receipt): boolean {
  return decision.type === 'permit' || decision.type === 'part'
}

/** The release note of a grant, and none of anything else. A host's key speaks for its tenant too. */
export function verifyNote(
  chain: Chain,
  { receipt, standing }: ShownReceipt,
  note: SignedReleaseNote | null,
): Result<ReleaseNote | null, BundleRefusal> {
  if (!isGrant(receipt)) return note ? refusal('note-unexpected', 'note') : ok(null)
  if (!note) return refusal('note-missing', 'note')
  const { content, signature } = note
  if (content.custodian !== receipt.custodian || !equalBytes(content.receipt, standing.statementHash))
    return refusal('note-of-another-receipt', 'note')
  if (content.height < standing.height) return refusal('note-before-receipt', 'note')
  const key = standing.facts.activeKey(signature.key)
  if (!key?.scopes.includes('custodian') || (key.holder !== receipt.custodian && key.holder !== standing.sponsor))
    return refusal('note-not-by-custodian', 'note')
  const message = signedBytes(statementTypes.releaseNote, chain.id, encode(releaseNoteContent, content))
  return verify(signature.key, message, signature.signature) ? ok(content) : refusal('note-not-signed', 'note')
}

function inPlainWords(
  { receipt, standing }: ShownReceipt,
  asked: ShownIntent | null,
  note: ReleaseNote | null,
  trust: HeaderTrust,
): Pick<VerifiedAccess, 'notProven' | 'proven'> {
  const { custodian } = receipt
  const proven = [`${custodian} committed this receipt in block ${standing.height}, and cannot have written it later.`]
  const notProven = [
    trust.type === 'engine-key'
      ? 'On the embedded engine one key orders the blocks: this proves nothing against its owner.'
      : 'Two thirds of the validators agreed on the blocks: this proves nothing against so many of them together.',
    'A block shows what was ordered, not what the rules answered: that each batch was new and could be accepted follows from the state, keys and end that were checked here; only a replica sees the answer itself.',
  ]
  if (!asked) {
    proven.push('The custodian says that its own staff read the record.')
    notProven.push('A read by own staff that the custodian never writes down cannot be noticed from outside.')
    return { proven, notProven }
  }
  const { content, doubt } = asked
  proven.push(`The intent that it answers was committed before it, in block ${asked.standing.height}.`)
  if (doubt) notProven.push(doubt.says)
  else
    proven.push(
      `${content.requester} committed the intent, and a clinician for whose role it vouched signed it (NPI ${content.clinician.npi}).`,
    )
  if (note) {
    proven.push(`${custodian} states that it decided last on the state after block ${note.height}.`)
    notProven.push(
      'Whether the decision follows from policy: that takes the openings of evidence, directives and records.',
      'What custodian and requester hide together: no system sees it.',
    )
  } else notProven.push('That nothing was handed over all the same.')
  return { proven, notProven }
}
