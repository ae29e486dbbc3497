/** When members may propose, vote and enact. Nothing happens by itself: whoever wants the effect asks for it once it is due. */
import { no, ok, type Result } from '@plexus/codec'
import type { Context, Decision, View } from '@plexus/kernel'
import { sponsorSigned } from '../scopes.ts'
import { effectOf, isImmediate } from './enacting.ts'
import type { Event } from './events.ts'
import { policy, type Tally, tally, tallyOf } from './queries.ts'
import type { Rejection } from './rejections.ts'
import type { Limits, MembersRules } from './rule-table.ts'
import { type Proposal, proposalKey, type state } from './state.ts'

type MembersView = View<typeof state>
type VotingRules = Pick<MembersRules, 'propose' | 'vote' | 'enact'>

export function votingRules(limits: Limits): VotingRules {
  return {
    propose(state, { action }, context) {
      const { sponsor: proposer, time } = context
      if (!sponsorSigned(context, 'governance')) return no({ type: 'scope-missing', scope: 'governance' })
      const { gone, own } = standing(state, proposer, time)
      if (own >= limits.proposalsPerMemberMax)
        return no({ type: 'limit-reached', of: 'proposals', max: limits.proposalsPerMemberMax })
      const effect = effectOf(state, action, context, limits, 'proposed')
      if (!effect.ok) return effect
      const proposal = state.numbers.get('next')?.proposal ?? 1
      const expiresAt = time + policy(state).parameters.proposalSeconds
      const made: readonly Event[] = [
        ...gone.map((each) => ({ type: 'proposal-expired', proposal: each }) as const),
        { type: 'proposal-made', proposal, action, proposer, proposedAt: time, expiresAt },
        { type: 'vote-cast', proposal, voter: proposer, inFavour: true },
      ]
      if (!tally(state, (member) => member === proposer).passes) return ok({ events: made })
      return passed(state, { action, proposal }, context, made)
    },

    vote(state, { proposal, inFavour }, context) {
      const { sponsor: voter, time } = context
      if (!sponsorSigned(context, 'governance')) return no({ type: 'scope-missing', scope: 'governance' })
      const known = state.proposals.get(proposalKey(proposal))
      if (!known) return no({ type: 'proposal-unknown' })
      if (time > known.expiresAt) return no({ type: 'proposal-expired', expiresAt: known.expiresAt })
      const cast: readonly Event[] = [{ type: 'vote-cast', proposal, voter, inFavour }]
      const { passes } = tallyWith(state, proposal, voter, inFavour)
      if (known.dueAt === null) {
        if (!passes) return ok({ events: cast })
        return passed(state, { action: known.action, proposal }, context, cast)
      }
      return ok({ events: passes ? cast : [...cast, { type: 'proposal-fallen', proposal }] })
    },

    enact(state, { proposal }, context) {
      const { time, height } = context
      const known = state.proposals.get(proposalKey(proposal))
      if (!known) return no({ type: 'proposal-unknown' })
      if (time > known.expiresAt) return no({ type: 'proposal-expired', expiresAt: known.expiresAt })
      // Counted anew: a voter may have been suspended, and the network may have grown.
      const { inFavour, of, passes } = tallyOf(state, proposal)
      if (known.dueAt === null || !passes) return no({ type: 'proposal-not-passed', inFavour, of })
      if (time < known.dueAt) return no({ type: 'not-due', dueAt: known.dueAt })
      const effect = effectOf(state, known.action, context, limits, 'enacted')
      if (!effect.ok) return effect
      return ok({ events: [...effect.value, { type: 'proposal-enacted', proposal, height }] })
    },
  }

  /** From here on the delay runs, or the effect is there at once. */
  function passed(
    state: MembersView,
    { action, proposal }: Pick<Proposal, 'action'> & { readonly proposal: number },
    context: Context,
    before: readonly Event[],
  ): Result<Decision<Event>, Rejection> {
    if (!isImmediate(action)) {
      const { votingDelaySeconds, proposalSeconds } = policy(state).parameters
      const dueAt = context.time + votingDelaySeconds
      return ok({
        events: [...before, { type: 'proposal-passed', proposal, dueAt, expiresAt: dueAt + proposalSeconds }],
      })
    }
    const effect = effectOf(state, action, context, limits, 'enacted')
    if (!effect.ok) return effect
    return ok({ events: [...before, ...effect.value, { type: 'proposal-enacted', proposal, height: context.height }] })
  }
}

/** What expired and is still there, and how many proposals of this member are not expired. */
function standing(
  { proposals }: MembersView,
  proposer: string,
  time: number,
): { gone: readonly number[]; own: number } {
  const gone: number[] = []
  let own = 0
  for (const [key, each] of proposals.entries()) {
    if (time > each.expiresAt) gone.push(Number(key))
    else if (each.proposer === proposer) own++
  }
  return { gone, own }
}

/** The tally as it will be with this vote. */
function tallyWith(state: MembersView, proposal: number, voter: string, inFavour: boolean): Tally {
  return tally(state, (member) =>
    member === voter ? inFavour : (state.votes.get(`${proposalKey(proposal)}/${member}`)?.inFavour ?? false),
  )
}
