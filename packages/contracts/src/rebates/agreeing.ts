/** When terms are proposed, signed by both, ended, and settled under. */
import { equalBytes, no, ok } from '@plexus/codec'
import type { Context } from '@plexus/kernel'
import type { Party } from './events.ts'
import { type RebatesRules, signedBy, someKnown, termsOf } from './standing.ts'
import type { Terms } from './state.ts'

export const agreeingRules: Pick<
  RebatesRules,
  'propose-terms' | 'propose-version' | 'sign-version' | 'end-terms' | 'settle-net'
> = {
  'propose-terms'(state, { handle, counterpart, content, startsAt, endsAt }, context) {
    if (!signedBy(context, handle)) return no({ type: 'not-its-key', of: 'proposer' })
    if (someKnown(state, handle, counterpart)) return no({ type: 'key-known' })
    if (startsAt >= endsAt) return no({ type: 'period-empty' })
    const { height } = context
    return ok({ events: [{ type: 'terms-proposed', handle, counterpart, content, startsAt, endsAt, height }] })
  },

  // A version may begin in the past: what accrued before it was signed is restated under it, or not at all.
  'propose-version'(state, { handle, content, startsAt, endsAt }, context) {
    const found = termsOf(state, handle)
    if (!found.ok) return found
    const by = partyOf(handle, found.value, context)
    if (!by) return no({ type: 'not-its-key', of: 'proposer' })
    const { endsAt: over } = found.value
    if (over !== null && over <= context.time) return no({ type: 'terms-ended', endsAt: over })
    if (startsAt >= endsAt) return no({ type: 'period-empty' })
    const { height } = context
    return ok({ events: [{ type: 'version-proposed', handle, by, content, startsAt, endsAt, height }] })
  },

  'sign-version'(state, { handle, number, content }, context) {
    const found = termsOf(state, handle)
    if (!found.ok) return found
    const { proposal, counterpart, versions } = found.value
    if (!proposal) return no({ type: 'nothing-proposed' })
    const other = proposal.by === 'proposer' ? 'counterpart' : 'proposer'
    if (!signedBy(context, other === 'proposer' ? handle : counterpart)) return no({ type: 'not-its-key', of: other })
    const next = versions + 1
    if (number !== next || !equalBytes(content, proposal.content)) return no({ type: 'proposal-changed', number: next })
    const { startsAt, endsAt } = proposal
    const { height } = context
    return ok({ events: [{ type: 'version-signed', handle, number, content, startsAt, endsAt, height }] })
  },

  'end-terms'(state, { handle, endsAt }, context) {
    const found = termsOf(state, handle)
    if (!found.ok) return found
    const { time, height } = context
    if (!partyOf(handle, found.value, context)) return no({ type: 'not-its-key', of: 'proposer' })
    if (found.value.versions === 0) return no({ type: 'not-signed' })
    if (endsAt < time) return no({ type: 'in-the-past', time })
    const over = found.value.endsAt
    if (over !== null && over <= endsAt) return no({ type: 'ends-later', endsAt: over })
    return ok({ events: [{ type: 'terms-ended', handle, endsAt, height }] })
  },

  // Also after the end: what accrued before is still paid.
  'settle-net'(state, { handle, number, record }, context) {
    const found = termsOf(state, handle)
    if (!found.ok) return found
    const { counterpart, versions, settlements } = found.value
    if (!signedBy(context, handle)) return no({ type: 'not-its-key', of: 'proposer' })
    if (!signedBy(context, counterpart)) return no({ type: 'not-its-key', of: 'counterpart' })
    if (versions === 0) return no({ type: 'not-signed' })
    if (number !== settlements + 1) return no({ type: 'number-wrong', number: settlements + 1 })
    return ok({ events: [{ type: 'net-settled', handle, number, record, height: context.height }] })
  },
}

/** Which party signed: of both, the proposer. */
function partyOf(handle: Uint8Array, { counterpart }: Terms, context: Context): Party | undefined {
  if (signedBy(context, handle)) return 'proposer'
  return signedBy(context, counterpart) ? 'counterpart' : undefined
}
