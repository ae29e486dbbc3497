import { no } from '@plexus/codec'

/** Why a proof of a lot proves nothing, in words for whoever was shown it. First reason first. */
const lotRefusals = {
  malformed: 'The bytes are not a proof of a lot in canonical form, or the trace key is not one.',
  'header-of-another-chain': 'The block belongs to another chain.',
  'header-not-signed': 'The block is not signed by the key that orders the blocks.',
  'header-not-verified': 'No votes of validators were seen that hold for the block.',
  'header-of-another-block': 'The block is not the one of this height that the validators voted for.',
  'state-not-in-header': 'The block did not run on the state that was shown.',
  'fact-not-in-state': 'A fact is not in the state that was shown.',
  'lot-not-commissioned': 'There is no such lot in the state that was shown.',
  'lot-not-believed': 'What is said of the lot is not what was commissioned, or its maker did not sign it.',
  'not-commissioned-so': 'The envelope that is shown did not begin the lot.',
  'lots-mixed': 'A package holds units of other lots too: that takes the trace keys of all of them.',
  'package-missing': 'A package that was commissioned, or one inside, is not described.',
  'package-unexpected': 'A package is described that is not of the lot, or is described twice.',
  'contents-differ': 'What is said to be in a package is not what was committed.',
  'unit-twice': 'One serial stands for two units.',
  'fact-missing': 'It is not shown whether something that may have left its package stands for itself.',
  'parcel-not-followed': 'A package that carries units is not shown.',
  'totals-differ': 'The units do not add up to the totals that the maker says.',
} as const

/** A failed check: its stable type, and a sentence that names no unit. */
export interface LotDoubt {
  readonly type: keyof typeof lotRefusals
  readonly says: string
}

export const refused = (type: LotDoubt['type']): { readonly ok: false; readonly reason: LotDoubt } =>
  no({ type, says: lotRefusals[type] })
