/** What can be looked up of lots, units, packages, shipments and incidents. */
import { toHex } from '@plexus/codec'
import type { View } from '@plexus/kernel'
import type { Dispensing, Grant, Incident, Lot, Parcel, Shipment, state } from './state.ts'

type SupplyView = View<typeof state>

export const queries = { grant, lot, parcel, shipment, dispensing, incident, whereabouts }

/** What is recorded of granted keys, by their root in hexadecimal. */
function grant({ grants }: SupplyView, root: string): Grant | undefined {
  return grants.get(root)
}

/** What is recorded of a lot, by its handle in hexadecimal. */
function lot({ lots }: SupplyView, handle: string): Lot | undefined {
  return lots.get(handle)
}

/** What is recorded of a unit or package that stands for itself, by its tag in hexadecimal. */
function parcel({ parcels }: SupplyView, tag: string): Parcel | undefined {
  return parcels.get(tag)
}

/** What is recorded of a shipment, by its handle in hexadecimal. */
function shipment({ shipments }: SupplyView, handle: string): Shipment | undefined {
  return shipments.get(handle)
}

/** What was dispensed under a tag in hexadecimal. */
function dispensing({ dispensings }: SupplyView, tag: string): Dispensing | undefined {
  return dispensings.get(tag)
}

/** What is recorded of an incident, by its handle in hexadecimal. */
function incident({ incidents }: SupplyView, handle: string): Incident | undefined {
  return incidents.get(handle)
}

/** Where something is: the parcel that answers for it, and the one that carries that now. */
export interface Whereabouts {
  /** By tag in hexadecimal: itself, or the nearest package around it that stands for itself. */
  readonly answers: string
  readonly parcel: Parcel
  /** What that is inside of, outermost; itself when it is inside of nothing. */
  readonly carrier: Parcel
  readonly recalled: boolean
}

/**
 * Where a unit is, by the tags in hexadecimal of itself and of all that it was packed in, innermost first: the first that
 * stands for itself answers. Undefined where none does.
 */
function whereabouts(view: SupplyView, tags: readonly string[]): Whereabouts | undefined {
  for (const answers of tags) {
    const found = view.parcels.get(answers)
    if (found) {
      const recalled = found.lots.some((each) => view.lots.get(toHex(each))?.recalled)
      return { answers, parcel: found, carrier: carrierOf(view, found), recalled }
    }
  }
  return undefined
}

/** Depth rises with each package around it, so this ends. */
function carrierOf({ parcels }: SupplyView, parcel: Parcel): Parcel {
  let at = parcel
  while (at.status === 'inside') {
    const around: Parcel | undefined = at.parent === null ? undefined : parcels.get(toHex(at.parent))
    if (!around) throw new Error('something is inside of nothing')
    at = around
  }
  return at
}
