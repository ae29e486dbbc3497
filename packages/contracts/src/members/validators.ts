/** When a seat among the validators may change. An engine halts on an update that is wrong, so nothing wrong is decided. */
import { equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { type Misbehaviour, type View, validatorAddressOf } from '@plexus/kernel'
import type { Event } from './events.ts'
import { policy } from './queries.ts'
import type { Rejection } from './rejections.ts'
import type { state, Validator } from './state.ts'
import { powerMax } from './values.ts'

type MembersView = View<typeof state>

/** A day of block time: a client that looks once a day still knows two thirds of whoever signs. */
const epochSeconds = 86_400
/** Of the power at the beginning of an epoch, one part in so many may move: what is left signs with more than a third to spare. */
const movingShare = 3
/**
 * For misbehaviour two parts may: what was there in the morning still signs with more than a third, and so a client that
 * looks once a day still follows by one honest signature.
 */
const forfeitedParts = 2
/** From this many on, no single one may hold a third: fewer tolerate no fault in any case. */
const sharedFrom = 4

/** A seat for this member of this owner group, or another key or power in it. */
export function seatEvents(
  state: MembersView,
  { member, owner, key, power }: Validator & { readonly member: string; readonly owner: string },
  at: { readonly height: number; readonly time: number },
): Result<readonly Event[], Rejection> {
  const others = [...state.validators.entries()].filter(([id]) => id !== member)
  if (others.some(([, each]) => toHex(each.key) === toHex(key)) || state.keys.get(toHex(key)))
    return no({ type: 'validator-key-taken' })
  const misbehaved = state.misbehaviours.get(toHex(key))
  if (misbehaved) return no({ type: 'validator-key-misbehaved', height: misbehaved.height })
  const { votesPerOwnerMax: max } = policy(state).parameters
  if (others.filter(([id]) => state.members.get(id)?.owner === owner).length >= max)
    return no({ type: 'seats-of-owner-taken', max })
  const powerOfOthers = others.reduce((sum, [, each]) => sum + each.power, 0)
  const most = others.length + 1 < sharedFrom ? powerMax : Math.floor((powerOfOthers - 1) / 2)
  if (power === 0 || power > most) return no({ type: 'power-unfit', most })
  const before = state.validators.get(member)
  const moved =
    before && toHex(before.key) === toHex(key) ? Math.abs(power - before.power) : Math.max(power, before?.power ?? 0)
  const paced = powerMoves(state, moved, at.time)
  if (!paced.ok) return paced
  return ok([paced.value, { type: 'validator-set', member, key, power, height: at.height }])
}

/** Takes the seat of a member away, where it has one. */
export function vacateEvents(
  state: MembersView,
  member: string,
  at: { readonly height: number; readonly time: number },
): Result<readonly Event[], Rejection> {
  const seat = state.validators.get(member)
  if (!seat) return ok([])
  const paced = powerMoves(state, seat.power, at.time)
  if (!paced.ok) return paced
  return ok([paced.value, { type: 'validator-removed', member, height: at.height }])
}

/**
 * The seat whose key signed what no honest node signs: gone at once, whoever holds the key by now. It stays where more
 * would go in a day than clients can follow, or nobody would be left: then what the engine proves tomorrow takes it, or a
 * vote. A key that has no seat any more signs for nobody.
 */
export function misbehaved(
  state: MembersView,
  { kind, validator, height: at }: Misbehaviour,
  { height, time }: { readonly height: number; readonly time: number },
): readonly Event[] {
  const seats = [...state.validators.entries()]
  const found = seats.find(([, { key }]) => equalBytes(validatorAddressOf(key), validator))
  if (!found) return []
  const [member, { key, power }] = found
  const known = state.misbehaviours.get(toHex(key))
  const told: readonly Event[] = known ? [] : [{ type: 'validator-misbehaved', member, key, kind, at, height }]
  const { epoch, of, moved } = movesWith(state, power, time)
  const bearable = seats.length > 1 && (of === 0 || movingShare * moved < forfeitedParts * of)
  if (!bearable) return told
  return [...told, { type: 'validator-power-moved', epoch, of, moved }, { type: 'validator-removed', member, height }]
}

/** A set that is empty when the epoch begins protects nobody yet, and may be filled at once. */
function powerMoves(state: MembersView, step: number, time: number): Result<Event, Rejection> {
  const { epoch, of, moved } = movesWith(state, step, time)
  if (of > 0 && movingShare * moved > of) return no({ type: 'power-moves-too-fast', of, moved })
  return ok({ type: 'validator-power-moved', epoch, of, moved })
}

/** How much of which power has moved in this epoch, with this step. */
function movesWith(state: MembersView, step: number, time: number) {
  const epoch = Math.floor(time / epochSeconds)
  const newest = state.validatorMoves.get('current')
  const total = () => [...state.validators.entries()].reduce((sum, [, { power }]) => sum + power, 0)
  const { of, moved } = newest?.epoch === epoch ? newest : { of: total(), moved: 0 }
  return { epoch, of, moved: moved + step }
}
