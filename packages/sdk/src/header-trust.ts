/** Why a block is believed: the key that orders, or the votes of validators. All of a bundle's checks rest on this one. */
import { equalBytes, no, ok, type Result } from '@plexus/codec'
import { merkleLeafHash, rootOfPath } from '@plexus/crypto'
import { type Chain, chainNameOf, headerHolds, type SignedHeader, sequencerKeyOf } from '@plexus/kernel'
import type { Committed } from '@plexus/policy'
import type { BundleRefusalType } from './bundle-refusals.ts'
import { isTransactionIn } from './light/included.ts'
import type { LightHeader } from './light/light-block.ts'

export type HeaderTrust =
  /** The embedded engine: the key in the genesis document signed the header. */
  | { readonly type: 'engine-key' }
  /** CometBFT: a light client verified the header of this height; undefined when it did not. */
  | { readonly type: 'light-client'; readonly headerAt: (height: number) => LightHeader | undefined }

export const engineKey: HeaderTrust = { type: 'engine-key' }

/** What a block that is believed says. */
export interface BelievedBlock {
  readonly appHash: Uint8Array
  /** Whether the shown envelope stands in it, at the shown place. */
  readonly carries: () => boolean
}

type HeaderDoubt = Extract<BundleRefusalType, 'header-not-signed' | 'header-not-verified' | 'header-of-another-block'>

/** The block of what is shown, if there is reason to believe it. */
export function believedBlock(
  chain: Chain,
  { header: signed, envelope, index, count, path }: Committed,
  trust: HeaderTrust,
): Result<BelievedBlock, HeaderDoubt> {
  const believed = believedHeader(chain, signed, trust)
  if (!believed.ok) return believed
  const { appHash, verified } = believed.value
  return ok({
    appHash,
    carries: () => {
      if (verified) return isTransactionIn(verified, envelope, { index, count, path })
      const reached = rootOfPath({ leafHash: merkleLeafHash(envelope), index, size: count, path })
      return reached !== undefined && equalBytes(reached, signed.header.transactionsRoot)
    },
  })
}

/** What a header that is believed says of the state before its block; `verified` is a light client's, where there is one. */
export function believedHeader(
  chain: Chain,
  signed: SignedHeader,
  trust: HeaderTrust,
): Result<{ readonly appHash: Uint8Array; readonly verified: LightHeader | null }, HeaderDoubt> {
  const { header } = signed
  if (trust.type === 'engine-key') {
    const key = sequencerKeyOf(chain)
    return key && headerHolds(signed, key) ? ok({ appHash: header.appHash, verified: null }) : no('header-not-signed')
  }
  const verified = trust.headerAt(header.height)
  // Headers of another network may hold just as well.
  if (verified?.chainName !== chainNameOf(chain)) return no('header-not-verified')
  // The ledger counts whole seconds; what a header says besides is not in a bundle, or is taken from the verified one.
  const isIt =
    header.type === 'cometbft' && verified.time.seconds === header.time && equalBytes(verified.appHash, header.appHash)
  if (!isIt) return no('header-of-another-block')
  return ok({ appHash: verified.appHash, verified })
}
