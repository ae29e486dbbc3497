/** When units and packages go into others, and leave them. */
import { compareBytes, encode, equalBytes, no, ok, toHex } from '@plexus/codec'
import { verifyMerklePath } from '@plexus/kernel'
import { isOf } from './making.ts'
import { firstKnown, heldParcel, heldParcels, type SupplyRules } from './standing.ts'
import { lotsMax, member } from './values.ts'

/** What a package may be, at most. */
export interface PackageLimits {
  readonly lotsMax: number
  /** Bottle, bundle, case, layer, pallet, and as many again. */
  readonly depthMax: number
}

export const packageLimits: PackageLimits = { lotsMax, depthMax: 10 }

export function packingRulesWithin({
  lotsMax,
  depthMax,
}: PackageLimits): Pick<SupplyRules, 'unpack' | 'pack' | 'take-out'> {
  return {
    // A recalled lot is unpacked too: what is not of it goes on, what is of it is found recalled.
    unpack(state, { tag, children }, context) {
      const found = heldParcel(state, tag, context)
      if (!found.ok) return found
      const { contents, lots, hold } = found.value
      if (hold !== null) return no({ type: 'on-hold' })
      if (contents === null) return no({ type: 'not-inside' })
      const { root, leaves: size } = contents
      const among = new Set(lots.map(toHex))
      for (const { member: child, index, path } of children) {
        if (!verifyMerklePath({ leaf: encode(member, child), index, size, path, root }))
          return no({ type: 'not-inside' })
        if (!isOf(child, among)) return no({ type: 'lots-differ' })
      }
      const members = children.map(({ member: child }) => child)
      // A label that was packed twice, or left before, is found here.
      const known = firstKnown(
        state,
        members.map(({ tag: each }) => each),
      )
      if (known) return no(known)
      return ok({ events: [{ type: 'unpacked', tag, children: members, height: context.height }] })
    },

    pack(state, { tag, children }, context) {
      const found = heldParcels(state, children, context)
      if (!found.ok) return found
      const { holder, parcels } = found.value
      if (parcels.some(({ hold }) => hold !== null)) return no({ type: 'on-hold' })
      const lots = union(parcels.map((parcel) => parcel.lots))
      const depth = 1 + Math.max(...parcels.map((parcel) => parcel.depth))
      if (lots.length > lotsMax || depth > depthMax) return no({ type: 'beyond-a-package' })
      const known = firstKnown(state, [tag])
      if (known) return no(known)
      return ok({ events: [{ type: 'packed', tag, children, lots, holder, depth, height: context.height }] })
    },

    'take-out'(state, { tag, children }, context) {
      const found = heldParcel(state, tag, context)
      if (!found.ok) return found
      if (found.value.hold !== null) return no({ type: 'on-hold' })
      for (const child of children) {
        const known = state.parcels.get(toHex(child))
        const isInside = known?.status === 'inside' && known.parent !== null && equalBytes(known.parent, tag)
        if (!isInside) return no({ type: 'not-inside' })
      }
      return ok({ events: [{ type: 'taken-out', tag, children, height: context.height }] })
    },
  }
}

function union(sets: readonly (readonly Uint8Array[])[]): readonly Uint8Array[] {
  const all = new Map(sets.flat().map((each) => [toHex(each), each]))
  return [...all.values()].sort(compareBytes)
}
