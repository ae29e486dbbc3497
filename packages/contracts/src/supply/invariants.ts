/** What always holds of lots, units, packages and shipments. */
import { fromHex, toHex } from '@plexus/codec'
import type { Invariants, View } from '@plexus/kernel'
import { noticeSeconds } from './holding.ts'
import { endings, type Parcel, type state, withdrawnKey } from './state.ts'

type SupplyView = View<typeof state>

export const invariants: Invariants<typeof state> = {
  'aggregation is a forest: what is inside is in one package that is there, higher than itself and of its lots': ({
    parcels,
  }) =>
    [...parcels.entries()].every(([, { status, parent, depth, lots }]) => {
      if (status !== 'inside') return true
      const around = parent && parcels.get(toHex(parent))
      return around && around.contents === null && around.depth > depth && isWithin(lots, around.lots)
    }),

  'what leaves a package leaves it once, and its lots and contents never change': ({ parcels }, before) =>
    [...before.parcels.entries()].every(([tag, was]) => {
      const now = parcels.get(tag)
      return now !== undefined && madeOf(now) === madeOf(was)
    }),

  'a holder is licensed: every holder acted under a grant': ({ parcels, keys, grants }) =>
    [...parcels.entries()].every(([, { holder }]) => {
      const grant = keys.get(toHex(holder))?.grant
      return grant && grants.get(toHex(grant)) !== undefined
    }),

  'a holder changes only by the key that the shipper named, or to the holder of the package around': (
    { parcels, shipments },
    before,
    { signers },
  ) =>
    changed(parcels, before).every(([now, was]) => {
      if (text(now.holder) === text(was.holder)) return true
      if (was.status === 'inside') return text(now.holder) === text(was.parent && parcels.get(text(was.parent))?.holder)
      const shipment = was.shipment && shipments.get(toHex(was.shipment))
      return (
        (was.status === 'in-transit' || was.status === 'missing') &&
        shipment !== null &&
        text(shipment?.to) === text(now.holder) &&
        signers.some(({ handle }) => handle === text(now.holder))
      )
    }),

  'what ended has ended, but that what was dispensed may return to stock': ({ parcels }, before) =>
    changed(parcels, before).every(
      ([now, was]) =>
        !endings.includes(was.status) ||
        now.status === was.status ||
        (was.status === 'dispensed' && now.status === 'held' && text(now.holder) === text(was.holder)),
    ),

  'nothing of a recalled or expired lot is dispensed, exported or made into something else': (
    { parcels, lots },
    before,
    { time },
  ) =>
    changed(parcels, before).every(([now, was]) => {
      const leaves = was.status === 'held' && ['dispensed', 'exported', 'transformed'].includes(now.status)
      const partly = now.opened && !was.opened
      return !(leaves || partly) || now.lots.every((each) => isGood(lots.get(toHex(each)), time))
    }),

  'a recalled lot stays recalled, and what was said of a lot never changes': ({ lots }, before) =>
    [...before.lots.entries()].every(([handle, was]) => {
      const now = lots.get(handle)
      const same = now && text(now.label) === text(was.label) && now.endsAt === was.endsAt
      return same && (was.recalled === null || now.recalled?.height === was.recalled.height)
    }),

  'units conserve: each is in no dispensing, or dispensed whole in one that stands': ({ parcels, dispensings }) => {
    const counts = new Map<string, number>()
    for (const [, { units, returned }] of dispensings.entries())
      for (const { tag, rest } of units)
        if (returned === null && !rest) counts.set(toHex(tag), (counts.get(toHex(tag)) ?? 0) + 1)
    return [...parcels.entries()].every(
      ([tag, { status }]) => (counts.get(tag) ?? 0) === (status === 'dispensed' ? 1 : 0),
    )
  },

  'what is on its way is in one shipment that is': ({ parcels, shipments }) =>
    [...parcels.entries()].every(([tag, { status, shipment }]) => {
      const wanted = status === 'in-transit' ? 'shipped' : status === 'missing' ? 'received-with-exceptions' : undefined
      if (!wanted) return true
      const known = shipment && shipments.get(toHex(shipment))
      return known && known.status === wanted && known.tags.some((each) => toHex(each) === tag)
    }),

  'no tag, handle or key stands for two things': ({ parcels, lots, shipments, dispensings, keys }) => {
    const all = [parcels, lots, shipments, dispensings, keys].flatMap((each) => [...each.entries()].map(([id]) => id))
    return new Set(all).size === all.length
  },

  'a clock of 24 hours begins with each report, and never moves': ({ incidents }, before, { time }) =>
    [...incidents.entries()].every(([handle, { noticeDueAt }]) => {
      const was = before.incidents.get(handle)
      return noticeDueAt === (was ? was.noticeDueAt : time + noticeSeconds)
    }),

  'a key that was withdrawn takes nothing in': ({ keys, withdrawn }, before) =>
    [...keys.entries()].every(([key, { grant }]) => {
      const acted = before.keys.get(key)?.grant
      const late = grant && !acted && withdrawn.get(withdrawnKey(grant, fromHex(key)))
      return !late
    }),
}

const text = (hash: Uint8Array | null | undefined): string => (hash ? toHex(hash) : '')

const isWithin = (lots: readonly Uint8Array[], among: readonly Uint8Array[]): boolean => {
  const all = new Set(among.map(toHex))
  return lots.every((each) => all.has(toHex(each)))
}

const isGood = (lot: { readonly recalled: object | null; readonly endsAt: number } | undefined, time: number) =>
  lot !== undefined && lot.recalled === null && time < lot.endsAt

const madeOf = ({ lots, contents, depth }: Parcel): string =>
  [lots.map(toHex), text(contents?.root), contents?.leaves, depth].join()

/** Parcels that were there before, as they are and as they were. */
function changed(parcels: SupplyView['parcels'], before: SupplyView): readonly (readonly [Parcel, Parcel])[] {
  return [...before.parcels.entries()].flatMap(([tag, was]) => {
    const now = parcels.get(tag)
    return now ? [[now, was] as const] : []
  })
}
