/**
 * T-01 for discounts: what anybody but the two parties holds, looked through byte by byte. The parties' own journals are theirs,
 * but the names of their rows, which files show, say nothing either.
 */
import { amount, encode, fromHex, toHex, utf8 } from '@plexus/codec'
import { priceScale, unitScale } from '@plexus/sdk'
import { expect, test } from 'vitest'
import { memberNames, World } from '../world.testing.ts'
import { fillIn } from './fills.testing.ts'

const [maker, chain] = ['board', 'pharmacy-1'] as const
const product = '00003089421'
const unit = '{30d}'
const pharmacy = '1679576722'
const name = 'refunds of the year'

test('no product, unit, pharmacy, price, amount, partner or contract stands in a byte that others hold', async () => {
  const world = await World.start()
  const notes: Uint8Array[] = []
  const push = world.wire.push.bind(world.wire)
  Object.assign(world.wire, {
    push: (...items: typeof world.wire) => {
      notes.push(...items.map(({ sealed }) => sealed))
      return push(...items)
    },
  })
  const price = 38n * priceScale
  const book = (member: typeof maker | typeof chain) => world.node(member).rebates
  const run = async <Value>(member: typeof maker | typeof chain, act: () => Value): Promise<Value> => {
    const value = await world.node(member).exchange.run(act)
    await world.settle()
    return value
  }
  const made = await run(maker, () =>
    book(maker).propose({
      name,
      with: chain,
      role: 'payer',
      programme: 'medicaid',
      arbiter: 'an arbiter',
      startsAt: world.time - 86_400,
      endsAt: world.time + 86_400,
      currency: 'USD',
      rounding: 'half-even',
      rates: [{ product, unit, price, unitsMax: 1_000n * unitScale }],
    }),
  )
  const terms = fromHex(made.ok ? made.value.terms : '')
  await run(chain, () => book(chain).sign(terms))
  const { tag, tagSeed, filledAt } = fillIn(world, 'one fill')
  await run(chain, () => book(chain).keepFill({ tagSeed, pharmacy, filledAt }))
  const claimed = await run(chain, () => book(chain).accrue({ terms, tag, product, unit, units: 1_000n * unitScale }))
  const accrual = fromHex(claimed.ok ? claimed.value.accrual : '')
  await run(maker, () => book(maker).dispute(accrual, 'price', 'the reason of the dispute'))
  await run(chain, () => book(chain).setAmount(accrual, 37_000_00n, 'the other reason'))
  await run(maker, () => book(maker).setAmount(accrual, 37_000_00n, ''))
  await run(maker, () => book(maker).approve(accrual))
  await run(maker, () => book(maker).settle(terms))
  expect(book(chain).accruals(terms)).toMatchObject([{ status: 'settled', paid: 37_000_00n }])

  const envelopes = world.blocks.flat().map(toHex)
  const state = [...world.node('clinic').replica.state.entries('')].flatMap(([key, value]) => [
    toHex(utf8(key)),
    toHex(value),
  ])
  const held = [...envelopes, ...state, ...notes.map(toHex), world.node('clinic').journal.held()].join('\n')
  const words = [product, unit, pharmacy, name, 'an arbiter', 'the reason of', 'the other reason'].map((text) =>
    toHex(utf8(text)),
  )
  const sums = [price, 38_000_00n, 37_000_00n, 1_000n * unitScale].map((each) => toHex(encode(amount(), each)))
  for (const secret of [...words, ...sums, toHex(tagSeed)])
    expect([secret, held.includes(secret)]).toEqual([secret, false])

  // A step names nobody but the member that carries it, and nothing of an accrual names its terms.
  for (const each of envelopes) {
    const named = memberNames.filter((member) => each.includes(toHex(utf8(member))))
    expect(named.length).toBe(1)
    expect(each.includes(toHex(terms)) && each.includes(toHex(accrual))).toBe(false)
  }
  for (const member of [maker, chain]) {
    const keys = world
      .node(member)
      .journal.held()
      .split('\n')
      .map((line) => line.slice(0, line.indexOf(' ')))
    for (const secret of [toHex(terms), toHex(accrual), toHex(tag), product, chain, name])
      expect(keys.some((key) => key.includes(secret))).toBe(false)
  }
  world.close()
})
