/**
 * From a trusted header to the one of a given height, by headers that others send, and a look at what other sources show
 * there (spec/light-client/{verification,detection}). Nobody who sends is trusted; too few votes are no votes.
 */
import { equalBytes, no, ok, type Result } from '@plexus/codec'
import type { Instant } from './instant.ts'
import type { LightBlock, TrustedBlock } from './light-block.ts'
import { trustedOf } from './trusted-block.ts'
import { type HeaderRefusal, type LightSettings, verifyBackwards, verifyNext } from './verify-header.ts'

/** The block of a height as one source tells it; undefined when it has none, does not answer, or answers what does not read. */
export type FetchLightBlock = (height: number) => Promise<LightBlock | undefined>

/**
 * Skipping halves the way at each fork of it, so that tens of fetches cross millions of blocks; a source that makes every
 * step the longest gets no more than this out of a wallet. It is also how far back one goes, block by block.
 */
export const fetchesMax = 2048
/** More witnesses than anyone configures; each costs a fetch. */
export const witnessesMax = 16

export type FollowRefusal =
  | { readonly type: 'not-verified'; readonly height: number; readonly why: HeaderRefusal }
  /** The source has no block of this height, or sent one of another. */
  | { readonly type: 'not-sent'; readonly height: number }
  | { readonly type: 'too-far' }

/** Two headers of one height, each with votes that hold: more than a third of the validators signed both. */
export interface ForkAlarm {
  readonly type: 'fork'
  /** The last header that both sides share as far as it is known. */
  readonly common: TrustedBlock
  readonly primary: LightBlock
  readonly witness: LightBlock
  /** Which of the witnesses, from 0. */
  readonly witnessIndex: number
}

export type FollowFailure = FollowRefusal | ForkAlarm | { readonly type: 'no-witness-agrees' }

export interface LightSources {
  readonly primary: FetchLightBlock
  /** Asked what they have at the height; one of them at least must show the same header, if there are any. */
  readonly witnesses: readonly FetchLightBlock[]
}

export interface LightStep {
  readonly trusted: TrustedBlock
  readonly now: Instant
  readonly settings: LightSettings
}

/** The header that was asked for, and which witnesses said what, by index. */
export interface Followed {
  readonly block: TrustedBlock
  readonly confirmedBy: readonly number[]
  /** No answer, or no such height. */
  readonly silent: readonly number[]
  /** Another header, for which no votes hold: such a witness is broken or lies. */
  readonly faulty: readonly number[]
}

/** The header of a height, later or earlier than the trusted one, verified by skipping and compared with the witnesses. */
export async function followTo(
  height: number,
  step: LightStep,
  { primary, witnesses }: LightSources,
): Promise<Result<Followed, FollowFailure>> {
  if (witnesses.length > witnessesMax) throw new RangeError(`witnesses: expected at most ${witnessesMax}`)
  const { trusted } = step
  // What stands in a trusted header by its hash was settled when that was compared.
  if (height <= trusted.header.height) {
    const past = await followBack(height, trusted, primary)
    return past.ok ? ok({ block: past.value, confirmedBy: [], silent: [], faulty: [] }) : past
  }
  const target = await blockAt(height, primary)
  if (!target.ok) return target
  const reached = await followSkipping(target.value, step, primary)
  if (!reached.ok) return reached
  const heard = { confirmedBy: [] as number[], silent: [] as number[], faulty: [] as number[] }
  for (const [index, source] of witnesses.entries()) {
    const shown = await blockAt(height, source)
    if (!shown.ok) heard.silent.push(index)
    else if (equalBytes(trustedOf(shown.value).hash, reached.value.hash)) heard.confirmedBy.push(index)
    else if ((await followSkipping(shown.value, step, source)).ok)
      return no({ type: 'fork', common: trusted, primary: target.value, witness: shown.value, witnessIndex: index })
    else heard.faulty.push(index)
  }
  if (witnesses.length > 0 && heard.confirmedBy.length === 0) return no({ type: 'no-witness-agrees' })
  return ok({ block: reached.value, ...heard })
}

/** By as few headers as the votes of trusted validators allow. */
export async function followSkipping(
  target: LightBlock,
  { trusted, now, settings }: LightStep,
  source: FetchLightBlock,
): Promise<Result<TrustedBlock, FollowRefusal>> {
  let reached = trusted
  const ahead = [target]
  for (let fetches = 0; ; ) {
    const next = ahead.at(-1)
    if (!next) return ok(reached)
    const verified = verifyNext(reached, next, now, settings)
    const { height } = next.header
    if (verified.ok) {
      reached = trustedOf(next)
      ahead.pop()
      continue
    }
    if (verified.reason.type !== 'too-little-trusted-power')
      return no({ type: 'not-verified', height, why: verified.reason })
    if (fetches++ === fetchesMax) return no({ type: 'too-far' })
    const between = await blockAt(pivotOf(reached.header.height, height), source)
    if (!between.ok) return between
    ahead.push(between.value)
  }
}

/** Header by header. */
export async function followEach(
  height: number,
  { trusted, now, settings }: LightStep,
  source: FetchLightBlock,
): Promise<Result<TrustedBlock, FollowRefusal>> {
  if (height < trusted.header.height) throw new RangeError('height: expected none before the trusted one')
  if (height - trusted.header.height > fetchesMax) return no({ type: 'too-far' })
  let reached = trusted
  while (reached.header.height < height) {
    const next = await blockAt(reached.header.height + 1, source)
    if (!next.ok) return next
    const verified = verifyNext(reached, next.value, now, settings)
    if (!verified.ok) return no({ type: 'not-verified', height: next.value.header.height, why: verified.reason })
    reached = trustedOf(next.value)
  }
  return ok(reached)
}

/** Back along the hashes that each header carries of the one before it. */
export async function followBack(
  height: number,
  trusted: TrustedBlock,
  source: FetchLightBlock,
): Promise<Result<TrustedBlock, FollowRefusal>> {
  if (height > trusted.header.height) throw new RangeError('height: expected none after the trusted one')
  if (trusted.header.height - height > fetchesMax) return no({ type: 'too-far' })
  let reached = trusted
  while (reached.header.height > height) {
    const before = await blockAt(reached.header.height - 1, source)
    if (!before.ok) return before
    const verified = verifyBackwards(reached, before.value)
    if (!verified.ok) return no({ type: 'not-verified', height: before.value.header.height, why: verified.reason })
    reached = trustedOf(before.value)
  }
  return ok(reached)
}

/** `verifySkippingNumerator / Denominator` of CometBFT (light/client.go): the validators change sooner than by half. */
function pivotOf(from: number, to: number): number {
  return from + Math.floor(((to - from) * 9) / 16)
}

async function blockAt(height: number, source: FetchLightBlock): Promise<Result<LightBlock, FollowRefusal>> {
  const block = height > 0 ? await source(height) : undefined
  return block?.header.height === height ? ok(block) : no({ type: 'not-sent', height })
}
