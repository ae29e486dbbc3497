/** Why a transaction was refused, in order of precedence. */
import type { Rejections } from '@plexus/kernel'

export type Rejection =
  | { readonly type: 'already-entered'; readonly key: string }
  | { readonly type: 'not-entered'; readonly key: string }
  | { readonly type: 'not-its-member'; readonly member: string }

export const rejections: Rejections<Rejection> = {
  'already-entered': { code: 1, says: 'The key is already entered.' },
  'not-entered': { code: 2, says: 'The key is not entered.' },
  'not-its-member': { code: 3, says: 'Another member entered the key.' },
}
