/** What a system beside a node is answered: an OperationOutcome (R4 §11.9), and what became of a cancellation (England's EPS). */
import type { JsonObject, JsonValue } from '@plexus/codec'
import { concept, some } from './order.ts'

export type OutcomeSeverity = 'error' | 'information' | 'warning'

export interface OutcomeIssue {
  readonly severity: OutcomeSeverity
  /** Of the value set issue-type (R4 §11.9.4). */
  readonly type: string
  /** Stable, of the node's own; of England's EPS where that has one. */
  readonly code: string
  /** Names what was expected and which kind came, never what stood there. */
  readonly says: string
  /** Elements of FHIR, or null. */
  readonly path: string | null
}

/** Codes of a node, for whoever reads more than the words. */
const codeSystem = 'urn:plexus:prescriptions'

/** `issues`: at least one. */
export function writeOutcome(issues: readonly OutcomeIssue[]): JsonObject {
  return new Map<string, JsonValue>([
    ['resourceType', 'OperationOutcome'],
    [
      'issue',
      issues.map(
        ({ severity, type, code, says, path }) =>
          new Map<string, JsonValue>([
            ['severity', severity],
            ['code', type],
            ['details', concept([{ system: codeSystem, code, display: '' }])],
            ['diagnostics', says],
            ...some('expression', path === null ? undefined : [path]),
          ]),
      ),
    ],
  ])
}

/** The line as it stands, with what became of its cancellation (`R-0001` and on). */
export function writeCancellation(
  line: JsonObject,
  { code, says }: { readonly code: string; readonly says: string },
): JsonObject {
  const coding: readonly (readonly [string, JsonValue])[] = [
    ['system', 'https://fhir.nhs.uk/CodeSystem/medicationrequest-status-history'],
    ['code', code],
    ['display', says],
  ]
  const status = new Map<string, JsonValue>([
    ['url', 'status'],
    ['valueCoding', new Map(coding)],
  ])
  const history = new Map<string, JsonValue>([
    ['url', 'https://fhir.nhs.uk/StructureDefinition/Extension-DM-PrescriptionStatusHistory'],
    ['extension', [status]],
  ])
  return new Map([...line, ['extension', [history]]])
}
