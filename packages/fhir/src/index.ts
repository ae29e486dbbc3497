export {
  type AttributedEntry,
  Attribution,
  type AttributionOptions,
  type AttributionRule,
  attribute,
} from './attribution.ts'
export { loadDefinitions } from './definitions.ts'
export {
  custodianSystem,
  type Demographics,
  demographicsOf,
  type MatchReason,
  matchOf,
  type PatientQuery,
  weightOf,
} from './demographics.ts'
export { type ReadEntries, type ResourceEntry, readBundle, readResource } from './entries.ts'
export { chartFileEndings, readSampleFile } from './files.ts'
export { type Intake, takeIn, type ValidatedEntries, validateEntries, type Warning } from './intake.ts'
export { lineBytesMax, readLines } from './lines.ts'
export {
  type Dispense,
  type DispenseRefusal,
  readDispense,
  supplyKind,
  writeDispense,
} from './prescriptions/dispense.ts'
export type { Coding } from './prescriptions/fields.ts'
export {
  type LineMeant,
  type PrescriptionAsk,
  type PrescriptionMessage,
  readPrescriptionMessage,
} from './prescriptions/message.ts'
export type { MessageRefusal } from './prescriptions/message-refusal.ts'
export { type Order, type OrderRefusal, readOrder, type Units, writeOrder } from './prescriptions/order.ts'
export { type OutcomeIssue, type OutcomeSeverity, writeCancellation, writeOutcome } from './prescriptions/outcome.ts'
export type { PharmacyNamed, PrescribedLine } from './prescriptions/prescribed-line.ts'
export {
  type Asked,
  type BusinessStatus,
  businessStatus,
  cancellationCode,
  type ItemStanding,
  readTask,
  refusalCode,
  writeTask,
} from './prescriptions/task.ts'
export { attributionPolicy, provenanceOf } from './provenance.ts'
export { explainRefusal, type Issue, type Refusal, type RefusalType } from './refusals.ts'
export { segmentOf } from './segments.ts'
export { type Validation, validateResource } from './validate.ts'
