/** What is remembered of clinicians, and what each event changes. */
import { bytes, type Infer, object, oneOf, text, uint } from '@plexus/codec'
import { collection, type Draft, type Evolve, organisationId } from '@plexus/kernel'
import type { Event } from './events.ts'

/** Ten digits; the check digit is the rule's matter. */
export const npi = text({ min: 10, max: 10, pattern: /^[0-9]{10}$/, says: 'an NPI (ten digits)' })
/** A state or territory of the USPS list. */
export const jurisdiction = text({
  min: 2,
  max: 2,
  pattern: /^[A-Z]{2}$/,
  says: 'a jurisdiction (two capital letters)',
})
/** A code of the Health Care Provider Taxonomy (NUCC), or of the organisation's own list. */
export const roleCode = text({
  min: 1,
  max: 40,
  pattern: /^[\x21-\x7e]+$/,
  says: 'a role code of 1 to 40 ASCII characters',
})
/** The Ed25519 public key with which the clinician signs. */
export const clinicianKey = bytes({ length: 32 })
const status = oneOf('active', 'suspended')

const licence = object({ board: organisationId, jurisdiction, status, validUntil: uint(), since: uint() })
export type Licence = Infer<typeof licence>

const role = object({ role: roleCode, key: clinicianKey, status, since: uint() })
export type Role = Infer<typeof role>

export const state = {
  /** By NPI; `since` is the height of the last change. */
  licences: collection(licence),
  /** By `npi/organisation`. */
  roles: collection(role),
}

export const roleKey = (of: { readonly npi: string; readonly organisation: string }): string =>
  `${of.npi}/${of.organisation}`

export const evolve: Evolve<typeof state, Event> = {
  // A renewal lifts no suspension: only a reinstatement says that.
  'licence-attested'({ licences }, { npi, board, jurisdiction, validUntil, height }) {
    const status = licences.get(npi)?.status ?? 'active'
    licences.set(npi, { board, jurisdiction, status, validUntil, since: height })
  },
  'licence-suspended'(draft, { npi, height }) {
    setLicence(draft, npi, 'suspended', height)
  },
  'licence-reinstated'(draft, { npi, height }) {
    setLicence(draft, npi, 'active', height)
  },
  'role-attested'({ roles }, { npi, organisation, role, key, height }) {
    const at = roleKey({ npi, organisation })
    roles.set(at, { role, key, status: roles.get(at)?.status ?? 'active', since: height })
  },
  'role-suspended'(draft, { npi, organisation, height }) {
    setRole(draft, roleKey({ npi, organisation }), 'suspended', height)
  },
  'role-reinstated'(draft, { npi, organisation, height }) {
    setRole(draft, roleKey({ npi, organisation }), 'active', height)
  },
}

function setLicence({ licences }: Draft<typeof state>, npi: string, to: Licence['status'], since: number): void {
  const known = licences.get(npi)
  if (!known) throw new Error('the status of an unknown licence changed')
  licences.set(npi, { ...known, status: to, since })
}

function setRole({ roles }: Draft<typeof state>, at: string, to: Role['status'], since: number): void {
  const known = roles.get(at)
  if (!known) throw new Error('the status of an unknown role changed')
  roles.set(at, { ...known, status: to, since })
}
