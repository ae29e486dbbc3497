/** What happened to licences and roles. */
import { type Infer, uint, variant } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'
import { clinicianKey, jurisdiction, npi, roleCode } from './state.ts'

export const event = variant({
  'licence-attested': { npi, board: organisationId, jurisdiction, validUntil: uint(), height: uint() },
  'licence-suspended': { npi, height: uint() },
  'licence-reinstated': { npi, height: uint() },
  'role-attested': { npi, organisation: organisationId, role: roleCode, key: clinicianKey, height: uint() },
  'role-suspended': { npi, organisation: organisationId, height: uint() },
  'role-reinstated': { npi, organisation: organisationId, height: uint() },
})

export type Event = Infer<typeof event>
