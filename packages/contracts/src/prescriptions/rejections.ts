/** Why a transaction about prescriptions was refused, in order of precedence. */
import type { Rejections } from '@plexus/kernel'
import type { Scope } from '../scopes.ts'
import type { LimitsName } from './limits.ts'
import type { Status } from './state.ts'

export type Rejection =
  | { readonly type: 'scope-missing'; readonly scope: Scope }
  | { readonly type: 'registrar-missing' }
  | { readonly type: 'handle-known'; readonly handle: string }
  | { readonly type: 'issued-day-wrong'; readonly issuedDay: number; readonly today: number }
  | { readonly type: 'too-many-refills'; readonly limits: LimitsName; readonly max: number }
  | { readonly type: 'days-out-of-order' }
  | { readonly type: 'ends-too-late'; readonly limits: LimitsName; readonly latestDay: number }
  | { readonly type: 'fill-unknown' }
  | { readonly type: 'item-unknown' }
  | { readonly type: 'item-ended'; readonly status: Status }
  | { readonly type: 'held-by-another' }
  | { readonly type: 'not-its-key'; readonly of: 'prescriber' | 'patient' | 'claimant' | 'holder' }
  | { readonly type: 'past-its-end'; readonly endsAt: number; readonly time: number }
  | { readonly type: 'marked-for-cancellation'; readonly height: number }
  | { readonly type: 'wrong-status'; readonly status: Status }
  | { readonly type: 'partly-filled' }
  | { readonly type: 'nothing-filled' }
  | { readonly type: 'no-refills-left' }
  | { readonly type: 'too-early'; readonly startsAt: number; readonly time: number }
  | { readonly type: 'holders-spent'; readonly max: number }
  | { readonly type: 'remainder-over'; readonly endsAt: number; readonly time: number }
  | { readonly type: 'more-than-authorised'; readonly max: number }
  | { readonly type: 'level-not-above'; readonly level: number }
  | { readonly type: 'remainder-reason'; readonly expected: boolean }
  | { readonly type: 'remainder-left' }
  | { readonly type: 'not-the-last-fill' }
  | { readonly type: 'already-dispensed' }
  | { readonly type: 'not-yet-over'; readonly endsAt: number }
  | { readonly type: 'key-known' }
  | { readonly type: 'only-contracts' }
  | { readonly type: 'already-bound' }
  | { readonly type: 'not-bound' }
  | { readonly type: 'fill-bound'; readonly by: readonly string[] }

export const rejections: Rejections<Rejection> = {
  'scope-missing': { code: 1, says: 'No key of the sponsor with the scope batches signed.' },
  'registrar-missing': {
    code: 2,
    says: 'Controlled items name the authority that registered their prescribers, another organisation than their own.',
  },
  'handle-known': { code: 3, says: 'A handle, or the hash of a key, stood here before, or stands twice.' },
  'issued-day-wrong': { code: 4, says: 'The day of issue has not begun there, or is more than a week ago.' },
  'too-many-refills': { code: 5, says: 'The limits of the item allow fewer refills.' },
  'days-out-of-order': { code: 6, says: 'The day of issue, the first and the last day are not in this order.' },
  'ends-too-late': { code: 7, says: 'The limits of the item end before its last day.' },
  'fill-unknown': { code: 8, says: 'No fill has this tag, or it was reversed.' },
  'item-unknown': { code: 9, says: 'No item has this handle.' },
  'item-ended': { code: 10, says: 'The item is completed, not dispensed, cancelled or expired.' },
  'held-by-another': { code: 11, says: 'The item is with another dispenser.' },
  'not-its-key': { code: 12, says: "The key of the item's prescriber, patient, claimant or holder did not sign." },
  'past-its-end': { code: 13, says: 'The last day of the item is over.' },
  'marked-for-cancellation': { code: 14, says: 'The item is marked for cancellation.' },
  'wrong-status': { code: 15, says: 'The item does not stand where this step begins.' },
  'partly-filled': { code: 16, says: 'A part was filled already.' },
  'nothing-filled': { code: 17, says: 'Nothing of this fill was dispensed.' },
  'no-refills-left': { code: 18, says: 'Every fill that was authorised is used.' },
  'too-early': { code: 19, says: 'The first day of this fill has not begun.' },
  'holders-spent': { code: 20, says: 'As many pharmacies as the limits allow have held the item for this fill.' },
  'remainder-over': { code: 21, says: 'The time in which the rest could follow the first part is over.' },
  'more-than-authorised': { code: 22, says: 'More would be filled than was authorised.' },
  'level-not-above': { code: 23, says: 'No more would be filled than already is.' },
  'remainder-reason': {
    code: 24,
    says: 'A first part under limits that end the rest says why it is a part; no other fill does.',
  },
  'remainder-left': { code: 25, says: 'A rest or a refill may still be dispensed.' },
  'not-the-last-fill': { code: 26, says: 'Only the newest fill is taken back, by the holder that made it.' },
  'already-dispensed': { code: 27, says: 'All of the item is dispensed.' },
  'not-yet-over': { code: 28, says: 'The last day of the item is not over.' },
  'key-known': { code: 29, says: 'The key or the tag was used before: each step takes a fresh one.' },
  'only-contracts': { code: 30, says: 'Only another contract asks for this.' },
  'already-bound': { code: 31, says: 'The contract that asks has bound this fill already.' },
  'not-bound': { code: 32, says: 'The contract that asks has not bound this fill.' },
  'fill-bound': {
    code: 33,
    says: 'Something of another contract hangs on the fill, and is taken back with it, through that contract.',
  },
}
