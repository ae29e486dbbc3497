/** Moments as CometBFT writes them: RFC 3339 in UTC, to the nanosecond. No clock: a caller says what time it is. */
import { concatBytes } from '@plexus/codec'
import { numberField } from './proto.ts'

export interface Instant {
  /** Since 1970, whole. */
  readonly seconds: number
  /** 0 to 999,999,999. */
  readonly nanoseconds: number
}

const form = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?Z$/
const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
/** Days from the first of January of year 1 to that of 1970. */
const epochDay = 719_162

/** A moment from 1970 on, or undefined: nothing that validators sign is older. */
export function parseInstant(text: string): Instant | undefined {
  const [, ...parts] = form.exec(text) ?? []
  if (parts.length === 0) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(0, 6).map(Number)
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const seconds = daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
  return { seconds, nanoseconds: Number((parts[6] ?? '').padEnd(9, '0')) }
}

export function isBefore(one: Instant, other: Instant): boolean {
  return one.seconds === other.seconds ? one.nanoseconds < other.nanoseconds : one.seconds < other.seconds
}

export function later(from: Instant, seconds: number): Instant {
  return { seconds: from.seconds + seconds, nanoseconds: from.nanoseconds }
}

/** google.protobuf.Timestamp. */
export function timestamp({ seconds, nanoseconds }: Instant): Uint8Array {
  return concatBytes(numberField(1, seconds), numberField(2, nanoseconds))
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

/** Whole numbers only; `Math.floor` of a quotient of small integers is exact. */
function daysSince1970(year: number, month: number, day: number): number {
  const past = year - 1
  const leaps = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400)
  const leapDay = month > 2 && isLeap(year) ? 1 : 0
  return past * 365 + leaps + (daysBefore[month - 1] as number) + leapDay + day - 1 - epochDay
}
