/** The power of one node: every durable write runs through it, and it can fail before a write or right after it. */

/** What a process feels when it dies: nothing it started goes on. */
export class PowerCut extends Error {
  override readonly name = 'PowerCut'
}

export type CutMoment = 'after' | 'before'

export class Power {
  isOn = true
  private readonly cutAt: (kind: string) => CutMoment | undefined
  private readonly onCut: (kind: string, moment: CutMoment) => void

  /** `cutAt` is asked at every durable write, in order. */
  constructor(parts: {
    readonly cutAt: (kind: string) => CutMoment | undefined
    readonly onCut: (kind: string, moment: CutMoment) => void
  }) {
    this.cutAt = parts.cutAt
    this.onCut = parts.onCut
  }

  /** All of the write happens or nothing of it; whether it did, the process may not live to see. */
  write<Value>(kind: string, action: () => Value): Value {
    this.check()
    const moment = this.cutAt(kind)
    if (moment === 'before') this.cut(kind, moment)
    const value = action()
    if (moment === 'after') this.cut(kind, moment)
    return value
  }

  /** Every other door of a dead process is closed too. */
  check(): void {
    if (!this.isOn) throw new PowerCut('this process has ended')
  }

  off(): void {
    this.isOn = false
  }

  private cut(kind: string, moment: CutMoment): never {
    this.isOn = false
    this.onCut(kind, moment)
    throw new PowerCut(`${moment} ${kind}`)
  }
}
