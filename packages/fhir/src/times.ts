/** An instant or a span, in milliseconds since 1970 UTC; `to` is Infinity for what has not ended. */
export interface Span {
  readonly from: number
  readonly to: number
}

const dayMilliseconds = 86_400_000
const form = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d))?)?)?$/

/** The span that a FHIR date, dateTime or instant (R4 §2.24.0.1) covers: a day, month or year when it says no more. */
export function spanOf(text: string): Span | undefined {
  const [, year, month, day, hour, minute, second, fraction, zone] = form.exec(text) ?? []
  if (year === undefined) return undefined
  if (month === undefined) return { from: Date.UTC(Number(year), 0), to: Date.UTC(Number(year) + 1, 0) - 1 }
  if (day === undefined) {
    return { from: Date.UTC(Number(year), Number(month) - 1), to: Date.UTC(Number(year), Number(month)) - 1 }
  }
  const from = Date.UTC(Number(year), Number(month) - 1, Number(day))
  if (hour === undefined) return { from, to: from + dayMilliseconds - 1 }
  const milliseconds = Number((fraction ?? '0').padEnd(3, '0').slice(0, 3))
  const ofDay = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + milliseconds
  const instant = from + ofDay - offsetMilliseconds(zone ?? 'Z')
  return { from: instant, to: instant }
}

/** A FHIR Period; without a start it tells nothing, without an end it goes on. */
export function periodOf(start: string, end: string): Span | undefined {
  const from = spanOf(start)
  if (from === undefined) return undefined
  return { from: from.from, to: end === '' ? Number.POSITIVE_INFINITY : (spanOf(end)?.to ?? from.to) }
}

export function overlaps(a: Span, b: Span): boolean {
  return a.from <= b.to && b.from <= a.to
}

/** Number of the day in UTC. */
export function dayOf(instant: number): number {
  return Math.floor(instant / dayMilliseconds)
}

function offsetMilliseconds(zone: string): number {
  if (zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}
