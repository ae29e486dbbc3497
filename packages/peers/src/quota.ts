/** How much one member has brought lately, and what it has in hand here. */
import {
  allBytesMax,
  memberBytesMax,
  notesAtOnceMax,
  notesPerSecondMax,
  walletAsksInBurstMax,
  walletAsksPerSecondMax,
} from './limits.ts'

/** What all members together have in hand. */
export interface Shared {
  bytes: number
}

/** How many a second, and how many at once. */
export interface Rate {
  readonly perSecond: number
  readonly atOnce: number
}

export const noteRate: Rate = { perSecond: notesPerSecondMax, atOnce: notesAtOnceMax }
export const walletRate: Rate = { perSecond: walletAsksPerSecondMax, atOnce: walletAsksInBurstMax }

export class Quota {
  private readonly shared: Shared
  private readonly rate: Rate
  private left: number
  private at: number | undefined
  private bytes = 0

  constructor(shared: Shared, rate: Rate = noteRate) {
    this.shared = shared
    this.rate = rate
    this.left = rate.atOnce
  }

  /** Takes a note of this length in hand, or says in how many seconds there may be room. */
  take(
    length: number,
    now: number,
  ): { readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number } {
    const since = Math.max(0, now - (this.at ?? now))
    this.at = now
    this.left = Math.min(this.rate.atOnce, this.left + since * this.rate.perSecond)
    if (this.left < 1) return { ok: false, retryAfterSeconds: pauseSeconds }
    this.left--
    if (this.bytes + length > memberBytesMax) return { ok: false, retryAfterSeconds: pauseSeconds }
    if (this.shared.bytes > 0 && this.shared.bytes + length > allBytesMax)
      return { ok: false, retryAfterSeconds: pauseSeconds }
    this.bytes += length
    this.shared.bytes += length
    return { ok: true }
  }

  release(length: number): void {
    this.bytes -= length
    this.shared.bytes -= length
  }

  /** Nothing is in hand, and what it brought is forgotten by now. */
  idle(now: number): boolean {
    return this.bytes === 0 && (now - (this.at ?? now)) * this.rate.perSecond >= this.rate.atOnce
  }
}

/** By then a hundred notes more are allowed, and what was in hand is read. */
const pauseSeconds = 1
