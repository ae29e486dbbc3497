/** The receipt bundle: all that a third party needs to check one access off-line. And the notices that carry it to a wallet. */
import { bytes, type Infer, list, object, oneOf, option, text, uint, variant } from '@plexus/codec'
import { opening, signedHeader, stateProof } from '@plexus/kernel'
import { caseNotices } from './case.ts'
import { bookWordBytesMax, contractName, hash, inner, organisationId, randomId, seconds, segment } from './fields.ts'
import { releaseNoteContent } from './receipt.ts'
import { reviewNotices } from './review.ts'

/** One entry of the ledger's state with its proof; null when the proof shows that there is none. */
export const stateFact = object({ key: text({ max: 200 }), value: option(bytes({ max: 8192 })), proof: stateProof })
export type StateFact = Infer<typeof stateFact>

/**
 * A statement, shown to be committed: opening → batch root → envelope that posted the root → block → signed header, and
 * the keys and organisations concerned in the state on which that block ran (the root that its header carries).
 */
export const committed = object({
  opening,
  envelope: bytes({ max: 64 * 1024 }),
  index: uint(),
  count: uint(),
  path: list(hash, { max: 40 }),
  header: signedHeader,
  stateRoot: hash,
  historyRoot: hash,
  facts: list(stateFact, { max: 8 }),
})
export type Committed = Infer<typeof committed>

/** Signed by a key of the custodian with the scope `custodian`. */
export const releaseNote = object({ content: releaseNoteContent, signature: inner })
export type SignedReleaseNote = Infer<typeof releaseNote>

export const receiptBundle = object({
  /** Null for a read by the custodian's own staff. */
  intent: option(committed),
  receipt: committed,
  /** Null when nothing was released. */
  note: option(releaseNote),
})
export type ReceiptBundle = Infer<typeof receiptBundle>

/** Room for two statements with proofs. */
export const bundleBytesMax = 256 * 1024

/** What a wallet finds in its mailbox, sealed to it. */
export const notice = variant({
  /** An access, told by each of its two sides. */
  access: { from: oneOf('custodian', 'requester'), teller: organisationId, bundle: bytes({ max: bundleBytesMax }) },
  /** The wrapping key of a segment's epoch, once. */
  'wrapping-key': { custodian: organisationId, segment, epoch: uint(), key: bytes({ length: 32 }) },
  /** The custodian holds a new directive set. */
  'set-in-force': { custodian: organisationId, version: uint(), height: uint(), madeAt: seconds },
  /** The custodian could not take a directive set that was brought to it. */
  'set-refused': { custodian: organisationId, code: text({ max: 40 }), madeAt: seconds },
  /** An entry of the record was corrected, and how many receivers were told. */
  corrected: {
    custodian: organisationId,
    record: randomId,
    kind: oneOf('entered-in-error', 'superseded'),
    receivers: uint(),
    madeAt: seconds,
  },
  /** From the book of a contract; whoever keeps the wallet's things of that contract reads it. */
  book: { teller: organisationId, contract: contractName, body: bytes({ max: bookWordBytesMax }) },
  ...caseNotices,
  ...reviewNotices,
})
export type Notice = Infer<typeof notice>
export const noticeBytesMax = bundleBytesMax + 4096
