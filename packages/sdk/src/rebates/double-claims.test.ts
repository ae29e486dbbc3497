/**
 * Ten thousand fills and 37 of them claimed twice, by parties who know nothing of one another: each second claim is refused at its
 * entry, no other is, and nobody who reads the whole ledger learns whose fills they are (T-01, T-02).
 */
import { createHash } from 'node:crypto'
import { toHex, utf8 } from '@plexus/codec'
import { expect, test } from 'vitest'
import { accrualOf, type Composed } from './composing.ts'
import { unitScale } from './fixed-point.ts'
import { accrualSeed } from './keys.ts'
import { rebateCommitment, type TermsContent } from './statements.ts'
import { type Key, RebateWorld } from './world.testing.ts'

const itemsCount = 1_000
const fillsPerItem = 10

/** Repeatable, and as many as are asked for. */
function drawing(seed: string): (length: number) => Uint8Array {
  let count = 0
  return (length) => new Uint8Array(createHash('sha256').update(`${seed} ${count++}`).digest()).subarray(0, length)
}
const random = drawing('leaf keys')
const order = drawing('order')
const shuffled = <Item>(items: readonly Item[]): readonly Item[] =>
  items
    .map((item) => [toHex(order(8)), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item)

interface Party {
  readonly name: string
  readonly secret: Uint8Array
  readonly terms: TermsContent
}

const product = '00003089421'
const pharmacy = '1234567893'
const partyOf = (name: string, programme: TermsContent['programme'], price: bigint): Party => ({
  name,
  secret: random(32),
  terms: {
    handle: random(32),
    number: 1,
    programme,
    payer: 'maker-of-the-drug',
    claimant: name,
    arbiter: null,
    startsAt: 0,
    endsAt: 2_000_000_000,
    currency: 'USD',
    rounding: 'half-even',
    rates: [{ product, unit: '{30d}', price, unitsMax: 3n * unitScale }],
  },
})
const parties = {
  east: partyOf('state-of-the-east', 'medicaid', 38_000_000n),
  west: partyOf('state-of-the-west', 'medicaid', 38_000_000n),
  entity: partyOf('entity-of-340b', '340b', 271_000_000n),
  refund: partyOf('pharmacy-chain', 'mfp', 290_000_000n),
} as const
type Name = keyof typeof parties

/** Who else claims a fill that is claimed already. */
const planted: readonly (readonly [Name, Name])[] = [
  ...Array.from({ length: 20 }, () => ['east', 'entity'] as const),
  ...Array.from({ length: 10 }, () => ['refund', 'entity'] as const),
  ...Array.from({ length: 7 }, () => ['east', 'west'] as const),
]

interface Claim extends Composed<'accrual', 'accrue'> {
  readonly party: Party
  readonly fill: number
  readonly tag: Key
}

test('10,000 fills, 37 claimed twice: 37 refused at entry and no other, and no party can list the fills of another', () => {
  const world = new RebateWorld({ items: itemsCount, signatures: false })
  const tags: Key[] = []
  for (let part = 1; part <= fillsPerItem; part++) {
    const fills = Array.from({ length: itemsCount }, (_, item) => world.filling(item, part, fillsPerItem))
    expect(new Set(world.submit(fills.map(({ step }) => step)))).toEqual(new Set(['accepted']))
    tags.push(...fills.map(({ tag }) => tag))
  }
  expect(tags).toHaveLength(10_000)

  const names = Object.keys(parties) as Name[]
  const places = shuffled(tags.map((_, fill) => fill))
  const claims = places.flatMap((fill, place): readonly Claim[] => {
    const by = planted[place] ?? [names[place % names.length] as Name]
    const tag = tags[fill] as Key
    return by.map((name) => {
      const party = parties[name]
      const handle = world.keyOf(accrualSeed({ secret: party.secret, chain: world.chain }, tag.handle, 0)).handle
      const said = { tag: tag.handle, product, unit: '{30d}', units: unitScale, pharmacy, filledAt: world.time }
      const made = accrualOf(world.chain, party.terms, said, { handle, payer: world.freshKey().handle, random })
      return { ...made, party, fill, tag }
    })
  })
  const asked = shuffled(claims)
  const answers = world.submit(asked.map(({ transaction, tag }) => [transaction, tag]))

  const refused = asked.filter((_, index) => answers[index] !== 'accepted')
  expect(new Set(answers)).toEqual(new Set(['accepted', 'exclusivity-spent']))
  expect(refused.map(({ fill }) => fill).sort()).toEqual(places.slice(0, planted.length).sort())
  // Whoever came first has the fill.
  for (const [index, { fill }] of asked.entries())
    if (answers[index] !== 'accepted') expect(asked.findIndex((claim) => claim.fill === fill)).toBeLessThan(index)
  expect([...world.rebates.spent.entries()]).toHaveLength(10_000)

  // All that anybody holds: no name, product, pharmacy, and no terms.
  const held = world.everything().map(toHex).join('\n')
  const secrets = [
    product,
    pharmacy,
    'maker-of-the-drug',
    '{30d}',
    ...Object.values(parties).map(({ name }) => name),
  ].map((text) => toHex(utf8(text)))
  const hidden = Object.values(parties).flatMap(({ terms, secret }) => [toHex(terms.handle), toHex(secret)])
  for (const bytes of [...secrets, ...hidden]) expect(held.includes(bytes)).toBe(false)

  // No value of an accrual stands in another: nothing sorts them by party.
  const values = claims.flatMap(({ transaction: { handle, payer, content } }) => [handle, payer, content].map(toHex))
  expect(new Set(values).size).toBe(3 * claims.length)
  const shown = [...world.rebates.accruals.entries()].flatMap(([, { record, payer }]) => [record, payer].map(toHex))
  expect(new Set(shown).size).toBe(shown.length)

  // Who guesses all of another's accrual still cannot test the guess: the key of the commitment, and of the handle, is missing.
  const [guesser] = claims.filter(({ party }) => party === parties.west) as [Claim]
  for (const { note, transaction, tag } of claims.filter(({ party }) => party === parties.east).slice(0, 100)) {
    const guess = { ...note, leafKey: guesser.note.leafKey }
    expect(rebateCommitment(world.chain, guess)).not.toEqual(transaction.content)
    const { secret } = guesser.party
    const derived = world.keyOf(accrualSeed({ secret, chain: world.chain }, tag.handle, 0)).handle
    expect(derived).not.toEqual(transaction.handle)
  }
}, 180_000)
