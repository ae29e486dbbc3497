/** What holds where the patient said nothing. A profile stands in genesis and changes by vote. */
import type { RecordFacts } from './decide.ts'
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
    permits: ['ETREAT', 'HOPERAT', 'HPAYMT', 'PATRQT', 'TREAT'],
    closed: specially,
    minimum: { HPAYMT: paymentTypes, HOPERAT: paymentTypes },
  },
  /** Nothing moves without a directive that says so, emergencies aside: whoever is unconscious cannot opt. */
  'opt-in': {
    name: 'opt-in',
    permits: ['ETREAT', 'PATRQT'],
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

const loinc = 'http://loinc.org'

/**
 * What an emergency opens besides: devices and advance directives (the same guide, sections that it recommends), and the
 * blood group (LOINC 883-9 ABO, 10331-7 Rh, 882-1 both). Medicines and problems may tell of protected segments, which stay
 * closed all the same.
 */
const emergencyTypes: readonly string[] = [...summaryTypes, 'Consent', 'Device', 'DeviceUseStatement']
const bloodGroups: readonly string[] = ['10331-7', '882-1', '883-9']

export function isOfFirstMinutes({ resourceType, codes }: Pick<RecordFacts, 'codes' | 'resourceType'>): boolean {
  if (emergencyTypes.includes(resourceType)) return true
  return (
    resourceType === 'Observation' && codes.some(({ system, code }) => system === loinc && bloodGroups.includes(code))
  )
}
