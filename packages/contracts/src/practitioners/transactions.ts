/** What may be asked of the contract of clinicians. */
import { type Infer, uint, variant } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'
import { clinicianKey, jurisdiction, npi, roleCode } from './state.ts'

export const transaction = variant({
  /** `validUntil` in seconds since 1970. Asked again, it renews. */
  'attest-licence': { npi, jurisdiction, validUntil: uint() },
  'suspend-licence': { npi },
  'reinstate-licence': { npi },
  /** Asked again, it replaces the role and the key. */
  'attest-role': { npi, organisation: organisationId, role: roleCode, key: clinicianKey },
  'suspend-role': { npi, organisation: organisationId },
  'reinstate-role': { npi, organisation: organisationId },
})

export type Transaction = Infer<typeof transaction>
