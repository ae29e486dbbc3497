import type { JsonRefusalType } from '@plexus/codec'

/** Why something of the input was not taken. */
export type RefusalType =
  | JsonRefusalType
  /** Readable JSON that is no FHIR resource, or no bundle that holds any. */
  | 'not-fhir'
  /** An entry of a bundle without a resource, such as a deletion in a history. */
  | 'no-resource'
  /** Structure, type or cardinality is not that of FHIR R4. */
  | 'not-valid'
  /** The resource speaks of another patient than its bundle, or than its own encounter. */
  | 'another-patient'
  /** A file that cannot be opened or unpacked. */
  | 'unreadable'

/**
 * One refusal, typed, with the place: `where` is the entry or line ("entry[17]", "line 12", "file"), `path` the element
 * inside it or "". `expected` and `came` speak of shapes and classes, never of what the chart says.
 */
export interface Refusal {
  readonly type: RefusalType
  readonly where: string
  readonly path: string
  readonly expected: string
  readonly came: string
}

/** One finding about one resource: `path` names elements of FHIR and positions only. */
export interface Issue {
  readonly path: string
  readonly expected: string
  readonly came: string
}

/** One line that says why, fit for a report: "not-valid at Patient.name[0]: expected a list, came a single value". */
export function explainRefusal(refusal: Refusal): string {
  const at = refusal.path === '' ? '' : ` at ${refusal.path}`
  return `${refusal.type}${at}: expected ${refusal.expected}, came ${refusal.came}`
}
