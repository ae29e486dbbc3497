/** What can be looked up of product lines and releases. */
import { toHex } from '@plexus/codec'
import type { View } from '@plexus/kernel'
import { type Build, headKey, type Line, type Release, releaseKey, type state } from './state.ts'
import type { Channel } from './values.ts'

type ReleasesView = View<typeof state>

/** How a digest stands on a channel. Only what is `active` is installed; `approved` waits for its height. */
export type Standing = 'unknown' | 'announced' | 'approved' | 'active' | 'withdrawn'

export const queries = { standing, line, build, release, head }

/**
 * At `height`, no higher than that of the state. Nothing is forgotten, so that one proof of the newest state, of the build and of
 * the release, answers for every height before it.
 */
function standing(
  { builds, releases }: ReleasesView,
  of: { readonly digest: Uint8Array; readonly channel: Channel; readonly height: number },
): Standing {
  return standingOf(builds.get(toHex(of.digest)), releases.get(releaseKey(of)), of.height)
}

/** The same from the two entries alone, for whoever has them with proofs: `builds/DIGEST` and `releases/DIGEST/CHANNEL`. */
export function standingOf(build: Build | undefined, release: Release | undefined, height: number): Standing {
  if (!(build && release) || height < release.announced) return 'unknown'
  if (build.withdrawn && build.withdrawn.height <= height) return 'withdrawn'
  if (!release.approved || height < release.approved.height) return 'announced'
  return release.approved.activeAt <= height ? 'active' : 'approved'
}

function line({ lines }: ReleasesView, name: string): Line | undefined {
  return lines.get(name)
}

/** By the digest in hexadecimal. */
function build({ builds }: ReleasesView, digest: string): Build | undefined {
  return builds.get(digest)
}

function release(
  { releases }: ReleasesView,
  of: { readonly digest: Uint8Array; readonly channel: Channel },
): Release | undefined {
  return releases.get(releaseKey(of))
}

/** The highest version that was ever approved on the channel; whoever installs asks `standing` of it too. */
function head(
  { heads }: ReleasesView,
  { line, channel }: { readonly line: string; readonly channel: Channel },
): ReturnType<ReleasesView['heads']['get']> {
  return heads.get(headKey(line, channel))
}
