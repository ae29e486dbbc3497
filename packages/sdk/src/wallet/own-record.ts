/** The patient reads the own chart: asked for with the key of the enrolment, opened with the one that it is sealed to. */
import { decode, encode, equalBytes, type Malformed, no, ok, type Result, toHex, utf8 } from '@plexus/codec'
import { openSealed, publicKeyOf, sha256, sign, signedBytes } from '@plexus/crypto'
import {
  ownRecordInfo,
  ownRecordPage,
  ownRecordPageBytesMax,
  ownRecordRequest,
  ownRecordRequestType,
  type RecordVersion,
  recordVersion,
  type SignedDirectiveSet,
  signedOwnRecordRequest,
} from '@plexus/policy'
import { sealingSeed, signingSeed } from './keys.ts'
import { relationshipWith } from './state.ts'
import { placeOf, type Wallet, type WalletRefusal } from './wallet.ts'

/** The page's records with what surrounds them. */
const pageBytesMax = 2 * ownRecordPageBytesMax

export interface OwnRecordEntry {
  /** Place in the chart: what the next request comes after. */
  readonly place: number
  readonly statement: RecordVersion
  /** The statement's random name of this version, in hexadecimal. */
  readonly record: string
  /** Height of its block, as the custodian says. */
  readonly committedAt: number
  /** As received; null where it did not come, or is not what the statement says. */
  readonly content: Uint8Array | null
}

export interface OwnRecordPart {
  readonly entries: readonly OwnRecordEntry[]
  readonly more: number
  readonly leftOut: number
  /** The directive set that the custodian says it holds; see `takeSet`. */
  readonly set: SignedDirectiveSet | null
  readonly height: number
}

export type OwnRecordPageRefusal =
  | { readonly type: 'not-enrolled'; readonly custodian: string }
  | { readonly type: 'page-not-for-us' }
  | { readonly type: 'page-malformed' }
  /** A statement of another custodian, or a place that does not rise. */
  | { readonly type: 'page-out-of-order' }

/** A signed request for the page after `after` (0: the first). It is good for two minutes. */
export function ownRecordRequestFor(
  wallet: Wallet,
  { custodian, after, now }: { readonly custodian: string; readonly after: number; readonly now: number },
): Result<Uint8Array, Extract<WalletRefusal, { readonly type: 'not-enrolled' }>> {
  const known = relationshipWith(wallet.state, custodian)
  if (!known) return no({ type: 'not-enrolled', custodian })
  const seed = signingSeed(placeOf(wallet, custodian), known.epoch)
  const content = { custodian, after, madeAt: now }
  const message = signedBytes(ownRecordRequestType, wallet.chain.id, encode(ownRecordRequest, content))
  return ok(
    encode(signedOwnRecordRequest, { content, signature: { key: publicKeyOf(seed), signature: sign(seed, message) } }),
  )
}

/**
 * Opens the answer to `request`. What is shown as content hashes to its statement; that the statement is the one on the
 * ledger is the custodian's word here, and receipts prove it.
 */
export async function openOwnRecordPage(
  wallet: Wallet,
  asked: {
    readonly custodian: string
    readonly after: number
    readonly request: Uint8Array
    readonly sealed: Uint8Array
  },
): Promise<Result<OwnRecordPart, OwnRecordPageRefusal>> {
  const { custodian, request, sealed } = asked
  const known = relationshipWith(wallet.state, custodian)
  if (!known) return no({ type: 'not-enrolled', custodian })
  const seed = sealingSeed(placeOf(wallet, custodian), known.epoch)
  const opened = await openSealed({ seed, info: utf8(ownRecordInfo), context: sha256(request), sealed })
  if (!opened.ok) return no({ type: 'page-not-for-us' })
  const read = decode(ownRecordPage, opened.value, pageBytesMax)
  if (!read.ok) return no({ type: 'page-malformed' })
  const { records, more, leftOut, set, height } = read.value
  const entries: OwnRecordEntry[] = []
  let last = asked.after
  for (const { place, statement: bytes, committedAt, content } of records) {
    const statement: Result<RecordVersion, Malformed> = decode(recordVersion, bytes)
    if (!statement.ok) return no({ type: 'page-malformed' })
    if (statement.value.custodian !== custodian || place <= last) return no({ type: 'page-out-of-order' })
    last = place
    const holds = content !== null && equalBytes(sha256(content), statement.value.plaintextHash)
    entries.push({
      place,
      statement: statement.value,
      record: toHex(statement.value.record),
      committedAt,
      content: holds ? content : null,
    })
  }
  return ok({ entries, more, leftOut, set, height })
}
