/** When a pharmacy may fill an item, take a fill back, and be done with it. */
import { no, ok, type Result, toHex } from '@plexus/codec'
import { type Call, type Context, call } from '@plexus/kernel'
import { practitioners } from '../practitioners/index.ts'
import { dayAt, startOfDay } from './days.ts'
import { limitsOf, partsEnd, type RemainderReason, remainderEnd } from './limits.ts'
import type { Rejection } from './rejections.ts'
import { goingBy, isKnown, isOver, type PrescriptionsRules, type PrescriptionsView } from './standing.ts'
import { type Item, whole } from './state.ts'
import type { Dispenser } from './transactions.ts'

const daysPerWeek = 7

export const dispensingRules: Pick<PrescriptionsRules, 'fill' | 'reverse-fill' | 'not-dispensed' | 'complete'> = {
  /**
   * That each pharmacy and each pharmacist who is named has an active licence and an active role there now, and for
   * controlled items the pharmacy's registration too, is asked of `practitioners` (21 CFR 1306.06).
   */
  fill(state, { handle, level, record, tag, remainder, dispensers }, context) {
    const found = goingBy(state, handle, 'holder', context)
    if (!found.ok) return found
    const item = found.value
    const { time, height } = context
    const { fill, level: from, marked, status, holder } = item
    const over = isOver(item, context)
    if (over) return no(over)
    if (marked !== null) return no({ type: 'marked-for-cancellation', height: marked })
    if (status !== 'held' || !holder) return no({ type: 'wrong-status', status })
    const ends = item.remainderEndsAt
    if (ends !== null && time >= ends) return no({ type: 'remainder-over', endsAt: ends, time })
    if (level > whole) return no({ type: 'more-than-authorised', max: whole })
    if (level <= from) return no({ type: 'level-not-above', level: from })
    const remainderEndsAt = endOfRemainder(item, level, remainder, context)
    if (!remainderEndsAt.ok) return remainderEndsAt
    if (isKnown(state, tag)) return no({ type: 'key-known' })
    return ok({
      events: [
        {
          type: 'filled',
          handle,
          fill,
          from,
          to: level,
          record,
          tag,
          holder,
          dispensers,
          remainderEndsAt: remainderEndsAt.value,
          nextStartsAt: level === whole ? nextStart(item, time) : null,
          height,
        },
      ],
      calls: standingOf(dispensers, limitsOf[item.limits].registration ? registrarOf(state, item) : null),
    })
  },

  // Back to stock: what nobody fetched was not dispensed.
  'reverse-fill'(state, { tag, record }, context) {
    const known = state.fills.get(toHex(tag))
    if (!known || known.reversed !== null) return no({ type: 'fill-unknown' })
    const { item: handle, fill, from, to, holder } = known
    const found = goingBy(state, handle, 'holder', context)
    if (!found.ok) return found
    const item = found.value
    const newest = item.fill === fill && item.level === to && item.holder && toHex(item.holder) === toHex(holder)
    if (!newest) return no({ type: 'not-the-last-fill' })
    if (known.boundBy.length > 0) return no({ type: 'fill-bound', by: known.boundBy })
    return ok({ events: [{ type: 'fill-reversed', handle, tag, level: from, record, height: context.height }] })
  },

  'not-dispensed'(state, { handle }, context) {
    const found = goingBy(state, handle, 'holder', context)
    if (!found.ok) return found
    const { fill, level, marked } = found.value
    if (marked !== null) return no({ type: 'marked-for-cancellation', height: marked })
    if (fill > 1 || level > 0) return no({ type: 'partly-filled' })
    return ok({ events: [{ type: 'not-dispensed', handle, height: context.height }] })
  },

  complete(state, { handle }, context) {
    const found = goingBy(state, handle, 'holder', context)
    if (!found.ok) return found
    const { level, marked } = found.value
    if (marked !== null) return no({ type: 'marked-for-cancellation', height: marked })
    if (level === 0) return no({ type: 'nothing-filled' })
    if (mayGoOn(found.value, context)) return no({ type: 'remainder-left' })
    return ok({ events: [{ type: 'completed', handle, height: context.height }] })
  },
}

/** Who registered the prescribers of a controlled item registers its pharmacies. */
function registrarOf({ signings }: PrescriptionsView, { signing }: Item): string | null {
  const known = signings.get(toHex(signing))
  if (!known) throw new Error('an item is of no signing')
  return known.registrar
}

function standingOf(dispensers: readonly Dispenser[], registrar: string | null): readonly Call[] {
  const ask = (organisation: string, npis: readonly string[]) =>
    call(practitioners, { type: 'require-standing', organisation, npis: [...new Set(npis)].sort() })
  return [
    ...dispensers.map(({ organisation, pharmacy, pharmacists }) => ask(organisation, [pharmacy, ...pharmacists])),
    ...(registrar === null
      ? []
      : [
          ask(
            registrar,
            dispensers.map(({ pharmacy }) => pharmacy),
          ),
        ]),
  ]
}

/** The end of what a fill leaves, kept from the first part on; a reason is given with that part and at no other time. */
function endOfRemainder(
  { limits, level: from, remainderEndsAt, issuedDay, dayLagMinutes }: Item,
  level: number,
  reason: RemainderReason | null,
  { time }: Context,
): Result<number | null, Rejection> {
  const { remainder } = limitsOf[limits]
  const place = { lagMinutes: dayLagMinutes }
  const firstPart = from === 0 && level < whole
  const expected = remainder === 'by-reason' && firstPart
  if (expected !== (reason !== null)) return no({ type: 'remainder-reason', expected })
  if (reason !== null) return ok(remainderEnd(reason, { time, issuedDay, place }))
  if (remainder !== 'six-months' || !firstPart) return ok(remainderEndsAt)
  const endsAt = partsEnd(issuedDay, place)
  return time < endsAt ? ok(endsAt) : no({ type: 'remainder-over', endsAt, time })
}

/** A refill may be claimed so many weeks after the day on which the fill before it was complete. */
function nextStart({ refillWeeks, dayLagMinutes }: Item, time: number): number {
  const place = { lagMinutes: dayLagMinutes }
  return startOfDay(dayAt(time, place) + refillWeeks * daysPerWeek, place)
}

/** Whether something may still be dispensed: the rest of a part, or a refill. */
function mayGoOn(item: Item, context: Context): boolean {
  const { level, remainderEndsAt, fill, refills } = item
  if (isOver(item, context)) return false
  if (level === whole) return fill <= refills
  return remainderEndsAt === null || context.time < remainderEndsAt
}
