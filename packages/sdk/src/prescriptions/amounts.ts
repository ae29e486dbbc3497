/**
 * Quantities and the parts in which the ledger counts a fill. A quantity stands for every level of an interval, and the
 * level is drawn from it: so the parts add up exactly, and a part shows its share only to within one unit.
 */
import { whole } from '@plexus/contracts'
import type { RandomBytes } from '@plexus/crypto'

/** Units of one fill, in the smallest that is dispensed: distinct quantities have distinct levels, and products stay exact. */
export const quantityMax = 1_000_000

/** Six bytes are 281,474 times as many values as there are parts: what the remainder prefers cannot be seen. */
const drawnBytes = 6

/**
 * A level, in parts of `whole`, for `filled` of `authorised` units, this fill's parts before included. All of it is
 * `whole` exactly. Throws outside 1 ≤ filled ≤ authorised ≤ `quantityMax`.
 */
export function levelOf(filled: number, authorised: number, random: RandomBytes): number {
  expectQuantity(authorised)
  expectQuantity(filled)
  if (filled > authorised) throw new RangeError('filled: expected at most what is authorised')
  if (filled === authorised) return whole
  const least = leastLevel(filled, authorised)
  const count = leastLevel(filled + 1, authorised) - least
  return least + (random(drawnBytes).reduce((drawn, byte) => drawn * 256 + byte, 0) % count)
}

/** The units for which a level of the ledger stands: the inverse of `levelOf`. */
export function quantityOf(level: number, authorised: number): number {
  expectQuantity(authorised)
  if (!Number.isInteger(level) || level < 0 || level > whole) throw new RangeError('level: expected parts of the whole')
  const product = level * authorised
  return (product - (product % whole)) / whole
}

/** The first level at which so many units are reached. */
function leastLevel(filled: number, authorised: number): number {
  const product = filled * whole
  const rest = product % authorised
  return (product - rest) / authorised + (rest === 0 ? 0 : 1)
}

function expectQuantity(of: number): void {
  if (!Number.isInteger(of) || of < 1 || of > quantityMax)
    throw new RangeError(`a quantity: expected an integer from 1 to ${quantityMax}`)
}
