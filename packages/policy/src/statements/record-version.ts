import { type Infer, object, oneOf, option, text, uint } from '@plexus/codec'
import { hash, organisationId, randomId, resourceType, seconds, segment } from './fields.ts'

/** One version of one record, sealed at its custodian. It names no patient: a receipt says whose it was. */
export const recordVersion = object({
  custodian: organisationId,
  /** Names this version; random. */
  record: randomId,
  /** Counts the versions of one resource at its custodian, from 1. */
  version: uint(),
  /** The version that this one takes the place of. */
  replaces: option(randomId),
  status: oneOf('current', 'entered-in-error'),
  segment,
  resourceType,
  contentType: text({ min: 3, max: 80 }),
  ciphertextHash: hash,
  plaintextHash: hash,
  /** Bytes of the plaintext. */
  length: uint(),
  /** Place in the record chain of (patient, custodian, segment), from 1, and the chain's head before it. */
  position: uint(),
  previousHead: hash,
  madeAt: seconds,
})
export type RecordVersion = Infer<typeof recordVersion>
