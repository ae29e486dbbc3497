import { no, ok, type Result } from '@plexus/codec'
import { checkDigit, checkDigitHolds } from './check-digit.ts'

/** Why a text is no GS1 key, label or identifier. It says what was expected, never what came. */
export interface Gs1Refusal {
  readonly type:
    | 'wrong-length'
    | 'wrong-characters'
    | 'wrong-check-digit'
    | 'unknown-identifier'
    | 'repeated-identifier'
    | 'no-date'
    | 'not-a-gs1-uri'
  readonly expected: string
}

/** Numeric keys and their lengths with check digit (GS1 General Specifications §3). */
const keyLengths = { 'GTIN-8': 8, 'GTIN-12': 12, 'GTIN-13': 13, 'GTIN-14': 14, GLN: 13, SSCC: 18, GSRN: 18 } as const

export type Gs1KeyKind = keyof typeof keyLengths

/** Is this such a key? Refuses with the first of: characters, length, check digit. Returns the text. */
export function parseGs1Key(kind: Gs1KeyKind, text: string): Result<string, Gs1Refusal> {
  const length = keyLengths[kind]
  if (!/^[0-9]*$/.test(text)) return no({ type: 'wrong-characters', expected: 'digits' })
  if (text.length !== length) return no({ type: 'wrong-length', expected: `${length} digits` })
  if (!checkDigitHolds(text)) return no({ type: 'wrong-check-digit', expected: 'a check digit that holds' })
  return ok(text)
}

const gtinKinds: ReadonlyMap<number, Gs1KeyKind> = new Map([
  [8, 'GTIN-8'],
  [12, 'GTIN-12'],
  [13, 'GTIN-13'],
  [14, 'GTIN-14'],
])

/** Any GTIN as the fourteen digits that stand for it everywhere else (GS1 General Specifications §3.3.2). */
export function parseGtin(text: string): Result<string, Gs1Refusal> {
  const kind = gtinKinds.get(text.length)
  if (kind === undefined) return no({ type: 'wrong-length', expected: '8, 12, 13 or 14 digits' })
  const key = parseGs1Key(kind, text)
  return key.ok ? ok(key.value.padStart(14, '0')) : key
}

/** The three layouts of a ten-digit National Drug Code (21 CFR 207.33): labeler, product, package. */
const drugCode = /^(?:\d{4}-\d{4}-\d{2}|\d{5}-\d{3}-\d{2}|\d{5}-\d{4}-\d{1})$/

/** The GS1 US company prefix under which the FDA's labelers stand: `03` and the code. */
const drugPrefix = '03'

/**
 * The GTIN-14 of a drug's package: indicator, `03`, the ten digits of the code, check digit. The indicator is 0 for the
 * package itself and 1 to 8 for cases of it. Hyphens are required: without them the eleven-digit layouts are ambiguous.
 */
export function gtinOfDrugCode(code: string, indicator = 0): Result<string, Gs1Refusal> {
  if (!drugCode.test(code))
    return no({ type: 'wrong-characters', expected: 'a drug code as 4-4-2, 5-3-2 or 5-4-1 digits' })
  if (!Number.isInteger(indicator) || indicator < 0 || indicator > 8)
    return no({ type: 'wrong-characters', expected: 'an indicator from 0 to 8' })
  const body = `${indicator}${drugPrefix}${code.replaceAll('-', '')}`
  return ok(body + checkDigit(body))
}

/** Does this GTIN-14, of a package or of a case of it, carry this drug code? */
export function carriesDrugCode(gtin: string, code: string): boolean {
  return drugCode.test(code) && checkDigitHolds(gtin) && gtin.slice(1, 13) === drugPrefix + code.replaceAll('-', '')
}

/**
 * The ten digits of the drug code inside a GTIN-14. Where the hyphens stand, only a list of labelers tells: four digits or
 * five are the labeler's, and both may be taken.
 */
export function drugCodeDigits(gtin: string): Result<string, Gs1Refusal> {
  const key = parseGs1Key('GTIN-14', gtin)
  if (!key.ok) return key
  if (gtin.slice(1, 3) !== drugPrefix) return no({ type: 'unknown-identifier', expected: 'a GTIN of a drug of the US' })
  return ok(gtin.slice(3, 13))
}
