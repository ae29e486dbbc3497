import { bytes, type Infer, list, object, oneOf, text, variant } from '@plexus/codec'
import { ed25519Key, inner, organisationId, randomId, seconds } from './fields.ts'

/** How the asker names the patient to a custodian: by the patient's key there, or by the custodian's own record number. */
export const subject = variant({
  key: { key: ed25519Key },
  'record-number': { number: text({ min: 1, max: 64 }) },
})
export type Subject = Infer<typeof subject>

const frame = {
  id: randomId,
  custodian: organisationId,
  requester: organisationId,
  subject,
  madeAt: seconds,
  validUntil: seconds,
}

/** Enough for one check-in with its signature: a referral encloses one step, never a chain. */
const enclosedBytesMax = 1024

export const evidenceContent = variant({
  /** The patient is there, and the wallet says so: co-signed with the patient's key at the custodian that is asked. */
  'check-in': { ...frame, encounter: randomId },
  /** Another member hands the patient over and encloses its own check-in. */
  referral: { ...frame, referrer: organisationId, enclosed: bytes({ max: enclosedBytesMax }) },
  /** The patient's own directive at the custodian names the asker. */
  directive: { ...frame },
  /** What the asker alone can make. */
  'self-asserted': { ...frame, kind: oneOf('adt', 'appointment', 'encounter'), reference: text({ max: 80 }) },
})
export type EvidenceContent = Infer<typeof evidenceContent>

/** `signatures`: of the patient for a check-in, of the referrer for a referral; none for what needs none. */
export const evidence = object({ content: evidenceContent, signatures: list(inner, { max: 2 }) })
export type Evidence = Infer<typeof evidence>
