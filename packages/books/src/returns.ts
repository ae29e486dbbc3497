/**
 * What nobody fetched goes back: the fill, the units that were handed out with it and the discounts on it move in one
 * transaction. Which contract takes it back is for the ledger to say, by what hangs on the fill.
 */
import { no, ok, type Result, toHex } from '@plexus/codec'
import { rebates, supply } from '@plexus/contracts'
import type { StateReader } from '@plexus/kernel'
import type { DispenseRefusal, Dispenser } from './prescriptions/dispenser.ts'
import { fillOfTag } from './prescriptions/ledger.ts'
import type { RebatesBook } from './rebates/book.ts'
import type { RebateRefusal } from './rebates/party.ts'
import type { Dispensing } from './supply/dispensing.ts'
import type { SupplyRefusal } from './supply/rows.ts'

export type ReturnRefusal = { readonly type: (DispenseRefusal | RebateRefusal | SupplyRefusal)['type'] }
type Returned = Result<{ readonly step: string }, ReturnRefusal>

/** What is on record of a return that a person gave no reason for. */
const unfetched = 'not fetched'

export class Returns {
  private readonly dispenser: Dispenser
  private readonly dispensing: Dispensing
  private readonly rebates: RebatesBook
  private readonly state: () => StateReader

  /** `state`: of the own replica, after the newest applied block. */
  constructor(parts: {
    readonly dispenser: Dispenser
    readonly dispensing: Dispensing
    readonly rebates: RebatesBook
    readonly state: () => StateReader
  }) {
    this.dispenser = parts.dispenser
    this.dispensing = parts.dispensing
    this.rebates = parts.rebates
    this.state = parts.state
  }

  /** The newest fill of an item that this member holds. */
  ofItem(handle: Uint8Array): Returned {
    if (!this.dispenser.holding(handle))
      return no({ type: this.dispenser.rowOf(handle) ? 'not-held-here' : 'item-unknown' })
    const newest = this.dispenser.newestFill(handle)
    return newest ? this.ofTag(newest.told.tag) : no({ type: 'nothing-to-take-back' })
  }

  /** What was dispensed under this tag, with a prescription or without one. `why` stays in the own book. */
  ofTag(tag: Uint8Array, why: string = unfetched): Returned {
    const fill = fillOfTag(this.state(), tag)
    if (!fill) return this.dispensing.returnToStock(toHex(tag), [])
    if (fill.reversed !== null) return no({ type: 'nothing-to-take-back' })
    const held = this.dispenser.holding(fill.item)
    if (!held) return no({ type: 'not-held-here' })
    const { holderSeed } = held
    const isOfUnits = fill.boundBy.includes(supply.name)
    if (!fill.boundBy.includes(rebates.name))
      return isOfUnits
        ? this.dispensing.returnToStock(toHex(tag), [holderSeed])
        : ok(this.dispenser.reverseAlone(fill.item, tag, holderSeed))
    if (!isOfUnits) return this.rebates.reverse(tag, [holderSeed], { why, through: 'prescriptions' })
    const unitSeed = this.dispensing.seedOf(toHex(tag))
    return unitSeed
      ? this.rebates.reverse(tag, [unitSeed, holderSeed], { why, through: 'supply' })
      : no({ type: 'dispensing-unknown' })
  }
}
