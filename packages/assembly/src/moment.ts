/** FHIR R4 §2.24.0.1: `date` and `dateTime`, from a year alone to an instant with its offset. */
const dateTime = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,12}))?(Z|[+-]\d{2}:\d{2})?)?)?)?$/

/** What a date text says about order. */
export interface Moment {
  /** Seconds since 1970 (UTC) of the first moment that the text can mean; negative before. */
  readonly seconds: number
  /** Decimal digits of the fraction of a second, without trailing zeros. */
  readonly fraction: string
  /** A full date and time with its offset: two texts with equal moments then mean the same instant. */
  readonly exact: boolean
}

/** Reads a date text; undefined if it is not one (a season, an age, a day that no calendar has). */
export function momentOf(text: string): Moment | undefined {
  const match = dateTime.exec(text)
  if (!match) return undefined
  const [year, month, day] = [Number(match[1]), Number(match[2] ?? '1'), Number(match[3] ?? '1')]
  const [hour, minute, second] = [Number(match[4] ?? '0'), Number(match[5] ?? '0'), Number(match[6] ?? '0')]
  const zone = match[8]
  // 60 is a leap second (FHIR R4 §2.24.0.1, instant); it sorts as the next second.
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 60) return undefined
  const offsetSeconds = zone === undefined ? 0 : offsetOf(zone)
  if (offsetSeconds === undefined) return undefined
  return {
    seconds: daysSince1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offsetSeconds,
    fraction: (match[7] ?? '').replace(/0+$/, ''),
    exact: zone !== undefined,
  }
}

/** Earlier first. Equal moments of different precision are equal here. */
export function compareMoments(a: Moment, b: Moment): number {
  if (a.seconds !== b.seconds) return a.seconds < b.seconds ? -1 : 1
  return a.fraction < b.fraction ? -1 : a.fraction > b.fraction ? 1 : 0
}

/** Newest first; what has no readable date stands after everything that has one. */
export function newestFirst(a: Moment | undefined, b: Moment | undefined): number {
  if (!a || !b) return a ? -1 : b ? 1 : 0
  return compareMoments(b, a)
}

/**
 * The same key for two texts exactly when they say the same time: equal instants whatever their offset, otherwise equal
 * text. A day is not equal to an instant within it, and a time without an offset is equal only to itself.
 */
export function momentKey(text: string): string {
  const moment = momentOf(text)
  return moment?.exact ? `@${moment.seconds}.${moment.fraction}` : `=${text}`
}

/** No time zone is or was further than 14 hours from UTC (FHIR R4 instant, pattern of the offset). */
function offsetOf(zone: string): number | undefined {
  if (zone === 'Z') return 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))]
  if (minutes > 59 || hours * 60 + minutes > 14 * 60) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3_600 + minutes * 60)
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Proleptic Gregorian calendar, integers only: years are counted from March, so that the leap day comes last. */
function daysSince1970(year: number, month: number, day: number): number {
  const yearFromMarch = month <= 2 ? year - 1 : year
  const monthFromMarch = month <= 2 ? month + 9 : month - 3
  const leapDays = Math.floor(yearFromMarch / 4) - Math.floor(yearFromMarch / 100) + Math.floor(yearFromMarch / 400)
  return yearFromMarch * 365 + leapDays + Math.floor((monthFromMarch * 153 + 2) / 5) + day - 719_469
}
