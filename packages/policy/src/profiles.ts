/** What holds where the patient said nothing. A profile stands in genesis and changes by vote. */
import type { Purpose, Segment } from './statements.ts'

export interface Profile {
  readonly name: 'opt-in' | 'us'
  /** Purposes that need no directive of the patient. */
  readonly permits: readonly Purpose[]
  /** Segments that stay closed without the patient's explicit permit. */
  readonly closed: readonly Segment[]
  /** Purposes that see only the minimum necessary, and the types that are. */
  readonly minimum: Readonly<Partial<Record<Purpose, readonly string[]>>>
}

/** Segments under special protection: 42 CFR Part 2, 45 CFR 164.508(a)(2), and state law for the others. */
const specially: readonly Segment[] = ['minor-confidential', 'part2', 'psychotherapy', 'reproductive']

/** What a payer needs to decide a claim (45 CFR 164.502(b), minimum necessary). */
const paymentTypes = ['Claim', 'ClaimResponse', 'Coverage', 'Encounter', 'ExplanationOfBenefit', 'Procedure'] as const

export const profiles: Readonly<Record<Profile['name'], Profile>> = {
  /** 45 CFR 164.506: treatment, payment and operations need no authorisation, and refusing could be information blocking. */
  us: {
    name: 'us',
    permits: ['HOPERAT', 'HPAYMT', 'PATRQT', 'TREAT'],
    closed: specially,
    minimum: { HPAYMT: paymentTypes, HOPERAT: paymentTypes },
  },
  /** Nothing moves without a directive that says so. */
  'opt-in': {
    name: 'opt-in',
    permits: ['PATRQT'],
    closed: specially,
    minimum: { HPAYMT: paymentTypes, HOPERAT: paymentTypes },
  },
}

/**
 * What self-asserted evidence opens: the core of the International Patient Summary (HL7 IPS 2.0, required sections:
 * medicines, allergies, problems), never the chart.
 */
export const summaryTypes: readonly string[] = [
  'AllergyIntolerance',
  'Condition',
  'MedicationRequest',
  'MedicationStatement',
]
