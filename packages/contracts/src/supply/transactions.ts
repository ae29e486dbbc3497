/** What may be asked of the contract of the supply chain. */
import { boolean, compareBytes, type Infer, object, option, sortedList, uint, variant } from '@plexus/codec'
import { dispensers, remainderReason } from '../prescriptions/index.ts'
import {
  ending,
  exceptionNotes,
  hash,
  hashes,
  leavesMax,
  licence,
  members,
  newLots,
  parcelsMax,
  placedMembers,
  purpose,
  role,
} from './values.ts'

/** As many anchors as a recall names at once: a lot of a million units, one anchor a pallet, takes some envelopes of a block. */
const recalledMax = 256

/** A unit that is dispensed; `rest`: whether something of it stays, to be dispensed another time. */
const dispensedUnit = object({ tag: hash, rest: boolean() })
export const dispensedUnits = sortedList(dispensedUnit, {
  min: 1,
  max: parcelsMax,
  order: (a, b) => compareBytes(a.tag, b.tag),
})

/** The transaction `fill` of prescriptions without its tag, which is the dispensing's. */
const fill = object({ handle: hash, level: uint(), record: hash, remainder: option(remainderReason), dispensers })

export const transaction = variant({
  /** By an authority. The leaves under `root` are hashes of one-time keys, of many partners, and noise. */
  'grant-keys': { role, root: hash, leaves: uint(leavesMax), validUntil: uint() },
  /** By the same authority: keys that a partner has not used may not be used, and what they hold stays where it is. */
  'withdraw-keys': { grant: hash, keys: hashes({ min: 1, max: leavesMax }) },
  /** By the holder's key, a maker's: lots begin, and what holds all of them. */
  commission: { holder: hash, licence, lots: newLots, packages: members },
  /** By the holder's key, as all of a shipment has one; `to` is the hash of the receiver's fresh key. */
  ship: { shipment: hash, tags: hashes({ min: 1, max: parcelsMax }), to: hash, purpose },
  /** By the shipper's key, while nothing has been received. */
  'withdraw-shipment': { shipment: hash },
  /** By the key that the shipper named. What is missing stays with the shipper until both resolve it. */
  receive: {
    shipment: hash,
    licence,
    missing: hashes({ max: parcelsMax }),
    damaged: hashes({ max: parcelsMax }),
    notes: exceptionNotes,
  },
  /**
   * By both keys of a shipment: of what was missing, `lost` is gone for good, `found` turned up at the receiver, and all else
   * never left the shipper.
   */
  resolve: { shipment: hash, lost: hashes({ max: parcelsMax }), found: hashes({ max: parcelsMax }), record: hash },
  /** By the holder's key: members leave a package whose contents were committed, and stand for themselves. */
  unpack: { tag: hash, children: placedMembers },
  /** By the holder's key: parcels go into a new package. */
  pack: { tag: hash, children: hashes({ min: 1, max: parcelsMax }) },
  'take-out': { tag: hash, children: hashes({ min: 1, max: parcelsMax }) },
  /**
   * By the holder's key, a dispenser's. `tag` is a fresh hash: of a fill when there is one, which moves the prescription in
   * the same step; without one, what is dispensed is not on the exchange.
   */
  dispense: { tag: hash, units: dispensedUnits, fill: option(fill) },
  /** By the same key: nobody fetched it. The fill, if there is one, is taken back in the same step. */
  'return-to-stock': { tag: hash, record: hash },
  /** By the holder's key, as the two below. */
  end: { tag: hash, as: ending, record: hash },
  quarantine: { tag: hash, record: hash },
  /** Also by the key of each of its lots: the maker verified it. */
  clear: { tag: hash, record: hash },
  /**
   * By the key behind `incident`: what carries this label is illegitimate. With the holder's key it is the parcel itself; with
   * a licence of the key, it is something else at hand, that shows the same label.
   */
  report: { incident: hash, tag: hash, record: hash, licence: option(licence) },
  /** By the key behind `incident`: the authority was told, by what `notice` commits to. */
  notify: { incident: hash, notice: hash },
  /** By the key of each lot, or by a regulator's key. `notice` commits to what is said. */
  recall: {
    lots: hashes({ min: 1, max: recalledMax }),
    notice: hash,
    regulator: option(object({ key: hash, licence })),
  },
})

export type Transaction = Infer<typeof transaction>
