/** What is remembered of batches and handles, and what each event changes. */
import { type Infer, object, oneOf, option, toHex, uint } from '@plexus/codec'
import { collection, type Evolve, organisationId } from '@plexus/kernel'
import type { Event } from './events.ts'

const batch = object({ member: organisationId, leaves: uint(), height: uint() })
export type Batch = Infer<typeof batch>

const handle = object({
  status: oneOf('open', 'closed'),
  opened: uint(),
  /** The height of the closing, or null while it is open. */
  closed: option(uint()),
  /** The member that carried the opening: any member will do, and it says nothing about whose handle it is. */
  sponsor: organisationId,
})
export type Handle = Infer<typeof handle>

export const state = {
  /** By the root in hexadecimal. */
  batches: collection(batch),
  /** By the handle in hexadecimal. */
  handles: collection(handle),
}

export const evolve: Evolve<typeof state, Event> = {
  'batch-posted'({ batches }, { root, member, leaves, height }) {
    batches.set(toHex(root), { member, leaves, height })
  },
  'handles-opened'(draft, { handles, sponsor, height }) {
    for (const each of handles)
      draft.handles.set(toHex(each), { status: 'open', opened: height, closed: null, sponsor })
  },
  'handle-closed'({ handles }, { handle, height }) {
    const id = toHex(handle)
    const known = handles.get(id)
    if (!known) throw new Error('a handle was closed that was never opened')
    handles.set(id, { ...known, status: 'closed', closed: height })
  },
}
