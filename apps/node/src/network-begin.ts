/** `plexus network begin`: a block from which a newcomer may begin, as members show it to the newcomer and agree about it. */
import { equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { fetchLightBlock } from '@plexus/engine'
import { type Chain, chainNameOf, memoryLedger } from '@plexus/kernel'
import type { ProbeRefusal } from '@plexus/peers'
import {
  type FetchLightBlock,
  followTo,
  type LightBlock,
  lightGenesisOf,
  lightSettings,
  readingSource,
  startFromCheckpoint,
  startFromGenesis,
  trustedOf,
} from '@plexus/sdk'
import { askingMember, type HeaderSource, probeSource, type SourceParts, trustSeconds } from './header-sources.ts'
import { snapshotEvery } from './snapshot-ledger.ts'

type Source = Extract<HeaderSource, { readonly type: 'member' }>

export interface Beginning {
  readonly height: number
  /** Of the block's header, in hexadecimal. */
  readonly hash: string
  /**
   * Why it is believed: `genesis` when it was followed from there by votes, so that nobody but the founders is; `members` when
   * the network is older than keys are held to what they sign, so that those who were asked are.
   */
  readonly believed: 'genesis' | 'members'
}

export type BeginningRefusal =
  | { readonly type: 'not-reached'; readonly member: string; readonly why: ProbeRefusal['type'] }
  | { readonly type: 'other-chain'; readonly member: string }
  | { readonly type: 'no-block-yet' }
  | { readonly type: 'block-not-shown'; readonly member: string; readonly height: number }
  /** They show different blocks of one height, by hash. */
  | {
      readonly type: 'members-disagree'
      readonly height: number
      readonly shown: readonly { readonly member: string; readonly hash: string }[]
    }
  /** The block itself, or the way to it from genesis, has not the votes that it needs. */
  | { readonly type: 'votes-do-not-hold'; readonly height: number; readonly why: string }
  | { readonly type: 'block-too-old'; readonly height: number }

/** So far behind the newest, both snapshots that members keep lie ahead of it: what is followed forward goes in few steps. */
const heightsBehind = 2 * snapshotEvery

/** Asks all sources; the first is followed, and the others must show the same. */
export async function findBeginning(
  chain: Chain,
  sources: readonly Source[],
  parts: Omit<SourceParts, 'state'>,
  founded: Parameters<typeof memoryLedger>[0],
): Promise<Result<Beginning, BeginningRefusal>> {
  const way: SourceParts = { ...parts, state: memoryLedger(founded).reader }
  let newest = Number.POSITIVE_INFINITY
  for (const source of sources) {
    const { member } = source
    const probed = await probeSource(source, way)
    if (!probed.ok) return no({ type: 'not-reached', member, why: probed.reason.type })
    const { status } = probed.value
    if (!equalBytes(status.chain, chain.id)) return no({ type: 'other-chain', member })
    newest = Math.min(newest, status.height)
  }
  if (newest < 1) return no({ type: 'no-block-yet' })
  const height = Math.max(1, newest - heightsBehind)
  const fetches = sources.map((source): FetchLightBlock => {
    const asked = askingMember(source, way)
    return readingSource((at) => fetchLightBlock(asked, at))
  })
  const shown: { readonly member: string; readonly block: LightBlock }[] = []
  for (const [index, { member }] of sources.entries()) {
    const block = await fetches[index]?.(height)
    if (block?.header.height !== height) return no({ type: 'block-not-shown', member, height })
    shown.push({ member, block })
  }
  return judge(chain, height, shown, fetches, way.now())
}

async function judge(
  chain: Chain,
  height: number,
  shown: readonly { readonly member: string; readonly block: LightBlock }[],
  fetches: readonly FetchLightBlock[],
  now: number,
): Promise<Result<Beginning, BeginningRefusal>> {
  const [first] = shown
  const [primary, ...witnesses] = fetches
  if (!first || !primary) throw new Error('nobody was asked')
  const { hash } = trustedOf(first.block)
  const named = shown.map(({ member, block }) => ({ member, hash: toHex(trustedOf(block).hash) }))
  if (named.some((each) => each.hash !== toHex(hash))) return no({ type: 'members-disagree', height, shown: named })
  // That the votes are for it.
  const started = startFromCheckpoint({ chainName: chainNameOf(chain), height, hash }, first.block)
  if (!started.ok) return no({ type: 'votes-do-not-hold', height, why: started.reason.type })
  if (now - first.block.header.time.seconds > trustSeconds / 2) return no({ type: 'block-too-old', height })
  if (now - chain.genesis.time > trustSeconds) return ok({ height, hash: toHex(hash), believed: 'members' })
  const genesis = lightGenesisOf(chain)
  const origin = await primary(genesis.height)
  const begun = origin && startFromGenesis(genesis, origin)
  if (!begun?.ok) return no({ type: 'votes-do-not-hold', height: 1, why: begun?.reason.type ?? 'not-sent' })
  const step = { trusted: begun.value, now: { seconds: Math.floor(now), nanoseconds: 0 }, settings: lightSettings }
  const followed = await followTo(height, step, { primary, witnesses })
  if (!followed.ok) return no({ type: 'votes-do-not-hold', height, why: followed.reason.type })
  // A first block is reached without a step.
  if (!equalBytes(followed.value.block.hash, hash)) return no({ type: 'votes-do-not-hold', height, why: 'other-block' })
  return ok({ height, hash: toHex(hash), believed: 'genesis' })
}

export function sayBeginningRefusal(refusal: BeginningRefusal): string {
  switch (refusal.type) {
    case 'not-reached':
      return `${refusal.member} was not reached: ${refusal.why}. Members let in whoever the ledger knows: were you admitted? Where it has moved since the founding, say --source ${refusal.member}=plexus://HOST:PORT.`
    case 'other-chain':
      return `${refusal.member} runs another network than this genesis document founds.`
    case 'no-block-yet':
      return 'The network has no block yet: begin without a snapshot.'
    case 'block-not-shown':
      return `${refusal.member} does not show block ${refusal.height}: it began later itself, or its engine is down. Ask another member.`
    case 'members-disagree':
      return `ALARM: members show different blocks ${refusal.height}: ${refusal.shown.map(({ member, hash }) => `${member} ${hash}`).join(', ')}. Begin from none of them; docs/guides/runbooks/fork-seen.md says what to do.`
    case 'votes-do-not-hold':
      return `The votes for block ${refusal.height} do not hold (${refusal.why}): whoever was asked lies, or is broken. Ask other members.`
    case 'block-too-old':
      return `Block ${refusal.height} is older than votes are believed here: the network has stood still, or the clock of this machine is wrong. Begin without a snapshot.`
  }
}
