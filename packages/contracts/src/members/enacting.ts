/** What a proposal would change, and what stands against it: asked when it is made, and again when it takes effect. */
import { no, ok, type Result, toHex } from '@plexus/codec'
import type { Context, View } from '@plexus/kernel'
import type { Action, Admission } from './actions.ts'
import type { Event } from './events.ts'
import { hasSigned } from './keys.ts'
import { activeVersion, hostOf, policy } from './queries.ts'
import type { Rejection } from './rejections.ts'
import type { Limits } from './rule-table.ts'
import { isLastActive, successorFits } from './standing.ts'
import type { Membership, state } from './state.ts'
import { seatEvents, vacateEvents } from './validators.ts'
import type { PolicyParameters } from './values.ts'

type MembersView = View<typeof state>
type Effect = Result<readonly Event[], Rejection>

const day = 86_400

/**
 * How far a vote may go. What protects a minority has bounds that no majority can leave: a delay in which everybody can
 * see what comes, a cap for each owner group, and quotas and ages under which the network still works. A network that
 * was founded outside of a bound may stay there, and come nearer.
 */
const bounds: Readonly<Record<keyof PolicyParameters, { readonly min: number; readonly max: number }>> = {
  selfAssertedPatientsPerDayMax: { min: 0, max: 100_000 },
  selfAssertedPatientsPerClinicianPerDayMax: { min: 0, max: 100_000 },
  selfAssertedWindowDays: { min: 1, max: 366 },
  intentSecondsMax: { min: 30, max: 3_600 },
  /** A block comes at least every 5 s. */
  blockAgeSecondsMax: { min: 10, max: 300 },
  envelopesPerMinuteMax: { min: 60, max: 1_000_000 },
  objectsPerMinuteMax: { min: 1_000, max: 100_000_000 },
  votingDelaySeconds: { min: 7 * day, max: 90 * day },
  proposalSeconds: { min: 7 * day, max: 366 * day },
  votesPerOwnerMax: { min: 1, max: 2 },
}

/** Four months at a block a second: what is decided for later than that would stand in the way of everything before. */
const activationAheadBlocksMax = 10_000_000

/** A suspension is for emergencies, and whoever was suspended wrongly is needed again: neither waits. */
export function isImmediate({ type }: Action): boolean {
  return type === 'suspend-member' || type === 'reinstate-member'
}

/** The events of a proposal's effect, or what stands against it. While it is proposed, what passes with time is not held against it. */
export function effectOf(
  state: MembersView,
  action: Action,
  context: Context,
  limits: Limits,
  stage: 'enacted' | 'proposed',
): Effect {
  const { height, time } = context
  switch (action.type) {
    case 'admit-member':
      return admission(state, action, context, limits, stage)

    case 'suspend-member': {
      const refused = statusRefusal(state, action.member, ['active'])
      if (refused) return no(refused)
      if (isLastActive(state, action.member)) return no({ type: 'last-active-member' })
      return ok([{ type: 'member-suspended', member: action.member, height }])
    }

    case 'reinstate-member': {
      const refused = statusRefusal(state, action.member, ['suspended'])
      if (refused) return no(refused)
      return ok([{ type: 'member-reinstated', member: action.member, height }])
    }

    case 'remove-member': {
      const { member, successor } = action
      const refused = statusRefusal(state, member, ['active', 'suspended'])
      if (refused) return no(refused)
      if (isLastActive(state, member)) return no({ type: 'last-active-member' })
      if (successor !== null && !successorFits(state, successor, member))
        return no({ type: 'successor-unfit', successor })
      const vacated = stage === 'proposed' ? ok([]) : vacateEvents(state, member, context)
      if (!vacated.ok) return vacated
      const custody: Event | undefined =
        successor === null
          ? undefined
          : { type: 'leaving-announced', organisation: member, successor, dueAt: time, height }
      return ok([...vacated.value, ...(custody ? [custody] : []), { type: 'member-removed', member, height }])
    }

    case 'set-parameters': {
      const { profile, version, parameters } = policy(state)
      const refused = boundsRefusal(parameters, action.parameters)
      if (refused) return no(refused)
      return ok([{ type: 'policy-set', profile, version: version + 1, parameters: action.parameters }])
    }

    case 'set-profile': {
      const { version, parameters } = policy(state)
      return ok([{ type: 'policy-set', profile: action.profile, version: version + 1, parameters }])
    }

    case 'set-validator': {
      const { member, key, power } = action
      const refused = statusRefusal(state, member, ['active'])
      if (refused) return no(refused)
      const owner = state.members.get(member)?.owner ?? ''
      return whenProposed(stage, seatEvents(state, { member, owner, key, power }, context))
    }

    case 'remove-validator':
      if (!state.validators.get(action.member)) return no({ type: 'validator-unknown', member: action.member })
      return whenProposed(stage, vacateEvents(state, action.member, context))

    case 'activate-contract': {
      const { contract, version } = action
      const decided = state.activations.get(contract)
      if (decided && decided.height > height) return no({ type: 'activation-pending', height: decided.height })
      const next = activeVersion(state, contract, height) + 1
      if (version !== next) return no({ type: 'version-not-next', next })
      const [least, most] = [height + limits.activationLeadBlocks, height + activationAheadBlocksMax]
      if (action.height < least || action.height > most) return no({ type: 'height-unfit', least, most })
      return ok([{ type: 'contract-activated', contract, version, height: action.height }])
    }
  }
}

