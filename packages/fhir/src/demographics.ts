/** By what a patient is found again at the own desk, and why somebody is thought to be the same person. */
import type { JsonObject, JsonValue } from '@plexus/codec'

export interface Demographics {
  readonly names: readonly string[]
  /** As received: a year, a month, or a day. */
  readonly birthDate: string | null
  readonly gender: string | null
  readonly postalCodes: readonly string[]
  /** Digits alone. */
  readonly phones: readonly string[]
  readonly identifiers: readonly { readonly system: string; readonly value: string }[]
}

/** What somebody at the desk knows. Empty text is not known. */
export interface PatientQuery {
  readonly name: string
  readonly birthDate: string
  readonly postalCode: string
  readonly phone: string
  /** Any number of the patient's: of the own chart, or on a card. */
  readonly number: string
}

export const matchReasons = [
  'number',
  'name',
  'name-begins',
  'name-similar',
  'birth-date',
  'birth-year',
  'postal-code',
  'phone',
] as const
export type MatchReason = (typeof matchReasons)[number]

/** What one reason is worth beside the others; it orders candidates and decides nothing else. */
const weights: Readonly<Record<MatchReason, number>> = {
  number: 16,
  name: 8,
  'birth-date': 8,
  'name-begins': 4,
  phone: 4,
  'name-similar': 2,
  'birth-year': 2,
  'postal-code': 2,
}

export const weightOf = (reasons: readonly MatchReason[]): number =>
  reasons.reduce((sum, reason) => sum + weights[reason], 0)

/** An identifier with a system that begins so names the number of a chart at a custodian of the network. */
export const custodianSystem = 'urn:plexus:custodian:'

/** Of a FHIR R4 Patient; null for any other resource. */
export function demographicsOf(resource: JsonObject): Demographics | null {
  if (resource.get('resourceType') !== 'Patient') return null
  return {
    names: objects(resource.get('name')).map((name) =>
      [...texts(name.get('given')), ...texts([name.get('family') ?? null]), ...texts([name.get('text') ?? null])].join(
        ' ',
      ),
    ),
    birthDate: textOf(resource.get('birthDate')),
    gender: textOf(resource.get('gender')),
    postalCodes: objects(resource.get('address')).flatMap((each) => texts([each.get('postalCode') ?? null])),
    phones: objects(resource.get('telecom'))
      .filter((each) => each.get('system') === 'phone')
      .flatMap((each) => texts([each.get('value') ?? null]))
      .map(digitsOf),
    identifiers: objects(resource.get('identifier')).flatMap((each) => {
      const [system, value] = [textOf(each.get('system')), textOf(each.get('value'))]
      return system === null || value === null ? [] : [{ system, value }]
    }),
  }
}

/**
 * Why this patient fits what is known: a reason for each thing that was given, in the order of `matchReasons`. Null where
 * one of them does not fit, or where so little was given that it fits many: a number, or a name with something beside it.
 */
export function matchOf(query: PatientQuery, of: Demographics, chart: string): readonly MatchReason[] | null {
  const found: MatchReason[] = []
  const parts: readonly (readonly [string, MatchReason | null])[] = [
    [query.number, isNumberOf(query.number, of, chart) ? 'number' : null],
    [query.name, nameReason(query.name, of.names)],
    [query.birthDate, birthReason(query.birthDate, of.birthDate)],
    [query.postalCode, of.postalCodes.includes(query.postalCode.trim()) ? 'postal-code' : null],
    [query.phone, of.phones.includes(digitsOf(query.phone)) ? 'phone' : null],
  ]
  for (const [given, reason] of parts) {
    if (given.trim() === '') continue
    if (reason === null) return null
    found.push(reason)
  }
  const enough = found.includes('number') || (query.name.trim() !== '' && found.length > 1)
  return enough ? [...found].sort((a, b) => matchReasons.indexOf(a) - matchReasons.indexOf(b)) : null
}

function isNumberOf(number: string, { identifiers }: Demographics, chart: string): boolean {
  const wanted = number.trim()
  return wanted === chart || identifiers.some(({ value }) => value === wanted)
}

/** Every word that was given is a word of one of the names, begins one, or is one letter away from one; the weakest counts. */
function nameReason(given: string, names: readonly string[]): MatchReason | null {
  const wanted = wordsOf(given)
  if (wanted.length === 0) return null
  const ranks = names.map((name) => Math.max(...wanted.map((word) => rankOf(word, wordsOf(name)))))
  return nameRanks[Math.min(...ranks, nameRanks.length)] ?? null
}

const nameRanks = ['name', 'name-begins', 'name-similar'] as const
/** Shorter words are one letter away from too many others. */
const similarLettersMin = 4

function rankOf(word: string, words: readonly string[]): number {
  if (words.includes(word)) return 0
  if (word.length > 1 && words.some((each) => each.startsWith(word))) return 1
  if (word.length >= similarLettersMin && words.some((each) => isOneAway(word, each))) return 2
  return nameRanks.length
}

/** One letter put in, left out, or another one; or two neighbours changed places. */
function isOneAway(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  const [restA, restB] = [a.slice(at), b.slice(at)]
  return (
    restA.slice(1) === restB.slice(1) ||
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    (restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
  )
}

function birthReason(given: string, known: string | null): MatchReason | null {
  const wanted = given.trim()
  if (known === null) return null
  if (wanted === known) return 'birth-date'
  return /^\d{4}$/.test(wanted) && known.startsWith(wanted) ? 'birth-year' : null
}

/** Words without marks and in small letters. Digits stay: synthetic charts number their people. */
const wordsOf = (name: string): readonly string[] =>
  name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')

const digitsOf = (phone: string): string => phone.replace(/\D/g, '')

const textOf = (value: JsonValue | undefined): string | null => (typeof value === 'string' ? value : null)
const texts = (value: JsonValue | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
const objects = (value: JsonValue | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter((each): each is JsonObject => each instanceof Map) : []
