/** What always holds of organisations, keys and votes. */
import { toHex } from '@plexus/codec'
import type { Invariants, View } from '@plexus/kernel'
import { custodyOf, hostOf } from './queries.ts'
import { dayOfKey, type state } from './state.ts'
import { votingInvariants } from './voting-invariants.ts'

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

  'the addresses of a member are its own matter': ({ members, engineAddresses }, before, { sponsor }) =>
    every(before.members.entries(), ([id, { address }]) => id === sponsor || members.get(id)?.address === address) &&
    every(
      before.engineAddresses.entries(),
      ([id, { address }]) => id === sponsor || engineAddresses.get(id)?.address === address,
    ),

  'an engine belongs to a member': ({ members, engineAddresses }) =>
    every(engineAddresses.entries(), ([id]) => members.get(id) !== undefined),

  'at least one member is active': ({ members }) =>
    [...members.entries()].some(([, { status }]) => status === 'active'),

  'a key keeps its holder, its scopes and its successor, and never goes back': ({ keys }, before) =>
    every(before.keys.entries(), ([id, { holder, scopes, status, next }]) => {
      const now = keys.get(id)
      return (
        now?.holder === holder &&
        `${now.scopes}` === `${scopes}` &&
        `${now.next}` === `${next}` &&
        rank[now.status] >= rank[status]
      )
    }),

  'a key belongs to a member or a tenant': (view) =>
    every(view.keys.entries(), ([, { holder }]) => hostOf(view, holder) !== undefined),

  "a tenant's key speaks for custody only": ({ keys, members }) =>
    every(keys.entries(), ([, { holder, scopes }]) => members.get(holder) !== undefined || `${scopes}` === 'custodian'),

  'a licensing board is founded, admitted, or follows itself': (view, before) =>
    every(
      view.keys.entries(),
      ([id, { holder, scopes }]) =>
        !scopes.includes('licensing-board') ||
        before.keys.get(id) !== undefined ||
        before.members.get(holder) === undefined ||
        revokedNow(view, before, holder).some((each) => each.scopes.includes('licensing-board')),
    ),

  'a powerful key comes in force after its delay, with its member, or as the successor that was named before': (
    view,
    before,
    { time, signers },
  ) =>
    every(view.keys.entries(), ([id, { holder, scopes, status }]) => {
      const known = before.keys.get(id)
      const powerful = scopes.some((scope) => ['credentials', 'governance', 'sponsor'].includes(scope))
      if (!powerful || status !== 'active' || known?.status === 'active') return true
      if (known) return (before.pendingKeys.get(id)?.dueAt ?? time + 1) <= time
      if (!before.members.get(holder)) return true
      const handle = signers.find(({ key }) => key === id)?.handle
      return revokedNow(view, before, holder).some(({ next }) => next !== null && toHex(next) === handle)
    }),

  'a key waits for its activation exactly while it is pending': ({ keys, pendingKeys }) =>
    every(keys.entries(), ([id, { status }]) => (pendingKeys.get(id) !== undefined) === (status === 'pending')) &&
    every(pendingKeys.entries(), ([id]) => keys.get(id) !== undefined),

  'the keyring of an organisation is its keys that are not revoked': ({ keys, keyrings }) =>
    count(keyrings.entries(), () => true) === count(keys.entries(), ([, { status }]) => status !== 'revoked') &&
    every(
      keys.entries(),
      ([id, { holder, status }]) => status === 'revoked' || keyrings.get(`${holder}/${id}`) !== undefined,
    ),

  'whoever left or was removed stays away, and has no key': ({ members, tenants, keys }, before) =>
    every(before.members.entries(), ([id, { status }]) => !isGone(status) || members.get(id)?.status === status) &&
    every(before.tenants.entries(), ([id, { status }]) => !isGone(status) || tenants.get(id)?.status === status) &&
    every(
      keys.entries(),
      ([, { holder, status }]) =>
        status === 'revoked' || !isGone(members.get(holder)?.status ?? tenants.get(holder)?.status ?? 'left'),
    ),

  'custody that was handed over stays where it is, and goes in no circle': (view, before) =>
    every(before.successions.entries(), ([id, { to }]) => view.successions.get(id)?.to === to) &&
    every(view.successions.entries(), ([id]) => view.successions.get(custodyOf(view, id)) === undefined),

  'nobody leaves before its custody was handed over': ({ members, tenants, successions }) =>
    every(
      [...members.entries(), ...tenants.entries()],
      ([id, { status }]) => status !== 'left' || successions.get(id) !== undefined,
    ),

  'a member that could govern and sponsor still can, unless it is gone': (view, before) =>
    every(
      before.members.entries(),
      ([id]) =>
        isGone(view.members.get(id)?.status ?? 'left') ||
        (['governance', 'sponsor'] as const).every(
          (scope) => activeKeys(before, id, scope) === 0 || activeKeys(view, id, scope) > 0,
        ),
    ),

  'what a member has registered is what is counted': (view) =>
    every(view.members.entries(), ([id]) => {
      const none = { tenants: 0, tenantsActive: 0, keys: 0, governance: 0, sponsor: 0 }
      const counted = view.registrations.get(id) ?? none
      const hosted = [...view.tenants.entries()].filter(([, { host }]) => host === id)
      return (
        counted.tenants === hosted.length &&
        counted.tenantsActive === count(hosted, ([, { status }]) => status === 'active') &&
        counted.keys === count(view.keys.entries(), ([, { holder }]) => hostOf(view, holder) === id) &&
        counted.governance === activeKeys(view, id, 'governance') &&
        counted.sponsor === activeKeys(view, id, 'sponsor')
      )
    }),

  ...votingInvariants,

  'counts are of days that are over, in multiples of five': ({ counts }, _before, { time }) =>
    every(
      counts.entries(),
      ([key, { requests }]) => requests > 0 && requests % 5 === 0 && (dayOfKey(key) + 1) * 86_400 <= time,
    ),

  'a posted count never changes': ({ counts }, before) =>
    every(before.counts.entries(), ([key, { requests }]) => (counts.get(key)?.requests ?? requests) === requests),
}

const rank = { pending: 0, active: 1, revoked: 2 } as const

function isGone(status: string): boolean {
  return status === 'left' || status === 'removed'
}

/** Keys of a holder that this step revoked. */
function revokedNow(view: MembersView, before: MembersView, holder: string) {
  return [...before.keys.entries()].flatMap(([id, key]) =>
    key.holder === holder && key.status === 'active' && view.keys.get(id)?.status === 'revoked' ? [key] : [],
  )
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
