/** What is remembered of product lines and releases, and what each event changes. */
import { type Infer, object, option, toHex, uint } from '@plexus/codec'
import { collection, type Draft, type Evolve, organisationId } from '@plexus/kernel'
import type { Event } from './events.ts'
import {
  type Channel,
  digest,
  kind,
  lineName,
  reviewerSet,
  sizeMax,
  type Version,
  version,
  versionKey,
  withdrawalReason,
} from './values.ts'

const line = object({
  publisher: organisationId,
  kind,
  reviewers: reviewerSet,
  threshold: uint(),
  /** Counts changes of the reviewers, from 1: what was said in an earlier term no longer counts. */
  term: uint(),
  /** The height from which these review. */
  since: uint(),
})
export type Line = Infer<typeof line>

const build = object({
  line: lineName,
  version,
  size: uint(sizeMax),
  withdrawn: option(object({ reason: withdrawalReason, height: uint() })),
})
export type Build = Infer<typeof build>

const release = object({
  announced: uint(),
  activeFrom: uint(),
  approved: option(object({ height: uint(), activeAt: uint() })),
})
export type Release = Infer<typeof release>

export const state = {
  /** By name. */
  lines: collection(line),
  /** By the digest in hexadecimal. */
  builds: collection(build),
  /** By `digest/channel`. */
  releases: collection(release),
  /** By `digest/channel/reviewer`: the line's term in which it was approved last. */
  approvals: collection(uint()),
  /** By `line/version`: the one digest that has it. */
  versions: collection(digest),
  /** By `line/channel`: the highest version that was ever approved there, withdrawn or not. */
  heads: collection(object({ digest, version })),
}

export const releaseKey = (of: { readonly digest: Uint8Array; readonly channel: Channel }): string =>
  `${toHex(of.digest)}/${of.channel}`
export const approvalKey = (of: Parameters<typeof releaseKey>[0], reviewer: string): string =>
  `${releaseKey(of)}/${reviewer}`
export const numberedKey = (line: string, of: Version): string => `${line}/${versionKey(of)}`
export const headKey = (line: string, of: Channel): string => `${line}/${of}`

export const evolve: Evolve<typeof state, Event> = {
  'line-opened'({ lines }, { line, publisher, kind, reviewers, threshold, height }) {
    lines.set(line, { publisher, kind, reviewers, threshold, term: 1, since: height })
  },
  'reviewers-changed'({ lines }, { line, reviewers, threshold, height }) {
    const known = lines.get(line)
    if (!known) throw new Error('reviewers changed of a line that was never opened')
    lines.set(line, { ...known, reviewers, threshold, term: known.term + 1, since: height })
  },
  'release-announced'({ builds, releases, versions }, of) {
    const { line, version, digest, size, activeFrom, height } = of
    builds.set(toHex(digest), { line, version, size, withdrawn: null })
    versions.set(numberedKey(line, version), digest)
    releases.set(releaseKey(of), { announced: height, activeFrom, approved: null })
  },
  'release-reviewed'({ approvals }, of) {
    approvals.set(approvalKey(of, of.reviewer), of.term)
  },
  'release-approved'({ builds, releases, heads }, of) {
    const { digest, channel, activeAt, height } = of
    const known = releases.get(releaseKey(of))
    if (!known) throw new Error('a release was approved that was never announced')
    releases.set(releaseKey(of), { ...known, approved: { height, activeAt } })
    const { line, version } = buildOf(builds, digest)
    heads.set(headKey(line, channel), { digest, version })
  },
  'digest-withdrawn'({ builds }, { digest, reason, height }) {
    builds.set(toHex(digest), { ...buildOf(builds, digest), withdrawn: { reason, height } })
  },
}

function buildOf(builds: Draft<typeof state>['builds'], digest: Uint8Array): Build {
  const known = builds.get(toHex(digest))
  if (!known) throw new Error('an event is about a digest that was never announced')
  return known
}
