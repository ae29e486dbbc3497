import type { JsonObject } from '@plexus/codec'
import type { Kind } from './kind.ts'
import type { Coding } from './members.ts'
import type { ShownValue } from './value.ts'

/** What the requester established about a source before assembling. */
export type SourceState =
  /** All `of` records that are open to the reader at this height were given and verified. */
  | { readonly type: 'complete'; readonly height: number; readonly count: number; readonly of: number }
  /** A summary only, or a segment left out: `reasons` are the codes of the receipt. `of` is null where it is not told. */
  | {
      readonly type: 'part'
      readonly height: number
      readonly count: number
      readonly of: number | null
      readonly reasons: readonly string[]
    }
  /** Refused: the code of the receipt, and the exception of 45 CFR 171 where it applies. */
  | { readonly type: 'withheld'; readonly code: string; readonly exception: string | null }
  | { readonly type: 'unavailable'; readonly code: string }
  /** `failed` of the `count` entries given did not hash to their commitments; the others are shown. */
  | {
      readonly type: 'failed-verification'
      readonly count: number
      readonly of: number | null
      readonly failed: number
    }

/** What a patient holds against an entry (45 CFR 164.526(d)): both are null while its custodian has not answered. */
export interface Dispute {
  /** The patient's statement of disagreement. */
  readonly statement: string | null
  /** Why its custodian did not amend it. */
  readonly denial: string | null
}

/** One version of one record, as a custodian released it. */
export type EntryInput = {
  /** The record version's id, lower-case hexadecimal; once per source. */
  readonly record: string
  /** Counts the versions of one resource at its custodian, from 1. */
  readonly version: number
  /** The record version of the same custodian that this one supersedes. Given only if the statement itself verified. */
  readonly replaces: string | null
  /** The ledger height at which the leaf of this record version was committed. */
  readonly committedAt: number
  /** Null where its custodian told of no dispute. */
  readonly dispute: Dispute | null
} & (
  | { readonly verified: true; readonly value: JsonObject }
  /** The content did not verify; `resourceType` is what the verified statement says of it, if it says so. */
  | { readonly verified: false; readonly resourceType: string | null }
)

/** One custodian and what it gave; each custodian once. */
export interface SourceInput {
  readonly custodian: string
  readonly state: SourceState
  readonly entries: readonly EntryInput[]
}

export interface AssemblyInput {
  readonly sources: readonly SourceInput[]
  /** Who asked, and what for: stated in the record, and part of what makes it reproducible. */
  readonly requester: string
  readonly purpose: string
  /** The height as of which the record is assembled. */
  readonly height: number
}

/** One entry in a line. */
export interface LineSource {
  readonly custodian: string
  readonly record: string
  readonly version: number
  readonly status: string | null
  /** As received. */
  readonly date: string | null
  readonly value: ShownValue | null
  /** The origin that this entry repeats: it is no independent confirmation, and only the origin need be shown. */
  readonly echoOf: { readonly custodian: string; readonly record: string } | null
  readonly dispute: Dispute | null
}

/** Why a line must be read with care. */
export type Caution =
  /** The patient says that an entry of it is wrong. */
  | 'disputed'
  | 'values-disagree'
  | 'do-not-perform'
  | 'modifier-extension'
  | 'unit-missing-or-not-ucum'
  | 'date-not-readable'
  | 'not-understood'

export interface Line {
  /** Unique in the record, and the same whenever the same entries are given. */
  readonly key: string
  readonly kind: Kind
  readonly resourceType: string
  readonly codes: readonly Coding[]
  readonly display: string
  readonly status: string | null
  /** How many independent sources say which status; the keys are sorted. */
  readonly statuses: Readonly<Record<string, number>>
  /** As received. */
  readonly effective: string | null
  /** Null where nothing was found, and where sources disagree: then each source shows its own. */
  readonly value: ShownValue | null
  /** True only for an explicit statement of absence, such as "no known allergy". */
  readonly absence: boolean
  /** False: the content did not verify, and nothing in this line may be read as a fact. */
  readonly verified: boolean
  readonly cautions: readonly Caution[]
  /** Every entry of the line. */
  readonly sources: readonly LineSource[]
  /** Sources that are no echo of another. */
  readonly independent: number
}

export type ConflictKind = 'therapy' | 'value' | 'status' | 'code' | 'date' | 'content' | 'allergy'

export interface Conflict {
  readonly kind: ConflictKind
  /** Keys of the lines concerned, sorted. */
  readonly lines: readonly string[]
  readonly why: string
}

/** What is not in the record, said by name. */
export type Gap =
  | {
      readonly type: 'source'
      readonly custodian: string
      readonly state: Exclude<SourceState['type'], 'complete'>
      readonly codes: readonly string[]
    }
  /** No source says anything of this kind. That is never "none known". */
  | { readonly type: 'nothing-said'; readonly kind: Kind; readonly why: string }

export interface SourceReport {
  readonly custodian: string
  /** As given, unless it claims more than the entries show: then it is lowered. */
  readonly state: SourceState
  /** Entries given: `shown` + `failed` + `omitted`. */
  readonly count: number
  readonly shown: number
  readonly failed: number
  readonly omitted: number
  /** How many of the entries shown are of which resource type; the keys are sorted. */
  readonly types: Readonly<Record<string, number>>
}

/** A version that is not current: its content appears nowhere in the record. */
export interface Omission {
  readonly custodian: string
  readonly record: string
  readonly why: 'superseded' | 'entered-in-error'
}

export interface AssembledRecord {
  readonly algorithmVersion: number
  readonly requester: string
  readonly purpose: string
  readonly height: number
  /** Always: a custodian nobody named, and a notice that policy suppressed, cannot be told from silence. */
  readonly mayBeIncomplete: true
  readonly sources: readonly SourceReport[]
  /** By kind, then newest first, then by key. */
  readonly lines: readonly Line[]
  /** All entries given: the sum over the sources. */
  readonly entries: number
  /** Entries that share their line with another one. */
  readonly linked: number
  readonly conflicts: readonly Conflict[]
  readonly gaps: readonly Gap[]
  readonly omitted: readonly Omission[]
}
