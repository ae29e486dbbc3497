/**
 * Whether a peer is tried: after failures in a row ever later, and when there were too many, not at all until a wait is
 * over. Then one try decides. Waits are drawn between half and the whole of their length, so that members that lost one
 * peer at the same moment do not all come back to it at the same moment.
 */
import type { RandomBytes } from '@plexus/crypto'
import type { PeerTiming } from './ports.ts'

/** `closed` lets through, `open` does not, `half-open` lets one try through. */
export type BreakerState = 'closed' | 'half-open' | 'open'

/** So many failures in a row open it: a restart of a node is seldom seen as more than two. */
const failuresMax = 3

export class Breaker {
  private readonly random: RandomBytes
  private readonly timing: Pick<PeerTiming, 'retryFirst' | 'retryMax'>
  private failures = 0
  /** Seconds; no try before. */
  private until = 0

  constructor(parts: {
    readonly random: RandomBytes
    readonly timing: Pick<PeerTiming, 'retryFirst' | 'retryMax'>
  }) {
    this.random = parts.random
    this.timing = parts.timing
  }

  state(now: number): BreakerState {
    if (this.failures < failuresMax) return 'closed'
    return now < this.until ? 'open' : 'half-open'
  }

  /** Milliseconds until the next try may begin; 0 when it may begin now. */
  waits(now: number): number {
    return Math.max(0, Math.ceil((this.until - now) * 1000))
  }

  succeeded(): void {
    this.failures = 0
    this.until = 0
  }

  failed(now: number): void {
    const { retryFirst, retryMax } = this.timing
    const longest = Math.min(retryMax, retryFirst * 2 ** Math.min(this.failures, doublingsMax))
    this.failures++
    const [byte = 0] = this.random(1)
    this.until = now + (longest * (0.5 + byte / 512)) / 1000
  }
}

/** 2^20 times any first wait is longer than any longest. */
const doublingsMax = 20
