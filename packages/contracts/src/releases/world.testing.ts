import { fromHex, toHex } from '@plexus/codec'
import type { ContractWorld, Proposal, World } from '../world.testing.ts'
import { type ReleasesTransaction, releases, type SoftwareLine } from './index.ts'
import type { Channel } from './values.ts'

type Propose = (world: World) => Proposal<ReleasesTransaction>

const lines = ['plexus-node', 'plexus-pages'] as const
const channels: readonly Channel[] = ['candidate', 'stable']
const digestsMax = 40
/** So few that a version is met again, and so many that a history does not run out of higher ones. */
const patchesMax = 12

export const contractWorld: ContractWorld = {
  propose(world) {
    const known = [...world.view(releases).lines.entries()]
    if (known.length === 0 || world.random.oneIn(12)) return openLine(world)
    return world.random.pick(proposals)(world)
  },
}

/** Keys with which these govern. */
const governing = (world: World, organisations: readonly string[]) =>
  organisations.flatMap((each) => world.keysOf(each, 'governance').slice(0, 1))

/** Mostly as a line should have them. */
function someReviewers(world: World, publisher: string) {
  const { random, members } = world
  const others = members.filter((each) => random.oneIn(16) || each !== publisher)
  const chosen = others.filter(() => !random.oneIn(3))
  const reviewers = chosen.length > 0 ? chosen : [random.pick(members)]
  const quorum = Math.floor(reviewers.length / 2) + 1
  return { reviewers, threshold: random.oneIn(6) ? random.below(5) : quorum }
}

const openLine: Propose = (world) => {
  const { random } = world
  const sponsor = world.someMember()
  const { reviewers, threshold } = someReviewers(world, sponsor)
  const kind = random.pick(['package', 'pages'] as const)
  return {
    transaction: { type: 'open-line', line: random.pick(lines), kind, reviewers, threshold },
    sponsor,
    signers: governing(world, [sponsor, ...(random.oneIn(6) ? [] : reviewers)]),
  }
}

/** A line, or now and then one that nobody opens. */
function someLine(world: World): readonly [string, SoftwareLine | undefined] {
  const { random } = world
  const known = [...world.view(releases).lines.entries()]
  return known.length === 0 || random.oneIn(15) ? ['no-such-line', undefined] : random.pick(known)
}

const changeReviewers: Propose = (world) => {
  const { random } = world
  const [line, known] = someLine(world)
  const { reviewers, threshold } = someReviewers(world, known?.publisher ?? '')
  const agreeing = (known?.reviewers ?? []).slice(0, random.oneIn(4) ? 0 : known?.threshold)
  return {
    transaction: { type: 'change-reviewers', line, reviewers, threshold },
    sponsor: world.someMember(),
    signers: governing(world, [...agreeing, ...reviewers]),
  }
}

const announce: Propose = (world) => {
  const { random, height } = world
  const { builds } = world.view(releases)
  const known = [...builds.entries()]
  // What one channel has tried goes on to the other.
  if (known.length > 0 && random.oneIn(3)) {
    const [id, { line, version, size }] = random.pick(known)
    const said = { line, version: random.oneIn(8) ? { ...version, patch: version.patch + 1 } : version, size }
    return announced(world, { ...said, digest: fromHex(id), activeFrom: height })
  }
  const [line] = someLine(world)
  return announced(world, {
    line,
    version: { major: 1, minor: random.below(2), patch: random.below(patchesMax) },
    digest: new Uint8Array(32).fill(random.below(digestsMax)),
    size: 1_000,
    activeFrom: height + random.below(6),
  })
}

function announced(
  world: World,
  said: Omit<Extract<ReleasesTransaction, { readonly type: 'announce' }>, 'type' | 'channel'>,
): Proposal<ReleasesTransaction> {
  const { random } = world
  const publisher = world.view(releases).lines.get(said.line)?.publisher
  const sponsor = publisher === undefined || random.oneIn(10) ? world.someMember() : publisher
  const transaction = { type: 'announce', channel: random.pick(channels), ...said } as const
  return { transaction, sponsor, signers: governing(world, [sponsor]) }
}

const digestIn = (key: string): string => key.slice(0, key.indexOf('/'))

/** Mostly of a release that waits, by one of its reviewers. */
const approve: Propose = (world) => {
  const { random } = world
  const view = world.view(releases)
  const all = [...view.releases.entries()]
  const waiting = all.filter(([key, { approved }]) => !(approved ?? view.builds.get(digestIn(key))?.withdrawn))
  if (all.length === 0 || random.oneIn(20)) {
    const digest = new Uint8Array(32).fill(random.below(digestsMax))
    return approval(world, { digest, channel: random.pick(channels) }, world.someMember())
  }
  const [key] = random.pick(waiting.length === 0 || random.oneIn(5) ? all : waiting)
  const id = digestIn(key)
  const channel = key.slice(id.length + 1) as Channel
  const line = view.lines.get(view.builds.get(id)?.line ?? '')
  const reviewer = random.oneIn(8) || !line ? world.someMember() : random.pick(line.reviewers)
  return approval(world, { digest: fromHex(id), channel }, reviewer)
}

const approval = (
  world: World,
  of: { readonly digest: Uint8Array; readonly channel: Channel },
  sponsor: string,
): Proposal<ReleasesTransaction> => ({
  transaction: { type: 'approve', ...of },
  sponsor,
  signers: governing(world, [sponsor]),
})

const withdraw: Propose = (world) => {
  const { random } = world
  const { builds, lines: known } = world.view(releases)
  const all = [...builds.entries()]
  const digest = new Uint8Array(32).fill(random.below(digestsMax))
  const [id, line] =
    all.length === 0 || random.oneIn(20)
      ? [toHex(digest), undefined]
      : random.pick(all.map(([each, build]) => [each, known.get(build.line)] as const))
  const transaction = {
    type: 'withdraw',
    digest: fromHex(id),
    reason: random.pick(['insecure', 'unsafe', 'wrong-build'] as const),
  } as const
  if (line && random.oneIn(3))
    return { transaction, sponsor: world.someMember(), signers: governing(world, line.reviewers) }
  const sponsor = line && !random.oneIn(4) ? line.publisher : world.someMember()
  return { transaction, sponsor, signers: governing(world, [sponsor]) }
}

const proposals: readonly Propose[] = [
  changeReviewers,
  announce,
  announce,
  announce,
  ...Array.from({ length: 6 }, () => approve),
  withdraw,
]
