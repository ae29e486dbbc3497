/** Makers, wholesalers and pharmacies who trade bottles, and what really is where: the plain truth beside the ledger. */
import { compareBytes, encode, toHex } from '@plexus/codec'
import { type PackageMember, packageMember, type SupplyLicence, type SupplyRole, supply } from '@plexus/contracts'
import { merklePath, merkleRoot } from '@plexus/crypto'
import { asked, type Key, type Market, startsAt } from './market.ts'

const bottlesPerCase = 4
const keysPerRole = 240
const yearSeconds = 31_536_000

export interface Trader {
  readonly name: string
  readonly role: 'maker' | 'distributor' | 'dispenser'
}

const traders: readonly Trader[] = [
  { name: 'maker', role: 'maker' },
  { name: 'wholesaler-1', role: 'distributor' },
  { name: 'wholesaler-2', role: 'distributor' },
  { name: 'pharmacy-1', role: 'dispenser' },
  { name: 'pharmacy-2', role: 'dispenser' },
]

export interface Lot {
  readonly key: Key
  recalled: boolean
  readonly made: number
}

/** A label that stands on the ledger for itself, as whoever looks at the shelves would describe it. */
export interface Parcel {
  readonly tag: Uint8Array
  readonly kind: 'case' | 'bottle' | 'pallet'
  readonly lot: Lot
  /** What was committed to be in a case and has not left it. */
  readonly sealed: PackageMember[]
  readonly all: readonly PackageMember[]
  status: 'held' | 'in-transit' | 'inside' | 'missing' | 'dispensed' | 'destroyed' | 'lost' | 'stolen'
  holder: Key
  trader: Trader
  hold: 'illegitimate' | 'damaged' | null
  /** Somebody is doing something with it. */
  busy: boolean
}

interface Shipment {
  readonly handle: Uint8Array
  readonly parcels: readonly Parcel[]
  readonly from: Key
  readonly to: Key
  readonly receiver: Trader
  missing: readonly Parcel[]
}

export class Goods {
  readonly market: Market
  readonly parcels = new Map<string, Parcel>()
  readonly lots: Lot[] = []
  private readonly shipments: Shipment[] = []
  private readonly unresolved: Shipment[] = []
  private readonly pools = new Map<
    SupplyRole,
    { readonly keys: readonly Key[]; readonly root: Uint8Array; used: number }
  >()

  constructor(market: Market) {
    this.market = market
    for (const role of ['maker', 'distributor', 'dispenser'] as const) {
      const keys = Array.from({ length: keysPerRole }, () => market.freshKey())
      const root = merkleRoot(keys.map(({ handle }) => handle))
      this.pools.set(role, { keys, root, used: 0 })
      const grant = { type: 'grant-keys', role, root, leaves: keysPerRole, validUntil: startsAt + yearSeconds } as const
      market.ask(asked(supply, grant, [], () => {}))
    }
  }

  something(): void {
    const acts = [
      this.make,
      this.ship,
      this.ship,
      this.receive,
      this.receive,
      this.open,
      this.open,
      this.resolve,
      this.pack,
      this.leave,
    ]
    this.market.chance.pick(acts).call(this)
  }

  /** What some of this kind is on a shelf, good, and in nobody's hands. */
  shelf(kind: Parcel['kind'], role?: Trader['role']): readonly Parcel[] {
    return [...this.parcels.values()].filter(
      (each) =>
        each.kind === kind &&
        each.status === 'held' &&
        each.hold === null &&
        !each.busy &&
        !each.lot.recalled &&
        (role === undefined || each.trader.role === role),
    )
  }

  freshKey(role: Trader['role']): { readonly key: Key; readonly licence: SupplyLicence } | undefined {
    const pool = this.pools.get(role)
    const key = pool?.keys[pool.used]
    if (!pool || !key) return undefined
    const index = pool.used++
    const path = merklePath(
      pool.keys.map(({ handle }) => handle),
      index,
    )
    return { key, licence: { grant: pool.root, index, path } }
  }

