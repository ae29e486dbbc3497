/**
 * A patient reads the own chart at one custodian (45 CFR 164.524): what the wallet signs to ask for it, and the pages that
 * come back, each sealed to the key that was enrolled there.
 */
import { bytes, type Infer, list, object, option, uint } from '@plexus/codec'
import { directiveSet } from './directive-set.ts'
import { inner, organisationId, seconds } from './fields.ts'

/** A wallet's request for a page. The enrolment's signing key signs it. */
export const ownRecordRequest = object({
  custodian: organisationId,
  /** Place in the chart of the last record that the wallet has; 0 for all. */
  after: uint(),
  madeAt: seconds,
})
export const signedOwnRecordRequest = object({ content: ownRecordRequest, signature: inner })

/** A page is opened whole, on a phone. */
export const ownRecordsPerPageMax = 200
export const ownRecordPageBytesMax = 8 * 1024 * 1024
/** Statements of record versions are a few hundred bytes. */
const statementBytesMax = 4096

/** A page of a chart, oldest first: only versions that stand and are committed. */
export const ownRecordPage = object({
  records: list(
    object({
      /** Place in the chart. */
      place: uint(),
      /** Canonical `recordVersion`: what the custodian committed. */
      statement: bytes({ max: statementBytesMax }),
      /** Height of the block that carries its leaf, as the custodian says. */
      committedAt: uint(),
      /** As received; null where it is too long for a page, or cannot be opened. */
      content: option(bytes({ max: ownRecordPageBytesMax })),
    }),
    { max: ownRecordsPerPageMax },
  ),
  /** Records after these. */
  more: uint(),
  /** Records of the whole chart that are left out: psychotherapy notes (45 CFR 164.524(a)(1)(i)). */
  leftOut: uint(),
  /** The directive set that the custodian holds: a wallet that came back from paper has none. */
  set: option(directiveSet),
  /** Of the custodian's replica. */
  height: uint(),
})
export type OwnRecordPage = Infer<typeof ownRecordPage>

/** HPKE `info` of a sealed page. */
export const ownRecordInfo = 'plexus/v1/own-record'
/** What is signed is of this type; no statement has its name. */
export const ownRecordRequestType = 'own-record-request'
