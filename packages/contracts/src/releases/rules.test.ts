import { toHex } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { type Network, network } from '../network.testing.ts'
import { type ReleasesTransaction, releases } from './index.ts'

type Announcement = Extract<ReleasesTransaction, { readonly type: 'announce' }>

const members = ['alder', 'birch', 'cedar', 'elm', 'fir']
const reviewers = ['birch', 'cedar', 'elm']
const digest = new Uint8Array(32).fill(7)
const otherDigest = new Uint8Array(32).fill(8)
const on = { digest, channel: 'stable' } as const
const version = { major: 1, minor: 4, patch: 0 }

/** Says it as the first of these members, with the keys by which all of them govern. */
function say(world: Network, transaction: ReleasesTransaction, ...by: readonly string[]): string {
  const signers = by.flatMap((member) => world.officeKeys[members.indexOf(member)] ?? [])
  return world.submit(releases, transaction, { sponsor: by[0] as string, signers })
}

const opening = { type: 'open-line', line: 'plexus-node', kind: 'package', reviewers, threshold: 2 } as const
const announcement: Announcement = {
  type: 'announce',
  line: 'plexus-node',
  version,
  size: 48_000_000,
  activeFrom: 0,
  ...on,
}
const approval = { type: 'approve', ...on } as const
const withdrawal = { type: 'withdraw', digest, reason: 'insecure' } as const

/** A line that alder publishes, and birch, cedar and elm review: two of the three approve. */
function opened(): Network {
  const world = network()
  expect(say(world, opening, 'alder', ...reviewers)).toBe('accepted')
  return world
}

/** The same with a release that nobody has approved yet. */
function announced(of: Partial<Announcement> = {}): Network {
  const world = opened()
  expect(say(world, { ...announcement, ...of }, 'alder')).toBe('accepted')
  return world
}

/** The same, approved. */
function approved(of: Partial<Announcement> = {}): Network {
  const world = announced(of)
  for (const reviewer of ['birch', 'cedar']) expect(say(world, approval, reviewer)).toBe('accepted')
  return world
}

const standing = (world: Network, height: number) => releases.queries.standing(world.view(releases), { ...on, height })

describe('a line', () => {
  test('is opened by its publisher, with the signatures of those who will review it', () => {
    expect(releases.queries.line(opened().view(releases), 'plexus-node')).toEqual({
      publisher: 'alder',
      kind: 'package',
      reviewers,
      threshold: 2,
      term: 1,
      since: 1,
    })
  })

  test('scope-missing: a key that only sponsors opens no line', () => {
    expect(network().submit(releases, opening, { sponsor: 'alder' })).toBe('scope-missing')
  })

  test('line-known: a name is given once', () => {
    const others = { ...opening, reviewers: ['cedar'], threshold: 1 }
    expect(say(opened(), others, 'birch', 'cedar')).toBe('line-known')
  })

  test('threshold-wrong: two groups of reviewers that could each approve share one', () => {
    for (const threshold of [0, 1, 4])
      expect(say(network(), { ...opening, threshold }, 'alder', ...reviewers)).toBe('threshold-wrong')
  })

  test('publisher-reviews: nobody approves what it built itself', () => {
    const own = { ...opening, reviewers: ['alder', 'birch', 'cedar'] }
    expect(say(network(), own, 'alder', 'birch', 'cedar')).toBe('publisher-reviews')
  })

  test('reviewer-silent: nobody is named who did not sign', () => {
    expect(say(network(), opening, 'alder', 'birch', 'cedar')).toBe('reviewer-silent')
  })
})

describe('reviewers', () => {
  const change = { type: 'change-reviewers', line: 'plexus-node', reviewers: ['elm', 'fir'], threshold: 2 } as const

  test('change by as many as approve, and by all who come; anybody carries it', () => {
    const world = opened()
    expect(say(world, change, 'fir', 'birch', 'cedar', 'elm')).toBe('accepted')
    expect(releases.queries.line(world.view(releases), 'plexus-node')).toMatchObject({
      reviewers: ['elm', 'fir'],
      threshold: 2,
      term: 2,
      since: 2,
    })
  })

  test('begin anew with what is not yet approved: elm says again what it said before', () => {
    const world = announced()
    say(world, approval, 'elm')
    say(world, change, 'fir', 'birch', 'cedar', 'elm')
    expect(say(world, approval, 'fir')).toBe('accepted')
    expect(standing(world, 9)).toBe('announced')
    expect(say(world, approval, 'elm')).toBe('accepted')
    expect(standing(world, 9)).toBe('active')
  })

  test('quorum-missing: one of three, with all who would come, changes nothing', () => {
    expect(say(opened(), change, 'fir', 'elm')).toBe('quorum-missing')
  })

  test('line-unknown: of a line that nobody opened there are none', () => {
    expect(say(network(), change, 'fir', 'elm')).toBe('line-unknown')
  })
})

