/**
 * GS1 identifiers as URNs (GS1 EPC Tag Data Standard 2.0 §6). Their parts are cut where the company prefix ends, which no
 * other notation shows: the way back needs to be told its length.
 */
import { no, type Result } from '@plexus/codec'
import { checkDigit } from './check-digit.ts'
import { escapedForUrn, fits, type Gs1Identifier, notUri, unescaped, uriCharactersMax } from './gs1-identifier.ts'
import type { Gs1Refusal } from './keys.ts'

/** How a scheme cuts a key. */
interface Scheme {
  /** Application identifier of the key. */
  readonly code: string
  /** Digits of company prefix and reference together, without check digit; null where the reference is text. */
  readonly digits: number | null
  /** The first digit of the reference (indicator, extension digit) stands before the prefix in the key. */
  readonly leads: boolean
  /** What follows the reference: nothing, more of the key itself, or a qualifier by its application identifier. */
  readonly last: 'nothing' | 'key' | '10' | '21' | '235' | '254' | '8011'
  /** Reference, number and count of pieces, last part. */
  readonly form: RegExp
}

function scheme(code: string, digits: number | null, last: Scheme['last'], leads = false): Scheme {
  const reference = digits !== null ? '(\\d*)' : last === 'nothing' ? '(.+)' : '([^.]+)'
  const pieces = code === '8006' ? '\\.(\\d\\d)\\.(\\d\\d)' : '()()'
  return {
    code,
    digits,
    leads,
    last,
    form: new RegExp(`^${reference}${pieces}${last === 'nothing' ? '()' : '\\.(.+)'}$`),
  }
}

const schemes: ReadonlyMap<string, Scheme> = new Map([
  ['id:sgtin', scheme('01', 13, '21', true)],
  ['class:lgtin', scheme('01', 13, '10', true)],
  ['id:upui', scheme('01', 13, '235', true)],
  ['id:itip', scheme('8006', 13, '21', true)],
  ['id:sscc', scheme('00', 17, 'nothing', true)],
  ['id:sgln', scheme('414', 12, '254')],
  ['id:pgln', scheme('417', 12, 'nothing')],
  ['id:grai', scheme('8003', 12, 'key')],
  ['id:gdti', scheme('253', 12, 'key')],
  ['id:sgcn', scheme('255', 12, 'key')],
  ['id:gsrn', scheme('8018', 17, 'nothing')],
  ['id:gsrnp', scheme('8017', 17, 'nothing')],
  ['id:giai', scheme('8004', null, 'nothing')],
  ['id:ginc', scheme('401', null, 'nothing')],
  ['id:gsin', scheme('402', 16, 'nothing')],
  ['id:cpi', scheme('8010', null, '8011')],
])

/** Six to twelve digits of company prefix. */
const urnForm = /^urn:epc:(id|class|idpat):([a-z]+):(\d{6,12})\.(.*)$/
/** The last part of a pattern: any. */
const open = '*'
/** The extension that a location has which has none (EPC Tag Data Standard 2.0 §6.3.3). */
const noExtension = '0'

/** Reads `urn:epc:id:…`, `urn:epc:class:lgtin:…`, and `urn:epc:idpat:…` whose last part alone is open: the class. */
export function readEpcUrn(urn: string): Result<Gs1Identifier, Gs1Refusal> {
  const [, kind, name, prefix, rest] = (urn.length <= uriCharactersMax && urnForm.exec(urn)) || []
  const isPattern = kind === 'idpat'
  const found = schemes.get(`${isPattern ? 'id' : kind}:${name}`)
  const [, reference, piece, count, last] = (rest !== undefined && found?.form.exec(rest)) || []
  if (!found || prefix === undefined || reference === undefined || last === undefined) return no(notUri)
  const digits = keyOf(found, prefix, reference)
  const serial = unescaped(last)
  if (digits === undefined || serial === undefined) return no(notUri)
  const { code } = found
  const key = `${digits}${piece}${count}`
  if (isPattern) return last === open ? fits({ code, key, qualifiers: [] }) : no(notUri)
  if (found.last === 'key') return fits({ code, key: key + serial, qualifiers: [] })
  const isWhole = found.last === 'nothing' || (found.last === '254' && serial === noExtension)
  return fits({ code, key, qualifiers: isWhole ? [] : [[found.last, serial]] })
}

function keyOf({ code, digits, leads }: Scheme, prefix: string, reference: string): string | undefined {
  if (digits === null) {
    const text = unescaped(reference)
    return text === undefined ? undefined : prefix + text
  }
  if (prefix.length + reference.length !== digits) return undefined
  const body = leads ? reference.slice(0, 1) + prefix + reference.slice(1) : prefix + reference
  const key = zeroBefore(code) + body
  return key + checkDigit(key)
}

/** A returnable asset's key is as long as a GTIN. */
const zeroBefore = (code: string): string => (code === '8003' ? '0' : '')

/** The same identifier as a URN, or undefined where it has none: a class without serial, or a prefix of no such length. */
export function writeEpcUrn({ code, key, qualifiers }: Gs1Identifier, companyPrefixDigits: number): string | undefined {
  const narrow = qualifiers.at(-1)
  const found = [...schemes].find(([, each]) => each.code === code && lastOf(each, key, narrow) !== undefined)
  if (!found || !(companyPrefixDigits >= 6 && companyPrefixDigits <= 12)) return undefined
  const [name, { digits, leads }] = found
  const last = lastOf(found[1], key, narrow) as string
  const start = zeroBefore(code).length
  const body = digits === null ? key : key.slice(start, start + digits)
  const ordered = leads ? body.slice(1, companyPrefixDigits + 1) : body.slice(0, companyPrefixDigits)
  const reference = leads ? body.slice(0, 1) + body.slice(companyPrefixDigits + 1) : body.slice(companyPrefixDigits)
  const pieces = code === '8006' ? [key.slice(14, 16), key.slice(16, 18)] : []
  const parts = [ordered, digits === null ? escapedForUrn(reference) : reference, ...pieces]
  return `urn:epc:${name}:${[...parts, ...(last === '' ? [] : [escapedForUrn(last)])].join('.')}`
}

/** What stands last in the URN; '' for nothing, undefined where the identifier is none of this scheme. */
function lastOf(
  { code, digits, last }: Scheme,
  key: string,
  narrow: readonly [string, string] | undefined,
): string | undefined {
  if (last === 'nothing') return narrow ? undefined : ''
  if (last === 'key') return key.slice(zeroBefore(code).length + (digits ?? 0) + 1) || undefined
  return narrow ? (narrow[0] === last ? narrow[1] : undefined) : last === '254' ? noExtension : undefined
}
