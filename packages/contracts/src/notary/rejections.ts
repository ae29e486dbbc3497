/** Why the notary refused, in order of precedence. */
import type { Rejections } from '@plexus/kernel'
import type { Scope } from '../scopes.ts'

export type Rejection =
  | { readonly type: 'scope-missing'; readonly scope: Scope }
  | { readonly type: 'not-a-size-class'; readonly leaves: number }
  | { readonly type: 'batch-known' }
  | { readonly type: 'handle-known'; readonly handle: string }
  | { readonly type: 'handle-unknown' }
  | { readonly type: 'not-its-key' }
  | { readonly type: 'handle-closed'; readonly height: number | null }

export const rejections: Rejections<Rejection> = {
  'scope-missing': { code: 1, says: 'No key of the sponsor with the scope batches signed.' },
  'not-a-size-class': { code: 2, says: 'A batch has 16, 64, 256, 1024 or 4096 leaves.' },
  'batch-known': { code: 3, says: 'A batch with this root is already posted.' },
  'handle-known': { code: 4, says: 'One of the handles is already open, or was and is closed.' },
  'handle-unknown': { code: 5, says: 'No such handle was opened.' },
  'not-its-key': { code: 6, says: "The handle's own key did not sign." },
  'handle-closed': { code: 7, says: 'The handle is already closed.' },
}
