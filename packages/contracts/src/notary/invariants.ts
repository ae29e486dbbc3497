/** What always holds of batches and handles. */
import type { Invariants } from '@plexus/kernel'
import type { state } from './state.ts'
import { sizeClasses } from './transactions.ts'

export const invariants: Invariants<typeof state> = {
  'a posted batch never changes': ({ batches }, before) =>
    [...before.batches.entries()].every(([root, { member, leaves, height }]) => {
      const now = batches.get(root)
      return now?.member === member && now.leaves === leaves && now.height === height
    }),

  'a batch has a size class': ({ batches }) =>
    [...batches.entries()].every(([, { leaves }]) => sizeClasses.includes(leaves)),

  'no handle is forgotten, and a closed one stays as it is': ({ handles }, before) =>
    [...before.handles.entries()].every(([id, { status, opened, closed, sponsor }]) => {
      const now = handles.get(id)
      if (now?.opened !== opened || now.sponsor !== sponsor) return false
      return status === 'open' || (now.status === status && now.closed === closed)
    }),

  'a handle is closed exactly when it names the height of its closing': ({ handles }, _before, { height }) =>
    [...handles.entries()].every(([, { status, opened, closed }]) =>
      status === 'open' ? closed === null : closed !== null && opened <= closed && closed <= height,
    ),

  "a handle closes by its own key's signature only": ({ handles }, before, { signers }) =>
    [...handles.entries()].every(
      ([id, { status }]) =>
        status === 'open' || before.handles.get(id)?.status === 'closed' || signers.some(({ handle }) => handle === id),
    ),
}
