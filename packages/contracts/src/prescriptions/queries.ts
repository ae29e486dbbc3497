/** What can be looked up of items, their fills and their signing. */
import type { View } from '@plexus/kernel'
import { type Fill, type Item, type Signing, type Status, type state, terminal, whole } from './state.ts'

type PrescriptionsView = View<typeof state>

export const queries = { item, fill, signing, statusAt }

/** What is recorded of an item, by its handle in hexadecimal. */
function item({ items }: PrescriptionsView, handle: string): Item | undefined {
  return items.get(handle)
}

/** What is recorded of a fill, by its tag in hexadecimal. */
function fill({ fills }: PrescriptionsView, tag: string): Fill | undefined {
  return fills.get(tag)
}

/** What was asked when items were signed, by `signing` of one of them in hexadecimal. */
function signing({ signings }: PrescriptionsView, key: string): Signing | undefined {
  return signings.get(key)
}

/** Where an item stands at a time (seconds since 1970), also where nobody has said yet that it is over. */
function statusAt(
  { items }: PrescriptionsView,
  { handle, time }: { readonly handle: string; readonly time: number },
): Status | undefined {
  const known = items.get(handle)
  return known && itemStatusAt(known, time)
}

/** The same of an item that is at hand. */
export function itemStatusAt(known: Item, time: number): Status {
  if (time < known.endsAt || terminal.includes(known.status)) return known.status
  if (known.marked !== null) return 'cancelled'
  return known.level === whole && known.fill > known.refills ? known.status : 'expired'
}
