import { type Infer, object } from '@plexus/codec'
import { ed25519Key, hash, inner, mailbox, organisationId, randomId, sealingKey, seconds } from './fields.ts'

/**
 * What a wallet and a custodian agree on, in person or by code: the wallet's keys for this custodian alone, where
 * notices go, and the handle of head 1, which stands for the empty set.
 */
export const enrolmentContent = object({
  id: randomId,
  custodian: organisationId,
  /** A key of the patient: signs evidence for this custodian. */
  signingKey: ed25519Key,
  /** The custodian seals wrapping keys of this epoch to it. */
  sealingKey,
  mailbox,
  /** The handle of head 1, opened beforehand. */
  head: hash,
  madeAt: seconds,
})
export type Enrolment = Infer<typeof enrolmentContent>

/** Signed by the wallet's key for this custodian: it holds the key that it enrols. */
export const enrolment = object({ content: enrolmentContent, wallet: inner })
export type SignedEnrolment = Infer<typeof enrolment>
