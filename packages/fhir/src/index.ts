export {
  type AttributedEntry,
  Attribution,
  type AttributionOptions,
  type AttributionRule,
  attribute,
} from './attribution.ts'
export { loadDefinitions } from './definitions.ts'
export { type ReadEntries, type ResourceEntry, readBundle, readResource } from './entries.ts'
export { chartFileEndings, readSampleFile } from './files.ts'
export { type Intake, takeIn, type ValidatedEntries, validateEntries, type Warning } from './intake.ts'
export { lineBytesMax, readLines } from './lines.ts'
export { attributionPolicy, provenanceOf } from './provenance.ts'
export { explainRefusal, type Issue, type Refusal, type RefusalType } from './refusals.ts'
export { segmentOf } from './segments.ts'
export { type Validation, validateResource } from './validate.ts'
