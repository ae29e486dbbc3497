import { readFileSync } from 'node:fs'
import { encode, fromHex, toHex } from '@plexus/codec'
import { expect, test } from 'vitest'
import { amountAt } from './fixed-point.ts'
import { accrualSeed, payerSeed, termsSeed } from './keys.ts'
import {
  accrualContent,
  type RebateNote,
  rebateCommitment,
  settlementContent,
  stepContent,
  termsContent,
} from './statements.ts'
import { ceilingPrice, type DrugCategory, unitRebate } from './statutory.ts'

interface Vectors {
  readonly chain: string
  readonly keys: Readonly<Record<'secret' | 'contract' | 'tag' | 'terms', string>> & { readonly number: number }
  readonly statements: readonly (Readonly<Record<'bytes' | 'leafKey' | 'commitment', string>> & {
    readonly type: RebateNote['type']
    readonly value: unknown
  })[]
  readonly rebates: readonly (Readonly<
    Record<'amp' | 'baseAmp' | 'baseIndex' | 'index' | 'basic' | 'additional' | 'total' | 'ceiling', number>
  > & { readonly category: DrugCategory; readonly bestPrice: number | null })[]
  readonly amounts: readonly Readonly<Record<'price' | 'units' | 'halfEven' | 'halfUp', number>>[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../../vectors/rebates/derivations.json', import.meta.url), 'utf8'),
) as Vectors
const chain = fromHex(vectors.chain)
const schemas = { terms: termsContent, accrual: accrualContent, step: stepContent, settlement: settlementContent }

/** Fields that are money, prices or units: bigint here, numbers in the file. */
const amounts = ['amount', 'net', 'price', 'units', 'unitsMax']

function read(written: unknown, name = ''): unknown {
  if (Array.isArray(written)) return written.map((each) => read(each))
  if (typeof written === 'number') return amounts.includes(name) ? BigInt(written) : written
  if (typeof written !== 'object' || written === null) return written
  const { bytes } = written as Record<string, unknown>
  if (typeof bytes === 'string') return fromHex(bytes)
  return Object.fromEntries(Object.entries(written).map(([key, value]) => [key, read(value, key)]))
}

test('keys of the parties are those of a second implementation', () => {
  const { secret, contract, tag, terms, number } = vectors.keys
  const party = { secret: fromHex(secret), chain }
  const seeds = {
    termsSeed: toHex(termsSeed(party, contract)),
    accrualSeed: toHex(accrualSeed(party, fromHex(tag), number)),
    payerSeed: toHex(payerSeed(party, fromHex(terms), number)),
  }
  expect({ ...vectors.keys, ...seeds }).toEqual(vectors.keys)
})

test.each(vectors.statements)('a statement of $type has these bytes and this commitment', (pinned) => {
  const { type, value, leafKey } = pinned
  const note = { type, content: read(value), leafKey: fromHex(leafKey) } as RebateNote
  const bytes = toHex(encode(schemas[type] as Parameters<typeof encode>[0], note.content))
  expect({ ...pinned, bytes, commitment: toHex(rebateCommitment(chain, note)) }).toEqual(pinned)
})

test('unit rebates and ceilings are those of exact fractions, rounded once', () => {
  const computed = vectors.rebates.map(({ category, amp, bestPrice, baseAmp, baseIndex, index }) => {
    const rebate = unitRebate({
      category,
      amp: BigInt(amp),
      bestPrice: bestPrice === null ? null : BigInt(bestPrice),
      base: { amp: BigInt(baseAmp), index: BigInt(baseIndex) },
      index: BigInt(index),
    })
    const { basic, additional, total } = rebate
    return [basic, additional, total, ceilingPrice({ amp: BigInt(amp), unitRebate: total })].map(Number)
  })
  expect(computed).toEqual(
    vectors.rebates.map(({ basic, additional, total, ceiling }) => [basic, additional, total, ceiling]),
  )
})

test('amounts are rounded at one point, either way', () => {
  for (const { price, units, halfEven, halfUp } of vectors.amounts)
    expect([
      amountAt(BigInt(price), BigInt(units), 'half-even'),
      amountAt(BigInt(price), BigInt(units), 'half-up'),
    ]).toEqual([BigInt(halfEven), BigInt(halfUp)])
})
