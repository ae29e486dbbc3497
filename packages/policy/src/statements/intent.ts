import { type Infer, list, object, oneOf, option, text } from '@plexus/codec'
import { hash, inner, npi, organisationId, purpose, randomId, resourceTypes, sealingKey, seconds } from './fields.ts'

/** Why somebody reads a chart without the patient’s word. A short list, so that reasons can be counted and reviewed. */
export const emergencyReasons = ['cannot-communicate', 'life-in-danger', 'unconscious'] as const
/** What a clinician adds in haste. */
const emergencyWordsMax = 200
export const emergency = object({ reason: oneOf(...emergencyReasons), words: text({ max: emergencyWordsMax }) })
export type Emergency = Infer<typeof emergency>

/** A request by one requester to one custodian, about one patient, for at most five minutes. */
export const intentContent = object({
  id: randomId,
  requester: organisationId,
  custodian: organisationId,
  clinician: object({ npi, organisation: organisationId }),
  purpose,
  /** Given exactly where the purpose is `ETREAT`. */
  emergency: option(emergency),
  /** Statement hashes of the evidence, each committed before this intent. */
  evidence: list(hash, { min: 1, max: 4 }),
  /** Resource types asked for; an empty list asks for everything. */
  types: resourceTypes,
  /** One-time key to which the release is sealed. */
  sessionKey: sealingKey,
  madeAt: seconds,
  expiresAt: seconds,
})
export type IntentContent = Infer<typeof intentContent>

/** Signed by the clinician's key, which the ledger knows from the role that the employer attested. */
export const intent = object({ content: intentContent, clinician: inner })
export type Intent = Infer<typeof intent>
