/**
 * Two blocks of one height, each with votes that hold, as evidence that anyone can check who has the genesis document: the
 * answers of both sources, from the first block on, go the same way again and must end in the same alarm.
 */
import { equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { verifyZip215 } from '@plexus/crypto'
import { type Chain, chainNameOf } from '@plexus/kernel'
import type { BeliefRefusal } from './belief.ts'
import { lightGenesisOf } from './chain-founders.ts'
import type { FetchLightBlock } from './follow.ts'
import { type ForkAlarm, followTo } from './follow.ts'
import { type FetchAnswers, type KeptBlocks, keepingSource, keptList, keptMap, keptSource } from './kept-blocks.ts'
import type { LightBlock, TrustedBlock, Validator } from './light-block.ts'
import { votedBytes } from './light-hashes.ts'
import type { LightBlockAnswers } from './read-light-block.ts'
import { type StartRefusal, startFromCheckpoint, startFromGenesis } from './trusted-block.ts'
import { lightSettings } from './verify-header.ts'

export type ForkEvidence = Extract<KeptBlocks, { readonly type: 'fork' }>

export interface ProvenFork {
  readonly height: number
  /** Hashes of the two blocks. */
  readonly hashes: readonly [Uint8Array, Uint8Array]
  /** Whose votes for both hold, and their power beside that of all who could vote for the first. */
  readonly votedForBoth: readonly Validator[]
  readonly power: bigint
  readonly powerOfAll: bigint
}

export type ForkRefusal =
  | { readonly type: 'other-chain' }
  /** What the sources answered does not end in two blocks that both hold. */
  | { readonly type: 'no-fork'; readonly why: Exclude<BeliefRefusal, ForkAlarm>['type'] | 'agreed' }

/** Goes from genesis or a checkpoint to the height, and keeps what both answer; undefined where that ends in no fork. */
export async function gatherForkEvidence({
  chain,
  height,
  seenAt,
  checkpoint,
  primary,
  witness,
}: {
  readonly chain: Chain
  readonly height: number
  /** Seconds since 1970, whole. */
  readonly seenAt: number
  readonly checkpoint: ForkEvidence['checkpoint']
  readonly primary: FetchAnswers
  readonly witness: FetchAnswers
}): Promise<ForkEvidence | undefined> {
  const kept = [new Map<number, LightBlockAnswers>(), new Map<number, LightBlockAnswers>()] as const
  const sources = [keepingSource(primary, kept[0]), keepingSource(witness, kept[1])] as const
  const ended = await forkAt(chain, { height, seenAt, checkpoint }, sources)
  if (!ended.ok) return undefined
  const [first, second] = [keptList(kept[0]), keptList(kept[1])]
  return { type: 'fork', chain: chain.id, height, seenAt, checkpoint, primary: first, witness: second }
}

/** Trusts the genesis document, or the checkpoint that the evidence names, and nobody who handed it over. */
export async function checkForkEvidence(
  chain: Chain,
  evidence: ForkEvidence,
): Promise<Result<ProvenFork, ForkRefusal>> {
  if (!equalBytes(evidence.chain, chain.id)) return no({ type: 'other-chain' })
  const sources = [keptSource(keptMap(evidence.primary)), keptSource(keptMap(evidence.witness))] as const
  const ended = await forkAt(chain, evidence, sources)
  if (!ended.ok) return ended
  const { primary, witness } = ended.value
  const votes = votersOf(witness)
  const votedForBoth = [...votersOf(primary)].filter(([key]) => votes.has(key)).map(([, validator]) => validator)
  const sum = (of: readonly Validator[]): bigint => of.reduce((all, { power }) => all + power, 0n)
  return ok({
    height: evidence.height,
    hashes: [primary.commit.block.hash, witness.commit.block.hash],
    votedForBoth,
    power: sum(votedForBoth),
    powerOfAll: sum(primary.validators),
  })
}

async function forkAt(
  chain: Chain,
  { height, seenAt, checkpoint }: Pick<ForkEvidence, 'checkpoint' | 'height' | 'seenAt'>,
  [primary, witness]: readonly [FetchLightBlock, FetchLightBlock],
): Promise<Result<ForkAlarm, ForkRefusal>> {
  const begun = await beginFrom(chain, checkpoint, primary)
  if (!begun.ok) return no({ type: 'no-fork', why: begun.reason.type })
  const step = { trusted: begun.value, now: { seconds: seenAt, nanoseconds: 0 }, settings: lightSettings }
  const followed = await followTo(height, step, { primary, witnesses: [witness] })
  if (followed.ok) return no({ type: 'no-fork', why: 'agreed' })
  return followed.reason.type === 'fork' ? ok(followed.reason) : no({ type: 'no-fork', why: followed.reason.type })
}

/** Where trust begins: the founders, or a header that somebody vouches for by its hash. */
export async function beginFrom(
  chain: Chain,
  checkpoint: ForkEvidence['checkpoint'],
  source: FetchLightBlock,
): Promise<Result<TrustedBlock, StartRefusal | { readonly type: 'not-sent'; readonly height: number }>> {
  const genesis = lightGenesisOf(chain)
  const height = checkpoint?.height ?? genesis.height
  const first = await source(height)
  if (!first) return no({ type: 'not-sent', height })
  return checkpoint
    ? startFromCheckpoint({ chainName: chainNameOf(chain), ...checkpoint }, first)
    : startFromGenesis(genesis, first)
}

/** Everybody whose vote for the block holds, by key: the light client itself stops once there are enough. */
export function votersOf({ header, commit, validators }: LightBlock): ReadonlyMap<string, Validator> {
  const voters = commit.votes.flatMap((vote, index): readonly Validator[] => {
    const validator = validators[index]
    if (vote.type !== 'block' || !validator || !equalBytes(vote.voter, validator.address)) return []
    const message = votedBytes(header.chainName, commit, commit.block, vote.time)
    return verifyZip215(validator.key, message, vote.signature) ? [validator] : []
  })
  return new Map(voters.map((each) => [toHex(each.key), each]))
}
