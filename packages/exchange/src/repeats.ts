/**
 * When something that was not answered is sent again: soon at first, for a receiver that was restarting, then ever slower,
 * so that one that has more to do than it can is not given more for it; but never silent.
 */

const firstSeconds = 1

export class Repeats {
  private readonly slowestSeconds: number
  /** When each is sent next (seconds), and the wait before it. */
  private readonly next = new Map<string, { readonly at: number; readonly wait: number }>()

  constructor(slowestSeconds: number) {
    this.slowestSeconds = slowestSeconds
  }

  /** To be sent as soon as anybody looks; what was sent under this key before is another thing. */
  begin(key: string): void {
    this.next.set(key, { at: 0, wait: 0 })
  }

  /** Whether it is to be sent at `now` (seconds). What nobody began is: a process that starts anew knows of no waits. */
  isDue(key: string, now: number): boolean {
    const { at, wait } = this.next.get(key) ?? { at: 0, wait: 0 }
    // A wait longer than its own length means that the clock was set back.
    return now >= at || at - now > wait
  }

  /** It was sent at `now`: the next wait is twice the last. */
  sent(key: string, now: number): void {
    const before = this.next.get(key)?.wait ?? 0
    const wait = before === 0 ? firstSeconds : Math.min(2 * before, this.slowestSeconds)
    this.next.set(key, { at: now + wait, wait })
  }

  end(key: string): void {
    this.next.delete(key)
  }

  /** In the order in which they began. */
  keys(): readonly string[] {
    return [...this.next.keys()]
  }

  get size(): number {
    return this.next.size
  }
}
