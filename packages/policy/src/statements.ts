/** Every statement of the exchange: what wallet, node and auditor read alike. Types, bytes and names; no rule. */
export * from './statements/bundle.ts'
export * from './statements/case.ts'
export * from './statements/correction.ts'
export * from './statements/directive-set.ts'
export * from './statements/enrolment.ts'
export * from './statements/evidence.ts'
export * from './statements/fields.ts'
export * from './statements/intent.ts'
export * from './statements/notes.ts'
export * from './statements/own-record.ts'
export * from './statements/pages.ts'
export * from './statements/receipt.ts'
export * from './statements/record-version.ts'
export * from './statements/review.ts'

/** The name of each kind of statement in what is hashed and signed; two kinds never share one. */
export const statementTypes = {
  enrolment: 'enrolment',
  evidence: 'evidence',
  directiveSet: 'directive-set',
  recordVersion: 'record-version',
  intent: 'intent',
  receipt: 'receipt',
  releaseNote: 'release-note',
  correction: 'correction',
  acknowledgement: 'acknowledgement',
  patientCase: 'patient-case',
  caseAnswer: 'case-answer',
  disagreement: 'disagreement',
  review: 'review',
  pageManifest: 'page-manifest',
  padding: 'padding',
} as const
export type StatementType = (typeof statementTypes)[keyof typeof statementTypes]

/** The largest statement: a directive set of 200 directives with label codes. */
export const statementBytesMax = 1024 * 1024
