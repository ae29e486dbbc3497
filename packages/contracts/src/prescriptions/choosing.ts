/** When a patient may put an item on the exchange, choose who may claim it, and open its next fill. */
import { no, ok } from '@plexus/codec'
import { goingBy, isKnown, isOver, type PrescriptionsRules } from './standing.ts'

export const choosingRules: Pick<PrescriptionsRules, 'make-available' | 'nominate' | 'open-refill'> = {
  'make-available'(state, { handle, claimant }, context) {
    const found = goingBy(state, handle, 'patient', context)
    if (!found.ok) return found
    const over = isOver(found.value, context)
    if (over) return no(over)
    if (found.value.status !== 'signed') return no({ type: 'wrong-status', status: found.value.status })
    if (isKnown(state, claimant)) return no({ type: 'key-known' })
    return ok({ events: [{ type: 'made-available', handle, claimant, height: context.height }] })
  },

  // Also while it is held: whoever is nominated takes it over once its holder returns it or lets it go.
  nominate(state, { handle, claimant }, context) {
    const found = goingBy(state, handle, 'patient', context)
    if (!found.ok) return found
    const { status } = found.value
    if (status !== 'available' && status !== 'held') return no({ type: 'wrong-status', status })
    if (isKnown(state, claimant)) return no({ type: 'key-known' })
    return ok({ events: [{ type: 'nominated', handle, claimant, height: context.height }] })
  },

  'open-refill'(state, { handle, claimant }, context) {
    const found = goingBy(state, handle, 'patient', context)
    if (!found.ok) return found
    const { status, fill, refills } = found.value
    const over = isOver(found.value, context)
    if (over) return no(over)
    if (status !== 'filled') return no({ type: 'wrong-status', status })
    if (fill > refills) return no({ type: 'no-refills-left' })
    if (isKnown(state, claimant)) return no({ type: 'key-known' })
    return ok({ events: [{ type: 'refill-opened', handle, claimant, height: context.height }] })
  },
}
