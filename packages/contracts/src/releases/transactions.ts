/** What may be asked of the contract of software releases. */
import { type Infer, uint, variant } from '@plexus/codec'
import { channel, digest, kind, lineName, reviewerSet, sizeMax, version, withdrawalReason } from './values.ts'

export const transaction = variant({
  /** By the publisher, and by every reviewer: nobody is named who does not want it. Of them `threshold` approve. */
  'open-line': { line: lineName, kind, reviewers: reviewerSet, threshold: uint() },
  /** By as many of the reviewers as approve a release, and by all who are to review from now on; anybody carries it. */
  'change-reviewers': { line: lineName, reviewers: reviewerSet, threshold: uint() },
  /**
   * By the publisher. `digest`: SHA-256 of what is installed; `size` is its length in bytes; before the height `activeFrom`
   * it is not active, whoever approves.
   */
  announce: { line: lineName, channel, version, digest, size: uint(sizeMax), activeFrom: uint() },
  /** By a reviewer, who looked at these bytes for this channel. */
  approve: { digest, channel },
  /** By the publisher, or by as many reviewers as approve: on every channel, for good. */
  withdraw: { digest, reason: withdrawalReason },
})

export type Transaction = Infer<typeof transaction>
