/** What is remembered of units, packages, shipments and lots, and what each event changes. */
import { boolean, type Infer, object, oneOf, option, toHex, uint } from '@plexus/codec'
import { collection, type Draft, type Evolve, organisationId } from '@plexus/kernel'
import { type Event, found } from './events.ts'
import { dispensedUnits } from './transactions.ts'
import {
  contents,
  exceptionNotes,
  gone,
  hash,
  hashes,
  leavesMax,
  lotSet,
  type Member,
  parcelsMax,
  purpose,
  role,
} from './values.ts'

const grant = object({ authority: organisationId, role, leaves: uint(leavesMax), validUntil: uint(), height: uint() })
export type Grant = Infer<typeof grant>

/** A key that stood here: under which grant it acted, or null while it is only named. */
const key = object({ grant: option(hash), height: uint() })

const lot = object({
  /** The commitment to GTIN, lot and expiry. */
  label: hash,
  endsAt: uint(),
  /** The commitment to what the recall says, and its height; null while there is none. */
  recalled: option(object({ notice: hash, height: uint() })),
  height: uint(),
})
export type Lot = Infer<typeof lot>

/** `dispensed` and all after it are the end, but that what is dispensed may be returned to stock. */
const ended = ['dispensed', ...gone] as const
const status = oneOf('held', 'in-transit', 'inside', 'missing', ...ended)
export type Status = Infer<typeof status>
/** In these nothing is done with a parcel any more. */
export const endings: readonly Status[] = ended

const parcel = object({
  status,
  lots: lotSet,
  /** What was committed to be in it; null for a unit, and for a package of parcels that stand here themselves. */
  contents: option(contents),
  /** Packages of parcels on top of each other: 0 for a unit and for what was committed as a whole. */
  depth: uint(),
  /** The hash of its holder's key; of what is inside another, of that one's holder when it went in. */
  holder: hash,
  /** The package that it left or is inside of. */
  parent: option(hash),
  /** The shipment that it is in, or was last. */
  shipment: option(hash),
  hold: option(oneOf('suspect', 'damaged', 'returned', 'illegitimate')),
  /** Whether something of the unit was dispensed. */
  opened: boolean(),
  since: uint(),
})
export type Parcel = Infer<typeof parcel>

const shipment = object({
  status: oneOf('shipped', 'withdrawn', 'received', 'received-with-exceptions', 'resolved'),
  from: hash,
  to: hash,
  purpose,
  tags: hashes({ min: 1, max: parcelsMax }),
  missing: hashes({ max: parcelsMax }),
  damaged: hashes({ max: parcelsMax }),
  notes: exceptionNotes,
  since: uint(),
})
export type Shipment = Infer<typeof shipment>

const dispensing = object({
  units: dispensedUnits,
  holder: hash,
  /** Whether a fill of a prescription has the same tag. */
  filled: boolean(),
  /** The commitment to why it was returned to stock, or null while it stands. */
  returned: option(hash),
  height: uint(),
})
export type Dispensing = Infer<typeof dispensing>

const incident = object({
  tag: hash,
  found,
  record: hash,
  noticeDueAt: uint(),
  notice: option(hash),
  height: uint(),
})
export type Incident = Infer<typeof incident>

export const state = {
  /** By root in hexadecimal. */
  grants: collection(grant),
  /** By `root/key` in hexadecimal, with the height. */
  withdrawn: collection(uint()),
  /** By the hash of the key. */
  keys: collection(key),
  lots: collection(lot),
  /** By tag: units and packages that stand for themselves. */
  parcels: collection(parcel),
  shipments: collection(shipment),
  /** By tag. */
  dispensings: collection(dispensing),
  incidents: collection(incident),
}

/** Where the withdrawal of a key stands: it counts for one grant. */
export const withdrawnKey = (grant: Uint8Array, key: Uint8Array): string => `${toHex(grant)}/${toHex(key)}`

type State = Draft<typeof state>

