/** When a product line may be opened, and a release announced, approved and withdrawn. */
import { equalBytes, no, ok, toHex } from '@plexus/codec'
import type { Context, Rules, View } from '@plexus/kernel'
import { signedFor, sponsorSigned } from '../scopes.ts'
import type { Event } from './events.ts'
import type { Rejection } from './rejections.ts'
import { approvalKey, headKey, type Line, numberedKey, releaseKey, type state } from './state.ts'
import type { Transaction } from './transactions.ts'
import { type Channel, type Version, versionKey } from './values.ts'

/** What members run concerns them all: whoever speaks here may also vote. */
const scope = 'governance'

export const rules: Rules<typeof state, Transaction, Event, Rejection> = {
  'open-line'({ lines }, { line, kind, reviewers, threshold }, context) {
    if (!sponsorSigned(context, scope)) return no({ type: 'scope-missing', scope })
    if (lines.get(line)) return no({ type: 'line-known', line })
    const { sponsor: publisher, height } = context
    const refused = reviewersRefusal({ publisher, reviewers, threshold }, context)
    if (refused) return no(refused)
    return ok({ events: [{ type: 'line-opened', line, publisher, kind, reviewers, threshold, height }] })
  },

  // Those who leave agree to those who come: whoever has fewer keys than approve a release changes nothing.
  'change-reviewers'({ lines }, { line, reviewers, threshold }, context) {
    const known = lines.get(line)
    if (!known) return no({ type: 'line-unknown', line })
    const { publisher } = known
    const refused = reviewersRefusal({ publisher, reviewers, threshold }, context) ?? quorumRefusal(known, context)
    if (refused) return no(refused)
    return ok({ events: [{ type: 'reviewers-changed', line, reviewers, threshold, height: context.height }] })
  },

  announce(state, { line, channel, version, digest, size, activeFrom }, context) {
    if (!sponsorSigned(context, scope)) return no({ type: 'scope-missing', scope })
    const known = state.lines.get(line)
    if (!known) return no({ type: 'line-unknown', line })
    if (known.publisher !== context.sponsor) return no({ type: 'not-its-publisher', publisher: known.publisher })
    const build = state.builds.get(toHex(digest))
    if (build?.withdrawn) return no({ type: 'digest-withdrawn', height: build.withdrawn.height })
    const isSame = build?.line === line && versionKey(build.version) === versionKey(version) && build.size === size
    if (build && (!isSame || state.releases.get(releaseKey({ digest, channel })))) return no({ type: 'digest-known' })
    const holder = state.versions.get(numberedKey(line, version))
    if (holder && !equalBytes(holder, digest)) return no({ type: 'version-taken' })
    if (!isHigher(state, { line, channel, version })) return no({ type: 'version-not-higher' })
    const { height } = context
    return ok({ events: [{ type: 'release-announced', line, channel, version, digest, size, activeFrom, height }] })
  },

  approve(state, { digest, channel }, context) {
    const { sponsor: reviewer, height } = context
    if (!sponsorSigned(context, scope)) return no({ type: 'scope-missing', scope })
    const of = { digest, channel }
    const release = state.releases.get(releaseKey(of))
    const build = state.builds.get(toHex(digest))
    const line = build && state.lines.get(build.line)
    if (!(release && line)) return no({ type: 'release-unknown' })
    if (build.withdrawn) return no({ type: 'digest-withdrawn', height: build.withdrawn.height })
    if (!line.reviewers.includes(reviewer)) return no({ type: 'not-a-reviewer' })
    if (release.approved) return no({ type: 'already-approved', height: release.approved.height })
    const { term } = line
    const before = line.reviewers.filter((each) => state.approvals.get(approvalKey(of, each)) === term)
    if (before.includes(reviewer)) return no({ type: 'approval-known' })
    // Another may have come before it since it was announced.
    if (!isHigher(state, { ...build, channel })) return no({ type: 'version-not-higher' })
    const reviewed = { type: 'release-reviewed', ...of, reviewer, term, height } as const
    if (before.length + 1 < line.threshold) return ok({ events: [reviewed] })
    // From the next block on: all transactions of one block find the same.
    const activeAt = Math.max(release.activeFrom, height + 1)
    return ok({ events: [reviewed, { type: 'release-approved', ...of, activeAt, height }] })
  },

  withdraw({ lines, builds }, { digest, reason }, context) {
    const build = builds.get(toHex(digest))
    const line = build && lines.get(build.line)
    if (!line) return no({ type: 'release-unknown' })
    const isPublisher = line.publisher === context.sponsor && sponsorSigned(context, scope)
    const refused = isPublisher ? undefined : quorumRefusal(line, context)
    if (refused) return no(refused)
    if (build.withdrawn) return no({ type: 'digest-withdrawn', height: build.withdrawn.height })
    return ok({ events: [{ type: 'digest-withdrawn', digest, reason, height: context.height }] })
  },
}

/** Two groups that could each approve share a reviewer; nobody approves what it built itself. */
function reviewersRefusal(
  { publisher, reviewers, threshold }: Pick<Line, 'publisher' | 'reviewers' | 'threshold'>,
  context: Context,
): Rejection | undefined {
  if (threshold > reviewers.length || 2 * threshold <= reviewers.length)
    return { type: 'threshold-wrong', reviewers: reviewers.length }
  if (reviewers.includes(publisher)) return { type: 'publisher-reviews' }
  const silent = reviewers.find((reviewer) => !signedFor(context, reviewer, scope))
  return silent === undefined ? undefined : { type: 'reviewer-silent', reviewer: silent }
}

function quorumRefusal({ reviewers, threshold: needed }: Line, context: Context): Rejection | undefined {
  const signed = reviewers.filter((reviewer) => signedFor(context, reviewer, scope)).length
  return signed < needed ? { type: 'quorum-missing', needed, signed } : undefined
}

/** Compared with what is approved: what was announced and never approved stands in nobody's way. */
function isHigher(
  { heads }: Pick<View<typeof state>, 'heads'>,
  { line, channel, version }: { readonly line: string; readonly channel: Channel; readonly version: Version },
): boolean {
  const head = heads.get(headKey(line, channel))
  return head === undefined || versionKey(head.version) < versionKey(version)
}
