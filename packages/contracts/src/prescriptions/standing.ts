/** What the rules ask of an item before a step: that it is there, goes on, and that the right key signed. */
import { no, ok, type Result, toHex } from '@plexus/codec'
import type { Context, Rules, View } from '@plexus/kernel'
import type { Event } from './events.ts'
import type { Rejection } from './rejections.ts'
import { type Item, type state, terminal } from './state.ts'
import type { Transaction } from './transactions.ts'

export type PrescriptionsView = View<typeof state>
export type PrescriptionsRules = Rules<typeof state, Transaction, Event, Rejection>

/** An item that has not ended. */
export function going({ items }: PrescriptionsView, handle: Uint8Array): Result<Item, Rejection> {
  const item = items.get(toHex(handle))
  if (!item) return no({ type: 'item-unknown' })
  return terminal.includes(item.status) ? no({ type: 'item-ended', status: item.status }) : ok(item)
}

/** An item that has not ended and that its patient, or its holder, moves. */
export function goingBy(
  view: PrescriptionsView,
  handle: Uint8Array,
  of: 'patient' | 'holder',
  context: Context,
): Result<Item, Rejection> {
  const found = going(view, handle)
  if (!found.ok || signedBy(context, found.value[of])) return found
  return no({ type: 'not-its-key', of })
}

/** Whether the key with this hash signed the envelope. Nobody is not a signer. */
export function signedBy({ signers }: Context, hash: Uint8Array | null): boolean {
  const wanted = hash && toHex(hash)
  return signers.some(({ handle }) => handle === wanted)
}

/** Whether a hash stood here before, as a handle, a key or a tag. */
export function isKnown({ items, fills, keys }: PrescriptionsView, hash: Uint8Array): boolean {
  const id = toHex(hash)
  return keys.get(id) !== undefined || items.get(id) !== undefined || fills.get(id) !== undefined
}

/** Why no fill of an item is left to be dispensed at this time, or undefined. */
export function isOver({ endsAt }: Item, { time }: Context): Rejection | undefined {
  return time < endsAt ? undefined : { type: 'past-its-end', endsAt, time }
}
