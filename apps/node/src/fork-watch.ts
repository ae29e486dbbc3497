/**
 * Compares headers with other members, one member after another for as long as the node runs. Two blocks of one height that both
 * have their votes are a fork: more than a third of the validators signed both, and what the other ledger closed is not
 * known here. A member that shows another block without the votes for it is broken or lies, and proves nothing.
 */
import { equalBytes } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { type AskLight, fetchLightBlock } from '@plexus/engine'
import { type Chain, viewOf } from '@plexus/kernel'
import {
  encodeKeptBlocks,
  type ForkEvidence,
  gatherForkEvidence,
  type LightBlock,
  readingSource,
  trustedOf,
} from '@plexus/sdk'
import { askingMember, type SourceParts } from './header-sources.ts'
import type { MemberNode } from './member-node.ts'
import { addressOf } from './peer-door.ts'
import type { StandingForks } from './standing-forks.ts'

/**
 * Between two looks. Each costs four small questions, two of them to the other member: of ten members a fork between any two is
 * seen within three minutes, and for most pairs in seconds.
 */
const betweenLooksSeconds = 20
/** The votes for a block stand in the one behind it, and another member may be some blocks behind. */
const blocksBehind = 4
/** Without a height at which both had the same: from so far back both are followed. Validators seldom change so soon. */
const followedMax = 1_000

export interface ForkWatchParts {
  readonly chain: Chain
  /** Who may be asked now, in any order. */
  readonly others: () => readonly string[]
  /** Of the own ledger: its newest block, and above which height it has blocks. */
  readonly height: () => number
  readonly beginning: () => number
  /** The engine beside this node, and the one beside another member's. */
  readonly own: AskLight
  readonly ask: (member: string) => AskLight
  readonly forks: StandingForks
  /** Seconds since 1970. */
  readonly now: () => number
  readonly schedule: (callback: () => void, milliseconds: number) => () => void
  readonly observe?: (what: string) => void
  /** A look itself went wrong, as when evidence cannot be written. */
  readonly onFailure: (error: unknown) => void
}

/** What one look found; `silent`: one side showed nothing that reads. */
export type Seen = 'agrees' | 'contradicts' | 'fork' | 'nobody' | 'silent'

export class ForkWatch {
  private readonly parts: ForkWatchParts
  /** Whoever was asked, with the newest header that both had. */
  private readonly agreed = new Map<string, NonNullable<ForkEvidence['checkpoint']>>()
  private last = ''
  private cancel: (() => void) | undefined
  private stopped = false

  constructor(parts: ForkWatchParts) {
    this.parts = parts
  }

  start(): void {
    this.later()
  }

  stop(): void {
    this.stopped = true
    this.cancel?.()
  }

  /** Asks the next member. */
  async look(): Promise<Seen> {
    const { others, forks, height, beginning, observe } = this.parts
    forks.look()
    const known = [...others()].sort()
    for (const each of [...this.agreed.keys()]) if (!known.includes(each)) this.agreed.delete(each)
    const member = known.find((each) => each > this.last) ?? known[0]
    const at = height() - blocksBehind
    if (member === undefined || at <= beginning()) return 'nobody'
    this.last = member
    const seen = await this.compare(member, at)
    if (seen !== 'silent') observe?.(`headers-compared-${seen}`)
    return seen
  }

  private later(): void {
    if (this.stopped) return
    this.cancel = this.parts.schedule(() => {
      this.look()
        .catch(this.parts.onFailure)
        .finally(() => this.later())
    }, betweenLooksSeconds * 1000)
  }

  private async compare(member: string, height: number): Promise<Seen> {
    const ask = this.parts.ask(member)
    const [own, theirs] = [await shownBy(this.parts.own, height), await shownBy(ask, height)]
    if (!own || !theirs) return 'silent'
    const { hash } = trustedOf(own)
    if (equalBytes(hash, trustedOf(theirs).hash)) {
      this.agreed.set(member, { height, hash })
      return 'agrees'
    }
    const evidence = await this.proven(member, height, ask)
    if (!evidence) return 'contradicts'
    this.parts.forks.keep(`fork-${height}-${member}`, encodeKeptBlocks(evidence))
    return 'fork'
  }

  /** What both sides answer on the way from a header of this node, if both ways end in votes that hold. */
  private async proven(member: string, height: number, ask: AskLight): Promise<ForkEvidence | undefined> {
    const { chain, own, beginning, now } = this.parts
    const from = this.agreed.get(member) ?? (await this.headerAt(Math.max(beginning() + 1, height - followedMax)))
    if (!from || from.height >= height) return undefined
    return gatherForkEvidence({
      chain,
      height,
      seenAt: Math.floor(now()),
      checkpoint: from,
      primary: (at) => fetchLightBlock(own, at),
      witness: (at) => fetchLightBlock(ask, at),
    })
  }

  private async headerAt(height: number): Promise<NonNullable<ForkEvidence['checkpoint']> | undefined> {
    const shown = await shownBy(this.parts.own, height)
    return shown && { height, hash: trustedOf(shown).hash }
  }
}

async function shownBy(ask: AskLight, height: number): Promise<LightBlock | undefined> {
  const block = await readingSource((at) => fetchLightBlock(ask, at))(height)
  return block?.header.height === height ? block : undefined
}

/** Of a node whose members run apart: whoever is active and has an address is asked. */
export function watchForks(
  node: MemberNode,
  parts: Pick<ForkWatchParts, 'now' | 'observe' | 'onFailure' | 'own' | 'schedule'> & Pick<SourceParts, 'random'>,
): ForkWatch {
  const { store, layout, chain, forks } = node
  const { random, now, schedule } = parts
  const watch = new ForkWatch({
    ...parts,
    chain,
    forks,
    others: () =>
      [...viewOf(members, store).members.entries()].flatMap(([id]) => {
        const address = id === node.member ? undefined : addressOf(store, id)
        return address === undefined || address === 'local:' ? [] : [id]
      }),
    height: () => store.tip()?.height ?? 0,
    beginning: () => store.beginning().height,
    ask: (member) =>
      askingMember({ type: 'member', member, address: null }, { layout, state: store, random, now, schedule }),
  })
  watch.start()
  return watch
}
