/** Whether software may be installed, by what is proven of the ledger: for whoever has no replica. */
import { decode, no, ok, type Result, toHex } from '@plexus/codec'
import {
  releases,
  type SoftwareChannel,
  type SoftwareStanding,
  softwareReleaseKey,
  softwareStandingOf,
} from '@plexus/contracts'
import { stateKey } from '@plexus/kernel'
import { isStateUnder, type ShownState } from '../light/included.ts'

/** SHA-256 of what would be installed, and whom it is to be for. */
export interface Software {
  readonly digest: Uint8Array
  readonly channel: SoftwareChannel
}

/** The entries that say how software stands, by their keys in the state. */
export const softwareEntries = (of: Software): { readonly build: string; readonly release: string } => ({
  build: stateKey(releases.name, 'builds', toHex(of.digest)),
  release: stateKey(releases.name, 'releases', softwareReleaseKey(of)),
})

/** Of one header: both entries, or that one of them is not there. */
export interface ShownSoftware {
  readonly build: ShownState
  readonly release: ShownState
}

export type SoftwareRefusal =
  /** An entry is another one, is not under the header, or is not readable. */
  | { readonly type: 'not-shown'; readonly entry: 'build' | 'release' }
  /** The header shows the state after the block before it: of later heights it says nothing. */
  | { readonly type: 'not-yet'; readonly heightMax: number }

/**
 * How software stands at `height`, under a header that there is reason to believe: signed by the key that orders, or verified by a
 * light client. What is not `active` is not installed; what is refused neither. Not proven: that the header is the newest.
 */
export function checkSoftware(
  header: { readonly height: number; readonly appHash: Uint8Array },
  shown: ShownSoftware,
  { height, ...of }: Software & { readonly height: number },
): Result<SoftwareStanding, SoftwareRefusal> {
  if (height >= header.height) return no({ type: 'not-yet', heightMax: header.height - 1 })
  const keys = softwareEntries(of)
  for (const entry of ['build', 'release'] as const)
    if (shown[entry].key !== keys[entry] || !isStateUnder(header, shown[entry])) return no({ type: 'not-shown', entry })
  const build = shown.build.value && decode(releases.state.builds.value, shown.build.value)
  if (build?.ok === false) return no({ type: 'not-shown', entry: 'build' })
  const release = shown.release.value && decode(releases.state.releases.value, shown.release.value)
  if (release?.ok === false) return no({ type: 'not-shown', entry: 'release' })
  return ok(softwareStandingOf(build?.value, release?.value, height))
}