describe('a release', () => {
  test('is active from the block after the approval that was wanting', () => {
    const world = announced()
    expect(say(world, approval, 'birch')).toBe('accepted')
    expect(standing(world, 9)).toBe('announced')
    expect(say(world, approval, 'cedar')).toBe('accepted')
    expect([1, 2, 3, 4, 5].map((height) => standing(world, height))).toEqual([
      'unknown',
      'announced',
      'announced',
      'approved',
      'active',
    ])
    expect(releases.queries.head(world.view(releases), { line: 'plexus-node', channel: 'stable' })).toEqual({
      digest,
      version,
    })
  })

  test('is not active before the height that was announced', () => {
    const world = approved({ activeFrom: 40 })
    expect([39, 40].map((height) => standing(world, height))).toEqual(['approved', 'active'])
  })

  test('goes on, the same bytes, from those who tried it to everybody', () => {
    const world = announced({ channel: 'candidate' })
    for (const reviewer of ['birch', 'cedar']) say(world, { ...approval, channel: 'candidate' }, reviewer)
    expect(standing(world, 9)).toBe('unknown')
    expect(say(world, announcement, 'alder')).toBe('accepted')
    expect(standing(world, 9)).toBe('announced')
  })

  test('stands in nobody’s way while it is not approved', () => {
    const world = announced({ version: { major: 999_999, minor: 0, patch: 0 } })
    expect(say(world, { ...announcement, digest: otherDigest }, 'alder')).toBe('accepted')
  })

  test('not-its-publisher: nobody announces on the line of another', () => {
    expect(say(opened(), announcement, 'birch')).toBe('not-its-publisher')
  })

  test('digest-known: a digest is one version of one line with one length, announced on a channel once', () => {
    const world = announced()
    expect(say(world, announcement, 'alder')).toBe('digest-known')
    for (const other of [{ version: { ...version, patch: 1 } }, { size: 1 }])
      expect(say(world, { ...announcement, channel: 'candidate', ...other }, 'alder')).toBe('digest-known')
  })

  test('version-taken: a version has one digest', () => {
    expect(say(announced(), { ...announcement, channel: 'candidate', digest: otherDigest }, 'alder')).toBe(
      'version-taken',
    )
  })

  test('version-not-higher: nobody is led back to an older version', () => {
    const older = { ...announcement, digest: otherDigest, version: { major: 1, minor: 3, patch: 99 } }
    expect(say(approved(), older, 'alder')).toBe('version-not-higher')
  })

  test('version-not-higher: nor by one that was announced before and approved late', () => {
    const world = announced()
    const newer = { ...announcement, digest: otherDigest, version: { major: 1, minor: 10, patch: 0 } }
    say(world, newer, 'alder')
    for (const reviewer of ['birch', 'cedar']) say(world, { ...approval, digest: otherDigest }, reviewer)
    expect(say(world, approval, 'elm')).toBe('version-not-higher')
  })

  test('not-a-reviewer: neither the publisher nor another member approves', () => {
    for (const member of ['alder', 'fir']) expect(say(announced(), approval, member)).toBe('not-a-reviewer')
  })

  test('approval-known: a reviewer counts once', () => {
    const world = announced()
    say(world, approval, 'birch')
    expect(say(world, approval, 'birch')).toBe('approval-known')
  })

  test('already-approved: what is approved needs no more', () => {
    expect(say(approved(), approval, 'elm')).toBe('already-approved')
  })

  test('release-unknown: what was not announced on this channel is approved and withdrawn by nobody', () => {
    expect(say(announced(), { ...approval, channel: 'candidate' }, 'birch')).toBe('release-unknown')
    expect(say(opened(), withdrawal, 'alder')).toBe('release-unknown')
  })
})

describe('a withdrawal', () => {
  test('by the publisher ends a release from this block on, with its reason', () => {
    const world = approved()
    expect(say(world, withdrawal, 'alder')).toBe('accepted')
    expect([4, 5, 6].map((height) => standing(world, height))).toEqual(['approved', 'withdrawn', 'withdrawn'])
    expect(releases.queries.build(world.view(releases), toHex(digest))?.withdrawn).toEqual({
      reason: 'insecure',
      height: 5,
    })
  })

  test('by as many reviewers as approve needs no publisher', () => {
    expect(say(approved(), withdrawal, 'birch', 'elm')).toBe('accepted')
  })

  test('quorum-missing: one reviewer, or another member, withdraws nothing', () => {
    for (const member of ['birch', 'fir']) expect(say(approved(), withdrawal, member)).toBe('quorum-missing')
  })

  test('digest-withdrawn: it is neither announced, nor approved, nor withdrawn again', () => {
    const world = announced()
    say(world, withdrawal, 'alder')
    expect(say(world, { ...announcement, channel: 'candidate' }, 'alder')).toBe('digest-withdrawn')
    expect(say(world, approval, 'birch')).toBe('digest-withdrawn')
    expect(say(world, withdrawal, 'alder')).toBe('digest-withdrawn')
  })
})
