/** When an item is cancelled, and when it is over. */
import { no, ok } from '@plexus/codec'
import { going, isOver, type PrescriptionsRules, signedBy } from './standing.ts'
import { type Item, whole } from './state.ts'

export const endingRules: Pick<PrescriptionsRules, 'cancel' | 'expire'> = {
  // Of a cancellation and a claim in one block the first wins, and the other is told.
  cancel(state, { handle }, context) {
    const found = going(state, handle)
    if (!found.ok) return found
    if (!signedBy(context, handle)) return no({ type: 'not-its-key', of: 'prescriber' })
    const { status, level, marked } = found.value
    const { height } = context
    const over = isOver(found.value, context)
    if (over) return no(over)
    if (marked !== null) return no({ type: 'marked-for-cancellation', height: marked })
    if (isDispensed(found.value)) return no({ type: 'already-dispensed' })
    if (status !== 'held') return ok({ events: [{ type: 'cancelled', handle, height }] })
    const stage = level > 0 ? 'dispensing' : 'with-dispenser'
    return ok({ events: [{ type: 'cancellation-marked', handle, stage, height }] })
  },

  // Past its end nothing moves an item on; this says so, and what was marked ends as cancelled.
  expire(state, { handle }, context) {
    const found = going(state, handle)
    if (!found.ok) return found
    const { marked, endsAt } = found.value
    const { height } = context
    if (isDispensed(found.value)) return no({ type: 'already-dispensed' })
    if (!isOver(found.value, context)) return no({ type: 'not-yet-over', endsAt })
    return ok({ events: [{ type: marked === null ? 'expired' : 'cancelled', handle, height }] })
  },
}

/** Whether every authorised fill is complete. */
function isDispensed({ status, fill, refills, level }: Item): boolean {
  return status === 'filled' && level === whole && fill > refills
}
