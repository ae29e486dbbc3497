/** Money, prices and units as JSON texts: a number of JavaScript would round them. */
import { z } from 'zod'

/** Far above any sum of a contract, and within what a canonical integer holds. */
const digitsMax = 15

/** A decimal of at most so many places, as an integer of that scale: `38.5` with 2 is 3850n. */
export function decimal(places: number) {
  const expected = `a decimal number of at most ${digitsMax} digits and ${places} places, as a text`
  const pattern = new RegExp(`^-?(?:0|[1-9]\\d{0,${digitsMax - 1}})(?:\\.\\d{1,${places}})?$`)
  return z
    .string({ error: expected })
    .regex(pattern, expected)
    .transform((text) => {
      const [whole = '', part = ''] = text.split('.')
      return BigInt(whole + part.padEnd(places, '0'))
    })
}

/** The other way round, with all its places. */
export function decimalText(value: bigint, places: number): string {
  const digits = `${value < 0n ? -value : value}`.padStart(places + 1, '0')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`
}
