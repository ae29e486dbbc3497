/** When organisations, keys, the policy and the validators may change. */
import { no, ok } from '@plexus/codec'
import { sponsorSigned } from '../scopes.ts'
import { countRules } from './counts.ts'
import { keyRules } from './keys.ts'
import { leavingRules } from './leaving.ts'
import { hostOf } from './queries.ts'
import { type Limits, limits, type MembersRules } from './rule-table.ts'
import { votingRules } from './voting.ts'

/** The rules under other limits than the network's own, so that a test can reach them. */
export function rulesWithin(lowered: Partial<Limits>): MembersRules {
  const within = { ...limits, ...lowered }
  return {
    ...keyRules(within),
    ...votingRules(within),
    ...leavingRules,
    ...countRules,

    'change-address'(_state, { address }, context) {
      if (!sponsorSigned(context, 'governance')) return no({ type: 'scope-missing', scope: 'governance' })
      return ok({ events: [{ type: 'address-changed', member: context.sponsor, address }] })
    },

    'change-engine-address'(_state, { engineAddress }, context) {
      if (!sponsorSigned(context, 'governance')) return no({ type: 'scope-missing', scope: 'governance' })
      return ok({ events: [{ type: 'engine-address-set', member: context.sponsor, engineAddress }] })
    },

    'require-hosted'(state, { organisation }, { sponsor, caller }) {
      if (caller === null) return no({ type: 'only-by-contract' })
      if (hostOf(state, organisation) !== sponsor) return no({ type: 'not-hosted', organisation })
      return ok({ events: [] })
    },
  }
}

export const rules = rulesWithin({})
