/** A clinic, its patients and two pharmacies: items that are signed, fought over, filled with real bottles, cancelled and taken back. */
import { dayAt, type PrescriptionsTransaction, prescriptions, supply, whole } from '@plexus/contracts'
import type { Goods, Parcel } from './goods.ts'
import { asked, clinic, type Key, type Market, npi } from './market.ts'

const place = { lagMinutes: 840 }
/** The clinic's own dispensary, whose pharmacist stands beside the prescriber. */
const dispensers = [{ organisation: clinic, pharmacy: npi, pharmacists: [npi] }]

export interface Fill {
  readonly tag: Key
  readonly item: Item
  readonly level: number
  readonly from: number
  /** The bottle that was dispensed with it, if one was. */
  readonly bottle: Parcel | null
  reversed: boolean
  /** How many discounts stand on it. */
  discounts: number
}

/** An item, as somebody would describe it who sees clinic, patient and pharmacies at once. */
export interface Item {
  readonly key: Key
  readonly patient: Key
  status: 'signed' | 'available' | 'held' | 'filled' | 'cancelled'
  claimant: Key | null
  holder: Key | null
  level: number
  marked: boolean
  readonly fills: Fill[]
  busy: boolean
}

export class Care {
  readonly market: Market
  readonly goods: Goods
  readonly items: Item[] = []

  constructor(market: Market, goods: Goods) {
    this.market = market
    this.goods = goods
  }

  something(): void {
    const acts = [
      this.sign,
      this.choose,
      this.fight,
      this.fight,
      this.fill,
      this.fill,
      this.dispense,
      this.dispense,
      this.dispense,
      this.cancel,
      this.takeBack,
      this.giveBack,
    ]
    this.market.chance.pick(acts).call(this)
  }

  private some(...from: readonly Item['status'][]): Item | undefined {
    const items = this.items.filter((each) => !each.busy && from.includes(each.status))
    return items.length === 0 ? undefined : this.market.chance.pick(items)
  }

  /** One step of one item; `then` when it was accepted. */
  private step(item: Item, transaction: PrescriptionsTransaction, by: Key, then: () => void): void {
    item.busy = true
    this.market.ask(
      asked(prescriptions, transaction, [by], (answer) => {
        item.busy = false
        if (answer === 'accepted') then()
      }),
    )
  }

  private sign(): void {
    const { market } = this
    const item: Item = {
      key: market.freshKey(),
      patient: market.freshKey(),
      status: 'signed',
      claimant: null,
      holder: null,
      level: 0,
      marked: false,
      fills: [],
      busy: false,
    }
    const issuedDay = dayAt(market.time, place)
    const signed = {
      handle: item.key.handle,
      patient: item.patient.handle,
      content: market.chance.bytes(32),
      limits: 'none',
      issuedDay,
      firstDay: issuedDay,
      lastDay: issuedDay + 90,
      refills: 0,
      refillWeeks: 0,
    } as const
    const transaction = {
      type: 'sign-items',
      organisation: clinic,
      registrar: null,
      prescribers: [npi],
      dayLagMinutes: place.lagMinutes,
      items: [signed],
    } as const
    const told = (answer: string) => void (answer === 'accepted' && this.items.push(item))
    market.ask(asked(prescriptions, transaction, [], told), clinic)
  }

  private choose(): void {
    const item = this.some('signed', 'available')
    if (!item) return
    const claimant = this.market.freshKey()
    const type = item.status === 'signed' ? 'make-available' : 'nominate'
    const transaction = { type, handle: item.key.handle, claimant: claimant.handle } as const
    this.step(item, transaction, item.patient, () => {
      item.claimant = claimant
      item.status = 'available'
    })
  }

  /** Two pharmacies have the claimant's key, and claim at once: one holds the item, the other is told. */
  private fight(): void {
    const item = this.some('available')
    const { market } = this
    const claimant = item?.claimant
    if (!item || !claimant) return
    item.busy = true
    let waiting = 2
    for (let pharmacy = 1; pharmacy <= 2; pharmacy++) {
      const holder = market.freshKey()
      const claim = { type: 'claim', handle: item.key.handle, holder: holder.handle } as const
      market.ask(
        asked(prescriptions, claim, [claimant], (answer) => {
          if (--waiting === 0) item.busy = false
          if (answer === 'accepted') Object.assign(item, { status: 'held', holder, claimant: null })
          else if (item.status === 'held') market.trace.count('told: with another')
        }),
      )
    }
  }

