/** When units and packages change hands. */
import { no, ok, type Result, toHex } from '@plexus/codec'
import type { Context } from '@plexus/kernel'
import type { Rejection } from './rejections.ts'
import {
  firstKnown,
  heldParcels,
  licensed,
  notGood,
  type SupplyRules,
  type SupplyView,
  signedBy,
  stillLicensed,
  traders,
} from './standing.ts'
import type { Parcel, Shipment } from './state.ts'

export const movingRules: Pick<SupplyRules, 'ship' | 'withdraw-shipment' | 'receive' | 'resolve'> = {
  ship(state, { shipment, tags, to, purpose }, context) {
    const found = heldParcels(state, tags, context)
    if (!found.ok) return found
    const { holder: from, parcels } = found.value
    const may = stillLicensed(state, from, traders, context)
    if (!may.ok) return may
    for (const parcel of parcels) {
      const stays = purpose === 'return' ? mayNotReturn(parcel) : mayNotBeSold(state, parcel, context)
      if (stays) return no(stays)
    }
    const known = firstKnown(state, [shipment, to])
    if (known) return no(known)
    return ok({ events: [{ type: 'shipped', shipment, tags, from, to, purpose, height: context.height }] })
  },

  'withdraw-shipment'(state, { shipment }, context) {
    const found = shipmentAt(state, shipment, 'shipped')
    if (!found.ok) return found
    if (!signedBy(context, found.value.from)) return no({ type: 'not-its-key', of: 'shipper' })
    return ok({ events: [{ type: 'shipment-withdrawn', shipment, height: context.height }] })
  },

  // Whatever was recalled or expired on its way is received all the same: then it is known where it is.
  receive(state, { shipment, licence, missing, damaged, notes }, context) {
    const found = shipmentAt(state, shipment, 'shipped')
    if (!found.ok) return found
    const { to, tags } = found.value
    if (!signedBy(context, to)) return no({ type: 'not-its-key', of: 'receiver' })
    const may = licensed(state, to, licence, traders, context)
    if (!may.ok) return may
    if (!areOnce([...missing, ...damaged], tags)) return no({ type: 'not-shipped' })
    const { grant } = licence
    return ok({ events: [{ type: 'received', shipment, grant, missing, damaged, notes, height: context.height }] })
  },

  resolve(state, { shipment, lost, found: turnedUp, record }, context) {
    const found = shipmentAt(state, shipment, 'received-with-exceptions')
    if (!found.ok) return found
    const { from, to, missing } = found.value
    if (!signedBy(context, from)) return no({ type: 'not-its-key', of: 'shipper' })
    if (!signedBy(context, to)) return no({ type: 'not-its-key', of: 'receiver' })
    if (!areOnce([...lost, ...turnedUp], missing)) return no({ type: 'not-shipped' })
    const { height } = context
    return ok({ events: [{ type: 'resolved', shipment, lost, found: turnedUp, record, height }] })
  },
}

function shipmentAt(
  { shipments }: SupplyView,
  handle: Uint8Array,
  status: Shipment['status'],
): Result<Shipment, Rejection> {
  const known = shipments.get(toHex(handle))
  if (!known) return no({ type: 'shipment-unknown' })
  return known.status === status ? ok(known) : no({ type: 'shipment-closed' })
}

function mayNotBeSold(state: SupplyView, parcel: Parcel, context: Context): Rejection | undefined {
  return notGood(state, parcel, context) ?? (parcel.opened ? { type: 'opened' } : undefined)
}

/** What is illegitimate goes nowhere but to its destruction. */
function mayNotReturn({ hold }: Parcel): Rejection | undefined {
  return hold === 'illegitimate' ? { type: 'on-hold' } : undefined
}

/** Whether each of these is among those, and none stands twice. */
function areOnce(these: readonly Uint8Array[], those: readonly Uint8Array[]): boolean {
  const left = new Set(those.map(toHex))
  return these.every((each) => left.delete(toHex(each)))
}
