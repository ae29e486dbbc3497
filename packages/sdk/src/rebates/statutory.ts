/** What the law says a unit costs and gives back. Prices in millionths of the currency for one unit; each is rounded once. */
import { type Rounding, rounded } from './fixed-point.ts'

/** Rounding points `unit-rebate` and its parts: six decimals. */
const priceRounding: Rounding = 'half-even'

/**
 * `innovator`: single source and innovator multiple source; `clotting-or-paediatric`: of these, clotting factors and drugs
 * approved for children alone; `noninnovator`: every other multiple source drug (42 CFR 447.502).
 */
export type DrugCategory = 'innovator' | 'clotting-or-paediatric' | 'noninnovator'

/** Thousandths of the average manufacturer price (42 CFR 447.509(a)(1)(ii)(B), (a)(6)(ii)). */
const shareOf: Readonly<Record<DrugCategory, bigint>> = {
  innovator: 231n,
  'clotting-or-paediatric': 171n,
  noninnovator: 130n,
}
const shareScale = 1_000n

export interface QuarterPrices {
  readonly category: DrugCategory
  /** Average manufacturer price of the quarter. */
  readonly amp: bigint
  /** Null where it does not count: for drugs that are no innovators. */
  readonly bestPrice: bigint | null
  /** At the base date of the drug: its price, and the consumer price index in any scale. */
  readonly base: { readonly amp: bigint; readonly index: bigint }
  /** The index of the month before the quarter begins, in the same scale. */
  readonly index: bigint
}

export interface UnitRebate {
  readonly basic: bigint
  readonly additional: bigint
  /** Rounded once, from the exact parts. */
  readonly total: bigint
}

/**
 * The Medicaid rebate for one unit (42 CFR 447.509(a)). Basic: the share of the price, or for innovators the distance to the
 * best price when that is more, (a)(1) and (a)(6). Additional: what the price exceeds its base by beyond inflation, (a)(2) and
 * (a)(7); an index that fell lowers no base. For quarters from 2024 on, in which the total may exceed the price: the limit of
 * (a)(5) ended with 2023 (42 U.S.C. 1396r-8(c)(2)(D)). Line extensions, (a)(4), are not computed. Throws on negative prices
 * and on a base index of nothing.
 */
export function unitRebate({ category, amp, bestPrice, base, index }: QuarterPrices): UnitRebate {
  if ([amp, bestPrice ?? 0n, base.amp, index].some((each) => each < 0n))
    throw new RangeError('a price: expected none below 0')
  if (base.index <= 0n) throw new RangeError('base.index: expected more than 0')
  const share = amp * shareOf[category]
  const distance = category === 'noninnovator' || bestPrice === null ? 0n : (amp - bestPrice) * shareScale
  const basic = distance > share ? distance : share
  const grown = base.amp * (index > base.index ? index : base.index)
  const beyond = amp * base.index - grown
  const additional = beyond > 0n ? beyond : 0n
  return {
    basic: rounded(basic, shareScale, priceRounding),
    additional: rounded(additional, base.index, priceRounding),
    total: rounded(basic * base.index + additional * shareScale, shareScale * base.index, priceRounding),
  }
}

/** One cent: the price of what would cost less (42 CFR 10.10(b)). */
const pennyPrice = 10_000n

/**
 * The 340B ceiling price of one unit: average manufacturer price less unit rebate, both of the quarter before the one in
 * which it is charged (42 U.S.C. 256b(a)(1), 42 CFR 10.10(a)).
 */
export function ceilingPrice({
  amp,
  unitRebate: rebate,
}: {
  readonly amp: bigint
  readonly unitRebate: bigint
}): bigint {
  const price = amp - rebate
  return price < pennyPrice ? pennyPrice : price
}

/**
 * The refund down to Medicare's negotiated price for one unit: list price less negotiated price (CMS, final
 * guidance of October 2024 for 2026 and 2027, §40.4.1, standard default refund amount). Nothing where the list price is not
 * above it.
 */
export function negotiatedRefund({ wac, mfp }: { readonly wac: bigint; readonly mfp: bigint }): bigint {
  return wac > mfp ? wac - mfp : 0n
}

/**
 * Of a fill that has a right to both, the price that stands: a ceiling below the negotiated price, else the negotiated price
 * (42 U.S.C. 1320f-2(d)). Both for the same units.
 */
export function lowerPrice({ mfp, ceiling }: { readonly mfp: bigint; readonly ceiling: bigint }): '340b' | 'mfp' {
  return ceiling < mfp ? '340b' : 'mfp'
}

/** A quarter as one number: four times the year, and 0 to 3. */
export const quarterOf = (year: number, quarter: 1 | 2 | 3 | 4): number => 4 * year + quarter - 1

const restatedQuartersMax = 12

/**
 * Whether a manufacturer may still restate the prices of a quarter: for twelve quarters from the one in which they were due,
 * which is the next (42 CFR 447.510(b)(1)).
 */
export function mayRestate({ period, now }: { readonly period: number; readonly now: number }): boolean {
  return now > period && now - (period + 1) <= restatedQuartersMax
}
