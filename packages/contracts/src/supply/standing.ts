/** What the rules ask before a step: that a thing is there, may go on, is licensed, and that the right key signed. */
import { equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { type Context, type Rules, type View, verifyMerklePath } from '@plexus/kernel'
import type { Event } from './events.ts'
import type { Rejection } from './rejections.ts'
import { endings, type Parcel, type state, withdrawnKey } from './state.ts'
import type { Transaction } from './transactions.ts'
import type { Licence, Role } from './values.ts'

export type SupplyView = View<typeof state>
export type SupplyRules = Rules<typeof state, Transaction, Event, Rejection>

/** Who may hold goods: both sides of a change of ownership are authorised trading partners (FD&C Act, section 582). */
export const traders: readonly Role[] = ['maker', 'distributor', 'dispenser']

/** Whether the key with this hash signed the envelope. */
export function signedBy({ signers }: Context, hash: Uint8Array): boolean {
  const wanted = toHex(hash)
  return signers.some(({ handle }) => handle === wanted)
}

/** A unit or package that is with its holder now, who signs. */
export function heldParcel({ parcels }: SupplyView, tag: Uint8Array, context: Context): Result<Parcel, Rejection> {
  const known = parcels.get(toHex(tag))
  if (!known) return no({ type: 'parcel-unknown' })
  const { status, holder } = known
  if (endings.includes(status)) return no({ type: 'parcel-ended', status })
  if (!signedBy(context, holder)) return no({ type: 'not-its-key', of: 'holder' })
  return status === 'held' ? ok(known) : no({ type: 'wrong-status', status })
}

/** Some that are with one holder now; a second key would show who trades with whom. */
export function heldParcels(
  view: SupplyView,
  tags: readonly Uint8Array[],
  context: Context,
): Result<{ readonly holder: Uint8Array; readonly parcels: readonly Parcel[] }, Rejection> {
  const parcels: Parcel[] = []
  for (const tag of tags) {
    const found = heldParcel(view, tag, context)
    if (!found.ok) return found
    const [first = found.value] = parcels
    if (!equalBytes(found.value.holder, first.holder)) return no({ type: 'not-its-key', of: 'holder' })
    parcels.push(found.value)
  }
  const [first] = parcels
  if (!first) throw new Error('a step of no parcels')
  return ok({ holder: first.holder, parcels })
}

/** Why something may not be sold on or dispensed now, or undefined: on hold, recalled or expired, at any depth of packing. */
export function notGood({ lots }: SupplyView, { hold, lots: of }: Parcel, { time }: Context): Rejection | undefined {
  if (hold !== null) return { type: 'on-hold' }
  for (const each of of) {
    const lot = lots.get(toHex(each))
    if (!lot) throw new Error('a parcel is of a lot that never began')
    if (lot.recalled !== null) return { type: 'recalled', lot: toHex(each) }
    if (time >= lot.endsAt) return { type: 'expired', endsAt: lot.endsAt, time }
  }
  return undefined
}

/** Whether the key is one that an authority granted for one of these roles, and it is still good. */
export function licensed(
  view: SupplyView,
  key: Uint8Array,
  { grant, index, path }: Licence,
  roles: readonly Role[],
  context: Context,
): Result<void, Rejection> {
  const known = view.grants.get(toHex(grant))
  if (!known) return no({ type: 'grant-unknown' })
  const { leaves: size } = known
  if (!verifyMerklePath({ leaf: key, index, size, path, root: grant })) return no({ type: 'not-licensed' })
  return stillGranted(view, key, grant, roles, context)
}

/** Whether a key that acted here before may still act in one of these roles. */
export function stillLicensed(
  view: SupplyView,
  key: Uint8Array,
  roles: readonly Role[],
  context: Context,
): Result<void, Rejection> {
  const grant = view.keys.get(toHex(key))?.grant
  if (!grant) throw new Error('a key that nobody licensed holds something')
  return stillGranted(view, key, grant, roles, context)
}

function stillGranted(
  { grants, withdrawn }: SupplyView,
  key: Uint8Array,
  grant: Uint8Array,
  roles: readonly Role[],
  { time }: Context,
): Result<void, Rejection> {
  const known = grants.get(toHex(grant))
  if (!known) throw new Error('a key acts under a grant that never was')
  const { role, validUntil } = known
  if (time >= validUntil) return no({ type: 'grant-over', validUntil, time })
  const height = withdrawn.get(withdrawnKey(grant, key))
  if (height !== undefined) return no({ type: 'licence-withdrawn', height })
  return roles.includes(role) ? ok() : no({ type: 'wrong-role', role })
}

/** The first of these hashes that stood here before, or stands twice among them. */
export function firstKnown(view: SupplyView, hashes: readonly Uint8Array[]): Rejection | undefined {
  const here = new Set<string>()
  const collections = [view.parcels, view.keys, view.lots, view.shipments, view.dispensings] as const
  for (const each of hashes) {
    const hash = toHex(each)
    if (here.has(hash) || collections.some((collection) => collection.get(hash) !== undefined))
      return { type: 'hash-known', hash }
    here.add(hash)
  }
  return undefined
}
