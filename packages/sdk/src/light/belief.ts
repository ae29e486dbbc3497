/** What a wallet believes of a chain's blocks, whichever engine the chain has, for as long as the wallet is open. */
import { no, ok, type Result } from '@plexus/codec'
import { type Chain, sequencerKeyOf } from '@plexus/kernel'
import { engineKey, type HeaderTrust } from '../header-trust.ts'
import { headersOf } from './bundle-headers.ts'
import { lightGenesisOf } from './chain-founders.ts'
import type { FollowFailure, LightSources } from './follow.ts'
import type { TrustedBlock } from './light-block.ts'
import { type StartRefusal, startFromGenesis } from './trusted-block.ts'
import { type LightSettings, lightSettings } from './verify-header.ts'

export type BeliefRefusal = FollowFailure | StartRefusal

/** Why the blocks of a bundle are believed. */
export type Belief = (bundle: Uint8Array) => Promise<Result<HeaderTrust, BeliefRefusal>>

/**
 * On the embedded engine its key. On CometBFT votes, followed from the genesis document, or from `trusted`: a network that
 * is older than the trusting period needs a header that somebody vouches for. What one bundle has shown is where the next
 * begins. `now` is in seconds since 1970.
 */
export function beliefIn({
  chain,
  sources,
  now,
  trusted,
  settings = lightSettings,
}: {
  readonly chain: Chain
  readonly sources: LightSources
  readonly now: () => number
  readonly trusted?: TrustedBlock
  readonly settings?: LightSettings
}): Belief {
  if (sequencerKeyOf(chain)) return async () => ok(engineKey)
  let newest = trusted

  async function begin(): Promise<Result<TrustedBlock, BeliefRefusal>> {
    if (newest) return ok(newest)
    const genesis = lightGenesisOf(chain)
    const first = await sources.primary(genesis.height)
    return first ? startFromGenesis(genesis, first) : no({ type: 'not-sent', height: genesis.height })
  }

  return async (bundle) => {
    const begun = await begin()
    if (!begun.ok) return begun
    const step = { trusted: begun.value, now: { seconds: Math.floor(now()), nanoseconds: 0 }, settings }
    const followed = await headersOf(bundle, step, sources)
    if (!followed.ok) return followed
    newest = followed.value.trusted
    return ok(followed.value.trust)
  }
}