  private make(): void {
    const { market } = this
    const [maker] = traders as [Trader]
    const fresh = this.freshKey('maker')
    if (!fresh) return
    const lot: Lot = { key: market.freshKey(), recalled: false, made: bottlesPerCase }
    const lots = [lot.key.handle]
    const bottles = Array.from({ length: bottlesPerCase }, () => ({
      tag: market.chance.bytes(32),
      contents: null,
      lots,
    }))
    bottles.sort((a, b) => compareBytes(a.tag, b.tag))
    const root = merkleRoot(bottles.map((each) => encode(packageMember, each)))
    const parcel = this.parcel('case', market.chance.bytes(32), { lot, holder: fresh.key, trader: maker, bottles })
    const commission = {
      type: 'commission',
      holder: fresh.key.handle,
      licence: fresh.licence,
      lots: [{ handle: lot.key.handle, label: market.chance.bytes(32), endsAt: startsAt + yearSeconds }],
      packages: [{ tag: parcel.tag, contents: { root, leaves: bottles.length }, lots }],
    } as const
    market.ask(
      asked(supply, commission, [fresh.key], (answer) => {
        if (answer !== 'accepted') return
        this.lots.push(lot)
        this.put(parcel)
      }),
    )
  }

  private parcel(
    kind: Parcel['kind'],
    tag: Uint8Array,
    of: Pick<Parcel, 'lot' | 'holder' | 'trader'> & { readonly bottles?: readonly PackageMember[] },
  ): Parcel {
    const { lot, holder, trader, bottles = [] } = of
    return {
      tag,
      kind,
      lot,
      holder,
      trader,
      sealed: [...bottles],
      all: bottles,
      status: 'held',
      hold: null,
      busy: false,
    }
  }

  private put(parcel: Parcel): void {
    this.parcels.set(toHex(parcel.tag), parcel)
  }

  /** Something of one shelf to somebody else; on its way a part of it may be stolen. */
  private ship(): void {
    const { market } = this
    const { chance } = market
    const shelf = [...this.shelf('case'), ...this.shelf('bottle', 'distributor'), ...this.shelf('pallet')]
    if (shelf.length === 0) return
    const first = chance.pick(shelf)
    const parcels = chance.some(shelf.filter((each) => each.holder === first.holder))
    const receiver = chance.pick(traders.filter((each) => each !== first.trader && each.role !== 'maker'))
    const fresh = this.freshKey(receiver.role)
    if (!fresh || parcels.length === 0) return
    const shipment: Shipment = {
      handle: chance.bytes(32),
      parcels,
      from: first.holder,
      to: fresh.key,
      receiver,
      missing: [],
    }
    const tags = parcels.map(({ tag }) => tag).sort(compareBytes)
    const ship = { type: 'ship', shipment: shipment.handle, tags, to: fresh.key.handle, purpose: 'trade' } as const
    for (const each of parcels) each.busy = true
    market.ask(
      asked(supply, ship, [first.holder], (answer) => {
        for (const each of parcels) {
          each.busy = false
          if (answer === 'accepted') each.status = 'in-transit'
        }
        if (answer === 'accepted') this.shipments.push(shipment)
      }),
    )
    this.licences.set(toHex(fresh.key.handle), fresh.licence)
  }

  private readonly licences = new Map<string, SupplyLicence>()

  private receive(): void {
    const { market } = this
    const shipment = this.shipments.shift()
    const licence = shipment && this.licences.get(toHex(shipment.to.handle))
    if (!shipment || !licence) return
    const stolen = market.chance.happens(0.2) ? market.chance.some(shipment.parcels) : []
    if (stolen.length > 0) market.trace.count('stolen on its way')
    const missing = stolen.map(({ tag }) => tag).sort(compareBytes)
    const receive = { type: 'receive', shipment: shipment.handle, licence, missing, damaged: [], notes: [] } as const
    market.ask(
      asked(supply, receive, [shipment.to], (answer) => {
        if (answer !== 'accepted') return void this.shipments.push(shipment)
        for (const each of shipment.parcels) {
          if (stolen.includes(each)) each.status = 'missing'
          else Object.assign(each, { status: 'held', holder: shipment.to, trader: shipment.receiver })
        }
        if (stolen.length > 0) this.unresolved.push(Object.assign(shipment, { missing: stolen }))
      }),
    )
  }

