export { algorithmVersion, assemble, entriesAt, entriesMax, sourcesMax } from './assemble.ts'
export { type Change, type ChangedPart, type Changes, changesSince } from './changes.ts'
export { type EntryFacts, factsOf } from './facts.ts'
export { type Kind, kindOf, kinds, typesOf } from './kind.ts'
export type { Coding } from './members.ts'
export type {
  AssembledRecord,
  AssemblyInput,
  Caution,
  Conflict,
  ConflictKind,
  Dispute,
  EntryInput,
  Gap,
  Line,
  LineSource,
  Omission,
  SourceInput,
  SourceReport,
  SourceState,
} from './record.ts'
export type { ComponentFacts, ShownValue, ValueFacts } from './value.ts'
export { viewBytes } from './view-bytes.ts'
