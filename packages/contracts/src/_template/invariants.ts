/** What always holds. */
import type { Invariants } from '@plexus/kernel'
import type { state } from './state.ts'

export const invariants: Invariants<typeof state> = {
  'an entry stays with its member': ({ entries }, before) =>
    [...before.entries.entries()].every(([key, { member }]) => (entries.get(key)?.member ?? member) === member),

  'only its member withdraws an entry': ({ entries }, before, { sponsor }) =>
    [...before.entries.entries()].every(([key, { member }]) => entries.get(key) !== undefined || member === sponsor),
}
