/** Arithmetic with civil dates: days since 1970-01-01 of the proleptic Gregorian calendar, and seconds. Integers only. */

const secondsPerDay = 86_400
const secondsPerMinute = 60
/** Nowhere does a day begin earlier than at UTC+14. */
const earliestZoneSeconds = 14 * 3_600

/** A day as it is counted at one place: `lagMinutes` after it began at UTC+14. New York in winter (UTC-5): 1140. */
export interface Place {
  readonly lagMinutes: number
}

/** The second at which a day begins at a place. */
export function startOfDay(day: number, { lagMinutes }: Place): number {
  return day * secondsPerDay - earliestZoneSeconds + lagMinutes * secondsPerMinute
}

/** The day that it is at a place. */
export function dayAt(time: number, { lagMinutes }: Place): number {
  return quotient(time + earliestZoneSeconds - lagMinutes * secondsPerMinute, secondsPerDay)
}

/**
 * The same day of the month so many months later, or the last day of that month where it is shorter: six months after
 * 31 August is 28 or 29 February.
 */
export function monthsLater(day: number, months: number): number {
  const { year, month, dayOfMonth } = civil(day)
  const later = year * monthsPerYear + (month - 1) + months
  const laterYear = quotient(later, monthsPerYear)
  const laterMonth = (later % monthsPerYear) + 1
  return daysBefore(laterYear, laterMonth) + Math.min(dayOfMonth, lengthOf(laterYear, laterMonth)) - 1
}

const monthsPerYear = 12
const monthLengths: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const epochYear = 1970

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
const lengthOf = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : (monthLengths[month - 1] as number)

/** Days from 1970-01-01 to the first of a month. */
function daysBefore(year: number, month: number): number {
  const past = year - 1
  const leaps = (of: number) => quotient(of, 4) - quotient(of, 100) + quotient(of, 400)
  let days = (year - epochYear) * 365 + leaps(past) - leaps(epochYear - 1)
  for (let each = 1; each < month; each++) days += lengthOf(year, each)
  return days
}

/** Year, month (1 to 12) and day of the month (1 to 31). */
function civil(day: number): { readonly year: number; readonly month: number; readonly dayOfMonth: number } {
  // 400 years have 146,097 days: the guess is at most one year off.
  let year = epochYear + quotient(day * 400, 146_097)
  if (daysBefore(year, 1) > day) year--
  else if (daysBefore(year + 1, 1) <= day) year++
  let month = 1
  while (daysBefore(year, month) + lengthOf(year, month) <= day) month++
  return { year, month, dayOfMonth: day - daysBefore(year, month) + 1 }
}

/** How often `by` is contained in a number that is not negative: exact, with no fraction on the way. */
function quotient(of: number, by: number): number {
  return (of - (of % by)) / by
}
