/** Times as RFC 3339 §5.6 writes them, with an offset always. Calendar arithmetic without a clock. */

const timeForm = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/
const millisecondsPerMinute = 60_000
const millisecondsPerDay = 86_400_000
/** Nobody measures finer, and it keeps every sum an exact integer. */
const fractionDigitsMax = 12

interface Moment {
  /** Milliseconds since 1970, UTC, without the fraction. */
  readonly wholeSecond: number
  /** Digits behind the point, or ''. */
  readonly fraction: string
}

function momentOf(text: string): Moment | undefined {
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour, offsetMinute] =
    timeForm.exec(text) ?? []
  if (year === undefined || fraction.length > fractionDigitsMax) return undefined
  const days = daysSince1970(Number(year), Number(month), Number(day))
  const offset = sign === undefined ? 0 : Number(`${sign}1`) * (Number(offsetHour) * 60 + Number(offsetMinute))
  if (days === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(offsetHour ?? 0) > 23) return undefined
  if (Number(offsetMinute ?? 0) > 59) return undefined
  const minutes = Number(hour) * 60 + Number(minute) - offset
  // A leap second stands at the end of a day of UTC alone.
  if (Number(second) > ((minutes + 1) % 1440 === 0 ? 60 : 59)) return undefined
  return {
    wholeSecond: days * millisecondsPerDay + minutes * millisecondsPerMinute + Number(second) * 1000,
    fraction,
  }
}

/** Is it a time with an offset, of a day that exists? */
export const isTime = (text: string): boolean => momentOf(text) !== undefined

/** Milliseconds since 1970, UTC, what is finer cut off; undefined where the text is no time. */
export function millisecondsOf(text: string): number | undefined {
  const moment = momentOf(text)
  return moment && moment.wholeSecond + Number(moment.fraction.padEnd(3, '0').slice(0, 3))
}

/**
 * CBV 2.0, event hash identifiers: UTC, three digits of a second. What is finer than a microsecond is cut off, then half
 * goes to the even millisecond: so the reference implementation rounds, though its rule as written takes every half up,
 * and a hash must be the same everywhere.
 */
export function hashedTime(text: string): string | undefined {
  const moment = momentOf(text)
  if (!moment) return undefined
  const micros = Number(moment.fraction.padEnd(6, '0').slice(0, 6))
  const below = Math.floor(micros / 1000)
  const rest = micros % 1000
  const isUp = rest > 500 || (rest === 500 && below % 2 === 1)
  return utcText(moment.wholeSecond + below + (isUp ? 1 : 0))
}

/** `2026-11-21T22:15:00.000Z` for milliseconds since 1970, of years that have four digits. */
export function utcText(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

const daysOfMonths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Days from 1970-01-01 in the Gregorian calendar, or undefined where the month has no such day. */
function daysSince1970(year: number, month: number, day: number): number | undefined {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const last = (daysOfMonths[month - 1] ?? 0) + (month === 2 && isLeap ? 1 : 0)
  if (day < 1 || day > last) return undefined
  // Years begin in March here, so that the leap day is the last of its year.
  const shifted = month > 2 ? year : year - 1
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  const leapDays = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400)
  return shifted * 365 + leapDays + dayOfYear - 719_468
}
