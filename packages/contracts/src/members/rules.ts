/** When organisations and keys may change. */
import { no, ok, toHex } from '@plexus/codec'
import type { Context, Rules, View } from '@plexus/kernel'
import { sponsorSigned } from '../scopes.ts'
import type { Event } from './events.ts'
import { hostOf, policy } from './queries.ts'
import type { Rejection } from './rejections.ts'
import { dayKey, dayOfKey, type state } from './state.ts'
import type { Transaction } from './transactions.ts'

export interface Limits {
  readonly tenantsPerHostMax: number
  readonly keysPerHostMax: number
}

/** Small practices around one large host; keys of all of them over many years. Beyond that, another host is the answer. */
const limits: Limits = { tenantsPerHostMax: 10_000, keysPerHostMax: 100_000 }

/** Counts are rounded up to multiples of this, so that a single request of one patient does not show. */
const countStep = 5
const secondsPerDay = 86_400

/** The rules under other limits than the network's own, so that a test can reach them. */
export function rulesWithin({
  tenantsPerHostMax,
  keysPerHostMax,
}: Limits): Rules<typeof state, Transaction, Event, Rejection> {
  return {
    'register-tenant'(state, { tenant }, context) {
      const { sponsor: host, height } = context
      if (!sponsorSigned(context, 'governance')) return no({ type: 'scope-missing', scope: 'governance' })
      if (hostOf(state, tenant)) return no({ type: 'identifier-taken', id: tenant })
      const hosted = state.registrations.get(host)?.tenants ?? 0
      if (hosted >= tenantsPerHostMax) return no({ type: 'limit-reached', of: 'tenants', max: tenantsPerHostMax })
      return ok({ events: [{ type: 'tenant-registered', tenant, host, height }] })
    },

    'register-key'(state, { holder, key, scopes }, context) {
      const { sponsor, height } = context
      if (!sponsorSigned(context, 'governance')) return no({ type: 'scope-missing', scope: 'governance' })
      if (hostOf(state, holder) !== sponsor) return no({ type: 'not-hosted', organisation: holder })
      const registered = state.registrations.get(sponsor)?.keys ?? 0
      if (registered >= keysPerHostMax) return no({ type: 'limit-reached', of: 'keys', max: keysPerHostMax })
      if (state.keys.get(toHex(key))) return no({ type: 'key-known' })
      if (holder !== sponsor && scopes.some((scope) => scope !== 'custodian'))
        return no({ type: 'scope-not-for-tenants' })
      if (scopes.includes('licensing-board')) return no({ type: 'scope-only-by-founding', scope: 'licensing-board' })
      return ok({ events: [{ type: 'key-registered', holder, key, scopes, height }] })
    },

    'revoke-key'(state, { key }, context) {
      const { sponsor, height } = context
      if (!sponsorSigned(context, 'governance')) return no({ type: 'scope-missing', scope: 'governance' })
      const known = state.keys.get(toHex(key))
      if (!known) return no({ type: 'key-unknown' })
      if (hostOf(state, known.holder) !== sponsor) return no({ type: 'not-hosted', organisation: known.holder })
      if (known.status === 'revoked') return no({ type: 'key-revoked' })
      // Without these two a member could never sign a transaction, or register a key, again.
      for (const scope of ['governance', 'sponsor'] as const)
        if (known.scopes.includes(scope) && state.registrations.get(sponsor)?.[scope] === 1)
          return no({ type: 'last-key-of-scope', scope })
      return ok({ events: [{ type: 'key-revoked', key, height }] })
    },

    // A vote stands until its voter changes it. Repeating one is allowed: since the number of active members may have
    // changed, the same votes may now suffice, and only a vote makes the contract count.
    'vote-suspension'(state, { member, suspend }, context) {
      const { sponsor: voter, height } = context
      if (!sponsorSigned(context, 'governance')) return no({ type: 'scope-missing', scope: 'governance' })
      const subject = state.members.get(member)
      if (!subject) return no({ type: 'member-unknown', member })
      const voted = { type: 'suspension-voted', member, voter, suspend } as const
      const active = activeMembers(state)
      const agreeing = active.filter(
        (each) => each === voter || state.votes.get(`${member}/${each}`)?.suspend === suspend,
      )
      const changes = (subject.status === 'active') === suspend && 3 * agreeing.length > 2 * active.length
      if (!changes) return ok({ events: [voted] })
      if (suspend && active.length === 1) return no({ type: 'last-active-member' })
      return ok({ events: [voted, { type: suspend ? 'member-suspended' : 'member-reinstated', member, height }] })
    },

    'post-self-asserted-counts'(state, { custodian, day, counts }, context) {
      const { sponsor, time, height } = context
      if (!custodySigned(context, custodian)) return no({ type: 'scope-missing', scope: 'custodian' })
      if (hostOf(state, custodian) !== sponsor) return no({ type: 'not-hosted', organisation: custodian })
      const today = Math.floor(time / secondsPerDay)
      if (day >= today) return no({ type: 'day-not-over', day, today })
      const oldest = Math.max(0, today - policy(state).parameters.selfAssertedWindowDays)
      if (day < oldest) return no({ type: 'day-too-old', day, oldest })
      if (state.postings.get(`${dayKey(day)}/${custodian}`))
        return no({ type: 'counts-already-posted', custodian, day })
      const ragged = counts.find(({ requests }) => requests === 0 || requests % countStep !== 0)
      if (ragged) return no({ type: 'count-not-rounded', asker: ragged.asker })
      const stranger = counts.find(({ asker }) => !hostOf(state, asker))
      if (stranger) return no({ type: 'asker-unknown', asker: stranger.asker })
      const posted = { type: 'self-asserted-counts-posted', custodian, day, counts, height } as const
      if (!keepsOlderThan(state, oldest)) return ok({ events: [posted] })
      return ok({ events: [{ type: 'self-asserted-counts-forgotten', before: oldest }, posted] })
    },

    'require-hosted'(state, { organisation }, { sponsor, caller }) {
      if (caller === null) return no({ type: 'only-by-contract' })
      if (hostOf(state, organisation) !== sponsor) return no({ type: 'not-hosted', organisation })
      return ok({ events: [] })
    },
  }
}

export const rules = rulesWithin(limits)

function activeMembers({ members }: View<typeof state>): readonly string[] {
  const active: string[] = []
  for (const [id, { status }] of members.entries()) if (status === 'active') active.push(id)
  return active
}

/** The custodian's own key, or its host's, with the scope custodian. */
function custodySigned({ signers, sponsor }: Context, custodian: string): boolean {
  return signers.some(
    ({ holder, scopes }) => (holder === sponsor || holder === custodian) && scopes.includes('custodian'),
  )
}

/** Days sort first, so the first entry is the oldest. */
function keepsOlderThan({ postings }: View<typeof state>, day: number): boolean {
  for (const [key] of postings.entries()) return dayOfKey(key) < day
  return false
}
