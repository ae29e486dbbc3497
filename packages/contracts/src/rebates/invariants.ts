/** What always holds of terms, accruals and settlements. */
import { toHex } from '@plexus/codec'
import type { Context, Invariants, View } from '@plexus/kernel'
import { groupOf } from './programmes.ts'
import { type Accrual, numbered, spentKey, standing, type state, type Terms } from './state.ts'

type RebatesView = View<typeof state>

export const invariants: Invariants<typeof state> = {
  'one fill, one group, one discount: exactly the accruals that stand spend the exclusivity of their fills': ({
    accruals,
    spent,
  }) => {
    const expected = [...accruals.entries()]
      .filter(([, { status }]) => standing.includes(status))
      .map(([handle, { tag, programme }]) => `${spentKey(tag, groupOf[programme])} ${handle}`)
    const found = [...spent.entries()].map(([key, handle]) => `${key} ${toHex(handle)}`)
    return new Set(found).size === expected.length && expected.sort().join() === found.sort().join()
  },

  'a fill that is taken back takes all that stands on it along': (view, before) => {
    const taken = changed(view, before).flatMap(([, now, was]) =>
      now.ending === 'fill-reversed' && was.ending === null ? [toHex(now.tag)] : [],
    )
    return taken.every((tag) => [...view.spent.entries(tag)].length === 0)
  },

  'an accrual is of one fill, one programme and one payer, for ever': (view, before) =>
    [...before.accruals.entries()].every(([handle, was]) => {
      const now = view.accruals.get(handle)
      return now !== undefined && sameObject(now) === sameObject(was)
    }),

  'a due instant that was said stands': (view, before) =>
    changed(view, before).every(([, now, was]) => was.dueAt === null || now.dueAt === was.dueAt),

  'only what was approved is settled, and only what was paid is repaid': (view, before) =>
    changed(view, before).every(
      ([, now, was]) =>
        (now.status !== 'settled' || was.status === 'settled' || was.status === 'approved') &&
        (now.status !== 'repaid' || was.status === 'repaid' || (was.status === 'reversed' && was.paid)),
    ),

  'what stood no more never stands again': (view, before) =>
    changed(view, before).every(([, now, was]) => was.ending === null || now.ending === was.ending),

  'money is said to have moved by both: payer and claimant sign what is settled, repaid and restated': (
    view,
    before,
    context,
  ) =>
    changed(view, before).every(
      ([handle, now, was]) =>
        now.status === was.status ||
        !(['settled', 'repaid'].includes(now.status) || was.status === 'settled') ||
        now.status === 'reversed' ||
        (signed(context, handle) && signed(context, toHex(now.payer))),
    ),

  'no accrual is approved by its claimant: the payer signs, or an arbiter whom both named': (view, before, context) =>
    changed(view, before).every(
      ([, now, was]) =>
        now.status !== 'approved' ||
        was.status === 'approved' ||
        signed(context, toHex(now.payer)) ||
        (was.status === 'escalated' && now.arbiter !== null && signed(context, toHex(now.arbiter))),
    ),

  'versions and settlements are numbered without a gap, and never change': (view, before) =>
    [...view.terms.entries()].every(
      ([handle, { versions, settlements }]) =>
        count(view.versions.entries(`${handle}/`)) === versions &&
        count(view.settlements.entries(`${handle}/`)) === settlements &&
        (versions === 0 || view.versions.get(numbered(handle, versions)) !== undefined),
    ) &&
    [...before.versions.entries()].every(([key, { height }]) => view.versions.get(key)?.height === height) &&
    [...before.settlements.entries()].every(([key, { height }]) => view.settlements.get(key)?.height === height),

  'a version is signed by the party that did not propose it': (view, before, context) =>
    [...before.terms.entries()].every(([handle, was]) => {
      const now = view.terms.get(handle)
      return now !== undefined && (now.versions === was.versions || signed(context, otherParty(handle, was)))
    }),

  'terms end by a party, never later than was said': (view, before, context) =>
    [...before.terms.entries()].every(([handle, was]) => {
      const end = view.terms.get(handle)?.endsAt ?? null
      if (end === was.endsAt) return true
      const bySomebody = signed(context, handle) || signed(context, toHex(was.counterpart))
      return end !== null && bySomebody && end >= context.time && (was.endsAt === null || end < was.endsAt)
    }),

  'no key stands for two things': ({ terms, accruals }) => {
    const used = [
      ...[...terms.entries()].flatMap(([handle, { counterpart }]) => [handle, toHex(counterpart)]),
      ...[...accruals.entries()].flatMap(([handle, { payer, arbiter }]) => [
        handle,
        toHex(payer),
        ...(arbiter ? [toHex(arbiter)] : []),
      ]),
    ]
    return new Set(used).size === used.length
  },
}

const signed = ({ signers }: Context, hash: string): boolean => signers.some(({ handle }) => handle === hash)

const otherParty = (handle: string, { proposal, counterpart }: Terms): string =>
  proposal?.by === 'counterpart' ? handle : toHex(counterpart)

const sameObject = ({ tag, programme, payer }: Accrual): string => [toHex(tag), programme, toHex(payer)].join()

function count(entries: Iterable<unknown>): number {
  return [...entries].length
}

/** Accruals that were there before, as they are and as they were. */
function changed({ accruals }: RebatesView, before: RebatesView): readonly (readonly [string, Accrual, Accrual])[] {
  return [...before.accruals.entries()].flatMap(([handle, was]) => {
    const now = accruals.get(handle)
    return now ? [[handle, now, was] as const] : []
  })
}
