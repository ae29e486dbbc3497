/**
 * What leaves the node waits for all that was written before it: envelopes, notes, answers. So many writes share one wait
 * for the disk, and nobody ever hears of what a power cut could take back.
 */
import type { Journal, Replica, Surroundings } from './ports.ts'

export class Leaving {
  private readonly journal: Journal
  private readonly waiting = new Set<Promise<void>>()
  /** What leaves next goes behind this. */
  private last: Promise<unknown> = Promise.resolve()

  constructor(journal: Journal) {
    this.journal = journal
  }

  /** The same replica; what is submitted to it waits. */
  replica(replica: Replica): Replica {
    return {
      chain: replica.chain,
      get state() {
        return replica.state
      },
      tip: () => replica.tip(),
      submit: (envelope, refused) => this.wait(() => replica.submit(envelope, refused)),
      block: (height) => replica.block(height),
      stateProof: (height, key) => replica.stateProof(height, key),
    }
  }

  /** The same surroundings; what is sent waits. */
  surroundings(surroundings: Surroundings): Surroundings {
    return {
      ...surroundings,
      send: (member, note, mayLeave) =>
        this.wait(() => {
          if (mayLeave?.() ?? true) surroundings.send(member, note, mayLeave)
        }),
    }
  }

  /**
   * Resolves when all that was written is durable, and what waited for it has left. Rejects when the disk failed: then
   * nothing leaves any more.
   */
  async left(): Promise<void> {
    await this.journal.durable()
    if (this.waiting.size > 0) await Promise.all(this.waiting)
  }

  private wait(leave: () => void): void {
    const durable = this.journal.durable()
    if (!durable && this.waiting.size === 0) {
      leave()
      return
    }
    const left = Promise.all([this.last, durable])
      .then(leave)
      .finally(() => this.waiting.delete(left))
    this.waiting.add(left)
    // Whoever waits for it is told of what went wrong.
    this.last = left.catch(() => {})
  }
}
