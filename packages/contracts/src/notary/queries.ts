/** What can be looked up of batches and handles. */
import type { View } from '@plexus/kernel'
import type { Batch, Handle, state } from './state.ts'

type NotaryView = View<typeof state>

export const queries = { batch, handle }

/** What is recorded of a batch, by its root in hexadecimal. */
function batch({ batches }: NotaryView, root: string): Batch | undefined {
  return batches.get(root)
}

/** What is recorded of a handle, in hexadecimal. */
function handle({ handles }: NotaryView, id: string): Handle | undefined {
  return handles.get(id)
}
