/** Why a transaction about organisations and keys was refused, in order of precedence. */
import type { Rejections } from '@plexus/kernel'
import type { Scope } from '../scopes.ts'

export type Rejection =
  | { readonly type: 'only-by-contract' }
  | { readonly type: 'scope-missing'; readonly scope: Scope }
  | { readonly type: 'identifier-taken'; readonly id: string }
  | { readonly type: 'key-unknown' }
  | { readonly type: 'not-hosted'; readonly organisation: string }
  | { readonly type: 'limit-reached'; readonly of: 'tenants' | 'keys'; readonly max: number }
  | { readonly type: 'key-known' }
  | { readonly type: 'scope-not-for-tenants' }
  | { readonly type: 'scope-only-by-founding'; readonly scope: Scope }
  | { readonly type: 'key-revoked' }
  | { readonly type: 'last-key-of-scope'; readonly scope: Scope }
  | { readonly type: 'member-unknown'; readonly member: string }
  | { readonly type: 'last-active-member' }
  | { readonly type: 'day-not-over'; readonly day: number; readonly today: number }
  | { readonly type: 'day-too-old'; readonly day: number; readonly oldest: number }
  | { readonly type: 'counts-already-posted'; readonly custodian: string; readonly day: number }
  | { readonly type: 'count-not-rounded'; readonly asker: string }
  | { readonly type: 'asker-unknown'; readonly asker: string }

export const rejections: Rejections<Rejection> = {
  'only-by-contract': { code: 1, says: 'Only another contract may ask for this, never an envelope.' },
  'scope-missing': { code: 2, says: 'No key with the scope that this needs signed for the organisation concerned.' },
  'identifier-taken': { code: 3, says: 'A member or a tenant already has this identifier.' },
  'key-unknown': { code: 4, says: 'No such key is registered.' },
  'not-hosted': { code: 5, says: 'The organisation is neither the sponsor nor a tenant of the sponsor.' },
  'limit-reached': { code: 6, says: 'The sponsor has registered as many of these as one member may.' },
  'key-known': { code: 7, says: 'The key is already registered, or was once and is revoked.' },
  'scope-not-for-tenants': { code: 8, says: "A tenant's key speaks for custody only." },
  'scope-only-by-founding': { code: 9, says: 'This scope is given by the founding of the network only.' },
  'key-revoked': { code: 10, says: 'The key is already revoked.' },
  'last-key-of-scope': {
    code: 11,
    says: "It is the member's last active key with this scope; register another first.",
  },
  'member-unknown': { code: 12, says: 'No such member exists.' },
  'last-active-member': { code: 13, says: 'The vote would leave no active member.' },
  'day-not-over': { code: 14, says: 'The day is not over by block time.' },
  'day-too-old': { code: 15, says: 'The day lies before the window in which counts weigh.' },
  'counts-already-posted': { code: 16, says: 'The custodian has already posted its counts of this day.' },
  'count-not-rounded': { code: 17, says: 'A count is zero or not a multiple of five.' },
  'asker-unknown': { code: 18, says: 'An asker is neither a member nor a tenant.' },
}
