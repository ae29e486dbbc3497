import { platform } from '#platform'
import type { RunningHash } from './platform/streams.ts'

export type { RunningHash } from './platform/streams.ts'

/** SHA-256 (FIPS 180-4) of bytes that come piece by piece and are never held whole. */
export function runningSha256(): RunningHash {
  return platform.runningSha256()
}
