/** One clock for everything, and what is to happen: by time, then in the order in which it was asked for. */

interface Entry {
  readonly at: number
  readonly order: number
  readonly action: () => Promise<void> | void
  cancelled: boolean
}

/** A world that has more to do than this at once has run away. */
const entriesMax = 200_000

export class Timeline {
  /** Milliseconds since the world began. */
  now = 0
  private order = 0
  /** What the engine does is synchronous, and may be brought forward while a node waits for cryptography. */
  private readonly engine = new Heap()
  private readonly world = new Heap()

  after(milliseconds: number, action: () => Promise<void> | void): () => void {
    return this.add(this.world, milliseconds, action)
  }

  ofEngine(milliseconds: number, action: () => void): () => void {
    return this.add(this.engine, milliseconds, action)
  }

  /** Takes the next thing that is due, and moves the clock to it. */
  next(until: number): (() => Promise<void> | void) | undefined {
    const [engine, world] = [this.engine.peek(), this.world.peek()]
    const first = !world || (engine && isBefore(engine, world)) ? engine : world
    if (!first || first.at > until) return undefined
    if (first === engine) this.engine.take()
    else this.world.take()
    this.now = Math.max(this.now, first.at)
    return first.action
  }

  /** Lets the engine go on for so long, while somebody waits. */
  engineAhead(milliseconds: number): void {
    const until = this.now + milliseconds
    for (let entry = this.engine.peek(); entry && entry.at <= until; entry = this.engine.peek()) {
      this.engine.take()
      this.now = Math.max(this.now, entry.at)
      entry.action()
    }
  }

  private add(heap: Heap, milliseconds: number, action: () => Promise<void> | void): () => void {
    if (heap.size >= entriesMax) throw new Error(`more than ${entriesMax} things are to happen at once`)
    const entry: Entry = { at: this.now + Math.max(0, milliseconds), order: this.order++, action, cancelled: false }
    heap.add(entry)
    return () => {
      entry.cancelled = true
    }
  }
}

const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** A binary heap; what was cancelled is dropped when it comes up. */
class Heap {
  private readonly entries: Entry[] = []

  get size(): number {
    return this.entries.length
  }

  add(entry: Entry): void {
    const { entries } = this
    let at = entries.push(entry) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!this.swapIfBefore(at, above)) break
      at = above
    }
  }

  peek(): Entry | undefined {
    while (this.entries[0]?.cancelled) this.take()
    return this.entries[0]
  }

  take(): void {
    const { entries } = this
    const last = entries.pop()
    if (!last || entries.length === 0) return
    entries[0] = last
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      let least = left
      if (right < entries.length && isBefore(entries[right] as Entry, entries[left] as Entry)) least = right
      if (least >= entries.length || !this.swapIfBefore(least, at)) return
      at = least
    }
  }

  private swapIfBefore(lower: number, upper: number): boolean {
    const [below, above] = [this.entries[lower] as Entry, this.entries[upper] as Entry]
    if (!isBefore(below, above)) return false
    this.entries[lower] = above
    this.entries[upper] = below
    return true
  }
}