  /** Both sides say what became of what was missing: it never left, turns up at the receiver, or is lost. */
  private resolve(): void {
    const { market } = this
    const shipment = this.unresolved.shift()
    if (!shipment) return
    const lost = shipment.missing.filter(() => market.chance.happens(0.5))
    const found = shipment.missing.filter((each, at) => !lost.includes(each) && at % 2 === 1)
    const [gone = [], here = []] = [lost, found].map((all) => all.map(({ tag }) => tag).sort(compareBytes))
    const said = { shipment: shipment.handle, lost: gone, found: here, record: market.chance.bytes(32) }
    const resolve = { type: 'resolve', ...said } as const
    market.ask(
      asked(supply, resolve, [shipment.from, shipment.to], (answer) => {
        if (answer !== 'accepted') return void this.unresolved.push(shipment)
        for (const each of shipment.missing) {
          each.status = lost.includes(each) ? 'lost' : 'held'
          if (found.includes(each)) Object.assign(each, { holder: shipment.to, trader: shipment.receiver })
        }
      }),
    )
  }

  /** A case is opened, and a bottle or more stand for themselves. */
  private open(): void {
    const { market } = this
    const cases = this.shelf('case').filter(({ sealed }) => sealed.length > 0)
    if (cases.length === 0) return
    const from = market.chance.pick(cases)
    const out = market.chance.some(from.sealed)
    const unpack = { type: 'unpack', tag: from.tag, children: placesIn(from, out) } as const
    from.busy = true
    market.ask(
      asked(supply, unpack, [from.holder], (answer) => {
        from.busy = false
        if (answer !== 'accepted') return
        for (const member of out) {
          from.sealed.splice(from.sealed.indexOf(member), 1)
          const { lot, holder, trader } = from
          this.put(this.parcel('bottle', member.tag, { lot, holder, trader }))
        }
      }),
    )
  }

  private pack(): void {
    const { market } = this
    const shelf = this.shelf('case', 'distributor')
    if (shelf.length === 0) return
    const first = market.chance.pick(shelf)
    const children = shelf.filter((each) => each.holder === first.holder && each.lot === first.lot)
    const tags = children.map(({ tag }) => tag).sort(compareBytes)
    const { lot, holder, trader } = first
    const pallet = this.parcel('pallet', market.chance.bytes(32), { lot, holder, trader })
    for (const each of children) each.busy = true
    market.ask(
      asked(supply, { type: 'pack', tag: pallet.tag, children: tags }, [holder], (answer) => {
        for (const each of children) {
          each.busy = false
          if (answer === 'accepted') each.status = 'inside'
        }
        if (answer !== 'accepted') return
        this.put(pallet)
        this.inside.set(pallet, children)
      }),
    )
  }

  private readonly inside = new Map<Parcel, readonly Parcel[]>()

  /** All that is on a pallet comes off it. */
  private leave(): void {
    const { market } = this
    const pallets = this.shelf('pallet').filter((each) => this.inside.has(each))
    if (pallets.length === 0) return
    const pallet = market.chance.pick(pallets)
    const children = this.inside.get(pallet) ?? []
    const tags = children.map(({ tag }) => tag).sort(compareBytes)
    pallet.busy = true
    market.ask(
      asked(supply, { type: 'take-out', tag: pallet.tag, children: tags }, [pallet.holder], (answer) => {
        pallet.busy = false
        if (answer !== 'accepted') return
        this.inside.delete(pallet)
        for (const each of children)
          Object.assign(each, { status: 'held', holder: pallet.holder, trader: pallet.trader })
      }),
    )
  }
}

/** The places of bottles in the tree of the case in which they were committed. */
export function placesIn(of: Parcel, members: readonly PackageMember[]) {
  const leaves = of.all.map((each) => encode(packageMember, each))
  return members
    .map((member) => {
      const index = of.all.indexOf(member)
      return { member, index, path: merklePath(leaves, index) }
    })
    .sort((a, b) => compareBytes(a.member.tag, b.member.tag))
}
