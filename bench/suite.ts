/** What a suite is: a claim, what it does not claim, figures against targets, and a result that is the same on every machine. */

export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** Undefined: told beside, promised nowhere. */
  readonly target?: Target
}

export type Target = { readonly type: 'at-least' | 'below'; readonly value: number }

export interface Outcome {
  readonly figures: readonly Figure[]
  /** What was worked out, free of times, keys and chance: hashed, and compared in tests. */
  readonly checked: unknown
}

export interface Suite {
  readonly name: string
  readonly claim: string
  readonly nonClaim: string
  /** Run on one core where the system can pin a process. */
  readonly oneCore: boolean
  /** Throws when a result is wrong; how long it took never fails a run. `tell`: what a person may want to read besides. */
  run(options: RunOptions): Promise<Outcome>
}

export interface RunOptions {
  /** A size that takes seconds: results are checked, figures mean little. */
  readonly small: boolean
  /** How long a suite that goes on for a time does so, instead of its own length. */
  readonly minutes?: number
  readonly tell: (line: string) => void
}

export interface Result {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly target: string | null
  readonly met: boolean | null
}

export function resultOf({ name, value, unit, target }: Figure): Result {
  const shown = Number(value.toPrecision(4))
  if (!target) return { name, value: shown, unit, target: null, met: null }
  const met = target.type === 'at-least' ? value >= target.value : value < target.value
  return { name, value: shown, unit, target: `${target.type === 'at-least' ? '>=' : '<'} ${target.value}`, met }
}

/** The value below which this share of the values lies (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
  if (value === undefined) throw new Error('no value to rank')
  return value
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** CPU seconds of this process since `from`, all its threads together. */
export function cpuSeconds(from: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1e6
}
