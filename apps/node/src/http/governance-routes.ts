/** What the members have decided, and what they are deciding: organisations, keys and votes, no patient among them. */
import { members } from '@plexus/contracts'
import { viewOf } from '@plexus/kernel'
import { fieldsOf } from './event-feed.ts'
import { json, memberRoute, type Route } from './route.ts'

export function governanceRoutes(): readonly Route[] {
  return [
    memberRoute({
      method: 'GET',
      path: '/ledger/governance',
      id: 'governance',
      summary: 'Members, policy, proposals with their votes, validators, versions of contracts, and this member’s keys',
      tag: 'ledger',
      gives:
        'The state after the newest block of this replica. Votes are `inFavour` of `of`; a proposal with `dueAt` has passed, and any member may enact it from then on.',
      handle(_, { member, store }) {
        const view = viewOf(members, store)
        const tip = store.tip()
        if (!tip) throw new Error('the replica has no genesis')
        const { height, time } = tip
        const { queries } = members
        return json(
          fieldsOf({
            height,
            time,
            members: [...view.members.entries()].map(([id, { status, owner, since }]) => ({
              member: id,
              status,
              owner,
              since,
            })),
            policy: queries.policy(view),
            proposals: queries.proposals(view).map((each) => ({
              ...each,
              ...queries.tallyOf(view, each.proposal),
              votes: queries.votesOn(view, each.proposal),
            })),
            validators: queries.validatorSet(view),
            versions: Object.fromEntries(queries.activeVersions(view, height + 1)),
            activations: [...view.activations.entries()].map(([contract, decided]) => ({ contract, ...decided })),
            leavings: [...view.leavings.entries()].map(([organisation, leaving]) => ({ organisation, ...leaving })),
            keys: queries.keysHeld(view, member),
          }),
        )
      },
    }),
  ]
}
