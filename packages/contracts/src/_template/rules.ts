/** When it is allowed. */
import { no, ok } from '@plexus/codec'
import type { Rules } from '@plexus/kernel'
import type { Event } from './events.ts'
import type { Rejection } from './rejections.ts'
import type { state } from './state.ts'
import type { Transaction } from './transactions.ts'

export const rules: Rules<typeof state, Transaction, Event, Rejection> = {
  enter({ entries }, { key }, { sponsor: member, height }) {
    if (entries.get(key)) return no({ type: 'already-entered', key })
    return ok({ events: [{ type: 'entered', key, member, height }] })
  },

  withdraw({ entries }, { key }, { sponsor }) {
    const known = entries.get(key)
    if (!known) return no({ type: 'not-entered', key })
    if (known.member !== sponsor) return no({ type: 'not-its-member', member: known.member })
    return ok({ events: [{ type: 'withdrawn', key }] })
  },
}
