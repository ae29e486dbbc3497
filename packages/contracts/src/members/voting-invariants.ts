/** What always holds of votes: who stands behind a change that concerns everybody, and how fast it may come. */
import { toHex } from '@plexus/codec'
import type { Context, Invariants, View } from '@plexus/kernel'
import type { Action } from './actions.ts'
import { policy } from './queries.ts'
import { proposalKey, type state } from './state.ts'

type MembersView = View<typeof state>

/** Effects that may come at once. */
const immediate: readonly Action['type'][] = ['reinstate-member', 'suspend-member']

export const votingInvariants: Invariants<typeof state> = {
  'more than two thirds of the votes stand behind whatever concerns everybody': (view, before, context) => {
    if (concernsAll(view) === concernsAll(before)) return true
    // What the engine proves takes that seat, and nothing else.
    const lost = forfeited(view, before)
    if (lost !== undefined && concernsAll(view, { seat: lost }) === concernsAll(before, { seat: lost })) return true
    // Whoever leaves takes its own seat along, and that alone.
    const leaver = { seat: context.sponsor, status: context.sponsor }
    if (view.members.get(context.sponsor)?.status === 'left')
      return concernsAll(view, leaver) === concernsAll(before, leaver)
    return [...gone(view, before), undefined].some((proposal) => majority(before, proposal, context))
  },

  'nothing but an emergency takes effect before its delay is over': (view, before, context) =>
    gone(view, before).every((proposal) => {
      const known = before.proposals.get(proposal)
      if (!known || immediate.includes(known.action.type) || concernsAll(view) === concernsAll(before)) return true
      // What expired goes with the next proposal, which is an emergency of its own where its proposer is majority enough.
      if (context.time > known.expiresAt) return majority(before, undefined, context)
      return known.dueAt !== null && known.dueAt <= context.time
    }),

  'the delay of a proposal begins when it passes, and is that of the policy': ({ proposals }, before, { time }) =>
    [...proposals.entries()].every(([id, { dueAt }]) => {
      const known = before.proposals.get(id)?.dueAt ?? null
      if (known !== null) return dueAt === known
      return dueAt === null || dueAt === time + policy(before).parameters.votingDelaySeconds
    }),

  'a vote is about a proposal that is there': ({ votes, proposals }) =>
    [...votes.entries()].every(([key]) => proposals.get(key.slice(0, proposalKey(0).length)) !== undefined),

  'no proposal has the number of an earlier one': ({ proposals, numbers }, before) =>
    [...proposals.entries()].every(
      ([id]) =>
        Number(id) < (numbers.get('next')?.proposal ?? 1) &&
        (before.proposals.get(id) !== undefined || Number(id) >= (before.numbers.get('next')?.proposal ?? 1)),
    ),

  'validators are members that stay, each with a key that nothing else has': ({ validators, members, keys }) => {
    const seats = [...validators.entries()]
    const distinct = new Set(seats.map(([, { key }]) => `${key}`))
    return (
      distinct.size === seats.length &&
      seats.every(([id, { power }]) => power > 0 && ['active', 'suspended'].includes(members.get(id)?.status ?? '')) &&
      seats.every(([, { key }]) => keys.get(toHex(key)) === undefined)
    )
  },

  'at most a third of the power moves in an epoch, or less than two thirds with what is forfeited': (view, before) => {
    const moves = view.validatorMoves.get('current')
    const then = before.validatorMoves.get('current')
    const recorded = (moves?.moved ?? 0) - (then && then.epoch === moves?.epoch ? then.moved : 0)
    const same = JSON.stringify(moves) === JSON.stringify(then)
    if (powerMoved(view, before) !== (same ? 0 : recorded)) return false
    if (same || moves === undefined || moves.of === 0 || 3 * moves.moved <= moves.of) return true
    return forfeited(view, before) !== undefined && 3 * moves.moved < 2 * moves.of
  },

  'a key of which misbehaviour was proven is remembered, and gets no seat and no power': (view, before) =>
    [...before.misbehaviours.entries()].every(
      ([key, known]) => JSON.stringify(view.misbehaviours.get(key)) === JSON.stringify(known),
    ) &&
    [...view.validators.entries()].every(([id, { key, power }]) => {
      const then = before.validators.get(id)
      const kept = then !== undefined && `${then.key}` === `${key}` && then.power === power
      return kept || view.misbehaviours.get(toHex(key)) === undefined
    }),

  'somebody signs blocks as long as anybody did': ({ validators }, before) =>
    [...before.validators.entries()].length === 0 || [...validators.entries()].length > 0,

  'a version that runs is not taken back, and the next one follows it': ({ activations }, before, { height }) =>
    [...activations.entries()].every(([contract, now]) => {
      const known = before.activations.get(contract)
      if (known?.version === now.version) return now.height === known.height && now.before === known.before
      return now.version === now.before + 1 && now.height > height && (!known || known.height <= height)
    }),
}

/** Members, policy, validators and versions in words, without the status of one and the seat of one. */
function concernsAll(
  { members, policy, validators, activations }: MembersView,
  except: { readonly status?: string; readonly seat?: string } = {},
): string {
  return JSON.stringify([
    [...members.entries()].map(([id, { status, owner }]) => [id, id === except.status ? '' : status, owner]),
    [...policy.entries()],
    [...validators.entries()].filter(([id]) => id !== except.seat).map(([id, { key, power }]) => [id, `${key}`, power]),
    [...activations.entries()],
  ])
}

/** Whose seat is gone, with a key of which misbehaviour is proven. */
function forfeited({ validators, misbehaviours }: MembersView, before: MembersView): string | undefined {
  for (const [id, { key }] of before.validators.entries())
    if (!validators.get(id) && misbehaviours.get(toHex(key))) return id
  return undefined
}

/** Proposals that are no longer there: enacted, fallen or expired. */
function gone({ proposals }: MembersView, before: MembersView): readonly string[] {
  return [...before.proposals.entries()].flatMap(([id]) => (proposals.get(id) ? [] : [id]))
}

/** Counted from the votes alone: of each owner at most as many as the policy says. Whoever proposes or votes now is in favour. */
function majority(before: MembersView, proposal: string | undefined, { sponsor }: Context): boolean {
  const most = policy(before).parameters.votesPerOwnerMax
  const active = [...before.members.entries()].filter(([, { status }]) => status === 'active')
  const owners = [...new Set(active.map(([, { owner }]) => owner))]
  const weigh = (counts: (member: string) => boolean) =>
    owners.reduce(
      (sum, owner) => sum + Math.min(most, active.filter(([id, each]) => each.owner === owner && counts(id)).length),
      0,
    )
  const votesNow = proposal === undefined || before.proposals.get(proposal)?.dueAt === null
  const inFavour = (member: string) =>
    (votesNow && member === sponsor) ||
    (proposal !== undefined && before.votes.get(`${proposal}/${member}`)?.inFavour === true)
  return 3 * weigh(inFavour) > 2 * weigh(() => true)
}

function powerMoved({ validators }: MembersView, before: MembersView): number {
  const seats = new Set([...validators.entries(), ...before.validators.entries()].map(([id]) => id))
  return [...seats].reduce((sum, id) => {
    const [then, now] = [before.validators.get(id), validators.get(id)]
    if (then && now && `${then.key}` === `${now.key}`) return sum + Math.abs(now.power - then.power)
    return sum + Math.max(then?.power ?? 0, now?.power ?? 0)
  }, 0)
}
