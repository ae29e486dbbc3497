/** What may be asked of the contract of discounts, rebates and refunds. */
import { boolean, bytes, type Infer, oneOf, uint, variant } from '@plexus/codec'
import { disputeCode, programme } from './programmes.ts'

/** SHA-256 of a one-time public key, or a hiding commitment. */
const hash = bytes({ length: 32 })

/** Seconds since 1970; the content of a version is a hiding commitment. */
const version = { content: hash, startsAt: uint(), endsAt: uint() }
/** `record` is a hiding commitment to what was said with the step; its statement names the commitment before it. */
const step = { handle: hash, record: hash }

export const transaction = variant({
  /** By the key of `handle`; `counterpart` is the hash of the other party's key. Signed by neither side alone. */
  'propose-terms': { handle: hash, counterpart: hash, ...version },
  /** By either party; takes the place of what was proposed and not signed. */
  'propose-version': { handle: hash, ...version },
  /** By the party that did not propose it; `number` and `content` say what was read. */
  'sign-version': { handle: hash, number: uint(), content: hash },
  /** By either party: an end only moves earlier, and not into the past. */
  'end-terms': { handle: hash, endsAt: uint() },
  /** By both parties of the terms: one sum over many accruals; `record` commits to it and to its lines. */
  'settle-net': { handle: hash, number: uint(), record: hash },

  /**
   * By the key of the fill's tag. `handle` is the hash of the claimant's key for this accrual, `payer` of the payer's;
   * `content` commits to product, units, terms and amount.
   */
  accrue: { handle: hash, tag: hash, programme, payer: hash, content: hash },
  /**
   * The lower price wins: another programme of the group takes the fill of `from`, whose amount is restated to nothing
   * under `record`. By the key of the tag and the payer of `from`.
   */
  displace: { handle: hash, from: hash, programme, payer: hash, content: hash, record: hash },
  /** By the claimant: the data are with the payer, and the clock of the programme starts. */
  claim: step,
  /** By the payer, as the two below it. */
  validate: step,
  dispute: { ...step, code: disputeCode },
  approve: step,
  /** By both, as the three below it: the dispute is over, at the amount that the record says. */
  resolve: step,
  /** `arbiter` is the hash of a key of whom the terms name. */
  escalate: { handle: hash, arbiter: hash },
  /** Another amount stands from here on. */
  restate: step,
  /** Paid, or paid back, within the settlement that the record names. */
  settle: step,
  /** By the arbiter. */
  decide: { ...step, approved: boolean() },
  /** By the claimant: the fill is free for another of the group; what was paid is owed back. */
  withdraw: step,

  /**
   * Takes a fill back with all that accrued on it, by whoever may take the fill back: through `supply` where it dispensed the
   * units, which go back to stock in the same step.
   */
  'reverse-fill': { tag: hash, record: hash, through: oneOf('prescriptions', 'supply') },
})

export type Transaction = Infer<typeof transaction>
