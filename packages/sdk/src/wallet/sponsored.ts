/** Steps of a handle travel in a member's envelope: the sponsor composes and signs, the wallet adds its own share. */
import { compareBytes, decode, encode, equalBytes, no, ok, type Result } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { handleOf, publicKeyOf } from '@plexus/crypto'
import { type Chain, composeBody, readBody, signBody, transactionBytesMax } from '@plexus/kernel'
import { headHandle, headSeed } from './keys.ts'
import { headsMax, relationshipWith } from './state.ts'
import { placeOf, type Wallet } from './wallet.ts'

/** How the sponsor frames the envelope. `sponsorKey`: 32 bytes, `nonce`: 16 random bytes, `validUntil`: seconds. */
export interface Frame {
  readonly sponsor: string
  readonly sponsorKey: Uint8Array
  readonly nonce: Uint8Array
  readonly validUntil: number
}

/** One signature over a body; `assembleEnvelope` wants them in the order of the body's signers. */
export interface Share {
  readonly key: Uint8Array
  readonly signature: Uint8Array
}

export type CoSignRefusal = {
  readonly type:
    | 'not-a-body'
    | 'other-chain'
    | 'not-a-closing'
    | 'not-its-handle'
    | 'head-in-use'
    | 'not-among-signers'
    | 'not-enrolled'
}

/** The body that opens handles: the sponsor alone signs it. */
export function openHandlesBody(chain: Chain, frame: Frame & { readonly handles: readonly Uint8Array[] }): Uint8Array {
  const handles = [...frame.handles].sort(compareBytes)
  return bodyOf(chain, frame, [frame.sponsorKey], encode(notary.transaction, { type: 'open-handles', handles }))
}

/** The body that closes a head whose successor is signed, with the wallet's share; the sponsor's is still to come. */
export function closeHandleBody(
  wallet: Wallet,
  asked: Frame & { readonly custodian: string; readonly version: number },
): Result<{ readonly body: Uint8Array; readonly share: Share }, CoSignRefusal> {
  const { custodian, version } = asked
  const known = relationshipWith(wallet.state, custodian)
  if (!known) return no({ type: 'not-enrolled' })
  if (version < 1 || version >= known.latest) return no({ type: 'head-in-use' })
  const seed = headSeed(placeOf(wallet, custodian), version)
  const key = publicKeyOf(seed)
  const transaction = encode(notary.transaction, { type: 'close-handle', handle: handleOf(key) })
  const body = bodyOf(wallet.chain, asked, [asked.sponsorKey, key], transaction)
  return ok({ body, share: { key, signature: signBody(wallet.chain.id, body, seed) } })
}

/** The wallet's share of a body that a sponsor composed; it signs nothing but the closing of a head that it has replaced. */
export function coSign(wallet: Wallet, bodyBytes: Uint8Array): Result<Share, CoSignRefusal> {
  const read = readBody(bodyBytes)
  if (!read.ok) return no({ type: 'not-a-body' })
  const { chain, contract, transaction, signers } = read.value
  if (!equalBytes(chain, wallet.chain.id)) return no({ type: 'other-chain' })
  const step = contract === notary.name ? decode(notary.transaction, transaction, transactionBytesMax) : undefined
  if (!step?.ok || step.value.type !== 'close-handle') return no({ type: 'not-a-closing' })
  const found = findHead(wallet, step.value.handle)
  if (!found) return no({ type: 'not-its-handle' })
  if (!found.replaced) return no({ type: 'head-in-use' })
  const key = publicKeyOf(found.seed)
  if (!signers.some((signer) => equalBytes(signer, key))) return no({ type: 'not-among-signers' })
  return ok({ key, signature: signBody(wallet.chain.id, bodyBytes, found.seed) })
}

/** Newest first: what is closed was replaced a moment ago. */
function findHead(wallet: Wallet, handle: Uint8Array) {
  for (const { custodian, latest } of wallet.state.relationships) {
    const place = placeOf(wallet, custodian)
    for (let version = Math.min(latest, headsMax); version >= 1; version--)
      if (equalBytes(headHandle(place, version), handle))
        return { seed: headSeed(place, version), replaced: version < latest }
  }
  return undefined
}

function bodyOf(
  chain: Chain,
  { sponsor, nonce, validUntil }: Frame,
  signers: readonly Uint8Array[],
  transaction: Uint8Array,
): Uint8Array {
  return composeBody({ chain: chain.id, sponsor, nonce, validUntil, contract: notary.name, transaction, signers })
}
