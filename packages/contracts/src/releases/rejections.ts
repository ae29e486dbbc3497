/** Why a transaction about software releases was refused, in order of precedence. */
import type { Rejections } from '@plexus/kernel'
import type { Scope } from '../scopes.ts'

export type Rejection =
  | { readonly type: 'scope-missing'; readonly scope: Scope }
  | { readonly type: 'line-known'; readonly line: string }
  | { readonly type: 'line-unknown'; readonly line: string }
  | { readonly type: 'threshold-wrong'; readonly reviewers: number }
  | { readonly type: 'publisher-reviews' }
  | { readonly type: 'reviewer-silent'; readonly reviewer: string }
  | { readonly type: 'quorum-missing'; readonly needed: number; readonly signed: number }
  | { readonly type: 'not-its-publisher'; readonly publisher: string }
  | { readonly type: 'release-unknown' }
  | { readonly type: 'digest-withdrawn'; readonly height: number }
  | { readonly type: 'digest-known' }
  | { readonly type: 'version-taken' }
  | { readonly type: 'not-a-reviewer' }
  | { readonly type: 'already-approved'; readonly height: number }
  | { readonly type: 'approval-known' }
  | { readonly type: 'version-not-higher' }

export const rejections: Rejections<Rejection> = {
  'scope-missing': { code: 1, says: 'No key of the sponsor with the scope governance signed.' },
  'line-known': { code: 2, says: 'A product line of this name is already open.' },
  'line-unknown': { code: 3, says: 'No product line of this name was opened.' },
  'threshold-wrong': { code: 4, says: 'More than half of the reviewers approve, and no more than there are.' },
  'publisher-reviews': { code: 5, says: 'The publisher would review its own releases.' },
  'reviewer-silent': { code: 6, says: 'No key with the scope governance of one who is to review signed.' },
  'quorum-missing': { code: 7, says: 'Fewer reviewers signed than approve a release.' },
  'not-its-publisher': { code: 8, says: 'Another member publishes this product line.' },
  'release-unknown': { code: 9, says: 'The digest was never announced, or not on this channel.' },
  'digest-withdrawn': { code: 10, says: 'The digest was withdrawn, for good.' },
  'digest-known': {
    code: 11,
    says: 'The digest is announced on this channel already, or as another version, line or size.',
  },
  'version-taken': { code: 12, says: 'This version of the product line is announced with another digest.' },
  'not-a-reviewer': { code: 13, says: 'The sponsor does not review this product line.' },
  'already-approved': { code: 14, says: 'Enough reviewers have approved the release.' },
  'approval-known': { code: 15, says: 'This reviewer has approved the release.' },
  'version-not-higher': { code: 16, says: 'A version as high or higher is approved on this channel.' },
}
