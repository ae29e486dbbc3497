/**
 * Valid bytes of a schema, found by asking it: bytes that no schema takes are put where the value so far ends, and the
 * refusal says what belongs there. So every schema has seeds, and a new field has them without anybody's help.
 */
import { concatBytes, decode, type Schema, utf8 } from '@plexus/codec'
import type { Chance } from './chance.ts'
import { headOf } from './mutate.ts'

/** Questions for one sample: a value with more parts is no seed. */
const stepsMax = 4096
/** `undefined` of CBOR (RFC 8949 §3.3), which no schema takes; enough of it that no length lies beyond the end. */
const nothing = new Uint8Array(128 * 1024).fill(0xf7)
const bytesMax = 1024 * 1024 * 1024

const kinds = { unsigned: 0, bytes: 2, text: 3, array: 4, map: 5 } as const

/** Texts for patterns whose description does not say them; the first that is taken is used. */
const texts = [
  ...[
    'plexus',
    'hospital-1',
    'able-home-care',
    '1234567893',
    '00300021433802',
    'AB1234563',
    'CO',
    'Observation',
    'a',
    '2026-11-21',
    'record-version',
  ],
  ...[
    '1.0.0',
    'vault/packs/a.pack',
    'application/fhir+json',
    '00000000-0000-4000-8000-000000000000',
    'https://a.example/',
    '0123456789abcdef0123456789abcdef01234567@a.example:1',
  ],
]

/** A value's bytes, or undefined when the schema says something that no answer fits. */
export function sampleOf<Value>(schema: Schema<Value>, chance: Chance): Uint8Array | undefined {
  let found: Uint8Array = new Uint8Array(0)
  for (let step = 0; step < stepsMax; step++) {
    if (decode(schema, found, bytesMax).ok) return found
    const next = answers(question(schema, found), chance).find((part) => advances(schema, found, part))
    if (!next) return undefined
    found = concatBytes(found, next)
  }
  return undefined
}

/** What belongs where the value so far ends. */
function question<Value>(schema: Schema<Value>, found: Uint8Array): string {
  const read = decode(schema, concatBytes(found, nothing), bytesMax)
  return read.ok ? '' : read.reason.expected
}

/** A part fits when what is refused then is the `undefined` behind it, as a value or in the place of a field. */
function advances<Value>(schema: Schema<Value>, found: Uint8Array, part: Uint8Array): boolean {
  const read = decode(schema, concatBytes(found, part, nothing), bytesMax)
  if (read.ok || read.reason.expected === 'the end of the input') return true
  return read.reason.came === 'a simple value' || read.reason.came === 'another field, or none'
}

function answers(expected: string, chance: Chance): readonly Uint8Array[] {
  const field = /^the field (.+)$/.exec(expected)?.[1]
  if (field !== undefined) return [text(field)]
  const names = /^an object of (.*)$/s.exec(expected)?.[1]
  if (names !== undefined) return [headOf(kinds.map, names === '' ? 0 : names.split(', ').length)]
  const types = /^a variant: (.*)$/s.exec(expected)?.[1]
  if (types !== undefined) return [headOf(kinds.array, 2)]
  const choices = /^one of (.*)$/s.exec(expected)?.[1]
  if (choices !== undefined) return shuffled(choices.split(', '), chance).map(text)
  const items = /^a list of (\d+) to (\d+): /.exec(expected)
  if (items) {
    const [min, max] = [Number(items[1]), Number(items[2])]
    return [headOf(kinds.array, Math.min(max, min + chance.below(2))), headOf(kinds.array, min)]
  }
  if (expected === 'a boolean') return [Uint8Array.of(chance.once(2) ? 0xf5 : 0xf4)]
  if (expected.startsWith('an integer')) {
    const max = Number(/to (\d+)$/.exec(expected)?.[1] ?? 23)
    return [
      headOf(kinds.unsigned, Math.min(max, chance.pick([0, 1, 7, 200, 1_790_000_000]))),
      headOf(kinds.unsigned, 0),
    ]
  }
  const length = /^(\d+)(?: to (\d+))? bytes/.exec(expected)
  if (length) {
    const min = Number(length[1])
    const size = length[2] === undefined ? min : Math.min(Number(length[2]), min + chance.below(24))
    return [concatBytes(headOf(kinds.bytes, size), new Uint8Array(size).fill(chance.next()))]
  }
  const least = Number(/^text of (\d+)/.exec(expected)?.[1] ?? 0)
  return [...shuffled(texts, chance).map(text), text('x'.repeat(least)), text('')]
}

const text = (value: string): Uint8Array => {
  const encoded = utf8(value)
  return concatBytes(headOf(kinds.text, encoded.length), encoded)
}

function shuffled<Item>(items: readonly Item[], chance: Chance): readonly Item[] {
  const first = chance.below(items.length)
  return [...items.slice(first), ...items.slice(0, first)]
}