export const evolve: Evolve<typeof state, Event> = {
  'keys-granted'({ grants }, { authority, role, root, leaves, validUntil, height }) {
    grants.set(toHex(root), { authority, role, leaves, validUntil, height })
  },
  'keys-withdrawn'({ withdrawn }, { grant, keys, height }) {
    for (const each of keys) withdrawn.set(withdrawnKey(grant, each), height)
  },
  commissioned(draft, { holder, grant, lots, packages, height }) {
    draft.keys.set(toHex(holder), { grant, height })
    for (const { handle, label, endsAt } of lots)
      draft.lots.set(toHex(handle), { label, endsAt, recalled: null, height })
    for (const each of packages) begin(draft, each, { holder, parent: null, height })
  },
  shipped(draft, { shipment, tags, from, to, purpose, height }) {
    draft.keys.set(toHex(to), { grant: null, height })
    const none = { missing: [], damaged: [], notes: [] }
    draft.shipments.set(toHex(shipment), { status: 'shipped', from, to, purpose, tags, ...none, since: height })
    for (const tag of tags) change(draft, tag, height, () => ({ status: 'in-transit', shipment }))
  },
  'shipment-withdrawn'(draft, { shipment, height }) {
    const { tags } = changeShipment(draft, shipment, { status: 'withdrawn', since: height })
    for (const tag of tags) change(draft, tag, height, () => ({ status: 'held' }))
  },
  received(draft, { shipment, grant, missing, damaged, notes, height }) {
    const whole = missing.length + damaged.length + notes.length === 0
    const status = whole ? 'received' : 'received-with-exceptions'
    const { tags, to, purpose } = changeShipment(draft, shipment, { status, missing, damaged, notes, since: height })
    draft.keys.set(toHex(to), { grant, height })
    const [absent, broken] = [new Set(missing.map(toHex)), new Set(damaged.map(toHex))]
    for (const tag of tags)
      change(draft, tag, height, ({ hold }) => {
        if (absent.has(toHex(tag))) return { status: 'missing' }
        const now = broken.has(toHex(tag)) ? 'damaged' : holdOf(purpose)
        return { status: 'held', holder: to, hold: hold ?? now }
      })
  },
  resolved(draft, { shipment, lost, found: turnedUp, height }) {
    const { missing, to, purpose } = changeShipment(draft, shipment, { status: 'resolved', since: height })
    const [gone, here] = [new Set(lost.map(toHex)), new Set(turnedUp.map(toHex))]
    for (const tag of missing)
      change(draft, tag, height, ({ hold }) => {
        if (gone.has(toHex(tag))) return { status: 'lost' }
        return here.has(toHex(tag)) ? { status: 'held', holder: to, hold: hold ?? holdOf(purpose) } : { status: 'held' }
      })
  },
  unpacked(draft, { tag, children, height }) {
    const { holder } = change(draft, tag, height, () => ({}))
    for (const child of children) begin(draft, child, { holder, parent: tag, height })
  },
  packed(draft, { tag, children, lots, holder, depth, height }) {
    begin(draft, { tag, contents: null, lots }, { holder, parent: null, height })
    change(draft, tag, height, () => ({ depth }))
    for (const child of children) change(draft, child, height, () => ({ status: 'inside', parent: tag }))
  },
  'taken-out'(draft, { tag, children, height }) {
    const { holder } = change(draft, tag, height, () => ({}))
    for (const child of children) change(draft, child, height, () => ({ status: 'held', holder }))
  },
  dispensed(draft, { tag, units, holder, filled, height }) {
    draft.dispensings.set(toHex(tag), { units, holder, filled, returned: null, height })
    for (const { tag: unit, rest } of units)
      change(draft, unit, height, () => (rest ? { opened: true } : { status: 'dispensed' }))
  },
  'returned-to-stock'(draft, { tag, record, height }) {
    const known = draft.dispensings.get(toHex(tag))
    if (!known) throw new Error('something was returned to stock that was never dispensed')
    draft.dispensings.set(toHex(tag), { ...known, returned: record })
    for (const { tag: unit, rest } of known.units) if (!rest) change(draft, unit, height, () => ({ status: 'held' }))
  },
  ended(draft, { tag, as, height }) {
    change(draft, tag, height, () => ({ status: as }))
  },
  quarantined(draft, { tag, height }) {
    change(draft, tag, height, () => ({ hold: 'suspect' }))
  },
  cleared(draft, { tag, height }) {
    change(draft, tag, height, () => ({ hold: null }))
  },
  reported(draft, { incident, tag, found, record, grant, noticeDueAt, height }) {
    draft.keys.set(toHex(incident), { grant, height })
    draft.incidents.set(toHex(incident), { tag, found, record, noticeDueAt, notice: null, height })
    if (found === 'own') change(draft, tag, height, () => ({ hold: 'illegitimate' }))
  },
  notified({ incidents }, { incident, notice }) {
    const known = incidents.get(toHex(incident))
    if (!known) throw new Error('an authority was told of an incident that never was')
    incidents.set(toHex(incident), { ...known, notice })
  },
  recalled(draft, { lots, notice, regulator, height }) {
    if (regulator) draft.keys.set(toHex(regulator.key), { grant: regulator.grant, height })
    for (const handle of lots) {
      const known = draft.lots.get(toHex(handle))
      if (!known) throw new Error('a lot was recalled that never began')
      draft.lots.set(toHex(handle), { ...known, recalled: { notice, height } })
    }
  },
}

/** What comes back is sold again once it was verified. */
const holdOf = (purpose: Shipment['purpose']): Parcel['hold'] => (purpose === 'return' ? 'returned' : null)

function begin(
  { parcels }: State,
  { tag, contents, lots }: Member,
  { holder, parent, height: since }: { holder: Uint8Array; parent: Uint8Array | null; height: number },
): void {
  const fresh = { depth: 0, shipment: null, hold: null, opened: false }
  parcels.set(toHex(tag), { status: 'held', lots, contents, holder, parent, ...fresh, since })
}

function change({ parcels }: State, tag: Uint8Array, since: number, to: (of: Parcel) => Partial<Parcel>): Parcel {
  const known = parcels.get(toHex(tag))
  if (!known) throw new Error('something changed that never began')
  const changed = { ...known, ...to(known), since }
  parcels.set(toHex(tag), changed)
  return changed
}

function changeShipment({ shipments }: State, handle: Uint8Array, to: Partial<Shipment>): Shipment {
  const known = shipments.get(toHex(handle))
  if (!known) throw new Error('a shipment changed that was never sent')
  const changed = { ...known, ...to }
  shipments.set(toHex(handle), changed)
  return changed
}
