/** What must hold after every block: the ledger says what is so, nothing is lost or made, and nothing is claimed twice. */
import { toHex } from '@plexus/codec'
import { prescriptions, rebates, supply } from '@plexus/contracts'
import { type Context, type StateReader, viewOf } from '@plexus/kernel'
import { RuleBroken } from '../trace.ts'
import type { Care } from './care.ts'
import type { Discounts } from './discounts.ts'
import type { Goods, Lot, Parcel } from './goods.ts'
import type { BlockContext, Market } from './market.ts'

export interface Lives {
  readonly market: Market
  readonly goods: Goods
  readonly care: Care
  readonly discounts: Discounts
}

export function judge(lives: Lives, before: StateReader, context: BlockContext): void {
  const { market } = lives
  const hold = (rule: string, holds: boolean, says: string): void => {
    market.trace.check(rule)
    if (!holds) throw new RuleBroken(`${rule}: ${says}`)
  }
  shelves(lives, hold)
  items(lives, hold)
  tags(lives, hold)
  if (context.accepted.length > 0) declared(lives, before, context, hold)
}

type Hold = (rule: string, holds: boolean, says: string) => void

/** Each label stands with whom it is, and of each lot there is as much as was made. */
function shelves({ market, goods }: Lives, hold: Hold): void {
  const view = market.views.supply
  const counts = new Map<Lot, number>()
  const count = (lot: Lot, bottles: number) => counts.set(lot, (counts.get(lot) ?? 0) + bottles)
  for (const [tag, parcel] of goods.parcels) {
    const known = supply.queries.parcel(view, tag)
    hold(
      'shelves',
      known?.status === parcel.status,
      `${parcel.kind} is ${parcel.status}, the ledger says ${known?.status}`,
    )
    if (parcel.status !== 'inside')
      hold(
        'holders',
        known !== undefined && toHex(known.holder) === toHex(parcel.holder.handle),
        `${parcel.kind} is with another`,
      )
    if (parcel.kind === 'case') count(parcel.lot, parcel.sealed.length)
    if (parcel.kind === 'bottle') count(parcel.lot, 1)
  }
  for (const lot of goods.lots) {
    hold('conservation', counts.get(lot) === lot.made, `of ${lot.made} bottles of a lot there are ${counts.get(lot)}`)
    const recalled = supply.queries.lot(view, toHex(lot.key.handle))?.recalled !== null
    hold('recall', recalled === lot.recalled, 'a lot is recalled for some and not for others')
    if (recalled) for (const each of bottlesOf(goods, lot)) reached(market, each, hold)
  }
}

/** Also what is sealed in a case, on a pallet: the labels from the bottle outwards answer, and tell of the recall. */
function reached(market: Market, labels: readonly string[], hold: Hold): void {
  hold(
    'recall',
    supply.queries.whereabouts(market.views.supply, labels)?.recalled === true,
    'a bottle of a recalled lot is not reached',
  )
}

function bottlesOf(goods: Goods, lot: Lot): readonly (readonly string[])[] {
  const of = [...goods.parcels.values()].filter((each: Parcel) => each.lot === lot)
  return of.flatMap((each) => {
    if (each.kind === 'bottle') return [[toHex(each.tag)]]
    return each.sealed.map(({ tag }) => [toHex(tag), toHex(each.tag)])
  })
}

/** One holder at most, never more than was authorised, and a bottle for each fill that says so. */
function items({ market, care }: Lives, hold: Hold): void {
  const view = market.views.prescriptions
  for (const item of care.items) {
    const known = prescriptions.queries.item(view, toHex(item.key.handle))
    hold(
      'items',
      known?.status === item.status && known.level === item.level,
      `an item is ${item.status} at ${item.level}, the ledger says ${known?.status} at ${known?.level}`,
    )
    const holder = known?.holder ? toHex(known.holder) : null
    hold('one holder', holder === (item.holder ? toHex(item.holder.handle) : null), 'an item is with another')
    const parts = item.fills.filter((each) => !each.reversed)
    hold(
      'quantities',
      parts.reduce((sum, { from, level }) => sum + level - from, 0) === item.level,
      'parts do not add up',
    )
    for (const { bottle, reversed } of item.fills)
      if (bottle && !reversed)
        hold('joins', bottle.status === 'dispensed', 'a fill stands, and its bottle is on the shelf')
  }
}

/** At most one discount of a group on a fill, none on a fill that was taken back, and nothing paid that is not approved or owed back. */
function tags({ market, discounts }: Lives, hold: Hold): void {
  const view = market.views.rebates
  for (const [key, count] of discounts.standing()) {
    hold('exclusivity', count === 1, `${count} discounts of a group stand on one fill`)
    hold('exclusivity', view.spent.get(key) !== undefined, 'a discount stands, and its fill is not spent')
  }
  hold('exclusivity', [...view.spent.entries()].length === discounts.standing().size, 'a fill is spent by nobody')
  for (const each of discounts.all) {
    const known = rebates.queries.accrual(view, toHex(each.claimant.handle))
    hold('discounts', known?.status === each.status, `a discount is ${each.status}, the ledger says ${known?.status}`)
    const stands = each.status === 'settled'
    hold(
      'money',
      each.paid - each.repaid === (stands || each.status === 'reversed' ? each.paid : 0n),
      'money is where nothing stands',
    )
    if (each.fill.reversed)
      hold(
        'joins',
        each.status === 'reversed' || each.status === 'repaid',
        'a discount stands on a fill that was taken back',
      )
  }
}

/** What the contracts themselves promise, over the whole block. */
function declared({ market }: Lives, before: StateReader, { height, time, accepted }: BlockContext, hold: Hold): void {
  const signers = accepted.flatMap((each) =>
    each.signers.map(({ handle }) => ({ key: '', handle: toHex(handle), holder: null, scopes: [] })),
  )
  const context: Context = { height, time, sponsor: '', signers, caller: null }
  for (const contract of [prescriptions, rebates, supply] as const) {
    if (!accepted.some((each) => each.contract === contract.name)) continue
    const [now, then] = [viewOf(contract as never, market.state), viewOf(contract as never, before)]
    for (const [claim, holds] of Object.entries(contract.invariants))
      hold(
        'invariants',
        (holds as (a: unknown, b: unknown, c: Context) => boolean)(now, then, context),
        `${contract.name}: ${claim}`,
      )
  }
}
