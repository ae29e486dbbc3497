/** What happened, line by line, and how often what happened. Nothing that is random outside the seed stands in it. */
import { concatBytes, toHex, utf8 } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'

/** Shown when a rule is broken. */
const linesShown = 40

export class Trace {
  readonly counts = new Map<string, number>()
  private readonly recent: string[] = []
  private running = new Uint8Array(32)

  line(milliseconds: number, says: string): void {
    const line = `${(milliseconds / 1000).toFixed(3).padStart(9)} ${says}`
    this.recent.push(line)
    if (this.recent.length > linesShown) this.recent.shift()
    this.running = sha256(concatBytes(this.running, utf8(line))) as Uint8Array<ArrayBuffer>
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  /** A rule that was held against what happened; its name stands before the colon. */
  check(rule: string): void {
    const end = rule.indexOf(':')
    this.count(`check: ${end < 0 ? rule : rule.slice(0, end)}`)
  }

  get last(): readonly string[] {
    return this.recent
  }

  /** The same for two runs of one seed, and of no two different runs. */
  get hash(): string {
    return toHex(this.running)
  }
}

/** A rule of the design that a run broke. */
export class RuleBroken extends Error {
  override readonly name = 'RuleBroken'
}
