/** What always holds of organisations and keys. */
import type { Invariants, View } from '@plexus/kernel'
import { hostOf } from './queries.ts'
import { dayOfKey, type state } from './state.ts'

type MembersView = View<typeof state>

export const invariants: Invariants<typeof state> = {
  'a tenant is hosted by a member': ({ members, tenants }) =>
    every(tenants.entries(), ([, { host }]) => members.get(host) !== undefined),

  'no identifier is both a member and a tenant': ({ members, tenants }) =>
    every(tenants.entries(), ([id]) => members.get(id) === undefined),

  'a tenant stays with its host': ({ tenants }, before) =>
    every(before.tenants.entries(), ([id, { host }]) => tenants.get(id)?.host === host),

  'no member is forgotten': ({ members }, before) =>
    every(before.members.entries(), ([id]) => members.get(id) !== undefined),

  'at least one member is active': ({ members }) =>
    [...members.entries()].some(([, { status }]) => status === 'active'),

  'a key keeps its holder and its scopes, and a revoked one stays revoked': ({ keys }, before) =>
    every(before.keys.entries(), ([id, { holder, scopes, status }]) => {
      const now = keys.get(id)
      return now?.holder === holder && `${now.scopes}` === `${scopes}` && (status === 'active' || now.status === status)
    }),

  'a key belongs to a member or a tenant': (view) =>
    every(view.keys.entries(), ([, { holder }]) => hostOf(view, holder) !== undefined),

  "a tenant's key speaks for custody only": ({ keys, members }) =>
    every(keys.entries(), ([, { holder, scopes }]) => members.get(holder) !== undefined || `${scopes}` === 'custodian'),

  'only the founding names a licensing board': ({ keys }, before) =>
    every(
      keys.entries(),
      ([id, { scopes }]) => !scopes.includes('licensing-board') || before.keys.get(id) !== undefined,
    ),

  'a member that could govern and sponsor still can': (view, before) =>
    every(before.members.entries(), ([id]) =>
      (['governance', 'sponsor'] as const).every(
        (scope) => activeKeys(before, id, scope) === 0 || activeKeys(view, id, scope) > 0,
      ),
    ),

  'what a member has registered is what is counted': (view) =>
    every(view.members.entries(), ([id]) => {
      const counted = view.registrations.get(id) ?? { tenants: 0, keys: 0, governance: 0, sponsor: 0 }
      return (
        counted.tenants === count(view.tenants.entries(), ([, { host }]) => host === id) &&
        counted.keys === count(view.keys.entries(), ([, { holder }]) => hostOf(view, holder) === id) &&
        counted.governance === activeKeys(view, id, 'governance') &&
        counted.sponsor === activeKeys(view, id, 'sponsor')
      )
    }),

  'more than two thirds of the active members stand behind a change of status': ({ members, votes }, before) =>
    every(before.members.entries(), ([id, { status }]) => {
      if (members.get(id)?.status === status) return true
      const active = [...before.members.entries()].filter(([, each]) => each.status === 'active')
      const suspend = status === 'active'
      return 3 * count(active, ([voter]) => votes.get(`${id}/${voter}`)?.suspend === suspend) > 2 * active.length
    }),

  'counts are of days that are over, in multiples of five': ({ counts }, _before, { time }) =>
    every(
      counts.entries(),
      ([key, { requests }]) => requests > 0 && requests % 5 === 0 && (dayOfKey(key) + 1) * 86_400 <= time,
    ),

  'a posted count never changes': ({ counts }, before) =>
    every(before.counts.entries(), ([key, { requests }]) => (counts.get(key)?.requests ?? requests) === requests),
}

function every<Item>(items: Iterable<Item>, holds: (item: Item) => boolean): boolean {
  for (const item of items) if (!holds(item)) return false
  return true
}

function count<Item>(items: Iterable<Item>, matches: (item: Item) => boolean): number {
  let found = 0
  for (const item of items) if (matches(item)) found++
  return found
}

function activeKeys({ keys }: MembersView, member: string, wanted: 'governance' | 'sponsor'): number {
  return count(
    keys.entries(),
    ([, { holder, scopes, status }]) => holder === member && status === 'active' && scopes.includes(wanted),
  )
}
