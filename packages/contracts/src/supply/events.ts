/** What happened to units, packages, shipments and lots. */
import { boolean, type Infer, object, oneOf, option, uint, variant } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'
import { dispensedUnits } from './transactions.ts'
import {
  ending,
  exceptionNotes,
  hash,
  hashes,
  leavesMax,
  lotSet,
  members,
  newLots,
  parcelsMax,
  purpose,
  role,
} from './values.ts'

const tags = hashes({ min: 1, max: parcelsMax })
const someTags = hashes({ max: parcelsMax })
const recorded = { tag: hash, record: hash, height: uint() }

/** What an incident found behind the tag: the reporter's own parcel, one elsewhere, one that ended, or nothing. */
export const found = oneOf('own', 'elsewhere', 'ended', 'unknown')

export const event = variant({
  'keys-granted': {
    authority: organisationId,
    role,
    root: hash,
    leaves: uint(leavesMax),
    validUntil: uint(),
    height: uint(),
  },
  'keys-withdrawn': { grant: hash, keys: hashes({ min: 1, max: leavesMax }), height: uint() },
  commissioned: { holder: hash, grant: hash, lots: newLots, packages: members, height: uint() },
  shipped: { shipment: hash, tags, from: hash, to: hash, purpose, height: uint() },
  'shipment-withdrawn': { shipment: hash, height: uint() },
  received: {
    shipment: hash,
    grant: hash,
    missing: someTags,
    damaged: someTags,
    notes: exceptionNotes,
    height: uint(),
  },
  resolved: { shipment: hash, lost: someTags, found: someTags, record: hash, height: uint() },
  unpacked: { tag: hash, children: members, height: uint() },
  packed: { tag: hash, children: tags, lots: lotSet, holder: hash, depth: uint(), height: uint() },
  'taken-out': { tag: hash, children: tags, height: uint() },
  dispensed: { tag: hash, units: dispensedUnits, holder: hash, filled: boolean(), height: uint() },
  'returned-to-stock': recorded,
  ended: { tag: hash, as: ending, record: hash, height: uint() },
  quarantined: recorded,
  cleared: recorded,
  /** `noticeDueAt`: the second by which the authority is to be told; `grant`: of whoever is not the holder. */
  reported: {
    incident: hash,
    tag: hash,
    found,
    record: hash,
    grant: option(hash),
    noticeDueAt: uint(),
    height: uint(),
  },
  notified: { incident: hash, notice: hash, height: uint() },
  recalled: {
    lots: hashes({ min: 1, max: parcelsMax }),
    notice: hash,
    regulator: option(object({ key: hash, grant: hash })),
    height: uint(),
  },
})

export type Event = Infer<typeof event>
