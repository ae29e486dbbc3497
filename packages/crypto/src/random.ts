import { platform } from '#platform'
import type { RandomBytes } from './platform/platform.ts'

export type { RandomBytes } from './platform/platform.ts'

/** The operating system's randomness. Only an app names it; libraries are handed a `RandomBytes`. */
export const systemRandom: RandomBytes = (length) => platform.randomBytes(length)
