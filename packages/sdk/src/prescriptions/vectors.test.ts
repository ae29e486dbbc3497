import { readFileSync } from 'node:fs'
import { decode, encode, fromHex, toHex } from '@plexus/codec'
import { publicKeyOf } from '@plexus/crypto'
import { expect, test } from 'vitest'
import { levelOf, quantityOf } from './amounts.ts'
import { prescriptionContent, signPrescription } from './content.ts'
import { claimantSeed, handleOfSeed, itemSeed, patientItemSeed } from './keys.ts'

interface Vectors {
  readonly chain: string
  readonly keys: Readonly<Record<'secret' | 'order' | 'root', string>> &
    Readonly<Record<'line' | 'number' | 'nomination', number>>
  readonly content: Readonly<Record<'clinicianSeed' | 'leafKey' | 'bytes', string>> & { readonly value: unknown }
  readonly levels: readonly Readonly<Record<'authorised' | 'filled' | 'least' | 'most', number>>[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../../vectors/prescriptions/derivations.json', import.meta.url), 'utf8'),
) as Vectors
const chain = fromHex(vectors.chain)

/** Byte strings stand as `{ "bytes": hex }`. */
function written(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: toHex(value) }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, written(each)]))
}

test('keys of an item are those of a second implementation', () => {
  const { secret, order, line, root, number, nomination } = vectors.keys
  const item = itemSeed({ secret: fromHex(secret), chain }, order, line)
  const patient = patientItemSeed({ root: fromHex(root), chain }, number)
  const claimant = claimantSeed(patient, chain, nomination)
  const seeds = { itemSeed: toHex(item), patientSeed: toHex(patient), claimantSeed: toHex(claimant) }
  const handles = {
    itemHandle: toHex(handleOfSeed(item)),
    patientHandle: toHex(handleOfSeed(patient)),
    claimantHandle: toHex(handleOfSeed(claimant)),
  }
  expect({ ...vectors.keys, ...seeds, ...handles }).toEqual(vectors.keys)
})

test('a content has these bytes, this signature and this commitment', () => {
  const { clinicianSeed, leafKey, bytes } = vectors.content
  const read = decode(prescriptionContent, fromHex(bytes))
  if (!read.ok) throw new Error('the content does not read')
  const seed = fromHex(clinicianSeed)
  const { prescription, item } = signPrescription(chain, read.value, {
    clinicianSeed: seed,
    random: () => fromHex(leafKey),
  })
  expect({
    ...vectors.content,
    value: written(read.value),
    clinicianKey: toHex(publicKeyOf(seed)),
    bytes: toHex(encode(prescriptionContent, read.value)),
    signature: toHex(prescription.signature),
    commitment: toHex(item.content),
  }).toEqual(vectors.content)
})

test('quantities stand for these levels', () => {
  for (const { authorised, filled, least, most } of vectors.levels) {
    expect(levelOf(filled, authorised, (length) => new Uint8Array(length))).toBe(least)
    expect([least, most].map((level) => quantityOf(level, authorised))).toEqual([filled, filled])
    if (filled > 1) expect(quantityOf(least - 1, authorised)).toBe(filled - 1)
    if (filled < authorised) expect(quantityOf(most + 1, authorised)).toBe(filled + 1)
  }
})
