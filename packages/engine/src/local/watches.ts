/** Callers that wait until an envelope is applied: each hears once. */
import { no, ok, type Result, toHex } from '@plexus/codec'
import type { AppliedBlock, Outcome } from '@plexus/kernel'
import type { TransactionPlace } from './ports.ts'

/** An envelope in a block that this replica has durably applied; `outcome.code` 0 is acceptance. */
export interface Applied extends TransactionPlace {
  readonly outcome: Outcome
}

export type WatchEnd = { readonly type: 'expired' } | { readonly type: 'stopped' }
export type Answered = (answer: Result<Applied, WatchEnd>) => void

/** Callers that wait for one envelope each; far above what one member has in flight. */
const watchesMax = 100_000

interface Watch {
  readonly validUntil: number
  readonly answered: Answered
}

export class Watches {
  /** By the envelope's id in hexadecimal. */
  private readonly waiting = new Map<string, Set<Watch>>()
  private count = 0
  /** Block time up to which the ends of envelopes were looked at. */
  private lookedAt = 0

  /** What comes back cancels. */
  add(id: Uint8Array, validUntil: number, answered: Answered): () => void {
    if (this.count >= watchesMax) throw new Error(`more than ${watchesMax} callers wait on one replica`)
    const name = toHex(id)
    const watch = { validUntil, answered }
    const same = this.waiting.get(name) ?? new Set()
    this.waiting.set(name, same.add(watch))
    this.count += 1
    return () => this.drop(name, watch)
  }

  /** After a block: answers who waited for one of its envelopes, and those whose envelope can no longer come. */
  answer({ envelopes, outcomes, tip }: Pick<AppliedBlock, 'envelopes' | 'outcomes' | 'tip'>): void {
    if (this.count === 0) return
    const here = new Map<string, Applied>()
    for (const { id, index, accepted } of envelopes) {
      const name = toHex(id)
      const outcome = outcomes[index]
      if (!outcome || !this.waiting.has(name)) continue
      // Twice in one block: the first is the one that can have been accepted.
      if (accepted || !here.has(name)) here.set(name, { height: tip.height, index, outcome })
    }
    for (const [name, applied] of here)
      for (const watch of this.waiting.get(name) ?? []) this.end(name, watch, ok(applied))
    if (tip.time <= this.lookedAt) return
    this.lookedAt = tip.time
    for (const [name, watches] of [...this.waiting])
      for (const watch of watches) if (watch.validUntil < tip.time) this.end(name, watch, no({ type: 'expired' }))
  }

  stop(): void {
    for (const [name, watches] of [...this.waiting])
      for (const watch of watches) this.end(name, watch, no({ type: 'stopped' }))
  }

  private end(name: string, watch: Watch, answer: Result<Applied, WatchEnd>): void {
    this.drop(name, watch)
    watch.answered(answer)
  }

  private drop(name: string, watch: Watch): void {
    const same = this.waiting.get(name)
    if (!same?.delete(watch)) return
    this.count -= 1
    if (same.size === 0) this.waiting.delete(name)
  }
}
