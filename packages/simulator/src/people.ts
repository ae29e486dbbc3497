/**
 * What people and wallets do goes over many events: check in, wait for a block, ask. Each is a task that runs between two
 * waits; the world goes on only while every task waits, so that the order of real callbacks decides nothing.
 */
import type { Timeline } from './timeline.ts'

export class People {
  private readonly timeline: Timeline
  private readonly failed: (error: unknown) => void
  private running = 0
  /** Tasks that have begun and not ended. */
  alive = 0
  private quietened: (() => void)[] = []

  constructor(timeline: Timeline, failed: (error: unknown) => void) {
    this.timeline = timeline
    this.failed = failed
  }

  /** Begins a task; it takes its first step in an event of its own. */
  begin(task: () => Promise<void>): void {
    this.alive++
    this.timeline.after(0, () => {
      this.running++
      task()
        .catch(this.failed)
        .finally(() => {
          this.alive--
          this.stopped()
        })
    })
  }

  /** Called from a task: it waits until `resume` was called, once, and goes on in an event of its own. */
  wait<Value>(arrange: (resume: (value: Value) => void) => void): Promise<Value> {
    return new Promise((resolve) => {
      let resumed = false
      arrange((value) => {
        if (resumed) throw new Error('a task was resumed twice')
        resumed = true
        this.timeline.after(0, () => {
          this.running++
          resolve(value)
        })
      })
      this.stopped()
    })
  }

  pause(seconds: number): Promise<void> {
    return this.wait((resume) => void this.timeline.after(seconds * 1000, () => resume()))
  }

  /** Looks again and again; false when it was not so in time. */
  async until(ready: () => boolean, seconds: number): Promise<boolean> {
    const end = this.timeline.now + seconds * 1000
    while (!ready()) {
      if (this.timeline.now >= end) return false
      await this.pause(lookSeconds)
    }
    return true
  }

  /** Resolves when every task waits or has ended. */
  async quiet(): Promise<void> {
    while (this.running > 0) await new Promise<void>((resolve) => this.quietened.push(resolve))
  }

  private stopped(): void {
    this.running--
    if (this.running > 0) return
    const waiting = this.quietened
    this.quietened = []
    for (const resolve of waiting) resolve()
  }
}

const lookSeconds = 0.25
