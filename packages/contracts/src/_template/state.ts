/** What is remembered, and what each event changes. */
import { type Infer, object, uint } from '@plexus/codec'
import { collection, type Evolve, organisationId } from '@plexus/kernel'
import type { Event } from './events.ts'

const entry = object({ member: organisationId, since: uint() })
export type Entry = Infer<typeof entry>

export const state = {
  /** By the entry's key. */
  entries: collection(entry),
}

export const evolve: Evolve<typeof state, Event> = {
  entered({ entries }, { key, member, height }) {
    entries.set(key, { member, since: height })
  },
  withdrawn({ entries }, { key }) {
    entries.delete(key)
  },
}
