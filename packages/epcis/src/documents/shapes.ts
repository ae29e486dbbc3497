/** Small checks over values that were read, each naming the first thing that is wrong, in the order of the standard. */
import { isJsonList, isJsonObject, JsonNumber, type JsonValue } from '@plexus/codec'
import { type EpcisRefusal, type EpcisRefusalType, within } from '../refusals.ts'
import { isTime } from '../times.ts'
import type { Vocabulary } from '../vocabulary.ts'

/** The first fault of a value, or undefined when it is right. */
export type Check = (value: JsonValue) => EpcisRefusal | undefined

export const refuse = (type: EpcisRefusalType, expected: string): EpcisRefusal => ({ type, path: '', expected })

/** RFC 3986 §3 in outline, ASCII alone: a scheme, then characters of a URI, escapes whole, at most one fragment. */
const uriForm =
  /^[A-Za-z][A-Za-z0-9+.-]*:(?:[\w.~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*(?:#(?:[\w.~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?$/

/** Longer than any identifier, certificate or address of the standard's examples by a factor of ten. */
const uriCharactersMax = 2_048
/** A remark of a person, not a report. */
const textCharactersMax = 8_192

export const isUri = (text: string): boolean => text.length <= uriCharactersMax && uriForm.test(text)

function textThat(holds: (text: string) => boolean, type: EpcisRefusalType, expected: string): Check {
  return (value) => {
    if (typeof value !== 'string') return refuse('wrong-type', expected)
    return holds(value) ? undefined : refuse(type, expected)
  }
}

export const text = textThat(
  (value) => value.length <= textCharactersMax,
  'too-large',
  `text of at most ${textCharactersMax} characters`,
)
export const uri = textThat(isUri, 'wrong-value', 'a URI')
export const time = textThat(isTime, 'wrong-value', 'a time with an offset, as in RFC 3339')
export const pattern = (form: RegExp, expected: string): Check =>
  textThat((value) => form.test(value), 'wrong-value', expected)
export const oneOf = (words: readonly string[]): Check =>
  textThat((value) => words.includes(value), 'wrong-value', `one of ${words.join(', ')}`)

/** Texts that a list of the standard owns, in notations that JSON may not use. */
const ownedByCbv = /^(?:urn:epcglobal:cbv|https?:\/\/ns\.gs1\.org\/cbv\/)/
const ownedByGs1 = /^https?:\/\/(?:www\.)?gs1\.org\/voc\//

/** A word of the list, bare, or a URI of somebody else's. */
export function wordOf(vocabulary: Vocabulary): Check {
  const owned = vocabulary.namespace === 'cbv' ? ownedByCbv : ownedByGs1
  return textThat(
    (value) => vocabulary.words.has(value) || (isUri(value) && !owned.test(value)),
    'wrong-value',
    'a word of the vocabulary, or a URI outside it',
  )
}

export const decimal: Check = (value) => (value instanceof JsonNumber ? undefined : refuse('wrong-type', 'a number'))
export const yesOrNo: Check = (value) =>
  typeof value === 'boolean' ? undefined : refuse('wrong-type', 'true or false')
export const anything: Check = () => undefined

export interface ListRules {
  readonly least?: number
  /** Texts may each stand once. */
  readonly once?: true
}

export function listOf(item: Check, { least = 0, once }: ListRules = {}): Check {
  return (value) => {
    if (!isJsonList(value)) return refuse('wrong-type', 'a list')
    if (value.length < least) return refuse('missing', `at least ${least} in the list`)
    for (let index = 0; index < value.length; index++) {
      const fault = item(value[index] as JsonValue)
      if (fault) return within(index, fault)
    }
    return once && new Set(value).size < value.length ? refuse('repeated', 'each once') : undefined
  }
}

export interface ObjectRules {
  readonly required?: readonly string[]
  readonly members: Readonly<Record<string, Check>>
  /** Names beside the members: none, those that are URIs (extensions), or any. */
  readonly others: 'none' | 'extensions' | 'any'
}

export function objectOf({ required = [], members, others }: ObjectRules): Check {
  const checks = Object.entries(members)
  const known = new Set(Object.keys(members))
  return (value) => {
    if (!isJsonObject(value)) return refuse('wrong-type', 'an object')
    for (const name of required) if (!value.has(name)) return within(name, refuse('missing', 'a member of this name'))
    for (const [name, check] of checks) {
      const member = value.get(name)
      const fault = member === undefined ? undefined : check(member)
      if (fault) return within(name, fault)
    }
    if (others === 'any') return undefined
    for (const name of value.keys()) {
      if (known.has(name) || (others === 'extensions' && isUri(name))) continue
      const own = others === 'extensions' ? 'members of the standard, and extensions with a namespace' : 'these members'
      return refuse('unknown-member', `${own}: ${[...known].join(', ')}`)
    }
    return undefined
  }
}

/** The first fault of the first that finds one. */
export function allOf(...checks: readonly Check[]): Check {
  return (value) => {
    for (const check of checks) {
      const fault = check(value)
      if (fault) return fault
    }
    return undefined
  }
}

/** Right when one of them says so; refused as the last says. */
export function eitherOf(...checks: readonly Check[]): Check {
  return (value) => {
    let fault: EpcisRefusal | undefined
    for (const check of checks) {
      fault = check(value)
      if (!fault) return undefined
    }
    return fault
  }
}
