/**
 * How much power stands behind a commit (types/validation.go of CometBFT v0.40). Votes are judged in their order and only
 * until there is enough, as there: what CometBFT's own light client accepts is accepted here, and nothing else.
 */
import { equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { verifyZip215 } from '@plexus/crypto'
import type { CastVote, LightBlock, LightCommit, Validator } from './light-block.ts'
import { votedBytes } from './light-hashes.ts'
import { powerOf } from './validator-set.ts'

/** Which part of the trusted validators must stand behind a header that is not the next one: from 1/3 to all of them. */
export interface TrustLevel {
  readonly numerator: number
  readonly denominator: number
}

export type CommitRefusal =
  /** The commit has another number of places than there are validators. */
  | { readonly type: 'votes-not-of-these-validators' }
  /** A vote stands in the place of another validator. */
  | { readonly type: 'vote-out-of-place'; readonly index: number }
  | { readonly type: 'voted-twice'; readonly index: number }
  | { readonly type: 'vote-not-signed'; readonly index: number }
  /** No more than two thirds of the header's own validators voted for it. */
  | { readonly type: 'too-little-power'; readonly voted: bigint; readonly needed: bigint }
  /** No more than the trust level of the validators that are trusted voted for it: a header in between may help. */
  | { readonly type: 'too-little-trusted-power'; readonly voted: bigint; readonly needed: bigint }

/** Votes of one commit that hold, so that no signature is verified twice. */
export type VotesThatHold = Map<number, Uint8Array>

/** More than two thirds of the header's own validators. */
export function ownValidatorsVoted(
  { header, commit, validators }: LightBlock,
  holding: VotesThatHold,
): Result<void, CommitRefusal> {
  if (commit.votes.length !== validators.length) return no({ type: 'votes-not-of-these-validators' })
  const needed = (powerOf(validators) * 2n) / 3n
  const counted = count(header.chainName, commit, needed, holding, ({ voter }, index) => {
    const validator = validators[index]
    return validator && equalBytes(validator.address, voter) ? validator : no({ type: 'vote-out-of-place', index })
  })
  if (!counted.ok) return counted
  return counted.value > needed ? ok() : no({ type: 'too-little-power', voted: counted.value, needed })
}

/** More than the trust level of validators that are trusted already; whoever else voted is passed over. */
export function trustedValidatorsVoted(
  { header, commit }: LightBlock,
  trusted: readonly Validator[],
  { numerator, denominator }: TrustLevel,
  holding: VotesThatHold,
): Result<void, CommitRefusal> {
  const needed = (powerOf(trusted) * BigInt(numerator)) / BigInt(denominator)
  const byAddress = new Map(trusted.map((validator) => [toHex(validator.address), validator]))
  const seen = new Set<string>()
  const counted = count(header.chainName, commit, needed, holding, ({ voter }, index) => {
    const address = toHex(voter)
    const validator = byAddress.get(address)
    if (!validator) return undefined
    if (seen.has(address)) return no({ type: 'voted-twice', index })
    seen.add(address)
    return validator
  })
  if (!counted.ok) return counted
  return counted.value > needed ? ok() : no({ type: 'too-little-trusted-power', voted: counted.value, needed })
}

type VoterOf = (
  vote: CastVote,
  index: number,
) => Validator | undefined | { readonly ok: false; readonly reason: CommitRefusal }

/** The power of the votes for the block, until there is more than needed. */
function count(
  chainName: string,
  commit: LightCommit,
  needed: bigint,
  holding: VotesThatHold,
  voterOf: VoterOf,
): Result<bigint, CommitRefusal> {
  let power = 0n
  for (const [index, vote] of commit.votes.entries()) {
    if (vote.type !== 'block') continue
    const voter = voterOf(vote, index)
    if (!voter) continue
    if ('ok' in voter) return voter
    const held = holding.get(index)
    if (!held || !equalBytes(held, voter.key)) {
      if (!verifyZip215(voter.key, votedBytes(chainName, commit, commit.block, vote.time), vote.signature))
        return no({ type: 'vote-not-signed', index })
      holding.set(index, voter.key)
    }
    power += voter.power
    if (power > needed) break
  }
  return ok(power)
}
