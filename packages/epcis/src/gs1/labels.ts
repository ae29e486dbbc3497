/** What a scanner gives, or a person reads, from a GS1 DataMatrix, GS1-128 or the text beside it. */
import { no, ok, type Result } from '@plexus/codec'
import { checkDigitHolds } from './check-digit.ts'
import { type IdentifierShape, identifierShapes } from './identifiers.ts'
import type { Gs1Refusal } from './keys.ts'

/** No symbol of GS1 holds more: a DataMatrix holds 2,335 characters. */
const labelCharactersMax = 2_335
const labelElementsMax = 64

/** FNC1 as scanners send it inside a message: the group separator of ASCII (§7.8). */
const separator = '\u001d'
/** ISO/IEC 15424: GS1 DataMatrix, GS1-128, GS1 QR code, GS1 DotCode, GS1 DataBar and composite. */
const symbologyPrefix = /^\](?:d2|C1|Q3|J1|e0)/

/** Application identifier to value, in the order of the label. */
export type LabelElements = ReadonlyMap<string, string>

/**
 * Reads `(01)…(21)…` as people write it, and what scanners send, with or without the symbology's prefix. Each value has the
 * characters, length, check digit and date that its identifier asks for; each identifier stands once.
 */
export function readLabel(label: string): Result<LabelElements, Gs1Refusal> {
  if (label.length > labelCharactersMax)
    return no({ type: 'wrong-length', expected: `at most ${labelCharactersMax} characters` })
  const elements = new Map<string, string>()
  const inBrackets = label.startsWith('(')
  let rest = label.replace(symbologyPrefix, '')
  if (rest.startsWith(separator)) rest = rest.slice(1)
  if (rest === '') return no({ type: 'wrong-length', expected: 'at least one element' })
  while (rest !== '') {
    if (elements.size === labelElementsMax)
      return no({ type: 'wrong-length', expected: `at most ${labelElementsMax} elements` })
    const part = inBrackets ? bracketed(rest) : scanned(rest)
    if (!part.ok) return part
    const { code, value, left } = part.value
    const fault = faultOf(identifierShapes.get(code) as IdentifierShape, value)
    if (fault) return no(fault)
    if (elements.has(code)) return no({ type: 'repeated-identifier', expected: 'each identifier once' })
    elements.set(code, value)
    rest = left
  }
  return ok(elements)
}

interface Part {
  readonly code: string
  readonly value: string
  readonly left: string
}

const unknown: Gs1Refusal = {
  type: 'unknown-identifier',
  expected: 'an application identifier of trade or health care',
}

/** A value may hold brackets itself, so it ends only before a bracket with an identifier that is known. */
function bracketed(rest: string): Result<Part, Gs1Refusal> {
  const code = /^\(([0-9]{2,4})\)/.exec(rest)?.[1]
  if (code === undefined || !identifierShapes.has(code)) return no(unknown)
  const start = code.length + 2
  let end = rest.length
  for (const found of rest.slice(start).matchAll(/\(([0-9]{2,4})\)/g)) {
    if (!identifierShapes.has(found[1] as string)) continue
    end = start + found.index
    break
  }
  return ok({ code, value: rest.slice(start, end), left: rest.slice(end) })
}

function scanned(rest: string): Result<Part, Gs1Refusal> {
  const code = [2, 3, 4].map((length) => rest.slice(0, length)).find((each) => identifierShapes.has(each))
  const shape = code === undefined ? undefined : identifierShapes.get(code)
  if (code === undefined || shape === undefined) return no(unknown)
  const body = rest.slice(code.length)
  const stop = body.indexOf(separator)
  const end = stop < 0 ? body.length : stop
  if (!shape.isFixed) return ok({ code, value: body.slice(0, end), left: body.slice(end + 1) })
  const value = body.slice(0, shape.lengthMax)
  const left = body.slice(value.length)
  return ok({ code, value, left: left.startsWith(separator) ? left.slice(1) : left })
}

function faultOf(shape: IdentifierShape, value: string): Gs1Refusal | undefined {
  if (value.length < shape.lengthMin || value.length > shape.lengthMax) {
    const range =
      shape.lengthMin === shape.lengthMax ? `${shape.lengthMin}` : `${shape.lengthMin} to ${shape.lengthMax}`
    return { type: 'wrong-length', expected: `${range} characters` }
  }
  if (!shape.characters.test(value)) return { type: 'wrong-characters', expected: 'characters of its identifier' }
  if (shape.checked > 0 && !checkDigitHolds(value.slice(0, shape.checked)))
    return { type: 'wrong-check-digit', expected: 'a check digit that holds' }
  if (shape.isDate && !isShortDate(value))
    return { type: 'no-date', expected: 'year, month and day of two digits each' }
  return undefined
}

/** Days of February are those of a leap year: which century is meant is not known here. */
const daysOfMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function isShortDate(value: string): boolean {
  const month = Number(value.slice(2, 4))
  return Number(value.slice(4)) <= (daysOfMonths[month - 1] ?? -1)
}

/** A day of the Gregorian calendar: month and day from 1 on. */
export interface CalendarDay {
  readonly year: number
  readonly month: number
  readonly day: number
}

/**
 * The day of six digits on a label, read in the year `yearNow`: the century is the one that brings it within 49 years
 * before and 50 after (GS1 General Specifications §7.12); day 00 is the month's last (§3.4.7).
 */
export function dayOnLabel(digits: string, yearNow: number): Result<CalendarDay, Gs1Refusal> {
  const refusal: Gs1Refusal = { type: 'no-date', expected: 'year, month and day of two digits each' }
  if (!/^[0-9]{6}$/.test(digits) || !isShortDate(digits)) return no(refusal)
  const century = yearNow - (yearNow % 100)
  const short = century + Number(digits.slice(0, 2))
  const distance = short - yearNow
  const year = distance > 50 ? short - 100 : distance <= -50 ? short + 100 : short
  const month = Number(digits.slice(2, 4))
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const last = month === 2 && !isLeap ? 28 : (daysOfMonths[month - 1] as number)
  const day = Number(digits.slice(4)) || last
  return day > last ? no(refusal) : ok({ year, month, day })
}
