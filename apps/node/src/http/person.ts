/** What a person who signed in may not do, and the member's own token may. */
import { type Problem, problem } from './problem.ts'
import type { Person } from './staff-sessions.ts'

/** An emergency needs user verification of the last minute (security: level 1). */
const verifiedSecondsMax = 60

/** Whoever signed in as a person speaks for nobody else. */
export function notInOwnName(person: Person | null, named: string): Problem | null {
  return person && person.npi !== named ? problem('clinician-not-you') : null
}

/** Step-up: whoever signed in as a person shows the passkey again. */
export function notVerified(person: Person | null, now: number): Problem | null {
  return person && now - person.verifiedAt > verifiedSecondsMax ? problem('verified-too-long-ago') : null
}
