/** A payer and three claimants who know nothing of one another: they meet at the tags of fills. */
import { toHex } from '@plexus/codec'
import { type AccrualStatus, groupOf, type Programme, type RebatesTransaction, rebates } from '@plexus/contracts'
import { type Care, type Fill, reversed } from './care.ts'
import { asked, type Key, type Market } from './market.ts'

export interface Discount {
  readonly claimant: Key
  readonly payer: Key
  readonly fill: Fill
  readonly programme: Programme
  status: AccrualStatus
  /** What the parties wrote down, in cents: paid to the claimant, and back. */
  paid: bigint
  repaid: bigint
  readonly amount: bigint
  busy: boolean
}

const programmes: readonly Programme[] = ['340b', 'medicaid', 'mfp', 'commercial']
const next: Readonly<Partial<Record<AccrualStatus, 'approve' | 'claim' | 'settle' | 'validate'>>> = {
  accrued: 'claim',
  claimed: 'validate',
  validated: 'approve',
  approved: 'settle',
  reversed: 'settle',
}
const after = { claim: 'claimed', validate: 'validated', approve: 'approved' } as const

export class Discounts {
  readonly market: Market
  readonly care: Care
  readonly all: Discount[] = []

  constructor(market: Market, care: Care) {
    this.market = market
    this.care = care
  }

  something(): void {
    this.market.chance.pick([this.claim, this.claim, this.clear, this.clear, this.clear, this.reverse]).call(this)
  }

  /** Two at once on one fill, whatever stands on it already: of a group one is accepted, before anybody is paid. */
  private claim(): void {
    const { market } = this
    const fills = this.care.standing()
    if (fills.length === 0) return
    const fill = market.chance.pick(fills)
    for (let rival = 1; rival <= 2; rival++) {
      const programme = market.chance.pick(programmes)
      const [claimant, payer] = [market.freshKey(), market.freshKey()]
      const discount: Discount = {
        claimant,
        payer,
        fill,
        programme,
        status: 'accrued',
        paid: 0n,
        repaid: 0n,
        amount: BigInt(market.chance.between(1, 50_000)),
        busy: false,
      }
      const accrue = {
        type: 'accrue',
        handle: claimant.handle,
        tag: fill.tag.handle,
        programme,
        payer: payer.handle,
        content: market.chance.bytes(32),
      } as const
      market.ask(
        asked(rebates, accrue, [fill.tag], (answer) => {
          if (answer !== 'accepted') return
          fill.discounts++
          this.all.push(discount)
        }),
      )
    }
  }

  private clear(): void {
    const { market } = this
    const open = this.all.filter(
      (each) => !each.busy && next[each.status] && (each.status !== 'reversed' || each.paid > each.repaid),
    )
    if (open.length === 0) return
    const discount = market.chance.pick(open)
    const type = next[discount.status]
    if (!type) return
    const { claimant, payer } = discount
    const signers = type === 'claim' ? [claimant] : type === 'settle' ? [claimant, payer] : [payer]
    const transaction: RebatesTransaction = { type, handle: claimant.handle, record: market.chance.bytes(32) }
    discount.busy = true
    const wasReversed = discount.status === 'reversed'
    market.ask(
      asked(rebates, transaction, signers, (answer) => {
        discount.busy = false
        if (answer !== 'accepted') return
        if (type !== 'settle') discount.status = after[type]
        else if (wasReversed || discount.status === 'reversed') {
          discount.status = 'repaid'
          discount.repaid = discount.amount
        } else {
          discount.status = 'settled'
          discount.paid = discount.amount
        }
      }),
    )
  }

  /** A fill and all that accrued on it go back in one step. */
  private reverse(): void {
    const { market } = this
    const fills = this.care.standing().filter(({ discounts, item, bottle }) => {
      const last = item.fills.findLast((each) => !each.reversed)
      return (
        discounts > 0 &&
        !item.busy &&
        !bottle?.busy &&
        last?.tag &&
        (item.status === 'held' || item.status === 'filled')
      )
    })
    const newest = fills.filter((fill) => fill.item.fills.findLast((each) => !each.reversed) === fill)
    if (newest.length === 0) return
    const fill = market.chance.pick(newest)
    const { item, bottle, tag } = fill
    if (!item.holder) return
    const through = bottle ? 'supply' : 'prescriptions'
    const transaction = { type: 'reverse-fill', tag: tag.handle, record: market.chance.bytes(32), through } as const
    const signers = bottle ? [bottle.holder, item.holder] : [item.holder]
    item.busy = true
    if (bottle) bottle.busy = true
    market.ask(
      asked(rebates, transaction, signers, (answer) => {
        item.busy = false
        if (bottle) bottle.busy = false
        if (answer !== 'accepted') return
        reversed(fill)
        fill.discounts = 0
        for (const each of this.all)
          if (each.fill === fill && each.status !== 'reversed' && each.status !== 'repaid') each.status = 'reversed'
      }),
    )
  }

  /** By tag and group: how many stand, by what the people wrote down. */
  standing(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const { fill, programme, status } of this.all) {
      if (status === 'reversed' || status === 'repaid') continue
      const key = `${toHex(fill.tag.handle)}/${groupOf[programme]}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    return counts
  }
}
