import { dayOf, overlaps, type Span } from './times.ts'

export interface Organisation {
  readonly id: string
  readonly name: string
}

export interface Visit {
  readonly id: string
  readonly period: Span | undefined
  readonly organisation: Organisation
}

/**
 * Rule 5. Of the encounters whose period meets the time, the one that began last (a visit within a stay); without any,
 * of those that began on that day (UTC) and before, the one that ended last. Of equals the one whose id sorts first.
 */
export function visitAt(visits: readonly Visit[], time: Span): Visit | undefined {
  let open: Visit | undefined
  let earlier: Visit | undefined
  for (const visit of visits) {
    const { period } = visit
    if (period === undefined) continue
    if (overlaps(period, time)) open = later(open, visit, (span) => span.from)
    else if (period.to < time.from && dayOf(period.from) === dayOf(time.from))
      earlier = later(earlier, visit, (span) => span.to)
  }
  return open ?? earlier
}

function later(best: Visit | undefined, visit: Visit, by: (span: Span) => number): Visit {
  if (best?.period === undefined || visit.period === undefined) return visit
  const difference = by(visit.period) - by(best.period)
  return difference > 0 || (difference === 0 && visit.id < best.id) ? visit : best
}

/** The most frequent; of equals the one whose id sorts first. */
export function mostOf(organisations: readonly Organisation[]): Organisation | undefined {
  const counts = new Map<string, number>()
  for (const { id } of organisations) counts.set(id, (counts.get(id) ?? 0) + 1)
  let most: Organisation | undefined
  for (const organisation of organisations) {
    const difference = (counts.get(organisation.id) ?? 0) - (most === undefined ? 0 : (counts.get(most.id) ?? 0))
    if (most === undefined || difference > 0 || (difference === 0 && organisation.id < most.id)) most = organisation
  }
  return most
}
