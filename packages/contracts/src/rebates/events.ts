/** What happened to terms, accruals and settlements. */
import { bytes, type Infer, oneOf, option, uint, variant } from '@plexus/codec'
import { disputeCode, programme } from './programmes.ts'

const hash = bytes({ length: 32 })
const version = { content: hash, startsAt: uint(), endsAt: uint(), height: uint() }
const step = { handle: hash, record: hash, height: uint() }

/** Which of two parties: who proposed the terms first, or the other. */
export const party = oneOf('proposer', 'counterpart')
export type Party = Infer<typeof party>

/** Why an accrual stands no more. */
export const ending = oneOf('denied', 'displaced', 'fill-reversed', 'withdrawn')

export const event = variant({
  'terms-proposed': { handle: hash, counterpart: hash, ...version },
  'version-proposed': { handle: hash, by: party, ...version },
  'version-signed': { handle: hash, number: uint(), ...version },
  'terms-ended': { handle: hash, endsAt: uint(), height: uint() },
  'net-settled': { handle: hash, number: uint(), record: hash, height: uint() },
  accrued: { handle: hash, tag: hash, programme, payer: hash, content: hash, height: uint() },
  /** `dueAt`: seconds since 1970, or null where the terms say when. */
  claimed: { ...step, dueAt: option(uint()) },
  validated: step,
  disputed: { ...step, code: disputeCode },
  escalated: { handle: hash, arbiter: hash, height: uint() },
  resolved: step,
  approved: step,
  restated: step,
  settled: step,
  repaid: step,
  /** `record` is null when the fill was reversed: nothing is said, nothing stands. */
  reversed: { handle: hash, ending, record: option(hash), height: uint() },
})

export type Event = Infer<typeof event>
