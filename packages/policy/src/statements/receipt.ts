import { type Infer, list, object, option, text, uint, variant } from '@plexus/codec'
import { hash, mailbox, npi, organisationId, seconds, segment } from './fields.ts'

const code = text({ min: 2, max: 40, pattern: /^[a-z0-9-]+$/ })

/** How a custodian answered one intent. */
export const receiptDecision = variant({
  permit: {},
  /** Released in part; each reason is a code. */
  part: { reasons: list(code, { min: 1, max: 8 }) },
  /** `exception`: the paragraph of 45 CFR 171 on which the refusal rests, where that rule applies. */
  refuse: { code, exception: option(text({ max: 20 })) },
  /** Final for its intent: what had been decided no longer stood when it could have been released. */
  void: { code },
  /** A read by the custodian's own people. */
  'own-staff': { clinician: npi },
})

/** The record chain of a segment as the reader may know it: open, or only a commitment that the wallet can open. */
const chainHead = variant({
  open: { segment, count: uint(), head: hash },
  closed: { commitment: hash },
})

export const receipt = object({
  custodian: organisationId,
  /** Statement hash of the intent; of an own-staff read, 32 zero bytes. */
  intent: hash,
  decision: receiptDecision,
  profile: text({ max: 20 }),
  profileVersion: uint(),
  /** Version of the directive head under which it was decided; null without a wallet. */
  headVersion: option(uint()),
  /** RFC 6962 root over the statement hashes of the record versions, in the order of the answer, and how many. */
  recordsRoot: hash,
  recordsCount: uint(),
  chains: list(chainHead, { max: 5 }),
  mailbox: option(mailbox),
  /** From 1, without a gap, for this patient at this custodian. */
  number: uint(),
  /** Statement hash of the receipt before it; zeros for number 1. */
  previous: hash,
  /** The custodian's replica had applied this height when it decided. */
  height: uint(),
  madeAt: seconds,
})
export type Receipt = Infer<typeof receipt>
export type ReceiptDecision = Infer<typeof receiptDecision>

/** Sent with the answer: the height on whose state the custodian decided last. A head closed at or below it proves it wrong. */
export const releaseNoteContent = object({ custodian: organisationId, receipt: hash, height: uint(), madeAt: seconds })
export type ReleaseNote = Infer<typeof releaseNoteContent>
