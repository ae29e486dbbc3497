/** Why a transaction about discounts, rebates and refunds was refused, in order of precedence. */
import type { Rejections } from '@plexus/kernel'
import type { Group, Programme } from './programmes.ts'
import type { Status } from './state.ts'

export type Rejection =
  | { readonly type: 'terms-unknown' }
  | { readonly type: 'accrual-unknown' }
  | { readonly type: 'nothing-accrued' }
  | { readonly type: 'nothing-proposed' }
  | { readonly type: 'not-its-key'; readonly of: Role }
  | { readonly type: 'exclusivity-spent'; readonly group: Group }
  | { readonly type: 'wrong-status'; readonly status: Status }
  | { readonly type: 'not-displaced-by'; readonly programme: Programme }
  | { readonly type: 'key-known' }
  | { readonly type: 'not-signed' }
  | { readonly type: 'terms-ended'; readonly endsAt: number }
  | { readonly type: 'period-empty' }
  | { readonly type: 'proposal-changed'; readonly number: number }
  | { readonly type: 'in-the-past'; readonly time: number }
  | { readonly type: 'ends-later'; readonly endsAt: number }
  | { readonly type: 'number-wrong'; readonly number: number }

/** Whose key a step takes. */
export type Role = 'proposer' | 'counterpart' | 'tag' | 'claimant' | 'payer' | 'arbiter'

export const rejections: Rejections<Rejection> = {
  'terms-unknown': { code: 1, says: 'No terms have this handle.' },
  'accrual-unknown': { code: 2, says: 'No accrual has this handle.' },
  'nothing-accrued': { code: 3, says: 'Nothing stands on this fill.' },
  'nothing-proposed': { code: 4, says: 'No version of the terms waits for a signature.' },
  'not-its-key': {
    code: 5,
    says: "The key of the terms' proposer or counterpart, of the fill's tag, of the claimant, the payer or the arbiter did not sign.",
  },
  'exclusivity-spent': { code: 6, says: 'This fill already bears a discount of the group.' },
  'wrong-status': { code: 7, says: 'The accrual does not stand where this step begins.' },
  'not-displaced-by': { code: 8, says: 'Only another programme of the same group takes the place of one.' },
  'key-known': { code: 9, says: 'The key was used before: each object takes fresh ones.' },
  'not-signed': { code: 10, says: 'No version of the terms is signed by both.' },
  'terms-ended': { code: 11, says: 'The terms are over.' },
  'period-empty': { code: 12, says: 'The version would end before it begins.' },
  'proposal-changed': { code: 13, says: 'Another version than this one waits for a signature.' },
  'in-the-past': { code: 14, says: 'Terms do not end in the past.' },
  'ends-later': { code: 15, says: 'The terms end earlier already.' },
  'number-wrong': { code: 16, says: 'Settlements of terms are numbered one after the other.' },
}