  /** A part, out of a bottle that is no part of this world. */
  private fill(): void {
    const item = this.some('held')
    const holder = item?.holder
    const { market } = this
    if (!item || !holder) return
    const tag = market.freshKey()
    const level = market.chance.happens(0.5) ? whole : item.level + Math.max(1, Math.floor((whole - item.level) / 2))
    const fill = {
      type: 'fill',
      handle: item.key.handle,
      level,
      record: market.chance.bytes(32),
      tag: tag.handle,
      remainder: null,
      dispensers,
    } as const
    this.step(item, fill, holder, () => filled(item, { tag, level, bottle: null }))
  }

  /** A bottle, the rest of the fill and its tag move in one step, or none of them. */
  private dispense(): void {
    const item = this.some('held')
    const holder = item?.holder
    const { market } = this
    const shelf = this.goods.shelf('bottle', 'dispenser')
    if (!item || !holder || shelf.length === 0) return
    const bottle = market.chance.pick(shelf)
    const tag = market.freshKey()
    const fill = { handle: item.key.handle, level: whole, record: market.chance.bytes(32), remainder: null, dispensers }
    const dispense = { type: 'dispense', tag: tag.handle, units: [{ tag: bottle.tag, rest: false }], fill } as const
    item.busy = true
    bottle.busy = true
    market.ask(
      asked(supply, dispense, [bottle.holder, holder], (answer) => {
        item.busy = false
        bottle.busy = false
        if (answer !== 'accepted') return
        bottle.status = 'dispensed'
        filled(item, { tag, level: whole, bottle })
      }),
    )
  }

  /** The prescriber cancels while the pharmacy fills: one of the two comes first, and the other is told. */
  private cancel(): void {
    const item = this.some('available', 'held')
    const { market } = this
    if (!item) return
    const holder = item.holder
    item.busy = true
    let waiting = 1
    const done = () => {
      if (--waiting === 0) item.busy = false
    }
    if (holder && market.chance.happens(0.7)) {
      waiting++
      const tag = market.freshKey()
      const level = item.level + Math.max(1, Math.floor((whole - item.level) / 2))
      const record = market.chance.bytes(32)
      const said = { handle: item.key.handle, level, record, tag: tag.handle, remainder: null, dispensers }
      const fill = { type: 'fill', ...said } as const
      market.ask(
        asked(prescriptions, fill, [holder], (answer) => {
          done()
          if (answer === 'accepted') filled(item, { tag, level, bottle: null })
          if (answer === 'marked-for-cancellation') market.trace.count('told: cancelled before it was filled')
        }),
      )
    }
    market.ask(
      asked(prescriptions, { type: 'cancel', handle: item.key.handle }, [item.key], (answer) => {
        done()
        if (answer !== 'accepted') return
        if (item.status === 'available') Object.assign(item, { status: 'cancelled', claimant: null })
        else item.marked = true
      }),
    )
  }

  /** Nobody fetched it: the fill is taken back, with its bottle where there is one; not while a discount stands on it. */
  private takeBack(): void {
    const { market } = this
    const newest = this.items.flatMap((item) => {
      const last = item.fills.findLast((each) => !each.reversed)
      const is = last && !item.busy && last.discounts === 0 && (item.status === 'held' || item.status === 'filled')
      return is ? [last] : []
    })
    if (newest.length === 0) return
    const fill = market.chance.pick(newest)
    const { item, bottle, tag } = fill
    const { holder } = item
    if (!holder || bottle?.busy) return
    const record = market.chance.bytes(32)
    const told = (answer: string) => {
      item.busy = false
      if (bottle) bottle.busy = false
      if (answer === 'accepted') reversed(fill)
    }
    item.busy = true
    if (bottle) bottle.busy = true
    if (bottle)
      market.ask(asked(supply, { type: 'return-to-stock', tag: tag.handle, record }, [bottle.holder, holder], told))
    else market.ask(asked(prescriptions, { type: 'reverse-fill', tag: tag.handle, record }, [holder], told))
  }

  private giveBack(): void {
    const item = this.some('held')
    const holder = item?.holder
    if (!item || !holder) return
    this.step(item, { type: 'return-item', handle: item.key.handle }, holder, () => {
      const status = item.marked ? 'cancelled' : 'available'
      Object.assign(item, { status, holder: null, claimant: null })
    })
  }

  /** Fills that stand and that somebody has the tag's key of. */
  standing(): readonly Fill[] {
    return this.items.flatMap(({ fills }) => fills.filter((each) => !each.reversed))
  }
}

function filled(item: Item, { tag, level, bottle }: Pick<Fill, 'tag' | 'level' | 'bottle'>): void {
  item.fills.push({ tag, item, level, from: item.level, bottle, reversed: false, discounts: 0 })
  item.level = level
  if (level === whole) item.status = 'filled'
}

/** As the people see it. */
export function reversed(fill: Fill): void {
  fill.reversed = true
  fill.item.level = fill.from
  fill.item.status = 'held'
  if (fill.bottle) fill.bottle.status = 'held'
}
