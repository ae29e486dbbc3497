/** What can be looked up of clinicians. */
import type { View } from '@plexus/kernel'
import { type Licence, type Role, roleKey, type state } from './state.ts'

type PractitionersView = View<typeof state>

/** How a clinician stands at one organisation, at one time. Access needs both to be active. */
export interface Standing {
  readonly licence: 'active' | 'suspended' | 'expired' | 'none'
  readonly role: 'active' | 'suspended' | 'none'
  /** The clinician's signing key there; null unless the role is active, so that nobody accepts it by oversight. */
  readonly key: Uint8Array | null
  /** Null unless the role is active. */
  readonly roleCode: string | null
}

export const queries = { standing, licence, role }

/** `time` in seconds since 1970. A licence is valid through its last second. */
function standing(
  { licences, roles }: PractitionersView,
  { npi, organisation, time }: { readonly npi: string; readonly organisation: string; readonly time: number },
): Standing {
  const known = roles.get(roleKey({ npi, organisation }))
  const active = known?.status === 'active' ? known : undefined
  return {
    licence: licenceStanding(licences.get(npi), time),
    role: known?.status ?? 'none',
    key: active?.key ?? null,
    roleCode: active?.role ?? null,
  }
}

function licenceStanding(known: Licence | undefined, time: number): Standing['licence'] {
  if (!known) return 'none'
  if (known.status === 'suspended') return 'suspended'
  return known.validUntil < time ? 'expired' : 'active'
}

function licence({ licences }: PractitionersView, npi: string): Licence | undefined {
  return licences.get(npi)
}

function role(
  { roles }: PractitionersView,
  of: { readonly npi: string; readonly organisation: string },
): Role | undefined {
  return roles.get(roleKey(of))
}
