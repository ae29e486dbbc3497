/** Records and evidence that a test brings, as an import and a referrer make them. */
import { factsOf } from '@plexus/assembly'
import { encode, readJson, utf8 } from '@plexus/codec'
import { publicKeyOf, sign, signedBytes } from '@plexus/crypto'
import type { IncomingRecord } from '@plexus/exchange'
import {
  type Evidence,
  type EvidenceContent,
  evidence,
  evidenceContent,
  type Segment,
  statementTypes,
} from '@plexus/policy'

/** A record as an import makes it of a resource. */
export function recordOf(resource: Readonly<Record<string, unknown>>, segment: Segment = 'general'): IncomingRecord {
  return recordOfBytes(utf8(JSON.stringify(resource)), segment)
}

export function recordOfBytes(bytes: Uint8Array, segment: Segment = 'general'): IncomingRecord {
  const read = readJson(bytes)
  if (!read.ok || !(read.value.value instanceof Map)) throw new Error('a test record is not a JSON object')
  const value = read.value.value
  const { codes, enteredInError } = factsOf(value)
  const resourceType = String(value.get('resourceType'))
  return {
    source: `${resourceType}/${String(value.get('id'))}`,
    segment,
    resourceType,
    codes: codes.map(({ system, code }) => ({ system: system ?? '', code })),
    contentType: 'application/fhir+json',
    bytes,
    enteredInError,
  }
}

/** A small chart: a problem, a medicine and a finding. Only the first two are of a summary. */
export function smallChart(patient: string, tag: string): readonly IncomingRecord[] {
  const subject = { reference: `Patient/${patient}` }
  return [
    recordOf({
      resourceType: 'Condition',
      id: `condition-${tag}`,
      subject,
      code: { coding: [{ system: 'http://snomed.info/sct', code: '44054006', display: 'Diabetes mellitus type 2' }] },
    }),
    recordOf({
      resourceType: 'MedicationRequest',
      id: `medication-${tag}`,
      subject,
      status: 'active',
      intent: 'order',
      medicationCodeableConcept: {
        coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '860975', display: 'Metformin' }],
      },
    }),
    recordOf({
      resourceType: 'Observation',
      id: `observation-${tag}`,
      subject,
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '4548-4', display: 'Hemoglobin A1c' }] },
      valueQuantity: { value: 7.2, unit: '%', system: 'http://unitsofmeasure.org', code: '%' },
    }),
  ]
}

/** Evidence signed by a key that vouches for it. */
export function signedEvidence(chain: Uint8Array, content: EvidenceContent, seed: Uint8Array): Evidence {
  const signature = sign(seed, signedBytes(statementTypes.evidence, chain, encode(evidenceContent, content)))
  return { content, signatures: [{ key: publicKeyOf(seed), signature }] }
}

export const evidenceStatement = (of: Evidence) => ({ type: statementTypes.evidence, statement: encode(evidence, of) })
