/** What waits for a block, in memory: sponsors take turns, and each sponsor's envelopes keep the order in which they came. */
import type { CheckedEnvelope } from '@plexus/kernel'

export interface Waiting {
  readonly bytes: Uint8Array
  readonly checked: CheckedEnvelope
}

export class Mempool {
  /** By sponsor, whose turn is next first; by id in hexadecimal, oldest first. */
  private readonly queues = new Map<string, Map<string, Waiting>>()
  size = 0
  /** Of all envelopes. */
  bytes = 0

  has(sponsor: string, name: string): boolean {
    return this.queues.get(sponsor)?.has(name) ?? false
  }

  add(waiting: Waiting): void {
    const { name, envelope } = waiting.checked
    const { sponsor } = envelope.body
    const queue = this.queues.get(sponsor) ?? new Map<string, Waiting>()
    this.queues.set(sponsor, queue.set(name, waiting))
    this.size += 1
    this.bytes += waiting.bytes.length
  }

  /** What goes into the next block: an envelope of each sponsor in turn, until the next one has no room. */
  next({ countMax, bytesMax }: { readonly countMax: number; readonly bytesMax: number }): readonly Waiting[] {
    const taken: Waiting[] = []
    let bytes = 0
    let turns = Array.from(this.queues.values(), (queue) => queue.values())
    while (turns.length > 0) {
      const again: typeof turns = []
      for (const turn of turns) {
        const { value: waiting, done } = turn.next()
        if (done) continue
        if (taken.length >= countMax || bytes + waiting.bytes.length > bytesMax) return taken
        taken.push(waiting)
        bytes += waiting.bytes.length
        again.push(turn)
      }
      turns = again
    }
    return taken
  }

  /** The envelopes are in a block. Whoever was served last is the last whose turn comes again. */
  remove(taken: readonly Waiting[]): void {
    for (const { bytes, checked } of taken) {
      const { sponsor } = checked.envelope.body
      const queue = this.queues.get(sponsor)
      if (!queue?.delete(checked.name)) continue
      this.size -= 1
      this.bytes -= bytes.length
      this.queues.delete(sponsor)
      if (queue.size > 0) this.queues.set(sponsor, queue)
    }
  }
}
