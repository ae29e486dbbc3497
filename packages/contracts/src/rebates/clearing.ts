/** When an accrual is claimed, disputed, approved, paid and restated. */
import { no, ok } from '@plexus/codec'
import { dueSecondsOf } from './programmes.ts'
import { accrualBy, type RebatesRules, someKnown, standingOn, unbindFill } from './standing.ts'

const both = ['claimant', 'payer'] as const

export const clearingRules: Pick<
  RebatesRules,
  'claim' | 'validate' | 'dispute' | 'approve' | 'resolve' | 'escalate' | 'restate' | 'settle' | 'decide'
> = {
  // The claim is the data event: its block says when, whatever a person reads later.
  claim(state, { handle, record }, context) {
    const found = accrualBy(state, handle, { by: ['claimant'], from: ['accrued'] }, context)
    if (!found.ok) return found
    const { time, height } = context
    const seconds = dueSecondsOf[found.value.programme]
    const dueAt = seconds === null ? null : time + seconds
    return ok({ events: [{ type: 'claimed', handle, record, dueAt, height }] })
  },

  validate(state, { handle, record }, context) {
    const found = accrualBy(state, handle, { by: ['payer'], from: ['claimed'] }, context)
    if (!found.ok) return found
    return ok({ events: [{ type: 'validated', handle, record, height: context.height }] })
  },

  dispute(state, { handle, record, code }, context) {
    const found = accrualBy(state, handle, { by: ['payer'], from: ['claimed', 'validated'] }, context)
    if (!found.ok) return found
    return ok({ events: [{ type: 'disputed', handle, record, code, height: context.height }] })
  },

  approve(state, { handle, record }, context) {
    const found = accrualBy(state, handle, { by: ['payer'], from: ['validated'] }, context)
    if (!found.ok) return found
    return ok({ events: [{ type: 'approved', handle, record, height: context.height }] })
  },

  resolve(state, { handle, record }, context) {
    const found = accrualBy(state, handle, { by: both, from: ['disputed', 'escalated'] }, context)
    if (!found.ok) return found
    return ok({ events: [{ type: 'resolved', handle, record, height: context.height }] })
  },

  // Whom the terms name is sealed: so both say who it is, or one of them breaks the terms.
  escalate(state, { handle, arbiter }, context) {
    const found = accrualBy(state, handle, { by: both, from: ['disputed'] }, context)
    if (!found.ok) return found
    if (someKnown(state, arbiter)) return no({ type: 'key-known' })
    return ok({ events: [{ type: 'escalated', handle, arbiter, height: context.height }] })
  },

  restate(state, { handle, record }, context) {
    const found = accrualBy(state, handle, { by: both, from: ['approved', 'settled'] }, context)
    if (!found.ok) return found
    return ok({ events: [{ type: 'restated', handle, record, height: context.height }] })
  },

  settle(state, { handle, record }, context) {
    const found = accrualBy(state, handle, { by: both, from: ['approved', 'reversed'] }, context)
    if (!found.ok) return found
    const { status, paid } = found.value
    if (status === 'reversed' && !paid) return no({ type: 'wrong-status', status })
    const type = status === 'reversed' ? 'repaid' : 'settled'
    return ok({ events: [{ type, handle, record, height: context.height }] })
  },

  decide(state, { handle, record, approved }, context) {
    const found = accrualBy(state, handle, { by: ['arbiter'], from: ['escalated'] }, context)
    if (!found.ok) return found
    const { height } = context
    if (approved) return ok({ events: [{ type: 'approved', handle, record, height }] })
    const { tag } = found.value
    return ok({
      events: [{ type: 'reversed', handle, ending: 'denied', record, height }],
      calls: standingOn(state, tag).length === 1 ? [unbindFill(tag)] : [],
    })
  },
}
