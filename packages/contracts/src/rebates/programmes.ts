/** Which discounts exclude one another, and what the law says of their time. */
import { type Infer, oneOf } from '@plexus/codec'

/**
 * `340b`: the discount to covered entities (42 U.S.C. 256b). `medicaid`: rebates to states (42 U.S.C. 1396r-8).
 * `mfp`: the refund down to Medicare's negotiated price (42 U.S.C. 1320f-2). `commercial`: what two parties agreed.
 */
export const programme = oneOf('340b', 'medicaid', 'mfp', 'commercial')
export type Programme = Infer<typeof programme>

/** Of one group, one discount for one fill. */
export type Group = 'statutory' | 'commercial'

/**
 * No unit bears a 340B discount and a Medicaid rebate (42 U.S.C. 256b(a)(5)(A)), nor a 340B discount and the negotiated
 * price on top of each other (1320f-2(d)); Medicaid and Medicare do not pay for the same fill.
 */
export const groupOf: Readonly<Record<Programme, Group>> = {
  '340b': 'statutory',
  medicaid: 'statutory',
  mfp: 'statutory',
  commercial: 'commercial',
}

export const groups: readonly Group[] = ['commercial', 'statutory']

const secondsPerDay = 86_400

/**
 * Seconds from the data event to the due instant; null where the parties' terms say it. `mfp`: fourteen days from the
 * transmission of the claim's data (CMS, final guidance of October 2024 for 2026 and 2027, §40.4). `medicaid`: interest
 * begins on the thirty-eighth day after the utilisation data were sent (42 U.S.C. 1396b(d)(5), CMS releases on interest).
 */
export const dueSecondsOf: Readonly<Record<Programme, number | null>> = {
  '340b': null,
  medicaid: 38 * secondsPerDay,
  mfp: 14 * secondsPerDay,
  commercial: null,
}

/** Why a payer disputes. Details are in the sealed record. */
export const disputeCode = oneOf(
  'duplicate',
  'fill',
  'not-eligible',
  'other',
  'pharmacy',
  'price',
  'product',
  'terms',
  'units',
)
export type DisputeCode = Infer<typeof disputeCode>
