import { describe, expect, test } from 'vitest'
import { netPositions } from './composing.ts'
import { amountAt, priceScale, rounded, unitScale } from './fixed-point.ts'
import { ceilingPrice, lowerPrice, mayRestate, negotiatedRefund, quarterOf, unitRebate } from './statutory.ts'

const dollars = (text: string): bigint => {
  const [whole = '', fraction = ''] = text.split('.')
  return BigInt(whole) * priceScale + BigInt(fraction.padEnd(6, '0'))
}
const units = (count: number): bigint => BigInt(count) * unitScale

/** AMP 100, best price 70, base AMP 80, index 200 → 230. */
const quarter = {
  category: 'innovator',
  amp: dollars('100'),
  bestPrice: dollars('70'),
  base: { amp: dollars('80'), index: 200_000n },
  index: 230_000n,
} as const

describe('the Medicaid rebate for one unit (42 CFR 447.509(a))', () => {
  test('is 38.00: 30.00 to the best price, and 8.00 beyond inflation; 1,000 units give 38,000.00', () => {
    const rebate = unitRebate(quarter)
    expect(rebate).toEqual({ basic: dollars('30'), additional: dollars('8'), total: dollars('38') })
    expect(amountAt(rebate.total, units(1_000), 'half-even')).toBe(38_000_00n)
  })

  test('has no inflation part when the index rose as the price did', () => {
    expect(unitRebate({ ...quarter, index: 250_000n })).toEqual({
      basic: dollars('30'),
      additional: 0n,
      total: dollars('30'),
    })
  })

  test('is the share of the price where that is more than the distance to the best price', () => {
    const near = { ...quarter, bestPrice: dollars('90'), index: 250_000n }
    expect(unitRebate(near).total).toBe(dollars('23.1'))
    expect(unitRebate({ ...near, category: 'clotting-or-paediatric' }).total).toBe(dollars('17.1'))
    expect(unitRebate({ ...near, bestPrice: dollars('76.9') }).total).toBe(dollars('23.1'))
    expect(unitRebate({ ...near, bestPrice: dollars('76.899999') }).total).toBe(dollars('23.100001'))
  })

  // medicaid.gov, "Unit Rebate Amount Calculation": its parts have seven decimals, ours are exact until they are rounded.
  test('gives the parts of the examples that the agency publishes', () => {
    const innovator = { category: 'innovator', amp: dollars('0.311824'), bestPrice: dollars('0.267440') } as const
    const base = { amp: dollars('0.277450'), index: 1_516n }
    expect(unitRebate({ ...innovator, base, index: 1_750n })).toEqual({
      basic: dollars('0.072031'),
      additional: 0n,
      total: dollars('0.072031'),
    })
    const other = { category: 'noninnovator', amp: dollars('0.357911'), bestPrice: null } as const
    const later = { amp: dollars('0.244795'), index: 238_031n }
    expect(unitRebate({ ...other, base: later, index: 239_083n })).toMatchObject({
      basic: dollars('0.046528'),
      additional: dollars('0.112034'),
    })
  })

  test('of a drug that is no innovator is 13 % of its price, whatever the best price', () => {
    expect(unitRebate({ ...quarter, category: 'noninnovator', index: 250_000n }).total).toBe(dollars('13'))
    expect(unitRebate({ ...quarter, category: 'noninnovator', bestPrice: null }).total).toBe(dollars('21'))
  })

  test('takes no lower base from an index that fell, and may exceed the price since 2024', () => {
    expect(unitRebate({ ...quarter, index: 190_000n }).additional).toBe(dollars('20'))
    expect(unitRebate({ ...quarter, bestPrice: 0n, index: 200_000n }).total).toBe(dollars('120'))
  })

  test('is rounded once, at six decimals, a half to the even neighbour', () => {
    // 0.000011 × 13 % is 0.00000143; 0.00005 × 13 % is 0.0000065, half-way between 6 and 7 millionths.
    const tiny = { ...quarter, category: 'noninnovator', base: { amp: dollars('1'), index: 1n }, index: 1n } as const
    expect(unitRebate({ ...tiny, amp: 11n }).total).toBe(1n)
    expect(unitRebate({ ...tiny, amp: 50n }).total).toBe(6n)
    expect(unitRebate({ ...tiny, amp: 150n }).total).toBe(20n)
    // Thirds of both parts make a whole: rounding each part would lose a millionth.
    const thirds = { ...quarter, amp: 10n, bestPrice: null, base: { amp: 1n, index: 3n }, index: 29n } as const
    const { basic, additional, total } = unitRebate({ ...thirds, category: 'noninnovator' })
    expect([basic, additional, total]).toEqual([1n, 0n, 2n])
  })

  test('of a price below nothing, or a base without an index, is a mistake', () => {
    expect(() => unitRebate({ ...quarter, amp: -1n })).toThrow('price')
    expect(() => unitRebate({ ...quarter, base: { amp: 1n, index: 0n } })).toThrow('index')
  })
})

