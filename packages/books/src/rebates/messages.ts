/**
 * What the books of two parties of a discount tell each other, sealed between their nodes: keys, openings and shares of what both
 * sign. None of it is on the ledger, which has the commitments.
 */
import { bytes, type Infer, list, uint, variant } from '@plexus/codec'
import { rebateNote } from '@plexus/sdk'
import { bodyBytesMax, poolMax, settledAtOnceMax } from './bounds.ts'

const hash = bytes({ length: 32 })
/** A public key: its hash is what the ledger names until the key signs. */
const key = bytes({ length: 32 })

const pool = list(key, { max: poolMax })

export const message = variant({
  /** The first version of terms and the key that stands for its proposer; `pool` where that one pays. */
  offered: { terms: rebateNote, key, pool },
  /** The key of who was offered them. */
  named: { terms: hash, key, pool },
  'version-offered': { terms: rebateNote },
  /** By the claimant: `from` is the number of the first key that it lacks. */
  'keys-wanted': { terms: hash, from: uint() },
  keys: { terms: hash, from: uint(), pool },
  /** By the claimant, when it stands on the ledger. `key`: the claimant's. */
  accrued: { accrual: rebateNote, key },
  /** A step that the ledger took, opened. */
  said: { step: rebateNote },
  /** A step that takes both, and that the sender would take. */
  wanted: { step: rebateNote },
  /** By whoever has the fill's tag: this accrual in the place of the receiver's `from`. */
  displacing: { accrual: rebateNote, key, payer: hash, from: hash, tagKey: key },
  /** Bodies that take a share of the receiver's, with what opens their commitments. */
  'share-wanted': {
    id: hash,
    bodies: list(bytes({ max: bodyBytesMax }), { min: 1, max: settledAtOnceMax + 1 }),
    opens: list(rebateNote, { max: settledAtOnceMax + 1 }),
  },
  /** In the order of the bodies. */
  shared: { id: hash, signatures: list(bytes({ length: 64 }), { min: 1, max: settledAtOnceMax + 1 }) },
})
export type Message = Infer<typeof message>
