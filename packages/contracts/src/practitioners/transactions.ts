/** What may be asked of the contract of clinicians. */
import { type Infer, sortedList, uint, variant } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'
import { clinicianKey, jurisdiction, npi, roleCode } from './state.ts'

/** As many clinicians as one contract asks about in one step. */
const askedMax = 64
const npis = sortedList(npi, { min: 1, max: askedMax, order: (a, b) => (a < b ? -1 : a > b ? 1 : 0) })

export const transaction = variant({
  /** `validUntil` in seconds since 1970. Asked again, it renews. */
  'attest-licence': { npi, jurisdiction, validUntil: uint() },
  'suspend-licence': { npi },
  'reinstate-licence': { npi },
  /** Asked again, it replaces the role and the key. */
  'attest-role': { npi, organisation: organisationId, role: roleCode, key: clinicianKey },
  'suspend-role': { npi, organisation: organisationId },
  'reinstate-role': { npi, organisation: organisationId },
  /** Changes nothing; another contract asks whether each of these may practise there now. */
  'require-standing': { organisation: organisationId, npis },
})

export type Transaction = Infer<typeof transaction>
