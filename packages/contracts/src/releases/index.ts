import { defineContract } from '@plexus/kernel'
import { event } from './events.ts'
import { invariants } from './invariants.ts'
import { queries } from './queries.ts'
import { rejections } from './rejections.ts'
import { rules } from './rules.ts'
import { evolve, state } from './state.ts'
import { type Transaction, transaction } from './transactions.ts'

/** Software that members run: announced by digest, approved by reviewers, active from a height, withdrawn for good. */
export const releases = defineContract({
  name: 'releases',
  version: 1,
  state,
  transaction,
  event,
  rules,
  rejections,
  evolve,
  queries,
  invariants,
  objects,
})

/** What stays: a line; a build, its version and its release; an approval. */
function objects({ type }: Transaction): number {
  switch (type) {
    case 'announce':
      return 3
    case 'open-line':
    case 'approve':
      return 1
    default:
      return 0
  }
}

export type { Event as ReleasesEvent } from './events.ts'
export { type Standing as SoftwareStanding, standingOf as softwareStandingOf } from './queries.ts'
export type { Rejection as ReleasesRejection } from './rejections.ts'
export {
  type Build as SoftwareBuild,
  type Line as SoftwareLine,
  type Release as SoftwareRelease,
  releaseKey as softwareReleaseKey,
} from './state.ts'
export type { Transaction as ReleasesTransaction } from './transactions.ts'
export type { Channel as SoftwareChannel } from './values.ts'
