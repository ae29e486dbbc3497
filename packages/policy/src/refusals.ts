/**
 * Why a request is refused, first reason first: the order of this list is the precedence, its numbers are only names.
 * Codes are in receipts: never renumbered, never reused. `exception` is the paragraph of 45 CFR 171 (information blocking) on which the refusal rests; null where the request itself is at
 * fault and that rule does not apply.
 */
export const refusals = {
  'ledger-stale': {
    code: 1,
    exception: '171.204(a)(1)',
    says: 'The custodian has not seen a block for too long and cannot know what changed.',
  },
  'intent-of-another-custodian': { code: 2, exception: null, says: 'The intent names another custodian.' },
  'intent-expired': { code: 3, exception: null, says: 'The intent ended, by block time or by the custodian’s clock.' },
  'intent-too-long': {
    code: 4,
    exception: null,
    says: 'The intent lasts longer than five minutes or starts in the future.',
  },
  'requester-not-active': {
    code: 5,
    exception: '171.203',
    says: 'The requester is not an active organisation of the network.',
  },
  'intent-not-by-requester': {
    code: 6,
    exception: '171.203',
    says: 'The intent was committed by a member that does not act for the requester.',
  },
  'clinician-not-licensed': { code: 7, exception: '171.203', says: 'The clinician has no licence in force.' },
  'clinician-without-role': {
    code: 8,
    exception: '171.203',
    says: 'The requester does not vouch for a role of the clinician now.',
  },
  'clinician-did-not-sign': {
    code: 9,
    exception: '171.203',
    says: 'The clinician’s registered key did not sign the intent.',
  },
  'emergency-without-reason': {
    code: 21,
    exception: null,
    says: 'An emergency says why, and nothing else does.',
  },
  'evidence-missing': { code: 10, exception: '171.202(b)', says: 'Evidence that the intent names was not opened.' },
  'evidence-late': {
    code: 11,
    exception: '171.202(b)',
    says: 'Evidence was not committed before the intent that uses it.',
  },
  'evidence-does-not-fit': {
    code: 12,
    exception: '171.202(b)',
    says: 'Evidence is about another requester or custodian, or does not hold.',
  },
  'evidence-expired': { code: 13, exception: '171.202(b)', says: 'Evidence ended.' },
  'patient-unknown': { code: 14, exception: null, says: 'The custodian knows no such patient.' },
  'head-closed': {
    code: 15,
    exception: '171.202(e)',
    says: 'The patient closed the directive head and the custodian does not hold its successor.',
  },
  'ceiling-of-clinician': {
    code: 18,
    exception: '171.203',
    says: 'The clinician reached the ceiling of self-asserted requests for the day.',
  },
  'ceiling-of-requester': {
    code: 19,
    exception: '171.203',
    says: 'The requester reached the ceiling of self-asserted requests at this custodian for the day.',
  },
  'ceiling-in-sum': {
    code: 20,
    exception: '171.203',
    says: 'The requester’s self-asserted requests at all custodians are above the ceiling.',
  },
  'directive-denies': { code: 16, exception: '171.202(e)', says: 'The patient’s directives deny the request.' },
  'purpose-not-permitted': {
    code: 17,
    exception: '171.202(b)',
    says: 'The profile permits this purpose only with a directive of the patient.',
  },
} as const

export type RefusalCode = keyof typeof refusals

/** Why a release is in part. */
export const partReasons = {
  'emergency-only': 'An emergency opens what the first minutes need only.',
  'summary-only': 'Self-asserted evidence opens the summary only.',
  'segment-closed': 'A specially protected segment is closed without the patient’s explicit permit.',
  'directive-withholds': 'A directive of the patient withholds some entries.',
  'minimum-necessary': 'This purpose sees the minimum necessary only.',
  selected: 'The request selected some resource types only.',
} as const
export type PartReason = keyof typeof partReasons
