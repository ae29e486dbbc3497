/** What a scanned label answers, on a replica, to whoever has its key. */
import { toHex } from '@plexus/codec'
import { type PackageMember, type ParcelStatus, parcelEndings, supply } from '@plexus/contracts'
import type { View } from '@plexus/kernel'

export type SupplyState = View<typeof supply.state>

/** What the counter is told. All but `good` are reasons to hold the thing at hand back. */
export type ScanAnswer =
  | { readonly type: 'good' }
  | { readonly type: 'unknown' }
  | { readonly type: 'ended'; readonly status: ParcelStatus }
  | { readonly type: 'not-at-holder' }
  | { readonly type: 'not-held'; readonly status: ParcelStatus }
  | { readonly type: 'recalled' }
  | { readonly type: 'on-hold' }
  | { readonly type: 'expired' }

/**
 * Of a unit or package: its tag and those of all that it was packed in, innermost first, with the lots of itself; the hashes of
 * the asker's own keys in hexadecimal; the time in seconds since 1970, the later of the block's and the asker's.
 */
export function scanLabel(
  view: SupplyState,
  {
    tags,
    lots,
    holders,
    time,
  }: {
    readonly tags: readonly Uint8Array[]
    readonly lots: PackageMember['lots']
    readonly holders: Pick<ReadonlySet<string>, 'has'>
    readonly time: number
  },
): ScanAnswer {
  const found = supply.queries.whereabouts(view, tags.map(toHex))
  if (!found) return { type: 'unknown' }
  const { parcel, carrier } = found
  if (parcelEndings.includes(parcel.status)) return { type: 'ended', status: parcel.status }
  if (!holders.has(toHex(carrier.holder))) return { type: 'not-at-holder' }
  if (carrier.status !== 'held') return { type: 'not-held', status: carrier.status }
  const states = lots.map((each) => view.lots.get(toHex(each)))
  if (states.some((lot) => lot === undefined)) return { type: 'unknown' }
  if (states.some((lot) => lot?.recalled)) return { type: 'recalled' }
  if (parcel.hold !== null || carrier.hold !== null) return { type: 'on-hold' }
  return states.some((lot) => lot && time >= lot.endsAt) ? { type: 'expired' } : { type: 'good' }
}
