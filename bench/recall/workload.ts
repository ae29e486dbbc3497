/** Suite `recall`: three lots, packed five deep in pallets of 300 holders, are recalled. */
import { checkDigit } from '@plexus/epcis'
import type { Journal, JournalChange } from '@plexus/exchange'
import type { Outcome, RunOptions, Suite } from '../suite.ts'
import { board, SupplyWorld } from '../supply-world.ts'

const maker = 'maker-pharma'
const gtin = '00300021433802'
const lots = ['A', 'B', 'C'] as const
/** Pallets, each of another holder, and units in all: pallet, layer, case, bundle, bottle. */
const full = { holdersPerLot: 100, units: 40_000 }
const tiny = { holdersPerLot: 2, units: 804 }
const childrenOf = [2, 2, 3] as const
const bundlesPerPallet = childrenOf.reduce((all, each) => all * each, 1)
const secondsMax = 5
const farAhead = 4_000_000_000

export const suite: Suite = {
  name: 'recall',
  claim:
    'From the step that recalls three lots of 40,000 units, five levels deep in sealed pallets of 300 holders, until each holder’s book counted its units and the maker’s book knows every holder by name.',
  nonClaim:
    'One process stands for all members and one replica for theirs: no wait for a block, no sealing of notes, no wire. Journals are memory.',
  oneCore: true,
  run,
}

async function run({ small, tell }: RunOptions): Promise<Outcome> {
  const { holdersPerLot, units } = small ? tiny : full
  const holders = Array.from({ length: holdersPerLot * lots.length }, (_, at) => `pharmacy-${at}`)
  const world = new SupplyWorld([maker, ...holders], () => new JournalInMemory())
  try {
    const { book } = world.partner(maker)
    book.licences.ask({ role: 'maker', count: lots.length, authority: board })
    for (const holder of holders)
      world.partner(holder).book.licences.ask({ role: 'dispenser', count: 1, authority: board })
    await world.settle()
    const authority = world.partner(board).book.licences
    authority.grant({ role: 'maker', partners: [maker], validUntil: farAhead })
    authority.grant({ role: 'dispenser', partners: holders, validUntil: farAhead })
    await world.settle()
    const handles: string[] = []
    for (const [at, lot] of lots.entries()) {
      const plan = planOf(at, lot, { holdersPerLot, units })
      const made = book.making.commission(plan)
      if (!made.ok) throw new Error(`not commissioned: ${made.reason.type}`)
      handles.push(made.value.lot)
      await world.settle()
      for (const [pallet, { sscc }] of plan.packages.entries()) {
        const to = holders[at * holdersPerLot + pallet] as string
        const shipped = book.shipping.ship({ to, labels: [{ type: 'package', sscc }], purpose: 'trade' })
        if (!shipped.ok) throw new Error(`not shipped: ${shipped.reason.type}`)
        await world.settle()
        const { shipment } = shipped.value
        const received = world.partner(to).book.shipping.receive({ shipment, missing: [], damaged: [], notes: [] })
        if (!received.ok) throw new Error(`not received: ${received.reason.type}`)
        await world.settle()
      }
      tell(`lot ${lot} is with its holders`)
    }
    world.look()
    const from = performance.now()
    const recalled = book.alarms.recall(handles)
    if (!recalled.ok) throw new Error(`not recalled: ${recalled.reason.type}`)
    await world.settle()
    world.look()
    await world.settle()
    const seconds = (performance.now() - from) / 1000
    const told = book.alerts(0, holders.length + lots.length + 1)
    const known = told.filter(({ type }) => type === 'held-elsewhere')
    const held = known.reduce((sum, each) => sum + Number(each['held']), 0)
    return {
      figures: [
        {
          name: `${held} units, ${known.length} holders known to the maker`,
          value: seconds,
          unit: 's',
          target: { type: 'below', value: secondsMax },
        },
      ],
      checked: { holders: new Set(known.map((each) => each['holder'])).size, held },
    }
  } finally {
    world.close()
  }
}

/** Units are spread over bundles so that they come out exactly. */
function planOf(at: number, lot: string, { holdersPerLot, units }: typeof full) {
  const bundles = holdersPerLot * lots.length * bundlesPerPallet
  let next = at * 100_000
  const sscc = (): string => {
    const body = `00300021${String(next++).padStart(9, '0')}`
    return `${body}${checkDigit(body)}`
  }
  const bundle = (number: number) => {
    const from = Math.floor((number * units) / bundles)
    const until = Math.floor(((number + 1) * units) / bundles)
    return { sscc: sscc(), serials: Array.from({ length: until - from }, (_, unit) => `S${from + unit}`) }
  }
  const [layers, cases, inCase] = childrenOf
  let number = at * holdersPerLot * bundlesPerPallet
  const packages = Array.from({ length: holdersPerLot }, () => ({
    sscc: sscc(),
    packages: Array.from({ length: layers }, () => ({
      sscc: sscc(),
      packages: Array.from({ length: cases }, () => ({
        sscc: sscc(),
        packages: Array.from({ length: inCase }, () => bundle(number++)),
      })),
    })),
  }))
  return { gtin, lot, endsAt: farAhead, packages }
}

/** Rows of one table in the order of their keys, which are few. */
class JournalInMemory implements Journal {
  readonly #tables = new Map<string, Map<string, Uint8Array>>()

  get(table: string, key: string): Uint8Array | undefined {
    return this.#tables.get(table)?.get(key)
  }

  entries(table: string, { after = '', prefix = '', limit = Number.MAX_SAFE_INTEGER } = {}) {
    return [...(this.#tables.get(table) ?? [])]
      .filter(([key]) => key.startsWith(prefix) && key > after)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
  }

  write(changes: readonly JournalChange[]): void {
    for (const { table, key, value } of changes) {
      const rows = this.#tables.get(table) ?? new Map<string, Uint8Array>()
      this.#tables.set(table, rows)
      if (value) rows.set(key, value)
      else rows.delete(key)
    }
  }

  append(changes: readonly JournalChange[]): void {
    this.write(changes)
  }

  durable(): undefined {
    return undefined
  }
}
