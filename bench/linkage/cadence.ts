/**
 * What a year leaves on the ledger. The rules are those of `exchange/batches.ts` and of the embedded engine: a leaf waits
 * for the batch in flight and no longer, a batch is padded to a size class, a block is cut when an envelope waits. The
 * other cadence, with fixed ticks, is not built; it is here to be weighed.
 */
import { type Ask, memberRoles, type Year } from './population.ts'

const sizeClasses = [16, 64, 256, 1024, 4096] as const

/** From an envelope at the sequencer to its block on every replica; measured on the embedded engine. */
const blockSeconds = 0.03
/** A custodian weighs a request after the block of its intent. */
const weighSeconds = 0.02
/** Imports wait for a look around; everything else forms its batch at once. */
const lookSeconds = 0.05

export interface Cadence {
  /** Null: at once, or when the batch in flight is committed. */
  readonly tickSeconds: number | null
  /** Every member posts a batch of the smallest class at every tick, whether it has anything to say or not. */
  readonly cover?: boolean
}

/** A batch as every member sees it, and what only its poster knows. */
export interface Post {
  readonly time: number
  /** Number of the block. */
  readonly block: number
  readonly member: number
  readonly leaves: number
  /** Numbers of the asks to which its receipts belong. */
  readonly receipts: readonly number[]
}

export interface Ledger {
  readonly posts: readonly Post[]
  /** By block: its time, and who is seen to be at work in it, as bits: all that post, and under cover those that post much. */
  readonly blocks: readonly { readonly time: number; readonly members: number }[]
  /** By ask and custodian, in the order of `ask.custodians`: the number of the post that holds the receipt. */
  readonly receiptPosts: readonly (readonly number[])[]
}

type Leaf =
  | { readonly type: 'plain'; readonly count: number }
  | { readonly type: 'intents'; readonly ask: number }
  | { readonly type: 'receipt'; readonly ask: number }

interface Arrival {
  readonly time: number
  readonly member: number
  readonly leaf: Leaf
}

/** The batches of a year, in order of time. */
export function ledgerOf(year: Year, { tickSeconds, cover = false }: Cadence): Ledger {
  const coming = new Heap<Arrival>()
  for (const [ask, each] of year.asks.entries()) arrive(coming, ask, each)
  for (const { time, member, records } of year.registrations)
    coming.push(time + lookSeconds, { time, member, leaf: { type: 'plain', count: records } })

  const pending = memberRoles.map((): Leaf[] => [])
  const posts: Post[] = []
  const blocks: { time: number; members: number }[] = []
  const receiptPosts = year.asks.map((): number[] => [])
  /** The block that is being made takes nothing more; what comes meanwhile goes into the next. */
  let clear = 0

  while (coming.size > 0) {
    const first = coming.nextAt as number
    const time = tickSeconds === null ? Math.max(first, clear) : (Math.floor(first / tickSeconds) + 1) * tickSeconds
    for (let next = coming.popUpTo(time); next; next = coming.popUpTo(time)) pending[next.member]?.push(next.leaf)
    const applied = time + blockSeconds
    const block = blocks.length
    let members = 0
    for (const [member, leaves] of pending.entries()) {
      if (leaves.length === 0) continue
      const count = leaves.reduce((sum, leaf) => sum + leavesOf(leaf, year.asks), 0)
      const size = sizeClasses.find((each) => each >= count) ?? sizeClasses[4]
      const receipts: number[] = []
      for (const leaf of leaves.splice(0)) {
        if (leaf.type === 'receipt') {
          receipts.push(leaf.ask)
          const { custodians } = year.asks[leaf.ask] as Ask
          const places = receiptPosts[leaf.ask] as number[]
          places[custodians.indexOf(member)] = posts.length
        }
        if (leaf.type === 'intents')
          for (const custodian of (year.asks[leaf.ask] as Ask).custodians) {
            const at = applied + weighSeconds
            coming.push(at, { time: at, member: custodian, leaf: { type: 'receipt', ask: leaf.ask } })
          }
      }
      posts.push({ time, block, member, leaves: size, receipts })
      if (!cover || size > sizeClasses[0]) members |= 1 << member
    }
    blocks.push({ time, members })
    clear = applied
  }
  return { posts, blocks, receiptPosts }
}

function arrive(coming: Heap<Arrival>, ask: number, { time, arrival, asker, custodians }: Ask): void {
  coming.push(arrival, { time: arrival, member: asker, leaf: { type: 'plain', count: custodians.length } })
  coming.push(time, { time, member: asker, leaf: { type: 'intents', ask } })
}

function leavesOf(leaf: Leaf, asks: readonly Ask[]): number {
  if (leaf.type === 'plain') return leaf.count
  return leaf.type === 'intents' ? (asks[leaf.ask] as Ask).custodians.length : 1
}

/** Whatever is due first comes out first; equals come out in the order in which they went in. */
class Heap<Value> {
  private readonly items: { readonly at: number; readonly order: number; readonly value: Value }[] = []
  private order = 0

  get size(): number {
    return this.items.length
  }

  get nextAt(): number | undefined {
    return this.items[0]?.at
  }

  push(at: number, value: Value): void {
    const { items } = this
    items.push({ at, order: this.order++, value })
    for (let child = items.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1
      if (!this.before(child, parent)) break
      this.swap(child, parent)
      child = parent
    }
  }

  popUpTo(at: number): Value | undefined {
    const { items } = this
    const top = items[0]
    if (!top || top.at > at) return undefined
    const last = items.pop()
    if (last && items.length > 0) {
      items[0] = last
      for (let parent = 0; ; ) {
        const left = parent * 2 + 1
        let least = parent
        if (left < items.length && this.before(left, least)) least = left
        if (left + 1 < items.length && this.before(left + 1, least)) least = left + 1
        if (least === parent) break
        this.swap(parent, least)
        parent = least
      }
    }
    return top.value
  }

  private before(a: number, b: number): boolean {
    const [first, second] = [this.items[a], this.items[b]]
    if (!first || !second) return false
    return first.at < second.at || (first.at === second.at && first.order < second.order)
  }

  private swap(a: number, b: number): void {
    const held = this.items[a]
    const other = this.items[b]
    if (!held || !other) return
    this.items[a] = other
    this.items[b] = held
  }
}
