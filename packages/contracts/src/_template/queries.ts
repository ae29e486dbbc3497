/** What can be looked up. */
import type { View } from '@plexus/kernel'
import type { Entry, state } from './state.ts'

export const queries = { entry }

function entry({ entries }: View<typeof state>, key: string): Entry | undefined {
  return entries.get(key)
}
