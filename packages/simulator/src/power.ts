/** The power and the disk of one node: every durable write runs through it, and every one of them can go wrong. */

/** What a process feels when it dies: nothing it started goes on. */
export class PowerCut extends Error {
  override readonly name = 'PowerCut'
}

/** What a process is told when its disk refuses: it lives on, or ends by its own choice. */
export class WriteFailed extends Error {
  override readonly name = 'WriteFailed'
}

/** The medium altered what lies on it, and whoever reads is told so. */
export class Damaged extends Error {
  override readonly name = 'Damaged'
}

/**
 * What becomes of a write. The first three end the process: before it took effect, after it, and in the middle where
 * the medium keeps a part of it. The last two only say that it failed: once truly, once although it happened.
 */
export const writeFates = ['before', 'after', 'torn', 'failed', 'failed-done'] as const
export type WriteFate = (typeof writeFates)[number]

export class Power {
  isOn = true
  private readonly fateOf: (kind: string) => WriteFate | undefined
  private readonly onFate: (kind: string, fate: WriteFate) => void

  /** `fateOf` is asked at every durable write, in order; `onFate` hears of each that goes wrong, before it is felt. */
  constructor(parts: {
    readonly fateOf: (kind: string) => WriteFate | undefined
    readonly onFate: (kind: string, fate: WriteFate) => void
  }) {
    this.fateOf = parts.fateOf
    this.onFate = parts.onFate
  }

  /** All of the write happens or nothing of it, unless `tear` says what a torn one leaves. */
  write<Value>(kind: string, action: () => Value, tear: () => void = () => {}): Value {
    this.check()
    const fate = this.fateOf(kind)
    if (fate === undefined) return action()
    if (fate === 'after' || fate === 'failed-done') action()
    if (fate === 'torn') tear()
    const fails = fate === 'failed' || fate === 'failed-done'
    if (!fails) this.isOn = false
    this.onFate(kind, fate)
    throw fails ? new WriteFailed(`the disk refuses ${kind}`) : new PowerCut(`${fate} ${kind}`)
  }

  /** Every other door of a dead process is closed too. */
  check(): void {
    if (!this.isOn) throw new PowerCut('this process has ended')
  }

  off(): void {
    this.isOn = false
  }
}
