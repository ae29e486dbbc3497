/** What the rules ask before a step: that its object is there, stands where the step begins, and that the right keys signed. */
import { no, ok, type Result, toHex } from '@plexus/codec'
import { type Call, type Context, call, type Rules, type View } from '@plexus/kernel'
import { prescriptions } from '../prescriptions/index.ts'
import type { Event } from './events.ts'
import { groups } from './programmes.ts'
import type { Rejection, Role } from './rejections.ts'
import { type Accrual, type Status, spentKey, type state, type Terms } from './state.ts'
import type { Transaction } from './transactions.ts'

export type RebatesView = View<typeof state>
export type RebatesRules = Rules<typeof state, Transaction, Event, Rejection>

/** Whether the key with this hash signed the envelope. Nobody is not a signer. */
export function signedBy({ signers }: Context, hash: Uint8Array | null): boolean {
  const wanted = hash && toHex(hash)
  return signers.some(({ handle }) => handle === wanted)
}

export function termsOf({ terms }: RebatesView, handle: Uint8Array): Result<Terms, Rejection> {
  const known = terms.get(toHex(handle))
  return known ? ok(known) : no({ type: 'terms-unknown' })
}

/** An accrual that stands where a step begins, moved by all who must sign for it. */
export function accrualBy(
  { accruals }: RebatesView,
  handle: Uint8Array,
  { by, from }: { readonly by: readonly Role[]; readonly from: readonly Status[] },
  context: Context,
): Result<Accrual, Rejection> {
  const known = accruals.get(toHex(handle))
  if (!known) return no({ type: 'accrual-unknown' })
  const { status, tag, payer, arbiter } = known
  const keys: Readonly<Partial<Record<Role, Uint8Array | null>>> = { claimant: handle, tag, payer, arbiter }
  const silent = by.find((role) => !signedBy(context, keys[role] ?? null))
  if (silent) return no({ type: 'not-its-key', of: silent })
  return from.includes(status) ? ok(known) : no({ type: 'wrong-status', status })
}

/** The accruals that stand on a fill, in the order of the groups. */
export function standingOn({ spent }: RebatesView, tag: Uint8Array): readonly Uint8Array[] {
  return groups.flatMap((group) => spent.get(spentKey(tag, group)) ?? [])
}

/** Of hashes that are to name new objects, whether one is used already or stands twice. */
export function someKnown({ keys }: RebatesView, ...hashes: readonly Uint8Array[]): boolean {
  const names = hashes.map(toHex)
  return new Set(names).size < names.length || names.some((name) => keys.get(name) !== undefined)
}

/** While something stands on a fill, only this contract takes the fill back. */
export const bindFill = (tag: Uint8Array): Call => call(prescriptions, { type: 'bind-fill', tag })
export const unbindFill = (tag: Uint8Array): Call => call(prescriptions, { type: 'unbind-fill', tag })
