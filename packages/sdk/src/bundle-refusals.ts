/** Why a receipt bundle proves nothing, in words for whoever was shown it. */

/** Which part of the bundle fails. */
export type BundlePart = 'bundle' | 'intent' | 'note' | 'page-manifest' | 'receipt'

/** `{part}` is the intent, the receipt or a manifest of pages: each is shown committed in the same way. First reason first. */
export const bundleRefusals = {
  malformed: 'The bytes are not a receipt bundle in canonical form.',
  'other-statement': 'What is shown as the {part} is another kind of statement.',
  'header-of-another-chain': "The {part}'s block belongs to another chain.",
  'header-not-signed': "The {part}'s block is not signed by the key that orders the blocks.",
  'header-not-verified': "No votes of validators were seen that hold for the {part}'s block.",
  'header-of-another-block': "The {part}'s block is not the one of this height that the validators voted for.",
  'state-not-in-header': "The {part}'s block did not run on the state that was shown.",
  'fact-not-in-state': 'A fact shown with the {part} is not in the state that was shown.',
  'envelope-malformed': "The {part}'s envelope is not one in canonical form.",
  'envelope-of-another-chain': "The {part}'s envelope is bound to another chain.",
  'envelope-not-in-force': "The {part}'s envelope had ended before its block, or ends too long after it.",
  'envelope-not-signed': "A signature of the {part}'s envelope does not hold.",
  'sponsor-not-active': "The {part}'s envelope comes from nobody who is shown to be an active member.",
  'sponsor-did-not-sign': "No key of the sponsor that may post batches signed the {part}'s envelope.",
  'not-a-batch': "The {part}'s envelope posts no batch.",
  'not-in-batch': 'The {part} does not lead to the root of the batch that was shown.',
  'batch-posted-before': "The {part}'s batch is not shown to be new in the block that was shown.",
  'batch-not-in-block': "The {part}'s batch is not in the block that was shown.",
  'receipt-not-by-custodian': 'The receipt was committed by a member that is not, and does not host, the custodian.',
  'intent-missing': 'The receipt answers an intent, and none was shown.',
  'intent-unexpected': "A read by the custodian's own staff answers no intent, and one was shown.",
  'intent-of-another-custodian': 'The intent asks another custodian than the one that answers.',
  'receipt-of-another-intent': 'The receipt answers another intent.',
  'receipt-not-after-intent': 'The receipt was committed in the block of its intent, or before it.',
  'decided-out-of-order': 'The custodian decided before the intent was committed, or after its own receipt was.',
  'intent-not-by-requester': 'The intent was committed by a member that is not, and does not host, the requester.',
  'clinician-without-role': 'The clinician is not shown to have had an active role at the requester.',
  'clinician-did-not-sign': "The clinician's registered key did not sign the intent.",
  'released-after-end': 'The receipt grants what the intent asked for after the intent had ended.',
  'note-missing': 'The receipt grants access, and no release note was shown.',
  'note-unexpected': 'The receipt grants nothing to others, and a release note was shown.',
  'note-of-another-receipt': 'The release note belongs to another receipt, or comes from another custodian.',
  'note-before-receipt': 'The release note rests on a state before the receipt was committed.',
  'note-not-by-custodian': 'No key that is shown to speak for the custodian signed the release note.',
  'note-not-signed': 'The signature of the release note does not hold.',
} as const

export type BundleRefusalType = keyof typeof bundleRefusals

/** A failed check: its stable type, the part that fails, and a sentence that names no patient. */
export interface BundleRefusal {
  readonly type: BundleRefusalType
  readonly part: BundlePart
  readonly says: string
}

export function refusal(
  type: BundleRefusalType,
  part: BundlePart,
): { readonly ok: false; readonly reason: BundleRefusal } {
  return { ok: false, reason: { type, part, says: bundleRefusals[type].replace('{part}', part) } }
}
