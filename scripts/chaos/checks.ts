/**
 * What must hold after every fault: one history at all members, every acknowledged envelope in it exactly once, and calls of
 * the engines in an order that is allowed.
 */
import { existsSync, readFileSync } from 'node:fs'
import { isCall, obeysGrammar } from '@plexus/engine'
import type { Acknowledged } from './load.ts'
import type { Member } from './member.ts'

interface Block {
  readonly count: number
  readonly more: number
  readonly transactions: readonly {
    readonly id?: string
    readonly outcome?: { readonly code: number }
  }[]
}

/** Members are asked for so many heights side by side. */
const heightsAtOnce = 16
/** What is wrong is told so often; the first says enough. */
const wrongMax = 20

/** Looks again and again, each time at what is new. */
export class Judge {
  /** Up to here all members have been compared. */
  height = 0
  private readonly found = new Set<string>()
  /** The blocks that accepted an envelope, by its id. */
  private readonly places = new Map<string, number[]>()
  private readonly weighed = new Set<string>()

  get accepted(): number {
    return this.places.size
  }

  /** Sentences; none when all holds. */
  get wrong(): readonly string[] {
    return [...this.found].slice(0, wrongMax)
  }

  /** `members` all answer. What was acknowledged above the lowest of them is weighed the next time. */
  async look(members: readonly Member[], acknowledged: readonly Acknowledged[]): Promise<void> {
    const [first] = members
    if (!first) throw new Error('no members')
    const height = Math.min(...(await Promise.all(members.map((member) => member.height()))))
    for (let from = this.height + 1; from <= height; from += heightsAtOnce) {
      const heights = Array.from({ length: Math.min(heightsAtOnce, height - from + 1) }, (_, index) => from + index)
      await Promise.all(heights.map((at) => this.compare(members, first, at)))
    }
    this.height = Math.max(this.height, height)
    for (const { id, height: told } of acknowledged) {
      if (told > this.height || this.weighed.has(id)) continue
      this.weighed.add(id)
      if (this.places.get(id)?.[0] !== told) this.found.add(`${id} was acknowledged in block ${told}, and is not there`)
    }
    for (const member of members) this.listen(member)
  }

  private async compare(members: readonly Member[], first: Member, at: number): Promise<void> {
    const headers = await Promise.all(
      members.map((member) => member.get<{ readonly bytes: string }>(`/ledger/headers/${at}`)),
    )
    if (new Set(headers.map(({ bytes }) => bytes)).size > 1) this.found.add(`members have different blocks ${at}`)
    const block = await first.get<Block>(`/ledger/blocks/${at}`)
    if (block.more > 0) this.found.add(`block ${at} has more envelopes than were looked at`)
    for (const { id, outcome } of block.transactions) {
      if (id === undefined || outcome?.code !== 0) continue
      const heights = [...(this.places.get(id) ?? []), at].sort((a, b) => a - b)
      this.places.set(id, heights)
      if (heights.length > 1) this.found.add(`${id} was accepted in blocks ${heights.join(', ')}`)
    }
  }

  private listen({ name, calls }: Member): void {
    if (!existsSync(calls)) return
    for (const line of readFileSync(calls, 'utf8').split('\n')) {
      // The last one may be in the middle of a word.
      const words = line.split(' ').filter(isCall)
      if (obeysGrammar(words)) continue
      this.found.add(`the engine of ${name} asked in an order that is not allowed: … ${words.slice(-6).join(' ')}`)
    }
  }
}

/** Until each member has this height, or so many seconds are over; answers whether all came. */
export async function allReach(members: readonly Member[], height: number, secondsMax: number): Promise<boolean> {
  const end = Date.now() + secondsMax * 1000
  for (;;) {
    const heights = await Promise.all(members.map((member) => member.height().catch(() => 0)))
    if (heights.every((each) => each >= height)) return true
    if (Date.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}
