/** What must hold after every fault: one history at all members, and every acknowledged envelope in it exactly once. */
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

export interface Found {
  readonly height: number
  readonly accepted: number
  /** Sentences; none when all holds. */
  readonly wrong: readonly string[]
}

/** Members are asked for so many heights side by side. */
const heightsAtOnce = 32
/** What is wrong is told so often; the first says enough. */
const wrongMax = 20

/** `members` stand still: nothing is offered any more, and each has the newest acknowledged block. */
export async function check(members: readonly Member[], acknowledged: readonly Acknowledged[]): Promise<Found> {
  const [first] = members
  if (!first) throw new Error('no members')
  const height = Math.min(...(await Promise.all(members.map((member) => member.height()))))
  const wrong: string[] = []
  const places = new Map<string, number[]>()
  for (let from = 1; from <= height; from += heightsAtOnce) {
    const heights = Array.from({ length: Math.min(heightsAtOnce, height - from + 1) }, (_, index) => from + index)
    await Promise.all(
      heights.map(async (at) => {
        const headers = await Promise.all(
          members.map((member) => member.get<{ readonly bytes: string }>(`/ledger/headers/${at}`)),
        )
        if (new Set(headers.map(({ bytes }) => bytes)).size > 1) wrong.push(`members have different blocks ${at}`)
        const block = await first.get<Block>(`/ledger/blocks/${at}`)
        if (block.more > 0) wrong.push(`block ${at} has more envelopes than were looked at`)
        for (const { id, outcome } of block.transactions)
          if (id !== undefined && outcome?.code === 0) places.set(id, [...(places.get(id) ?? []), at])
      }),
    )
  }
  for (const [id, heights] of places)
    if (heights.length > 1) wrong.push(`${id} was accepted in blocks ${heights.join(', ')}`)
  for (const { id, height: told } of acknowledged)
    if (places.get(id)?.[0] !== told) wrong.push(`${id} was acknowledged in block ${told}, and is not there`)
  return { height, accepted: places.size, wrong: wrong.slice(0, wrongMax) }
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
