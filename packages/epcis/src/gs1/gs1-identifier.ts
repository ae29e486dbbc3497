import { no, ok, type Result } from '@plexus/codec'
import { checkDigitHolds } from './check-digit.ts'
import { type IdentifierShape, identifierShapes } from './identifiers.ts'
import type { Gs1Refusal } from './keys.ts'

export interface Gs1Identifier {
  /** Application identifier of the key: `01` for a GTIN, `00` for an SSCC. */
  readonly code: string
  /** The key with its check digit, and with whatever serial is part of it (GRAI, GDTI, GCN). */
  readonly key: string
  /** What narrows it down, coarse to fine: `10` lot, `21` serial, `254` place inside a location. */
  readonly qualifiers: readonly (readonly [code: string, value: string])[]
}

/** Longer than any identifier with all its letters escaped. */
export const uriCharactersMax = 512

export const notUri: Gs1Refusal = { type: 'not-a-gs1-uri', expected: 'an EPC URN or a GS1 Digital Link' }

/** Has each part the characters, length and check digit that its application identifier asks for? */
export function fits(identifier: Gs1Identifier, checked = true): Result<Gs1Identifier, Gs1Refusal> {
  for (const [code, value] of [[identifier.code, identifier.key] as const, ...identifier.qualifiers]) {
    const shape = identifierShapes.get(code) as IdentifierShape
    if (value.length < shape.lengthMin || value.length > shape.lengthMax || !shape.characters.test(value))
      return no(notUri)
    if (checked && shape.checked > 0 && !checkDigitHolds(value.slice(0, shape.checked)))
      return no({ type: 'wrong-check-digit', expected: 'a check digit that holds' })
  }
  return ok(identifier)
}

/** Percent escapes undone; undefined where one is broken or stands for no character of ASCII. */
export function unescaped(text: string): string | undefined {
  if (!text.includes('%')) return text
  if (/%(?![0-7][0-9A-Fa-f])/.test(text)) return undefined
  return text.replaceAll(/%([0-7][0-9A-Fa-f])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Identifiers are ASCII, so that one unit is one byte. */
const percentEscaped = (letter: string): string =>
  `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
/** Table 7-1 of the Digital Link standard names what must be escaped in a path. */
export const escapedForPath = (text: string): string => text.replaceAll(/[^-'.0-9;=A-Z_a-z]/g, percentEscaped)
/** EPC Tag Data Standard 2.0, table A: what may stand in a URN as it is. */
export const escapedForUrn = (text: string): string => text.replaceAll(/[^-!'()*+,.0-9:;=A-Z_a-z]/g, percentEscaped)
