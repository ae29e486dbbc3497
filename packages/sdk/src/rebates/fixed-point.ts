/** Money, prices and units as scaled integers, and the one place where they are rounded. */

/** Money in minor units: cents. */
const minorPerMajor = 100n
/** Prices for one unit in millionths of the currency: unit rebates and ceilings are computed to six decimals (42 CFR 10.10(a)). */
export const priceScale = 1_000_000n
/** Units in thousandths, as states report what they paid for (CMS-R-144). */
export const unitScale = 1_000n

/** To the nearest; a half goes to the even neighbour, or away from nothing. */
export type Rounding = 'half-even' | 'half-up'

/** A fraction, rounded to an integer. Throws when the denominator is not positive. */
export function rounded(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  if (denominator <= 0n) throw new RangeError('denominator: expected a positive integer')
  const negative = numerator < 0n
  const size = negative ? -numerator : numerator
  const whole = size / denominator
  const twice = 2n * (size % denominator)
  const isHalf = twice === denominator
  const up = isHalf ? rounding === 'half-up' || whole % 2n === 1n : twice > denominator
  const result = up ? whole + 1n : whole
  return negative ? -result : result
}

/** Rounding point `amount`: minor units for so many thousandths of a unit, at a price in millionths for one. */
export function amountAt(price: bigint, units: bigint, rounding: Rounding): bigint {
  return rounded(price * units * minorPerMajor, priceScale * unitScale, rounding)
}
