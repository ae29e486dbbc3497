/**
 * How often a busy member forms batches that are not full: once in each tenth of a second of the clock, so that those of
 * several members meet in one block. Each block costs every member a round of its own; receipts that wait a moment
 * longer share it. Whoever has little to commit does not wait: tenths that were not used are kept, some of them.
 */

const stepSeconds = 0.1
/** An ask commits evidence, intent and receipts one after the other, each in a batch. */
const keptMax = 5

export class Pace {
  private step = Number.NEGATIVE_INFINITY
  private kept = keptMax

  /** Whether one may be formed at `now`, in seconds. */
  may(now: number): boolean {
    return this.kept > 0 || stepOf(now) !== this.step
  }

  /** One was formed. A clock that was set back gives nothing, and holds nothing up. */
  took(now: number): void {
    const step = stepOf(now)
    const passed = step - this.step
    if (passed === 0) this.kept -= 1
    else this.kept = Math.min(keptMax, this.kept + Math.max(0, passed - 1))
    this.step = step
  }
}

const stepOf = (now: number): number => Math.floor(now / stepSeconds)
