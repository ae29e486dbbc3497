/** A clock that moves only when a test says so, and calls in a stated order: by time, then as they were scheduled. */
import type { Clock, Schedule } from './ports.ts'

export interface VirtualTime {
  readonly clock: Clock
  readonly schedule: Schedule
  /** Runs all that is due within so many seconds. */
  run(seconds: number): void
  /** Moves the clock alone, as a wrong clock that is set. */
  set(seconds: number): void
  readonly pending: () => number
}

export function virtualTime(start: number): VirtualTime {
  let now = start * 1_000
  let count = 0
  let offset = 0
  const queue: { readonly at: number; readonly order: number; readonly callback: () => void }[] = []
  return {
    clock: { now: () => (now + offset) / 1_000 },
    schedule(callback, milliseconds) {
      const entry = { at: now + milliseconds, order: count++, callback }
      queue.push(entry)
      return () => {
        const index = queue.indexOf(entry)
        if (index >= 0) queue.splice(index, 1)
      }
    },
    run(seconds) {
      const end = now + seconds * 1_000
      for (;;) {
        queue.sort((a, b) => a.at - b.at || a.order - b.order)
        const [next] = queue
        if (!next || next.at > end) break
        queue.shift()
        now = Math.max(now, next.at)
        next.callback()
      }
      now = end
    },
    set(seconds) {
      offset = seconds * 1_000 - now
    },
    pending: () => queue.length,
  }
}
