/** What a wallet believes of a chain's blocks, whichever engine the chain has, for as long as the wallet is open. */
import { no, ok, type Result } from '@plexus/codec'
import { type Chain, sequencerKeyOf } from '@plexus/kernel'
import { engineKey, type HeaderTrust } from '../header-trust.ts'
import { headersOf } from './bundle-headers.ts'
import { lightGenesisOf } from './chain-founders.ts'
import { type FollowFailure, followTo, type LightSources, type LightStep } from './follow.ts'
import type { LightHeader, TrustedBlock } from './light-block.ts'
import { type StartRefusal, startFromGenesis } from './trusted-block.ts'
import { type LightSettings, lightSettings } from './verify-header.ts'

export type BeliefRefusal = FollowFailure | StartRefusal

/** Why the blocks of a bundle are believed. */
export type Belief = (bundle: Uint8Array) => Promise<Result<HeaderTrust, BeliefRefusal>>

/** What beliefs of one chain begin from. */
export interface BeliefParts {
  readonly chain: Chain
  readonly sources: LightSources
  /** Seconds since 1970. */
  readonly now: () => number
  readonly trusted?: TrustedBlock
  readonly settings?: LightSettings
}

/**
 * On the embedded engine its key. On CometBFT votes, followed from the genesis document, or from `trusted`: a network that
 * is older than the trusting period needs a header that somebody vouches for. What one bundle has shown is where the next
 * begins.
 */
export function beliefIn(parts: BeliefParts): Belief {
  if (sequencerKeyOf(parts.chain)) return async () => ok(engineKey)
  const way = new Way(parts)
  return async (bundle) => {
    const step = await way.step()
    if (!step.ok) return step
    const followed = await headersOf(bundle, step.value, parts.sources)
    if (!followed.ok) return followed
    way.newest = followed.value.trusted
    return ok(followed.value.trust)
  }
}

/** The header of a height as the votes of CometBFT's validators show it, by the same way. */
export type HeaderBelief = (height: number) => Promise<Result<LightHeader, BeliefRefusal>>

export function headerBeliefIn(parts: BeliefParts): HeaderBelief {
  const way = new Way(parts)
  return async (height) => {
    const step = await way.step()
    if (!step.ok) return step
    const followed = await followTo(height, step.value, parts.sources)
    if (!followed.ok) return followed
    const { block } = followed.value
    if (block.header.height > step.value.trusted.header.height) way.newest = block
    return ok(block.header)
  }
}

/** From genesis, or what is trusted, to the newest header that was verified. */
class Way {
  newest: TrustedBlock | undefined
  private readonly parts: BeliefParts

  constructor(parts: BeliefParts) {
    this.parts = parts
    this.newest = parts.trusted
  }

  async step(): Promise<Result<LightStep, BeliefRefusal>> {
    const { now, settings = lightSettings } = this.parts
    const trusted = await this.begin()
    if (!trusted.ok) return trusted
    return ok({ trusted: trusted.value, now: { seconds: Math.floor(now()), nanoseconds: 0 }, settings })
  }

  private async begin(): Promise<Result<TrustedBlock, BeliefRefusal>> {
    if (this.newest) return ok(this.newest)
    const { chain, sources } = this.parts
    const genesis = lightGenesisOf(chain)
    const first = await sources.primary(genesis.height)
    return first ? startFromGenesis(genesis, first) : no({ type: 'not-sent', height: genesis.height })
  }
}
