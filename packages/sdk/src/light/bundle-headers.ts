/** The headers on which a receipt bundle, or one committed statement, rests, verified from a trusted one: what `verifyBundle` needs on CometBFT. */
import { decode, equalBytes, ok, type Result } from '@plexus/codec'
import { bundleBytesMax, type Committed, committed } from '@plexus/policy'
import { readBundle } from '../bundle.ts'
import type { HeaderTrust } from '../header-trust.ts'
import { type FollowFailure, followTo, type LightSources, type LightStep } from './follow.ts'
import type { LightHeader, TrustedBlock } from './light-block.ts'
import { headerHashOf } from './light-hashes.ts'

export interface BundleHeaders {
  /** Without a header for a block that there is not, or that lies too far back: `verifyBundle` refuses what rests on it. */
  readonly trust: HeaderTrust
  /** The highest header that was verified: where the next bundle may begin. */
  readonly trusted: TrustedBlock
}

/** A source may be so far behind the member that sent a bundle; a block that it lacks after that is none. */
const lagSecondsMax = 60

interface Claim {
  readonly height: number
  readonly time: number
}

/**
 * Fetches and verifies the headers of a bundle's blocks: at most two, and those between that votes ask for. A refusal is
 * about the sources or the network, never about what the bundle claims: its sender cannot keep a wallet from going on.
 */
export async function headersOf(
  bundleBytes: Uint8Array,
  step: LightStep,
  sources: LightSources,
): Promise<Result<BundleHeaders, FollowFailure>> {
  const verified = new Map<number, LightHeader>()
  let { trusted } = step
  let earliest = trusted
  // Later ones in rising order, each from the last; then back from where trust began.
  for (const claim of claimsIn(bundleBytes, step.trusted.header.height)) {
    const isLater = claim.height >= step.trusted.header.height
    const reached = await followTo(claim.height, { ...step, trusted: isLater ? trusted : earliest }, sources)
    if (reached.ok) {
      const { block } = reached.value
      if (isLater) trusted = block
      else earliest = block
      verified.set(claim.height, block.header)
    } else if (!(await isInvented(claim, reached.reason, step, sources))) return reached
  }
  return ok({ trust: { type: 'light-client', headerAt: (height) => verified.get(height) }, trusted })
}

/** Bytes that are no bundle claim nothing; `verifyBundle` says what they are. */
function claimsIn(bundleBytes: Uint8Array, from: number): readonly Claim[] {
  const claims = committedIn(bundleBytes).map(({ header }) => header.header)
  const byHeight = new Map(claims.map(({ height, time }) => [height, { height, time }]))
  const rising = [...byHeight.values()].sort((a, b) => a.height - b.height)
  return [
    ...rising.filter(({ height }) => height >= from),
    ...rising.filter(({ height }) => height < from).toReversed(),
  ]
}

/** The statements that a bundle shows; or the only one, where that is all that was sent. */
function committedIn(bytes: Uint8Array): readonly Committed[] {
  const bundle = readBundle(bytes)
  if (bundle) return [bundle.receipt, ...(bundle.intent ? [bundle.intent] : [])]
  const alone = decode(committed, bytes, bundleBytesMax)
  return alone.ok ? [alone.value] : []
}

/** Whether it is the bundle's doing that a header was not reached: the source is sound, and has no such block to send. */
async function isInvented(
  { height, time }: Claim,
  failure: FollowFailure,
  { trusted, now, settings }: LightStep,
  { primary }: LightSources,
): Promise<boolean> {
  if (failure.type === 'too-far') return true
  if (failure.type !== 'not-sent' || failure.height !== height) return false
  const isRecent = time >= now.seconds - lagSecondsMax && time <= now.seconds + settings.clockDriftSeconds
  if (isRecent) return false
  const known = await primary(trusted.header.height)
  return known !== undefined && equalBytes(headerHashOf(known.header), trusted.hash)
}
