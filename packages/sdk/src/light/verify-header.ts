/** Whether one header follows from another (light/verifier.go of CometBFT v0.40; spec/light-client/verification). */
import { equalBytes, no, ok, type Result } from '@plexus/codec'
import { type Instant, isBefore, later } from './instant.ts'
import type { LightBlock, TrustedBlock } from './light-block.ts'
import { headerHashOf, validatorsHashOf } from './light-hashes.ts'
import {
  type CommitRefusal,
  ownValidatorsVoted,
  type TrustLevel,
  trustedValidatorsVoted,
  type VotesThatHold,
} from './verify-commit.ts'

/** What a light client rests on, besides a first header. */
export interface LightSettings {
  /** For how long a header may vouch for later ones. Keys of validators that have left are nobody's care after it. */
  readonly trustingSeconds: number
  /** How far a header may be ahead of the clock of whoever asks. */
  readonly clockDriftSeconds: number
  readonly trustLevel: TrustLevel
}

/**
 * A week is what `cometbft light` takes, and ten seconds its `defaultMaxClockDrift`; a third is its `DefaultTrustLevel`: one
 * honest validator at least.
 */
export const lightSettings: LightSettings = {
  trustingSeconds: 7 * 86_400,
  clockDriftSeconds: 10,
  trustLevel: { numerator: 1, denominator: 3 },
}

export type HeaderRefusal =
  | CommitRefusal
  /** The header that is trusted is too old to vouch for another. */
  | { readonly type: 'trust-expired' }
  | { readonly type: 'not-adjacent' }
  /** Version, height or commit do not belong to a header of this protocol. */
  | { readonly type: 'other-protocol' }
  | { readonly type: 'other-chain' }
  /** The commit is of another height or another header. */
  | { readonly type: 'commit-of-another-header' }
  | { readonly type: 'not-higher' }
  | { readonly type: 'not-later' }
  | { readonly type: 'from-the-future' }
  /** The validators shown are not those in the header. */
  | { readonly type: 'validators-not-in-header' }
  /** The validators are not those that the header before announced. */
  | { readonly type: 'validators-not-announced' }
  /** Going back: the later header names another one as the header before it. */
  | { readonly type: 'not-the-header-before' }

/** `version.BlockProtocol` of v0.34 to v0.40. */
const blockProtocol = 11

/** Whether the header just after a trusted one holds: its validators were announced, and two thirds of them voted. */
export function verifyAdjacent(
  trusted: TrustedBlock,
  next: LightBlock,
  now: Instant,
  settings: LightSettings,
): Result<void, HeaderRefusal> {
  if (next.header.height !== trusted.header.height + 1) return no({ type: 'not-adjacent' })
  const basic = verifyLater(trusted, next, now, settings)
  if (!basic.ok) return basic
  if (!equalBytes(next.header.validatorsHash, trusted.header.nextValidatorsHash))
    return no({ type: 'validators-not-announced' })
  return ownValidatorsVoted(next, new Map())
}

/** Whether a header further on holds: enough of the trusted validators voted for it, and two thirds of its own. */
export function verifyNonAdjacent(
  trusted: TrustedBlock,
  next: LightBlock,
  now: Instant,
  settings: LightSettings,
): Result<void, HeaderRefusal> {
  checkTrustLevel(settings.trustLevel)
  if (next.header.height === trusted.header.height + 1) return no({ type: 'not-adjacent' })
  const basic = verifyLater(trusted, next, now, settings)
  if (!basic.ok) return basic
  const holding: VotesThatHold = new Map()
  const known = trustedValidatorsVoted(next, trusted.validators, settings.trustLevel, holding)
  // The header's own validators come last: a liar may have made very many of them.
  return known.ok ? ownValidatorsVoted(next, holding) : known
}

export function verifyNext(
  trusted: TrustedBlock,
  next: LightBlock,
  now: Instant,
  settings: LightSettings,
): Result<void, HeaderRefusal> {
  const isNext = next.header.height === trusted.header.height + 1
  return (isNext ? verifyAdjacent : verifyNonAdjacent)(trusted, next, now, settings)
}

/** Whether this is the header before a trusted one: its hash stands in it. No vote is asked, and no clock. */
export function verifyBackwards(trusted: TrustedBlock, before: LightBlock): Result<void, HeaderRefusal> {
  const { header } = before
  if (header.chainName !== trusted.header.chainName) return no({ type: 'other-chain' })
  const named = trusted.header.lastBlock
  if (header.height !== trusted.header.height - 1 || !named) return no({ type: 'not-adjacent' })
  if (!isBefore(header.time, trusted.header.time)) return no({ type: 'not-later' })
  if (!equalBytes(headerHashOf(header), named.hash)) return no({ type: 'not-the-header-before' })
  return validatorsAreInHeader(before)
}

/** A block in itself: of this protocol, its commit for this very header, its validators those in it. */
export function verifyWhole(block: LightBlock, chainName: string): Result<void, HeaderRefusal> {
  const { header, commit } = block
  if (header.blockVersion !== blockProtocol) return no({ type: 'other-protocol' })
  if (header.chainName !== chainName) return no({ type: 'other-chain' })
  if (commit.height !== header.height || !equalBytes(commit.block.hash, headerHashOf(header)))
    return no({ type: 'commit-of-another-header' })
  return validatorsAreInHeader(block)
}

function verifyLater(
  trusted: TrustedBlock,
  next: LightBlock,
  now: Instant,
  { trustingSeconds, clockDriftSeconds }: LightSettings,
): Result<void, HeaderRefusal> {
  if (!isBefore(now, later(trusted.header.time, trustingSeconds))) return no({ type: 'trust-expired' })
  const { height, time } = next.header
  if (height <= trusted.header.height) return no({ type: 'not-higher' })
  if (!isBefore(trusted.header.time, time)) return no({ type: 'not-later' })
  if (!isBefore(time, later(now, clockDriftSeconds))) return no({ type: 'from-the-future' })
  return verifyWhole(next, trusted.header.chainName)
}

function validatorsAreInHeader({ header, validators }: LightBlock): Result<void, HeaderRefusal> {
  return equalBytes(validatorsHashOf(validators), header.validatorsHash)
    ? ok()
    : no({ type: 'validators-not-in-header' })
}

/** Throws on a level below a third or above one: below, liars alone could vouch for a header. */
function checkTrustLevel({ numerator, denominator }: TrustLevel): void {
  const isWhole = Number.isSafeInteger(numerator) && Number.isSafeInteger(denominator) && denominator > 0
  if (!isWhole || numerator * 3 < denominator || numerator > denominator)
    throw new RangeError('trustLevel: expected a part from 1/3 to 1')
}
