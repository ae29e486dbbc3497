/** When a unit goes to a patient, and comes back to the shelf. */
import { no, ok, toHex } from '@plexus/codec'
import { call } from '@plexus/kernel'
import { prescriptions } from '../prescriptions/index.ts'
import { firstKnown, heldParcels, notGood, type SupplyRules, signedBy, stillLicensed } from './standing.ts'

export const dispensingRules: Pick<SupplyRules, 'dispense' | 'return-to-stock'> = {
  // The unit moves, the prescription's counter moves, and neither without the other.
  dispense(state, { tag, units, fill }, context) {
    const found = heldParcels(
      state,
      units.map((each) => each.tag),
      context,
    )
    if (!found.ok) return found
    const { holder, parcels } = found.value
    const may = stillLicensed(state, holder, ['dispenser'], context)
    if (!may.ok) return may
    for (const parcel of parcels) {
      if (parcel.contents !== null || parcel.depth > 0) return no({ type: 'not-a-unit' })
      const stays = notGood(state, parcel, context)
      if (stays) return no(stays)
    }
    const known = firstKnown(state, [tag])
    if (known) return no(known)
    const filled = fill !== null
    return ok({
      events: [{ type: 'dispensed', tag, units, holder, filled, height: context.height }],
      calls: filled
        ? [call(prescriptions, { type: 'fill', tag, ...fill }), call(prescriptions, { type: 'bind-fill', tag })]
        : [],
    })
  },

  'return-to-stock'(state, { tag, record }, context) {
    const known = state.dispensings.get(toHex(tag))
    if (!known || known.returned !== null) return no({ type: 'dispensing-unknown' })
    if (!signedBy(context, known.holder)) return no({ type: 'not-its-key', of: 'holder' })
    return ok({
      events: [{ type: 'returned-to-stock', tag, record, height: context.height }],
      calls: known.filled
        ? [
            call(prescriptions, { type: 'unbind-fill', tag }),
            call(prescriptions, { type: 'reverse-fill', tag, record }),
          ]
        : [],
    })
  },
}
