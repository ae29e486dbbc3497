/** What always holds of product lines and releases. */
import { equalBytes, toHex } from '@plexus/codec'
import type { Context, Invariants, View } from '@plexus/kernel'
import { type Build, type Line, numberedKey, type Release, type state } from './state.ts'
import { versionKey } from './values.ts'

type ReleasesView = View<typeof state>

export const invariants: Invariants<typeof state> = {
  'a line stays with its publisher, which does not review': ({ lines }, before) =>
    [...before.lines.entries()].every(([name, { publisher }]) => lines.get(name)?.publisher === publisher) &&
    [...lines.entries()].every(([, { publisher, reviewers }]) => !reviewers.includes(publisher)),

  'two groups that could each approve share a reviewer': ({ lines }) =>
    [...lines.entries()].every(
      ([, { reviewers, threshold }]) => threshold <= reviewers.length && 2 * threshold > reviewers.length,
    ),

  'reviewers change by as many of them as approve a release, and by all who come': ({ lines }, before, context) =>
    [...before.lines.entries()].every(([name, was]) => {
      const now = lines.get(name)
      if (now === undefined || now.term === was.term) return now !== undefined && sameReviewers(now, was)
      return (
        now.term === was.term + 1 &&
        signed(was, context) >= was.threshold &&
        signed(now, context) === now.reviewers.length
      )
    }),

  'a digest is of one line, one version and one size, for ever': ({ builds }, before) =>
    [...before.builds.entries()].every(([id, was]) => {
      const now = builds.get(id)
      return now !== undefined && identityOf(now) === identityOf(was)
    }),

  'a version of a line has one digest': (view, before) =>
    [...before.versions.entries()].every(([key, digest]) =>
      equalBytes(view.versions.get(key) ?? new Uint8Array(), digest),
    ) &&
    [...view.builds.entries()].every(
      ([id, { line, version }]) => toHex(view.versions.get(numberedKey(line, version)) ?? new Uint8Array()) === id,
    ),

  'a release is approved by as many of its reviewers as it takes, on the bytes that were announced': (view, before) =>
    newlyApproved(view, before).every(([key]) => {
      const line = lineOf(view, key)
      const approvals = [...view.approvals.entries()].filter(
        ([id, term]) =>
          id.startsWith(`${key}/`) && line.reviewers.includes(id.slice(key.length + 1)) && term === line.term,
      )
      return before.releases.get(key) !== undefined && approvals.length >= line.threshold
    }),

  'nobody approves for another': ({ approvals }, before, { sponsor }) =>
    [...approvals.entries()].every(([key, term]) => before.approvals.get(key) === term || key.endsWith(`/${sponsor}`)),

  'what is approved is active after its block, not before the height that was announced, and stays as it is': (
    view,
    before,
  ) =>
    [...view.releases.entries()].every(
      ([, { approved, activeFrom }]) =>
        approved === null || (approved.activeAt > approved.height && approved.activeAt >= activeFrom),
    ) &&
    [...before.releases.entries()].every(([key, was]) => {
      const now = view.releases.get(key)
      if (now?.announced !== was.announced || now.activeFrom !== was.activeFrom) return false
      return was.approved === null || now.approved?.activeAt === was.approved.activeAt
    }),

  'the head of a channel never goes down': ({ heads }, before) =>
    [...before.heads.entries()].every(([key, was]) => {
      const now = heads.get(key)
      if (now === undefined) return false
      const [higher, lower] = [versionKey(now.version), versionKey(was.version)]
      return higher > lower || (higher === lower && equalBytes(now.digest, was.digest))
    }),

  'what is withdrawn stays so, and is not announced or approved again': (view, before) =>
    [...before.builds.entries()].every(([id, { withdrawn }]) => {
      if (withdrawn === null) return true
      const now = view.builds.get(id)?.withdrawn
      return (
        now?.height === withdrawn.height &&
        now.reason === withdrawn.reason &&
        [...view.releases.entries(`${id}/`)].every(([key, release]) => isSame(release, before.releases.get(key)))
      )
    }),

  'whoever withdraws publishes the line, or reviews it with as many others as it takes': (
    { builds },
    before,
    context,
  ) =>
    [...before.builds.entries()].every(([id, was]) => {
      if (was.withdrawn !== null || builds.get(id)?.withdrawn === null) return true
      const line = before.lines.get(was.line)
      return line !== undefined && (line.publisher === context.sponsor || signed(line, context) >= line.threshold)
    }),
}

const sameReviewers = (now: Line, was: Line): boolean =>
  now.threshold === was.threshold && `${now.reviewers}` === `${was.reviewers}`

const identityOf = ({ line, version, size }: Build): string => [line, versionKey(version), size].join()

const isSame = (now: Release, was: Release | undefined): boolean =>
  now.approved?.height === was?.approved?.height && now.announced === was?.announced

/** How many of a line's reviewers signed the envelope. */
const signed = ({ reviewers }: Line, { signers }: Context): number =>
  reviewers.filter((reviewer) =>
    signers.some(({ holder, scopes }) => holder === reviewer && scopes.includes('governance')),
  ).length

function newlyApproved({ releases }: ReleasesView, before: ReleasesView): readonly (readonly [string, Release])[] {
  return [...releases.entries()].filter(([key, { approved }]) => approved && !before.releases.get(key)?.approved)
}

function lineOf({ lines, builds }: ReleasesView, key: string): Line {
  const line = lines.get(builds.get(key.slice(0, key.indexOf('/')))?.line ?? '')
  if (!line) throw new Error('a release is of no line')
  return line
}
