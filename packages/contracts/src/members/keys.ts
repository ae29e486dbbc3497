/** When tenants and keys may be registered, rotated and revoked. */
import { no, ok, toHex } from '@plexus/codec'
import type { Context, View } from '@plexus/kernel'
import { type Scope, sponsorSigned } from '../scopes.ts'
import { hostOf, isActive, policy } from './queries.ts'
import type { Limits, MembersRules } from './rule-table.ts'
import type { state } from './state.ts'

/**
 * Keys with one of these can change who speaks for the organisation, or for its clinicians. A thief of one governance
 * key could add such a key unseen; so they wait, in sight of everybody, and the other governance keys can revoke them.
 */
const powerfulScopes: readonly Scope[] = ['credentials', 'governance', 'sponsor']

type KeyRules = Pick<MembersRules, 'register-tenant' | 'register-key' | 'activate-key' | 'rotate-key' | 'revoke-key'>

export function keyRules({ tenantsPerHostMax, keysPerHostMax, activeKeysPerHolderMax }: Limits): KeyRules {
  return {
    'register-tenant'(state, { tenant }, context) {
      const { sponsor: host, height } = context
      if (!sponsorSigned(context, 'governance')) return no({ type: 'scope-missing', scope: 'governance' })
      if (hostOf(state, tenant)) return no({ type: 'identifier-taken', id: tenant })
      const hosted = state.registrations.get(host)?.tenants ?? 0
      if (hosted >= tenantsPerHostMax) return no({ type: 'limit-reached', of: 'tenants', max: tenantsPerHostMax })
      return ok({ events: [{ type: 'tenant-registered', tenant, host, height }] })
    },

    'register-key'(state, { holder, key, scopes, next }, context) {
      const { sponsor, height, time } = context
      if (!sponsorSigned(context, 'governance')) return no({ type: 'scope-missing', scope: 'governance' })
      if (hostOf(state, holder) !== sponsor) return no({ type: 'not-hosted', organisation: holder })
      if (!isActive(state, holder)) return no({ type: 'organisation-not-active', organisation: holder })
      const registered = state.registrations.get(sponsor)?.keys ?? 0
      if (registered >= keysPerHostMax) return no({ type: 'limit-reached', of: 'keys', max: keysPerHostMax })
      if (keysOf(state, holder) >= activeKeysPerHolderMax)
        return no({ type: 'limit-reached', of: 'active-keys', max: activeKeysPerHolderMax })
      if (state.keys.get(toHex(key))) return no({ type: 'key-known' })
      if (holder !== sponsor && scopes.some((scope) => scope !== 'custodian'))
        return no({ type: 'scope-not-for-tenants' })
      if (scopes.includes('licensing-board')) return no({ type: 'scope-only-by-founding', scope: 'licensing-board' })
      // Whoever sees a successor's key on its way could otherwise register it first, and its owner could not rotate.
      if (!hasSigned(context, key)) return no({ type: 'key-did-not-sign' })
      if (holder === sponsor && next === null) return no({ type: 'next-key-missing' })
      if (!scopes.some((scope) => powerfulScopes.includes(scope)))
        return ok({ events: [{ type: 'key-registered', holder, key, scopes, next, height }] })
      const dueAt = time + policy(state).parameters.votingDelaySeconds
      return ok({ events: [{ type: 'key-announced', holder, key, scopes, next, dueAt, height }] })
    },

    'activate-key'(state, { key }, context) {
      const { sponsor, height, time } = context
      if (!sponsorSigned(context, 'governance')) return no({ type: 'scope-missing', scope: 'governance' })
      const known = state.keys.get(toHex(key))
      if (!known) return no({ type: 'key-unknown' })
      if (known.holder !== sponsor) return no({ type: 'not-hosted', organisation: known.holder })
      const pending = state.pendingKeys.get(toHex(key))
      if (!pending) return no({ type: 'key-not-pending' })
      if (time < pending.dueAt) return no({ type: 'not-due', dueAt: pending.dueAt })
      return ok({ events: [{ type: 'key-activated', key, height }] })
    },

    // Whoever holds a key and not its successor cannot do this, and whoever holds the successor needs no other key of
    // the organisation: a thief can revoke the others, and still not keep the one that was stolen.
    'rotate-key'(state, { key, successor, next }, context) {
      const known = state.keys.get(toHex(key))
      if (!known) return no({ type: 'key-unknown' })
      if (known.status === 'revoked') return no({ type: 'key-revoked' })
      if (known.status === 'pending') return no({ type: 'key-pending' })
      if (state.keys.get(toHex(successor))) return no({ type: 'key-known' })
      const signer = context.signers.find(({ key: signed }) => signed === toHex(successor))
      if (!known.next || signer?.handle !== toHex(known.next)) return no({ type: 'not-the-next-key' })
      return ok({ events: [{ type: 'key-rotated', key, successor, next, height: context.height }] })
    },

    'revoke-key'(state, { key }, context) {
      const { sponsor, height } = context
      if (!sponsorSigned(context, 'governance')) return no({ type: 'scope-missing', scope: 'governance' })
      const known = state.keys.get(toHex(key))
      if (!known) return no({ type: 'key-unknown' })
      if (hostOf(state, known.holder) !== sponsor) return no({ type: 'not-hosted', organisation: known.holder })
      if (known.status === 'revoked') return no({ type: 'key-revoked' })
      // Without these two a member could never sign a transaction, or register a key, again.
      if (known.status === 'active')
        for (const scope of ['governance', 'sponsor'] as const)
          if (known.scopes.includes(scope) && state.registrations.get(sponsor)?.[scope] === 1)
            return no({ type: 'last-key-of-scope', scope })
      return ok({ events: [{ type: 'key-revoked', key, height }] })
    },
  }
}

/** Whether the key itself is among the verified signers: its owner wants it where it goes. */
export function hasSigned({ signers }: Context, key: Uint8Array): boolean {
  return signers.some(({ key: signed }) => signed === toHex(key))
}

/** Keys of an organisation that are not revoked. */
function keysOf({ keyrings }: View<typeof state>, holder: string): number {
  let count = 0
  for (const _ of keyrings.entries(`${holder}/`)) count++
  return count
}
