/** When lots begin and end, and what is of them. */
import { no, ok, type Result, toHex } from '@plexus/codec'
import type { Context } from '@plexus/kernel'
import type { Rejection } from './rejections.ts'
import { firstKnown, licensed, type SupplyRules, type SupplyView, signedBy } from './standing.ts'
import type { Transaction } from './transactions.ts'
import type { Member } from './values.ts'

export const makingRules: Pick<SupplyRules, 'commission' | 'recall'> = {
  // All that is of a lot is inside these packages from the beginning: nothing is added to a lot that has begun.
  commission(state, { holder, licence, lots, packages }, context) {
    if (!signedBy(context, holder)) return no({ type: 'not-its-key', of: 'holder' })
    const may = licensed(state, holder, licence, ['maker'], context)
    if (!may.ok) return may
    const { time, height } = context
    for (const { endsAt } of lots) if (time >= endsAt) return no({ type: 'expired', endsAt, time })
    const begun = new Set(lots.map(({ handle }) => toHex(handle)))
    if (packages.some((each) => !isOf(each, begun))) return no({ type: 'lots-differ' })
    const known = firstKnown(state, [holder, ...lots.map(({ handle }) => handle), ...packages.map(({ tag }) => tag)])
    if (known) return no(known)
    return ok({ events: [{ type: 'commissioned', holder, grant: licence.grant, lots, packages, height }] })
  },

  // Everything of the lot is read through it, so this one step reaches it wherever it is, inside whatever it is.
  recall(state, { lots, notice, regulator }, context) {
    for (const lot of lots) {
      const known = state.lots.get(toHex(lot))
      if (!known) return no({ type: 'lot-unknown' })
      if (known.recalled !== null) return no({ type: 'already-recalled' })
    }
    const may = mayRecall(state, { lots, regulator }, context)
    if (!may.ok) return may
    const by = regulator && { key: regulator.key, grant: regulator.licence.grant }
    return ok({ events: [{ type: 'recalled', lots, notice, regulator: by, height: context.height }] })
  },
}

function mayRecall(
  state: SupplyView,
  { lots, regulator }: Pick<Extract<Transaction, { type: 'recall' }>, 'lots' | 'regulator'>,
  context: Context,
): Result<void, Rejection> {
  if (regulator === null)
    return lots.every((lot) => signedBy(context, lot)) ? ok() : no({ type: 'not-its-key', of: 'lot' })
  const { key, licence } = regulator
  if (!signedBy(context, key)) return no({ type: 'not-its-key', of: 'regulator' })
  const may = licensed(state, key, licence, ['regulator'], context)
  if (!may.ok) return may
  const known = firstKnown(state, [key])
  return known ? no(known) : ok()
}

/** Whether a member is of some of these lots, and a unit of one. */
export function isOf({ contents, lots }: Member, among: ReadonlySet<string>): boolean {
  return lots.every((lot) => among.has(toHex(lot))) && (contents !== null || lots.length === 1)
}
