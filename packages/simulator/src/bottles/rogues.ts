/** Thieves who copy labels, counterfeiters, and makers who call a lot back. Nothing that a rogue asks for may be accepted. */
import { toHex } from '@plexus/codec'
import { type SupplyTransaction, supply } from '@plexus/contracts'
import { RuleBroken } from '../trace.ts'
import { type Goods, placesIn } from './goods.ts'
import { asked, type Key, type Market } from './market.ts'

export class Rogues {
  private readonly market: Market
  private readonly goods: Goods

  constructor(market: Market, goods: Goods) {
    this.market = market
    this.goods = goods
  }

  something(): void {
    const acts = [
      this.takeOver,
      this.forgeBottle,
      this.sellTwice,
      this.makeUnlicensed,
      this.guess,
      this.sellCopy,
      this.recall,
    ]
    this.market.chance.pick(acts).call(this)
  }

  private never(transaction: SupplyTransaction, signers: readonly Key[], what: string): void {
    this.market.ask(
      asked(supply, transaction, signers, (answer) => {
        if (answer === 'accepted') throw new RuleBroken(`rogues: ${what} was accepted`)
        this.market.trace.count(`rogue: ${what}`)
        this.market.trace.check('rogues')
      }),
    )
  }

  /** A copy of a label, and a key of one's own. */
  private takeOver(): void {
    const { market } = this
    const labels = [...this.goods.parcels.values()]
    if (labels.length === 0) return
    const { tag } = market.chance.pick(labels)
    const thief = market.freshKey()
    const to = market.freshKey().handle
    this.never(
      { type: 'ship', shipment: market.chance.bytes(32), tags: [tag], to, purpose: 'trade' },
      [thief],
      'a copied label shipped',
    )
  }

  /** The holder of a case lets a bottle out of it that was never inside. */
  private forgeBottle(): void {
    const cases = this.goods.shelf('case').filter(({ sealed }) => sealed.length > 0)
    if (cases.length === 0) return
    const from = this.market.chance.pick(cases)
    const [real] = placesIn(from, from.sealed.slice(0, 1))
    if (!real) return
    const member = { ...real.member, tag: this.market.chance.bytes(32) }
    this.never(
      { type: 'unpack', tag: from.tag, children: [{ ...real, member }] },
      [from.holder],
      'a bottle forged into a case',
    )
  }

  /** The same bottle leaves its case again: a second one with a copied label. */
  private sellTwice(): void {
    const cases = this.goods.shelf('case').filter(({ sealed, all }) => sealed.length < all.length)
    if (cases.length === 0) return
    const from = this.market.chance.pick(cases)
    const gone = from.all.filter((each) => this.goods.parcels.has(toHex(each.tag)))
    const again = placesIn(from, gone.slice(0, 1))
    if (again.length === 0) return
    this.never({ type: 'unpack', tag: from.tag, children: again }, [from.holder], 'a bottle let out twice')
  }

  /** Somebody else's licence under a key of one's own. */
  private makeUnlicensed(): void {
    const { market } = this
    const fresh = this.goods.freshKey('maker')
    if (!fresh) return
    const thief = market.freshKey()
    const lot = market.freshKey().handle
    const lots = [{ handle: lot, label: market.chance.bytes(32), endsAt: market.time + 1_000 }]
    const packages = [{ tag: market.chance.bytes(32), contents: null, lots: [lot] }]
    this.never(
      { type: 'commission', holder: thief.handle, licence: fresh.licence, lots, packages },
      [thief],
      'a lot without a licence',
    )
  }

  /** A serial that was made up is behind no tag that anybody has. */
  private guess(): void {
    const { market } = this
    const tag = market.chance.bytes(32)
    if (supply.queries.whereabouts(market.views.supply, [toHex(tag)]))
      throw new RuleBroken('rogues: a guessed tag stands for something')
    this.never({ type: 'end', tag, as: 'destroyed', record: tag }, [market.freshKey()], 'a guessed tag')
  }

  /** A copy of what stands elsewhere, or was dispensed, comes to a pharmacy, which reports it; what is real stays as it is. */
  private sellCopy(): void {
    const { market } = this
    const labels = [...this.goods.parcels.values()].filter(({ kind }) => kind === 'bottle')
    const fresh = this.goods.freshKey('dispenser')
    if (labels.length === 0 || !fresh) return
    const copied = market.chance.pick(labels)
    const { key: incident, licence } = fresh
    const record = market.chance.bytes(32)
    const report = { type: 'report', incident: incident.handle, tag: copied.tag, record, licence } as const
    market.ask(
      asked(supply, report, [incident], (answer) => {
        if (answer !== 'accepted') return
        const found = supply.queries.incident(market.views.supply, toHex(incident.handle))
        if (!found || found.noticeDueAt - market.time !== 86_400)
          throw new RuleBroken('rogues: a report started no clock of 24 hours')
        if (found.found !== 'elsewhere' && found.found !== 'ended')
          throw new RuleBroken(`rogues: a copy was found to be ${found.found}`)
        market.trace.check('clock')
        market.trace.count(`copy reported: ${found.found}`)
      }),
    )
  }

  private recall(): void {
    const { market } = this
    const lots = this.goods.lots.filter(({ recalled }) => !recalled)
    // Most lots stay good, or nothing would be dispensed.
    if (lots.length < 3 || !market.chance.happens(0.4)) return
    const lot = market.chance.pick(lots)
    const recall = { type: 'recall', lots: [lot.key.handle], notice: market.chance.bytes(32), regulator: null } as const
    market.ask(
      asked(supply, recall, [lot.key], (answer) => {
        if (answer === 'accepted') lot.recalled = true
      }),
    )
  }
}