describe('the 340B ceiling price (42 U.S.C. 256b(a)(1))', () => {
  test('is price less rebate: 62.00', () => {
    expect(ceilingPrice({ amp: quarter.amp, unitRebate: unitRebate(quarter).total })).toBe(dollars('62'))
  })

  test('is a penny where it would be less (42 CFR 10.10(b))', () => {
    for (const rebate of ['100', '99.990001', '120'])
      expect(ceilingPrice({ amp: dollars('100'), unitRebate: dollars(rebate) })).toBe(dollars('0.01'))
    expect(ceilingPrice({ amp: dollars('100'), unitRebate: dollars('99.99') })).toBe(dollars('0.01'))
    expect(ceilingPrice({ amp: dollars('100'), unitRebate: dollars('99.98') })).toBe(dollars('0.02'))
  })
})

describe("Medicare's negotiated price", () => {
  test('gives 521.00 − 231.00 = 290.00 back for thirty days', () => {
    const refund = negotiatedRefund({ wac: dollars('521'), mfp: dollars('231') })
    expect(amountAt(refund, units(1), 'half-even')).toBe(290_00n)
    expect(negotiatedRefund({ wac: dollars('200'), mfp: dollars('231') })).toBe(0n)
  })

  test('stands against a ceiling of 250.00, and gives way to one of 200.00 (42 U.S.C. 1320f-2(d))', () => {
    const mfp = dollars('231')
    expect(lowerPrice({ mfp, ceiling: dollars('250') })).toBe('mfp')
    expect(lowerPrice({ mfp, ceiling: mfp })).toBe('mfp')
    expect(lowerPrice({ mfp, ceiling: dollars('200') })).toBe('340b')
  })
})

test('a half goes to the even neighbour or away from nothing, as the terms say, and below nothing alike', () => {
  const cases = [
    [1n, 2n, 0n, 1n],
    [3n, 2n, 2n, 2n],
    [5n, 2n, 2n, 3n],
    [-1n, 2n, 0n, -1n],
    [-5n, 2n, -2n, -3n],
    [7n, 3n, 2n, 2n],
    [-8n, 3n, -3n, -3n],
    [0n, 9n, 0n, 0n],
  ] as const
  for (const [numerator, denominator, even, up] of cases)
    expect([rounded(numerator, denominator, 'half-even'), rounded(numerator, denominator, 'half-up')]).toEqual([
      even,
      up,
    ])
  expect(() => rounded(1n, 0n, 'half-up')).toThrow('denominator')
  // 0.333333 × 1.5 units = 0.4999995 → 50 cents; half a cent exactly goes two ways.
  expect(amountAt(333_333n, 1_500n, 'half-even')).toBe(50n)
  expect([amountAt(5_000n, units(1), 'half-even'), amountAt(5_000n, units(1), 'half-up')]).toEqual([0n, 1n])
})

test('prices of a quarter are restated for twelve quarters from when they were due (42 CFR 447.510(b)(1))', () => {
  const period = quarterOf(2023, 1)
  expect(mayRestate({ period, now: quarterOf(2026, 2) })).toBe(true)
  expect(mayRestate({ period, now: quarterOf(2026, 3) })).toBe(false)
  expect(mayRestate({ period, now: period })).toBe(false)
})

test('settlements of a day clear together: what all parties receive and pay adds up to nothing', () => {
  const positions = netPositions([
    { payer: 'maker', claimant: 'pharmacy', net: 290_00n },
    { payer: 'maker', claimant: 'state', net: 38_000_00n },
    { payer: 'maker', claimant: 'pharmacy', net: -90_00n },
  ])
  expect(positions).toEqual([
    ['maker', -38_200_00n],
    ['pharmacy', 200_00n],
    ['state', 38_000_00n],
  ])
})
