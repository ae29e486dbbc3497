/**
 * How long, how often and where an item may be filled, by date arithmetic. An item says under which limits it stands,
 * not of which schedule the drug is: stricter limits than its own are open to every drug, and hide it among others.
 */
import { type Infer, oneOf } from '@plexus/codec'
import { monthsLater, type Place, startOfDay } from './days.ts'

/** Named after the schedules (21 CFR 1308) for which they suffice, strictest first. */
export const limitsName = oneOf('ii', 'iii-iv', 'v', 'none')
export type LimitsName = Infer<typeof limitsName>

export interface Limits {
  /** Fills after the first. */
  readonly refillsMax: number
  /** No fill later than so many months after the day of issue. */
  readonly months: number
  /** Pharmacies that may hold the item, one after the other, before one fill is complete. */
  readonly holdersMax: number
  /** Whether an item of which a part was filled may still change hands. */
  readonly movesWhenPartlyFilled: boolean
  /** What ends the time for what is left after a part: the reason for it, six months from the issue, or the last day alone. */
  readonly remainder: 'by-reason' | 'six-months' | 'last-day'
  /** Whether the prescriber must be registered with an authority (21 CFR 1306.03). */
  readonly registration: boolean
}

/** Most states end a prescription a year after its issue, few later; federal law names an end for III and IV alone. */
const monthsMax = 12
/** A fill a week for a year: clozapine under weekly counts is dispensed so. */
const refillsMax = 52
/** An item that goes from pharmacy to pharmacy for want of stock has an end. */
const holdersMax = 10
/** The first, and one to whom it is transferred for its first filling (21 CFR 1306.08(e)). */
const controlledHoldersMax = 2

export const limitsOf: Readonly<Record<LimitsName, Limits>> = {
  // 21 CFR 1306.12(a): no refills. 1306.13(a) and (b): what is left of a part. 1306.08(e): transferred once, unfilled.
  ii: {
    refillsMax: 0,
    months: monthsMax,
    holdersMax: controlledHoldersMax,
    movesWhenPartlyFilled: false,
    remainder: 'by-reason',
    registration: true,
  },
  // 21 CFR 1306.22(a): within six months of the day of issue, at most five times. 1306.23(c): parts until then.
  'iii-iv': {
    refillsMax: 5,
    months: 6,
    holdersMax: controlledHoldersMax,
    movesWhenPartlyFilled: false,
    remainder: 'last-day',
    registration: true,
  },
  // 21 CFR 1306.22 limits III and IV alone: V is refilled as the prescriber authorises. 1306.23(c): parts for six months.
  v: {
    refillsMax,
    months: monthsMax,
    holdersMax: controlledHoldersMax,
    movesWhenPartlyFilled: false,
    remainder: 'six-months',
    registration: true,
  },
  none: {
    refillsMax,
    months: monthsMax,
    holdersMax,
    movesWhenPartlyFilled: true,
    remainder: 'last-day',
    registration: false,
  },
}

/** The last day on which an item of this day of issue may be filled; days since 1970. */
export function lastDayOf(limits: LimitsName, issuedDay: number): number {
  return monthsLater(issuedDay, limitsOf[limits].months)
}

/** Why only a part is filled, which decides how long the rest may follow. */
export const remainderReason = oneOf('shortage', 'requested')
export type RemainderReason = Infer<typeof remainderReason>

/** 21 CFR 1306.13(a): the rest within 72 hours of the first part, where the pharmacy cannot supply all. */
const shortageSeconds = 72 * 3_600
/** 21 CFR 1306.13(b), 21 U.S.C. 829(f)(2)(A): at the patient's or prescriber's request, within 30 days of the day of issue. */
const requestedDays = 30

/** The second from which what is left after a first part, filled at `time`, may no longer be filled. */
export function remainderEnd(
  reason: RemainderReason,
  { time, issuedDay, place }: { readonly time: number; readonly issuedDay: number; readonly place: Place },
): number {
  return reason === 'shortage' ? time + shortageSeconds : startOfDay(issuedDay + requestedDays + 1, place)
}

/** 21 CFR 1306.23(c): nothing is dispensed in parts later than six months after the day of issue. */
const partsMonths = 6

/** The second from which nothing of what is filled in parts may be dispensed any more, where that is before the last day. */
export function partsEnd(issuedDay: number, place: Place): number {
  return startOfDay(monthsLater(issuedDay, partsMonths) + 1, place)
}

export type Schedule = 'II' | 'III' | 'IV' | 'V'

const strictestFirst: readonly LimitsName[] = ['ii', 'iii-iv', 'v', 'none']

/** The loosest limits that a drug of this schedule may stand under; `null` is a drug that is not controlled. */
export function limitsFor(schedule: Schedule | null): LimitsName {
  if (schedule === null) return 'none'
  return schedule === 'II' ? 'ii' : schedule === 'V' ? 'v' : 'iii-iv'
}

/** Whether an item under these limits is bound at least as its drug demands. */
export function limitsSuffice(limits: LimitsName, schedule: Schedule | null): boolean {
  return strictestFirst.indexOf(limits) <= strictestFirst.indexOf(limitsFor(schedule))
}
