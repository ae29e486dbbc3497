/** When a batch may be posted, and a handle opened and closed. */
import { no, ok, toHex } from '@plexus/codec'
import type { Rules } from '@plexus/kernel'
import { sponsorSigned } from '../scopes.ts'
import type { Event } from './events.ts'
import type { Rejection } from './rejections.ts'
import type { state } from './state.ts'
import { sizeClasses, type Transaction } from './transactions.ts'

export const rules: Rules<typeof state, Transaction, Event, Rejection> = {
  'post-batch'({ batches }, { root, leaves }, context) {
    const { sponsor: member, height } = context
    if (!sponsorSigned(context, 'batches')) return no({ type: 'scope-missing', scope: 'batches' })
    if (!sizeClasses.includes(leaves)) return no({ type: 'not-a-size-class', leaves })
    if (batches.get(toHex(root))) return no({ type: 'batch-known' })
    return ok({ events: [{ type: 'batch-posted', root, member, leaves, height }] })
  },

  // The sponsor's signature, which the kernel has verified, suffices: the handles' keys stay unseen until their first step.
  'open-handles'(state, { handles }, { sponsor, height }) {
    const known = handles.map(toHex).find((handle) => state.handles.get(handle))
    if (known) return no({ type: 'handle-known', handle: known })
    return ok({ events: [{ type: 'handles-opened', handles, sponsor, height }] })
  },

  'close-handle'({ handles }, { handle }, { signers, height }) {
    const id = toHex(handle)
    const known = handles.get(id)
    if (!known) return no({ type: 'handle-unknown' })
    if (!signers.some((signer) => signer.handle === id)) return no({ type: 'not-its-key' })
    if (known.status === 'closed') return no({ type: 'handle-closed', height: known.closed })
    return ok({ events: [{ type: 'handle-closed', handle, height }] })
  },
}
