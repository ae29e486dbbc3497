/** Why a transaction about organisations, keys and votes was refused. Each rule asks in the order in which it is written. */
import type { Rejections } from '@plexus/kernel'
import type { Scope } from '../scopes.ts'
import type { Membership } from './state.ts'

export type Rejection =
  | { readonly type: 'only-by-contract' }
  | { readonly type: 'scope-missing'; readonly scope: Scope }
  | { readonly type: 'identifier-taken'; readonly id: string }
  | { readonly type: 'key-unknown' }
  | { readonly type: 'not-hosted'; readonly organisation: string }
  | {
      readonly type: 'limit-reached'
      readonly of: 'active-keys' | 'keys' | 'members' | 'proposals' | 'tenants'
      readonly max: number
    }
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
  | { readonly type: 'organisation-not-active'; readonly organisation: string }
  | { readonly type: 'key-did-not-sign' }
  | { readonly type: 'next-key-missing' }
  | { readonly type: 'not-the-next-key' }
  | { readonly type: 'key-pending' }
  | { readonly type: 'key-not-pending' }
  | { readonly type: 'not-due'; readonly dueAt: number }
  | { readonly type: 'proposal-unknown' }
  | { readonly type: 'proposal-expired'; readonly expiresAt: number }
  | { readonly type: 'proposal-not-passed'; readonly inFavour: number; readonly of: number }
  | { readonly type: 'status-unfit'; readonly member: string; readonly status: Membership['status'] }
  | { readonly type: 'admission-without-scope'; readonly scope: Scope }
  | { readonly type: 'parameter-out-of-bounds'; readonly parameter: string; readonly min: number; readonly max: number }
  | { readonly type: 'validator-unknown'; readonly member: string }
  | { readonly type: 'validator-key-taken' }
  | { readonly type: 'power-unfit'; readonly most: number }
  | { readonly type: 'seats-of-owner-taken'; readonly max: number }
  | { readonly type: 'power-moves-too-fast'; readonly of: number; readonly moved: number }
  | { readonly type: 'activation-pending'; readonly height: number }
  | { readonly type: 'version-not-next'; readonly next: number }
  | { readonly type: 'height-unfit'; readonly least: number; readonly most: number }
  | { readonly type: 'successor-unfit'; readonly successor: string }
  | { readonly type: 'leaving-already-announced' }
  | { readonly type: 'leaving-not-announced' }
  | { readonly type: 'not-the-successor'; readonly successor: string }
  | { readonly type: 'custody-not-handed-over' }
  | { readonly type: 'custody-handed-over-already'; readonly to: string }
  | { readonly type: 'tenants-remain'; readonly tenants: number }
  | { readonly type: 'validator-key-misbehaved'; readonly height: number }

export const rejections: Rejections<Rejection> = {
  'only-by-contract': { code: 1, says: 'Only another contract may ask for this, never an envelope.' },
  'scope-missing': { code: 2, says: 'No key with the scope that this needs signed for the organisation concerned.' },
  'identifier-taken': { code: 3, says: 'A member or a tenant already has this identifier.' },
  'key-unknown': { code: 4, says: 'No such key is registered.' },
  'not-hosted': { code: 5, says: 'The organisation is neither the sponsor nor a tenant of the sponsor.' },
  'limit-reached': {
    code: 6,
    says: 'There are as many of these already as one organisation, or the network, may have.',
  },
  'key-known': { code: 7, says: 'The key is already registered, or was once and is revoked.' },
  'scope-not-for-tenants': { code: 8, says: "A tenant's key speaks for custody only." },
  'scope-only-by-founding': {
    code: 9,
    says: 'This scope is given by the founding of the network, or by a vote that admits a member with it.',
  },
  'key-revoked': { code: 10, says: 'The key is already revoked.' },
  'last-key-of-scope': {
    code: 11,
    says: "It is the member's last active key with this scope; register another first.",
  },
  'member-unknown': { code: 12, says: 'No such member exists.' },
  'last-active-member': { code: 13, says: 'No active member would be left.' },
  'day-not-over': { code: 14, says: 'The day is not over by block time.' },
  'day-too-old': { code: 15, says: 'The day lies before the window in which counts weigh.' },
  'counts-already-posted': { code: 16, says: 'The custodian has already posted its counts of this day.' },
  'count-not-rounded': { code: 17, says: 'A count is zero or not a multiple of five.' },
  'asker-unknown': { code: 18, says: 'An asker is neither a member nor a tenant.' },
  'organisation-not-active': { code: 19, says: 'The organisation is suspended, has left or was removed.' },
  'key-did-not-sign': { code: 20, says: 'A key that is to be registered did not sign the envelope.' },
  'next-key-missing': { code: 21, says: "A member's key names the hash of the key that will follow it." },
  'not-the-next-key': {
    code: 22,
    says: 'The successor is not the one whose hash the key named before, or it did not sign.',
  },
  'key-pending': { code: 23, says: 'The key is announced and not yet in force: it can be revoked, not rotated.' },
  'key-not-pending': { code: 24, says: 'The key does not wait to be activated.' },
  'not-due': { code: 25, says: 'The delay is not over by block time.' },
  'proposal-unknown': { code: 26, says: 'No such proposal gathers votes or waits to be enacted.' },
  'proposal-expired': { code: 27, says: 'The time of the proposal is over.' },
  'proposal-not-passed': {
    code: 28,
    says: 'Not more than two thirds of the votes that count are in favour.',
  },
  'status-unfit': { code: 29, says: 'The member is in no status that this could change.' },
  'admission-without-scope': { code: 30, says: 'No key of the candidate governs, or none sponsors.' },
  'parameter-out-of-bounds': {
    code: 31,
    says: 'A vote may not set this parameter so far from what protects the members.',
  },
  'validator-unknown': { code: 32, says: 'The member is no validator.' },
  'validator-key-taken': { code: 33, says: 'Another validator, or a key that signs envelopes, has this key.' },
  'power-unfit': { code: 34, says: 'The power is zero, or a third or more of a set of four or more validators.' },
  'seats-of-owner-taken': { code: 35, says: 'Members of this owner group have as many seats as one group may.' },
  'power-moves-too-fast': {
    code: 36,
    says: 'More than a third of the power would move within one epoch of the validators.',
  },
  'activation-pending': { code: 37, says: 'A version of this contract waits for its height already.' },
  'version-not-next': { code: 38, says: 'Versions follow one another without a gap.' },
  'height-unfit': { code: 39, says: 'The height is too near for every node to be ready, or too far away.' },
  'successor-unfit': {
    code: 40,
    says: 'The successor is not an active organisation of another member that stays.',
  },
  'leaving-already-announced': { code: 41, says: 'The organisation has already announced that it leaves.' },
  'leaving-not-announced': { code: 42, says: 'The organisation has not announced that it leaves.' },
  'not-the-successor': { code: 43, says: 'Another organisation was named to take over custody.' },
  'custody-not-handed-over': { code: 44, says: 'The successor has not yet confirmed that it took over custody.' },
  'custody-handed-over-already': { code: 45, says: 'Custody was handed over already, and stays there.' },
  'tenants-remain': { code: 46, says: 'The member hosts tenants that have not left.' },
  'validator-key-misbehaved': { code: 47, says: 'The engine proved misbehaviour of this key: it gets no seat again.' },
}
