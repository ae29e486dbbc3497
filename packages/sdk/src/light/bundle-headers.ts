/** The headers on which a receipt bundle rests, verified from a trusted one: what `verifyBundle` needs on CometBFT. */
import { ok, type Result } from '@plexus/codec'
import { readBundle } from '../bundle.ts'
import type { HeaderTrust } from '../header-trust.ts'
import { type FollowFailure, followTo, type LightSources, type LightStep } from './follow.ts'
import type { LightHeader, TrustedBlock } from './light-block.ts'

export interface BundleHeaders {
  readonly trust: HeaderTrust
  /** The highest header that was verified: where the next bundle may begin. */
  readonly trusted: TrustedBlock
}

/**
 * Fetches and verifies the headers of a bundle's blocks: at most two, and those between that votes ask for. Bytes that are
 * no bundle need none; `verifyBundle` says what they are.
 */
export async function headersOf(
  bundleBytes: Uint8Array,
  step: LightStep,
  sources: LightSources,
): Promise<Result<BundleHeaders, FollowFailure>> {
  const bundle = readBundle(bundleBytes)
  const shown = bundle ? [bundle.receipt, ...(bundle.intent ? [bundle.intent] : [])] : []
  const heights = [...new Set(shown.map(({ header }) => header.header.height))].sort((a, b) => a - b)
  const verified = new Map<number, LightHeader>()
  let { trusted } = step
  // Later ones first, each from the last; then back from where trust began, each from the one after it.
  let earliest = trusted
  for (const height of heights.filter((each) => each >= step.trusted.header.height)) {
    const reached = await followTo(height, { ...step, trusted }, sources)
    if (!reached.ok) return reached
    trusted = reached.value.block
    verified.set(height, trusted.header)
  }
  for (const height of heights.filter((each) => each < step.trusted.header.height).reverse()) {
    const reached = await followTo(height, { ...step, trusted: earliest }, sources)
    if (!reached.ok) return reached
    earliest = reached.value.block
    verified.set(height, earliest.header)
  }
  return ok({ trust: { type: 'light-client', headerAt: (height) => verified.get(height) }, trusted })
}
