/** What always holds of items and their fills. */
import { toHex } from '@plexus/codec'
import type { Context, Invariants, View } from '@plexus/kernel'
import { startOfDay } from './days.ts'
import { lastDayOf, limitsOf } from './limits.ts'
import { type Item, type state, terminal, whole } from './state.ts'

type PrescriptionsView = View<typeof state>

export const invariants: Invariants<typeof state> = {
  'no more is filled than was authorised': ({ items }) =>
    [...items.entries()].every(([, { level, fill, refills }]) => level <= whole && fill >= 1 && fill <= 1 + refills),

  'fills conserve: what stands of each fill adds up to its level, and to the whole before the next began': (view) => {
    const sums = sumsOf(view)
    return [...view.items.entries()].every(([id, { fill, level }]) =>
      Array.from({ length: fill }, (_, index) => index + 1).every(
        (each) => (sums.get(`${id}/${each}`) ?? 0) === (each === fill ? level : whole),
      ),
    )
  },

  'one holder: an item has one exactly while it is held or filled': ({ items }) =>
    [...items.entries()].every(([, { status, holder }]) => (holder !== null) === ['held', 'filled'].includes(status)),

  "an item comes to a holder by the claimant's key only": ({ items }, before, context) =>
    [...items.entries()].every(([id, now]) => {
      const was = before.items.get(id)
      const same = now.holder === null || text(now.holder) === text(was?.holder ?? null)
      return same || signed(context, was?.claimant ?? null)
    }),

  "a level changes by the holder's key only, and by the patient's when a refill is opened": (
    { items },
    before,
    context,
  ) =>
    changed(items, before).every(
      ([, now, was]) =>
        now.level === was.level ||
        signed(context, was.holder) ||
        (now.fill === was.fill + 1 && signed(context, was.patient)),
    ),

  'what was marked for cancellation is filled no further, and ends as cancelled': ({ items }, before) =>
    changed(items, before).every(
      ([, now, was]) =>
        was.marked === null ||
        (now.level <= was.level && now.marked === was.marked && (now.status === was.status || stepsBack(now, was))),
    ),

  'only its own key cancels an item that nobody holds, and marks one that is held': ({ items }, before, context) =>
    changed(items, before).every(([id, now, was]) => {
      const ends = now.status === 'cancelled' && was.status !== 'cancelled'
      const cancels = was.marked === null && (ends || now.marked !== null)
      return !cancels || context.signers.some(({ handle }) => handle === id)
    }),

  'a terminal state is terminal': ({ items }, before) =>
    [...before.items.entries()].every(([id, was]) => {
      const now = items.get(id)
      return (
        now !== undefined && (!terminal.includes(was.status) || (now.since === was.since && now.status === was.status))
      )
    }),

  'what was signed never changes': ({ items, signings }, before) =>
    changed(items, before).every(([, now, was]) => signedPart(now) === signedPart(was)) &&
    [...before.signings.entries()].every(([key, { height }]) => signings.get(key)?.height === height),

  'every item stands within its limits': ({ items }) =>
    [...items.entries()].every(([, item]) => {
      const { refillsMax, holdersMax, remainder } = limitsOf[item.limits]
      const place = { lagMinutes: item.dayLagMinutes }
      return (
        item.refills <= refillsMax &&
        item.holders <= holdersMax &&
        item.endsAt <= startOfDay(lastDayOf(item.limits, item.issuedDay) + 1, place) &&
        (remainder === 'last-day' || item.level === 0 || item.level === whole || item.remainderEndsAt !== null)
      )
    }),

  'nothing is filled when its time is over': ({ items }, before, { time }) =>
    changed(items, before).every(
      ([, now, was]) =>
        now.level <= was.level || (time < was.endsAt && (was.remainderEndsAt === null || time < was.remainderEndsAt)),
    ),

  'no key, handle or tag stands for two things': ({ items, fills, keys }) => {
    const used = [...items.entries()].flatMap(([id, { patient, claimant, holder }]) => [
      id,
      ...[patient, claimant, holder].flatMap((hash) => (hash ? [toHex(hash)] : [])),
    ])
    const tags = [...fills.entries()].map(([tag]) => tag)
    return new Set([...used, ...tags]).size === used.length + tags.length && !tags.some((tag) => keys.get(tag))
  },

  'what is bound stands: a fill is taken back only when no contract binds it': ({ fills }) =>
    [...fills.entries()].every(([, { reversed, boundBy }]) => reversed === null || boundBy.length === 0),

  'a fill is never forgotten, and taken back at most once': ({ fills }, before) =>
    [...before.fills.entries()].every(([tag, was]) => {
      const now = fills.get(tag)
      return (
        now !== undefined && now.to === was.to && (was.reversed === null || text(now.reversed) === text(was.reversed))
      )
    }),
}

const text = (hash: Uint8Array | null): string => (hash ? toHex(hash) : '')

const signed = ({ signers }: Context, hash: Uint8Array | null): boolean =>
  hash !== null && signers.some(({ handle }) => handle === toHex(hash))

/** Items that were there before, as they are and as they were. */
function changed(
  items: PrescriptionsView['items'],
  before: PrescriptionsView,
): readonly (readonly [string, Item, Item])[] {
  return [...before.items.entries()].flatMap(([id, was]) => {
    const now = items.get(id)
    return now ? [[id, now, was] as const] : []
  })
}

/** A marked item is cancelled, or a fill of it is taken back. */
const stepsBack = (now: Item, was: Item): boolean =>
  now.status === 'cancelled' || (now.status === 'held' && now.level < was.level)

const signedPart = ({ limits, content, signing, patient, issuedDay, endsAt, refills, refillWeeks }: Item): string =>
  [limits, text(content), text(signing), text(patient), issuedDay, endsAt, refills, refillWeeks].join()

function sumsOf({ fills }: PrescriptionsView): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const [, { item, fill, from, to, reversed }] of fills.entries()) {
    const key = `${toHex(item)}/${fill}`
    if (reversed === null) sums.set(key, (sums.get(key) ?? 0) + to - from)
  }
  return sums
}
