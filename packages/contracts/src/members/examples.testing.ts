/** What worded examples of governance share: who signs, how a vote is held, and how time passes. */
import type { Network } from '../network.testing.ts'
import type { Identity } from '../world.testing.ts'
import type { Action } from './actions.ts'
import { members } from './index.ts'

export const secondsPerDay = 86_400

/** Under the office key of a member, and other keys besides. */
export function by(world: Network, sponsor: string, others: readonly Identity[] = []) {
  const office =
    world.officeKeys[world.members.indexOf(sponsor)] ?? world.candidates.find(({ id }) => id === sponsor)?.identity
  return { sponsor, signers: [...(office ? [office] : []), ...others] }
}

/** The first of the list proposes, the others vote in favour: the answers in one word each. */
export function decide(
  world: Network,
  action: Action,
  voters: readonly string[],
  signers: readonly Identity[] = [],
): readonly string[] {
  const [proposer = '', ...others] = voters
  const proposal = nextProposal(world)
  return [
    world.submit(members, { type: 'propose', action }, by(world, proposer, signers)),
    ...others.map((voter) => voteFor(world, proposal, voter)),
  ]
}

export function voteFor(world: Network, proposal: number, voter: string, inFavour = true): string {
  return world.submit(members, { type: 'vote', proposal, inFavour }, by(world, voter))
}

export function enact(world: Network, proposal: number, sponsor = 'alder'): string {
  return world.submit(members, { type: 'enact', proposal }, { sponsor })
}

/** Proposed, passed, waited for and enacted: the last answer. */
export function carry(world: Network, action: Action, signers: readonly Identity[] = []): string {
  const proposal = nextProposal(world)
  const answers = decide(world, action, ['birch', 'cedar', 'elm', 'fir'], signers)
  const refused = answers.find((answer) => answer !== 'accepted')
  if (refused) return refused
  world.time += 2 * secondsPerDay
  return enact(world, proposal)
}

/** The number that the next proposal will have. */
export function nextProposal(world: Network): number {
  return world.view(members).numbers.get('next')?.proposal ?? 1
}

export const statusOf = (world: Network, member: string) => members.queries.member(world.view(members), member)?.status
