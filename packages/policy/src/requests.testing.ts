/** One ordinary request, granted, and what a test changes of it. */
import { encode } from '@plexus/codec'
import type { EvidenceFacts, LedgerFacts, PatientFacts, RecordFacts, Request } from './decide.ts'
import {
  type Directive,
  type DirectiveSet,
  type EvidenceContent,
  evidence,
  type IntentContent,
  type Segment,
} from './statements.ts'

export const now = 1_222_732_800 // 2008-09-30, 00:00 UTC
export const day = 86_400
export const snomed = 'http://snomed.info/sct'
export const rxnorm = 'http://www.nlm.nih.gov/research/umls/rxnorm'
export const clinician = '1234567893'

export const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)

export function record(number: number, resourceType: string, more: Partial<RecordFacts> = {}): RecordFacts {
  return { record: filled(16, number), segment: 'general', resourceType, codes: [], ...more }
}

export const coded = (number: number, resourceType: string, code: string, system = snomed): RecordFacts =>
  record(number, resourceType, { codes: [{ system, code }] })

export const inSegment = (number: number, segment: Segment, resourceType = 'Condition'): RecordFacts =>
  record(number, resourceType, { segment })

export function directive(effect: Directive['effect'], more: Partial<Directive> = {}): Directive {
  return {
    effect,
    grantee: { type: 'anyone' },
    scope: { type: 'everything' },
    purposes: [],
    from: now - day,
    until: null,
    ...more,
  }
}

export function setOf(...directives: readonly Directive[]): DirectiveSet {
  return {
    custodian: 'hospital-one',
    version: 2,
    directives,
    head: filled(32, 7),
    next: filled(32, 8),
    madeAt: now - day,
  }
}

export const frame = {
  id: filled(16, 1),
  custodian: 'hospital-one',
  requester: 'emergency',
  subject: { type: 'key' as const, key: filled(32, 5) },
  madeAt: now - 600,
  validUntil: now + day,
}
export const checkIn = { type: 'check-in' as const, ...frame, encounter: filled(16, 2) }
export const encounter = { type: 'self-asserted' as const, ...frame, kind: 'encounter' as const, reference: 'visit-1' }

export const enclosing = (content: EvidenceContent): Uint8Array => encode(evidence, { content, signatures: [] })
/** The clinic hands its patient over, and encloses the check-in that the patient signed there. */
export const referral = {
  type: 'referral' as const,
  ...frame,
  referrer: 'clinic',
  enclosed: enclosing({ ...checkIn, requester: 'clinic', madeAt: now - 900 }),
}

export function shown(content: EvidenceContent, more: Partial<EvidenceFacts> = {}): EvidenceFacts {
  return {
    hash: filled(32, 9),
    content,
    committedAt: 90,
    signaturesHold: true,
    walletHostedByAsker: false,
    ...more,
  }
}

const ledger: LedgerFacts = {
  height: 101,
  blockTime: now - 2,
  now,
  requesterActive: true,
  intentByRequester: true,
  licence: 'active',
  role: 'active',
  clinicianKey: filled(32, 3),
  head: 'open',
  profile: 'us',
  profileVersion: 1,
  parameters: {
    selfAssertedPatientsPerDayMax: 50,
    selfAssertedPatientsPerClinicianPerDayMax: 10,
    intentSecondsMax: 300,
    blockAgeSecondsMax: 15,
  },
  selfAssertedExcess: 0,
}

const intent: IntentContent = {
  id: filled(16, 4),
  requester: 'emergency',
  custodian: 'hospital-one',
  clinician: { npi: clinician, organisation: 'emergency' },
  purpose: 'TREAT',
  emergency: null,
  evidence: [filled(32, 9)],
  types: [],
  sessionKey: filled(1216, 0),
  madeAt: now - 5,
  expiresAt: now + 200,
}

const patient: PatientFacts = {
  set: setOf(),
  enrolled: true,
  records: [record(1, 'Condition'), record(2, 'Observation'), record(3, 'Encounter')],
  selfAssertedToday: { byRequester: 0, byClinician: 0 },
}

export interface Changes {
  readonly ledger?: Partial<LedgerFacts>
  readonly intent?: Partial<IntentContent>
  readonly patient?: Partial<PatientFacts> | null
  readonly evidence?: readonly EvidenceFacts[]
  readonly clinicianSigned?: Request['clinicianSigned']
}

/** Granted whole, unless a change says otherwise: the patient checked in at the emergency department, which asks for treatment. */
export function request(changes: Changes = {}): Request {
  return {
    ledger: { ...ledger, ...changes.ledger },
    custodian: 'hospital-one',
    intent: { ...intent, ...changes.intent },
    intentCommittedAt: 100,
    clinicianSigned: changes.clinicianSigned ?? { key: filled(32, 3), holds: true },
    evidence: changes.evidence ?? [shown(checkIn)],
    patient: changes.patient === null ? null : { ...patient, ...changes.patient },
  }
}

/** Two sets of changes at once. */
export function both(a: Changes, b: Changes): Changes {
  const signed = a.clinicianSigned ?? b.clinicianSigned
  return {
    ledger: { ...a.ledger, ...b.ledger },
    intent: { ...a.intent, ...b.intent },
    patient: mergedPatient(a, b),
    evidence: mergedEvidence(a, b),
    ...(signed ? { clinicianSigned: signed } : {}),
  }
}

function mergedPatient({ patient: a }: Changes, { patient: b }: Changes): Partial<PatientFacts> | null {
  if (a === null || b === null) return null
  const asked = (of: keyof PatientFacts['selfAssertedToday']): number =>
    Math.max(a?.selfAssertedToday?.[of] ?? 0, b?.selfAssertedToday?.[of] ?? 0)
  return {
    ...a,
    ...b,
    selfAssertedToday: { byRequester: asked('byRequester'), byClinician: asked('byClinician') },
  }
}

/** Faults of evidence add up in one piece; no evidence at all stays none. */
function mergedEvidence(a: Changes, b: Changes): readonly EvidenceFacts[] {
  const [first, second] = [a.evidence?.[0], b.evidence?.[0]]
  if (a.evidence?.length === 0 || b.evidence?.length === 0) return []
  if (!first || !second) return [first ?? second ?? shown(checkIn)]
  const asserted = [first, second].find(({ content }) => content.type === 'self-asserted')?.content ?? first.content
  return [
    {
      ...first,
      content: { ...asserted, validUntil: Math.min(first.content.validUntil, second.content.validUntil) },
      committedAt: Math.max(first.committedAt, second.committedAt),
      signaturesHold: first.signaturesHold && second.signaturesHold,
    },
  ]
}
