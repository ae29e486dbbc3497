/** What can be looked up of organisations, keys and the policy of the network. */
import type { View } from '@plexus/kernel'
import { dayKey, type Membership, type NetworkPolicy, type RegisteredKey, type state } from './state.ts'

type MembersView = View<typeof state>

/** In force until the founding or a later event sets another. */
export const defaultPolicy: NetworkPolicy = {
  profile: 'us',
  version: 1,
  parameters: {
    selfAssertedPatientsPerDayMax: 50,
    selfAssertedPatientsPerClinicianPerDayMax: 10,
    selfAssertedWindowDays: 31,
    intentSecondsMax: 300,
    blockAgeSecondsMax: 15,
    envelopesPerMinuteMax: 6_000,
    objectsPerMinuteMax: 120_000,
    votingDelaySeconds: 7 * 86_400,
    proposalSeconds: 30 * 86_400,
    votesPerOwnerMax: 2,
  },
}

export const queries = { isActive, hostOf, keyOf, policy, member, selfAssertedExcess }

/** Whether an organisation takes part now: an active member, or an active tenant of one. */
export function isActive({ members, tenants }: MembersView, id: string): boolean {
  const tenant = tenants.get(id)
  if (tenant?.status === 'suspended') return false
  return members.get(tenant?.host ?? id)?.status === 'active'
}

/** The member that answers for an organisation: itself, or the host of a tenant. */
export function hostOf({ members, tenants }: MembersView, id: string): string | undefined {
  return members.get(id) ? id : tenants.get(id)?.host
}

/** What is registered of a public key, given in hexadecimal; also of a revoked one. */
function keyOf({ keys }: MembersView, key: string): RegisteredKey | undefined {
  return keys.get(key)
}

export function policy(view: MembersView): NetworkPolicy {
  return view.policy.get('current') ?? defaultPolicy
}

function member({ members }: MembersView, id: string): Membership | undefined {
  return members.get(id)
}

/**
 * By how many patients an asker is over its daily ceiling, counting what all custodians posted for the days of the
 * window before `day` (days since 1970, UTC). A leaky bucket, day by day in order: what lies above the ceiling is a
 * debt, and each later day pays back what it leaves unused. 0 means that the asker owes nothing.
 */
function selfAssertedExcess(view: MembersView, asker: string, day: number): number {
  const { selfAssertedPatientsPerDayMax: max, selfAssertedWindowDays: days } = policy(view).parameters
  let debt = 0
  for (let each = Math.max(0, day - days); each < day; each++) {
    let posted = 0
    for (const [, { requests }] of view.counts.entries(`${dayKey(each)}/${asker}/`)) posted += requests
    debt = Math.max(0, debt + posted - max)
  }
  return debt
}
