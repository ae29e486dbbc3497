/** Every statement of the exchange: what wallet, node and auditor read alike. Types, bytes and names; no rule. */
export * from './bundle.ts'
export * from './correction.ts'
export * from './directive-set.ts'
export * from './enrolment.ts'
export * from './evidence.ts'
export * from './fields.ts'
export * from './intent.ts'
export * from './notes.ts'
export * from './receipt.ts'
export * from './record-version.ts'

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
  padding: 'padding',
} as const
export type StatementType = (typeof statementTypes)[keyof typeof statementTypes]

/** The largest statement: a directive set of 200 directives with label codes. */
export const statementBytesMax = 1024 * 1024
