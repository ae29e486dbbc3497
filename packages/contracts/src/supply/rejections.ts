/** Why a transaction about the supply chain was refused, in order of precedence. */
import type { Rejections } from '@plexus/kernel'
import type { Scope } from '../scopes.ts'
import type { Status } from './state.ts'
import type { Role } from './values.ts'

export type Rejection =
  | { readonly type: 'scope-missing'; readonly scope: Scope }
  | { readonly type: 'grant-known' }
  | { readonly type: 'grant-over'; readonly validUntil: number; readonly time: number }
  | { readonly type: 'grant-unknown' }
  | { readonly type: 'not-its-authority'; readonly authority: string }
  | { readonly type: 'lot-unknown' }
  | { readonly type: 'already-recalled' }
  | { readonly type: 'incident-unknown' }
  | { readonly type: 'already-notified' }
  | { readonly type: 'shipment-unknown' }
  | { readonly type: 'shipment-closed' }
  | { readonly type: 'dispensing-unknown' }
  | { readonly type: 'parcel-unknown' }
  | { readonly type: 'parcel-ended'; readonly status: Status }
  | { readonly type: 'not-its-key'; readonly of: 'holder' | 'shipper' | 'receiver' | 'lot' | 'incident' | 'regulator' }
  | { readonly type: 'not-licensed' }
  | { readonly type: 'licence-withdrawn'; readonly height: number }
  | { readonly type: 'wrong-role'; readonly role: Role }
  | { readonly type: 'wrong-status'; readonly status: Status }
  | { readonly type: 'on-hold' }
  | { readonly type: 'not-on-hold' }
  | { readonly type: 'not-a-unit' }
  | { readonly type: 'recalled'; readonly lot: string }
  | { readonly type: 'expired'; readonly endsAt: number; readonly time: number }
  | { readonly type: 'opened' }
  | { readonly type: 'not-shipped' }
  | { readonly type: 'not-inside' }
  | { readonly type: 'lots-differ' }
  | { readonly type: 'beyond-a-package' }
  | { readonly type: 'hash-known'; readonly hash: string }

export const rejections: Rejections<Rejection> = {
  'scope-missing': { code: 1, says: 'No key of the sponsor with the scope licensing-board signed.' },
  'grant-known': { code: 2, says: 'These keys were granted before.' },
  'grant-over': { code: 3, says: 'The time for which the keys were granted is over.' },
  'grant-unknown': { code: 4, says: 'Nobody granted keys under this root.' },
  'not-its-authority': { code: 5, says: 'Another authority granted these keys.' },
  'lot-unknown': { code: 6, says: 'No lot has this handle.' },
  'already-recalled': { code: 7, says: 'The lot is recalled already.' },
  'incident-unknown': { code: 8, says: 'No incident has this handle.' },
  'already-notified': { code: 9, says: 'The authority was told of this incident.' },
  'shipment-unknown': { code: 10, says: 'No shipment has this handle.' },
  'shipment-closed': { code: 11, says: 'The shipment does not stand where this step begins.' },
  'dispensing-unknown': { code: 12, says: 'Nothing was dispensed under this tag, or it was returned to stock.' },
  'parcel-unknown': { code: 13, says: 'No unit or package with this tag stands for itself.' },
  'parcel-ended': { code: 14, says: 'It is dispensed, or gone for good.' },
  'not-its-key': {
    code: 15,
    says: 'The key of the holder, of a side of the shipment, of the lot, the incident or the regulator did not sign.',
  },
  'not-licensed': { code: 16, says: 'The path does not lead from the key to those that were granted.' },
  'licence-withdrawn': { code: 17, says: 'The authority withdrew the key.' },
  'wrong-role': { code: 18, says: 'The key is granted for another role.' },
  'wrong-status': { code: 19, says: 'The unit or package does not stand where this step begins.' },
  'on-hold': { code: 20, says: 'It is suspect, damaged, returned or illegitimate, and not cleared.' },
  'not-on-hold': { code: 21, says: 'There is nothing to clear.' },
  'not-a-unit': { code: 22, says: 'A package is not dispensed: its units are unpacked first.' },
  recalled: { code: 23, says: 'A lot of which there is something in it is recalled.' },
  expired: { code: 24, says: 'A lot of which there is something in it is past its end.' },
  opened: { code: 25, says: 'Something of the unit was dispensed: it is not sold on.' },
  'not-shipped': { code: 26, says: 'What is reported was not in the shipment, or is reported twice.' },
  'not-inside': { code: 27, says: 'The member is not in this package.' },
  'lots-differ': { code: 28, says: 'A member is of a lot that its package does not name, or a unit of several.' },
  'beyond-a-package': { code: 29, says: 'The package would hold of more lots, or go deeper, than a package may.' },
  'hash-known': { code: 30, says: 'A tag, a handle or the hash of a key stood here before, or stands twice.' },
}
