/** What the own replica says of an item, and whether what was brought is what was signed. */
import { decode, no, type Result, toHex } from '@plexus/codec'
import { type Fill, type Item, members, practitioners, prescriptions } from '@plexus/contracts'
import { type StateReader, viewOf } from '@plexus/kernel'
import {
  checkPrescription,
  type DispensingRecord,
  type Prescription,
  type PrescriptionContent,
  type PrescriptionRefusal,
  prescriptionContent,
} from '@plexus/sdk'

export const itemOf = (state: StateReader, handle: Uint8Array): Item | undefined =>
  prescriptions.queries.item(viewOf(prescriptions, state), toHex(handle))

export const fillOfTag = (state: StateReader, tag: Uint8Array): Fill | undefined =>
  prescriptions.queries.fill(viewOf(prescriptions, state), toHex(tag))

/** The key with which a pharmacist signs at a pharmacy. That both stood is the fill's: what was signed then stays good. */
export const pharmacistKey = (
  state: StateReader,
  { pharmacist: npi, organisation }: Pick<DispensingRecord, 'organisation' | 'pharmacist'>,
): Uint8Array | undefined => practitioners.queries.role(viewOf(practitioners, state), { npi, organisation })?.key

/** The member that answers for an organisation that takes part; undefined for any other. */
export function hostOf(state: StateReader, organisation: string): string | undefined {
  const view = viewOf(members, state)
  return members.queries.isActive(view, organisation) ? members.queries.hostOf(view, organisation) : undefined
}

/**
 * Whether what is shown is the item's content, bound as its drug demands. Believed to register prescribers is whoever has a
 * key with the scope of a licensing board. What was signed by somebody who stood then stays good when the role ends.
 */
export function checkBrought(
  { state, chain }: { readonly state: StateReader; readonly chain: Uint8Array },
  { handle, item, shown }: { readonly handle: Uint8Array; readonly item: Item; readonly shown: Prescription },
): Result<PrescriptionContent, PrescriptionRefusal | { readonly type: 'prescriber-unknown' }> {
  const signing = prescriptions.queries.signing(viewOf(prescriptions, state), toHex(item.signing))
  const said = decode(prescriptionContent, shown.content)
  if (!signing || !said.ok) return no({ type: 'malformed' })
  const { npi, organisation } = said.value.prescriber
  const role = practitioners.queries.role(viewOf(practitioners, state), { npi, organisation })
  if (!role) return no({ type: 'prescriber-unknown' })
  const registrars = signing.registrar !== null && isBoard(state, signing.registrar) ? [signing.registrar] : []
  return checkPrescription(shown, { chain, handle, item, signing, clinicianKey: role.key, registrars })
}

function isBoard(state: StateReader, organisation: string): boolean {
  return members.queries
    .keysHeld(viewOf(members, state), organisation)
    .some(({ status, scopes }) => status === 'active' && scopes.includes('licensing-board'))
}
