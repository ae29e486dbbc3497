/** When a pharmacy may take an item, hand it over and give it back. */
import { no, ok } from '@plexus/codec'
import { limitsOf } from './limits.ts'
import type { Rejection } from './rejections.ts'
import { going, goingBy, isKnown, isOver, type PrescriptionsRules, signedBy } from './standing.ts'
import type { Item } from './state.ts'

export const holdingRules: Pick<PrescriptionsRules, 'claim' | 'offer-transfer' | 'return-item'> = {
  // Of two claims in one block the order decides: the second finds it held.
  claim(state, { handle, holder }, context) {
    const found = going(state, handle)
    if (!found.ok) return found
    const { status, offered, claimant, startsAt, marked } = found.value
    const { time, height } = context
    if (status === 'held' && !offered) return no({ type: 'held-by-another' })
    if (!signedBy(context, claimant)) return no({ type: 'not-its-key', of: 'claimant' })
    if (status !== 'held' && status !== 'available') return no({ type: 'wrong-status', status })
    const over = isOver(found.value, context)
    if (over) return no(over)
    if (marked !== null) return no({ type: 'marked-for-cancellation', height: marked })
    if (time < startsAt) return no({ type: 'too-early', startsAt, time })
    const stays = mayNotMove(found.value)
    if (stays) return no(stays)
    if (isKnown(state, holder)) return no({ type: 'key-known' })
    return ok({ events: [{ type: 'claimed', handle, holder, height }] })
  },

  // Pharmacist to pharmacist (21 CFR 1306.08(e) and (f), 1306.25), to whom the patient chose: both have a say.
  'offer-transfer'(state, { handle }, context) {
    const found = goingBy(state, handle, 'holder', context)
    if (!found.ok) return found
    const { status, marked } = found.value
    if (marked !== null) return no({ type: 'marked-for-cancellation', height: marked })
    if (status !== 'held') return no({ type: 'wrong-status', status })
    const stays = mayNotMove(found.value)
    if (stays) return no(stays)
    return ok({ events: [{ type: 'transfer-offered', handle, height: context.height }] })
  },

  // What is marked for cancellation ends when its holder gives it back.
  'return-item'(state, { handle }, context) {
    const found = goingBy(state, handle, 'holder', context)
    if (!found.ok) return found
    const { status, level, limits, marked } = found.value
    const { height } = context
    if (marked !== null) return ok({ events: [{ type: 'cancelled', handle, height }] })
    if (status !== 'held') return no({ type: 'wrong-status', status })
    if (level > 0 && !limitsOf[limits].movesWhenPartlyFilled) return no({ type: 'partly-filled' })
    return ok({ events: [{ type: 'returned', handle, height }] })
  },
}

/** Why an item may have no other holder for this fill, or undefined. */
function mayNotMove({ limits, level, holders }: Item): Rejection | undefined {
  const { holdersMax, movesWhenPartlyFilled } = limitsOf[limits]
  if (level > 0 && !movesWhenPartlyFilled) return { type: 'partly-filled' }
  return holders < holdersMax ? undefined : { type: 'holders-spent', max: holdersMax }
}
