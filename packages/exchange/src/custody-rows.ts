/** What a custodian keeps of its patients and of each version of their records; the records themselves lie in the vault. */
import { bytes, type Infer, list, object, oneOf, option, text, uint } from '@plexus/codec'
import { coding, directiveSet, enrolment, randomId, resourceType, type Segment, segment } from '@plexus/policy'
import { leafPlace } from './statement-groups.ts'

export const zeroHash: Uint8Array = new Uint8Array(32)

const hash = bytes({ length: 32 })

/** A record as an import brings it. */
export interface IncomingRecord {
  /** The source's own name of the resource ("Observation/…"), by which a later version is known. */
  readonly source: string
  readonly segment: Segment
  readonly resourceType: string
  readonly codes: readonly { readonly system: string; readonly code: string }[]
  readonly contentType: string
  /** Exactly as received. */
  readonly bytes: Uint8Array
  readonly enteredInError: boolean
}

/** Codes beyond these are not used to recognise a label; the record keeps them all. */
export const codesPerRecordMax = 40

export const recordRow = object({
  hash,
  /** Of the version's statement. */
  leaf: leafPlace,
  record: randomId,
  version: uint(),
  /** Sequence in the patient's index. */
  sequence: uint(),
  source: text({ max: 200 }),
  segment,
  resourceType,
  codes: list(coding, { max: codesPerRecordMax }),
  status: oneOf('current', 'entered-in-error', 'erased', 'superseded'),
  contentType: text({ max: 80 }),
  where: object({ object: text({ max: 64 }), offset: uint(), length: uint() }),
  plaintextHash: hash,
  /** The record chain of its segment after it. */
  position: uint(),
  head: hash,
})
export type RecordRow = Infer<typeof recordRow>

export const patientRow = object({
  custodian: text({ max: 40 }),
  patient: text({ max: 64 }),
  enrolment: option(enrolment),
  /** In force; set 1 is empty. */
  set: option(directiveSet),
  receipts: uint(),
  lastReceipt: hash,
  chains: list(object({ segment, count: uint(), head: hash }), { max: 5 }),
  records: uint(),
  /** Wrapping keys that the wallet has been given. */
  given: list(object({ segment, epoch: uint() }), { max: 500 }),
})
export type PatientRow = Infer<typeof patientRow>
