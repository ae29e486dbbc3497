/** What pages of both roles read off an assembled record. It decides nothing: it sorts and groups what is there. */
import type { AssembledRecord, Kind, Line } from '@plexus/assembly'
import type { Point } from '../look/trend.tsx'
import { monthOf } from '../words/dates.ts'

export const linesOf = (record: AssembledRecord, kind: Kind): readonly Line[] =>
  record.lines.filter((line) => line.kind === kind)

/** Whether some source stated that there is none, or nobody said anything, or there are entries. */
export type Allergies = 'entries' | 'none-stated' | 'not-known'

export function allergiesIn(record: AssembledRecord): Allergies {
  const lines = linesOf(record, 'allergies')
  if (lines.some(({ absence }) => !absence)) return 'entries'
  return lines.length > 0 ? 'none-stated' : 'not-known'
}

/** Conditions and medicines that stand now come first. */
const current: readonly (string | null)[] = ['active', 'recurrence', 'relapse', 'in-progress']
export const isCurrent = ({ status }: Line): boolean => current.includes(status)

/** One measurement: its newest line, and all its numbers in order of time. */
export interface Measurement {
  readonly key: string
  readonly display: string
  readonly newest: Line
  readonly count: number
  readonly points: readonly Point[]
}

export function measurementsIn(record: AssembledRecord): readonly Measurement[] {
  const groups = new Map<string, Line[]>()
  for (const line of linesOf(record, 'results')) {
    const [code] = line.codes
    const key = code ? `${code.system}|${code.code}` : line.display
    const group = groups.get(key)
    if (group) group.push(line)
    else groups.set(key, [line])
  }
  return [...groups].flatMap(([key, lines]) => {
    const [newest] = lines
    if (!newest) return []
    const points = lines.flatMap((line) => pointOf(line, newest.value?.unit ?? null)).sort((a, b) => a.at - b.at)
    return [{ key, display: newest.display, newest, count: lines.length, points }]
  })
}

/** A number is drawn only beside numbers of the same unit; what is drawn decides nothing. */
function pointOf({ value, effective }: Line, unit: string | null): readonly Point[] {
  if (!value || value.unit !== unit || !/^-?\d+(?:\.\d+)?$/.test(value.text) || effective === null) return []
  const at = Date.parse(effective)
  return Number.isNaN(at) ? [] : [{ at, value: Number(value.text) }]
}

/** Lines by month, newest first; those without a date come last, under an empty name. */
export function monthsOf(lines: readonly Line[]): readonly (readonly [string, readonly Line[]])[] {
  const months = new Map<string, Line[]>()
  for (const line of lines) {
    const month = monthOf(line.effective)
    const known = months.get(month)
    if (known) known.push(line)
    else months.set(month, [line])
  }
  return [...months].sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? 1 : -1))
}