/** Power that moved today stands in the way today alone: a proposal takes effect on another day. */
function whenProposed(stage: 'enacted' | 'proposed', effect: Effect): Effect {
  return stage === 'proposed' && !effect.ok && effect.reason.type === 'power-moves-too-fast' ? ok([]) : effect
}

function admission(
  state: MembersView,
  { member, address, engineAddress, sealingKey, owner, keys, validator }: Admission,
  context: Context,
  { membersMax }: Limits,
  stage: 'enacted' | 'proposed',
): Effect {
  const { height } = context
  if (hostOf(state, member)) return no({ type: 'identifier-taken', id: member })
  let members = 0
  for (const _ of state.members.entries()) members++
  if (members >= membersMax) return no({ type: 'limit-reached', of: 'members', max: membersMax })
  if (keys.some(({ key }) => state.keys.get(toHex(key)))) return no({ type: 'key-known' })
  if (stage === 'proposed' && !keys.every(({ key }) => hasSigned(context, key))) return no({ type: 'key-did-not-sign' })
  for (const scope of ['governance', 'sponsor'] as const)
    if (!keys.some(({ scopes }) => scopes.includes(scope))) return no({ type: 'admission-without-scope', scope })
  if (validator && keys.some(({ key }) => toHex(key) === toHex(validator.key)))
    return no({ type: 'validator-key-taken' })
  const seat = validator
    ? whenProposed(stage, seatEvents(state, { member, owner, ...validator }, context))
    : ok<readonly Event[]>([])
  if (!seat.ok) return seat
  return ok([
    { type: 'member-admitted', member, address, sealingKey, owner, height },
    ...(engineAddress === null ? [] : [{ type: 'engine-address-set', member, engineAddress } as const]),
    ...keys.map((each) => ({ type: 'key-registered', holder: member, ...each, height }) as const),
    ...seat.value,
  ])
}

function statusRefusal(
  state: MembersView,
  member: string,
  fit: readonly Membership['status'][],
): Rejection | undefined {
  const status = state.members.get(member)?.status
  if (!status) return { type: 'member-unknown', member }
  return fit.includes(status) ? undefined : { type: 'status-unfit', member, status }
}

function boundsRefusal(current: PolicyParameters, proposed: PolicyParameters): Rejection | undefined {
  for (const parameter of Object.keys(bounds).sort() as (keyof PolicyParameters)[]) {
    const min = Math.min(bounds[parameter].min, current[parameter])
    const max = Math.max(bounds[parameter].max, current[parameter])
    const value = proposed[parameter]
    if (value < min || value > max) return { type: 'parameter-out-of-bounds', parameter, min, max }
  }
  return undefined
}
