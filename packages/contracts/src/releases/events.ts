/** What happened to product lines and their releases. */
import { type Infer, uint, variant } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'
import { channel, digest, kind, lineName, reviewerSet, sizeMax, version, withdrawalReason } from './values.ts'

export const event = variant({
  'line-opened': {
    line: lineName,
    publisher: organisationId,
    kind,
    reviewers: reviewerSet,
    threshold: uint(),
    height: uint(),
  },
  'reviewers-changed': { line: lineName, reviewers: reviewerSet, threshold: uint(), height: uint() },
  'release-announced': {
    line: lineName,
    channel,
    version,
    digest,
    size: uint(sizeMax),
    activeFrom: uint(),
    height: uint(),
  },
  /** One reviewer's approval, in this term of the line's reviewers. */
  'release-reviewed': { digest, channel, reviewer: organisationId, term: uint(), height: uint() },
  /** Enough of them: active from the first transaction of the block `activeAt` on. */
  'release-approved': { digest, channel, activeAt: uint(), height: uint() },
  'digest-withdrawn': { digest, reason: withdrawalReason, height: uint() },
})

export type Event = Infer<typeof event>
