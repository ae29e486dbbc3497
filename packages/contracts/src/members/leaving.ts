/** When an organisation may leave. Its custody goes to another one first, and what it signed stays its own. */
import { no, ok } from '@plexus/codec'
import type { View } from '@plexus/kernel'
import { sponsorSigned } from '../scopes.ts'
import { hostOf, isActive, policy } from './queries.ts'
import type { MembersRules } from './rule-table.ts'
import { custodySigned, isLastActive, successorFits } from './standing.ts'
import type { state } from './state.ts'
import { vacateEvents } from './validators.ts'

type MembersView = View<typeof state>
type LeavingRules = Pick<MembersRules, 'announce-leaving' | 'withdraw-leaving' | 'hand-over-custody' | 'leave'>

export const leavingRules: LeavingRules = {
  // Whoever stole a governance key could announce this too: until it is due, anybody who governs can withdraw it.
  'announce-leaving'(state, { organisation, successor }, context) {
    const { sponsor, height, time } = context
    if (!sponsorSigned(context, 'governance')) return no({ type: 'scope-missing', scope: 'governance' })
    if (hostOf(state, organisation) !== sponsor) return no({ type: 'not-hosted', organisation })
    if (!isActive(state, organisation)) return no({ type: 'organisation-not-active', organisation })
    if (state.leavings.get(organisation)) return no({ type: 'leaving-already-announced' })
    if (!successorFits(state, successor, sponsor)) return no({ type: 'successor-unfit', successor })
    const dueAt = time + policy(state).parameters.votingDelaySeconds
    return ok({ events: [{ type: 'leaving-announced', organisation, successor, dueAt, height }] })
  },

  'withdraw-leaving'(state, { organisation }, context) {
    if (!sponsorSigned(context, 'governance')) return no({ type: 'scope-missing', scope: 'governance' })
    if (hostOf(state, organisation) !== context.sponsor) return no({ type: 'not-hosted', organisation })
    if (!state.leavings.get(organisation)) return no({ type: 'leaving-not-announced' })
    const succession = state.successions.get(organisation)
    if (succession) return no({ type: 'custody-handed-over-already', to: succession.to })
    return ok({ events: [{ type: 'leaving-withdrawn', organisation }] })
  },

  // Final, and so not before the delay is over: a thief and an accomplice could otherwise do both steps at once.
  'hand-over-custody'(state, { from, to }, context) {
    const { sponsor, height, time } = context
    if (!custodySigned(context, to)) return no({ type: 'scope-missing', scope: 'custodian' })
    if (hostOf(state, to) !== sponsor) return no({ type: 'not-hosted', organisation: to })
    const leaving = leavingOf(state, from)
    if (!leaving) return no({ type: 'leaving-not-announced' })
    if (leaving.successor !== to) return no({ type: 'not-the-successor', successor: leaving.successor })
    if (time < leaving.dueAt) return no({ type: 'not-due', dueAt: leaving.dueAt })
    const succession = state.successions.get(from)
    if (succession) return no({ type: 'custody-handed-over-already', to: succession.to })
    if (!successorFits(state, to, hostOf(state, from) ?? from)) return no({ type: 'successor-unfit', successor: to })
    return ok({ events: [{ type: 'custody-handed-over', from, to, height }] })
  },

  leave(state, { organisation }, context) {
    const { sponsor, height, time } = context
    if (!sponsorSigned(context, 'governance')) return no({ type: 'scope-missing', scope: 'governance' })
    if (hostOf(state, organisation) !== sponsor) return no({ type: 'not-hosted', organisation })
    const leaving = state.leavings.get(organisation)
    if (!leaving) return no({ type: 'leaving-not-announced' })
    if (time < leaving.dueAt) return no({ type: 'not-due', dueAt: leaving.dueAt })
    if (!state.successions.get(organisation)) return no({ type: 'custody-not-handed-over' })
    const tenants = organisation === sponsor ? (state.registrations.get(sponsor)?.tenantsActive ?? 0) : 0
    if (tenants > 0) return no({ type: 'tenants-remain', tenants })
    if (isLastActive(state, organisation)) return no({ type: 'last-active-member' })
    const vacated = vacateEvents(state, organisation, context)
    if (!vacated.ok) return vacated
    return ok({ events: [...vacated.value, { type: 'organisation-left', organisation, height }] })
  },
}

/** To whom custody goes: as announced, or, for a tenant whose host was removed, as the vote decided for the host. */
function leavingOf(
  state: MembersView,
  organisation: string,
): { readonly successor: string; readonly dueAt: number } | undefined {
  const announced = state.leavings.get(organisation)
  const host = state.tenants.get(organisation)?.host
  if (announced || host === undefined || state.members.get(host)?.status !== 'removed') return announced
  return state.leavings.get(host)
}
