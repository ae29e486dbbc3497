import { type EntryFacts, factsOf } from './facts.ts'
import { compareText, gather, keyOf } from './order.ts'
import type { EntryInput, Omission, SourceInput } from './record.ts'

export type VerifiedInput = Extract<EntryInput, { readonly verified: true }>
export type FailedInput = Extract<EntryInput, { readonly verified: false }>

/** A verified entry and what it says. */
export interface Entry {
  readonly custodian: string
  readonly input: VerifiedInput
  readonly facts: EntryFacts
}

export interface FailedEntry {
  readonly custodian: string
  readonly input: FailedInput
}

/** All entries of all sources, told apart by what may be done with them; each list by custodian, then record. */
export interface SortedEntries {
  readonly current: readonly Entry[]
  readonly failed: readonly FailedEntry[]
  readonly omissions: readonly Omission[]
  /** Entries that their custodian marked as entered in error, to warn where another source still repeats them. */
  readonly inError: readonly Entry[]
}

/**
 * Only the custodian supersedes and withdraws, so `replaces` and versions count within one source alone. An entry is
 * superseded when another of its source names it, or is a later version of the same resource; the successor counts even
 * if its content failed, because showing the older one as current would then be wrong for certain.
 */
export function sortEntries(sources: readonly SourceInput[]): SortedEntries {
  const current: Entry[] = []
  const failed: FailedEntry[] = []
  const omissions: Omission[] = []
  const inError: Entry[] = []
  for (const { custodian, entries } of [...sources].sort((a, b) => compareText(a.custodian, b.custodian))) {
    const inputs = [...entries].sort((a, b) => compareText(a.record, b.record))
    const replaced = new Set(inputs.map(({ record, replaces }) => (replaces === record ? null : replaces)))
    const verified = inputs.filter((input) => input.verified)
    const read = withMedications(verified.map((input) => ({ custodian, input, facts: factsOf(input.value) })))
    const newest = newestVersions(read)
    for (const entry of read) {
      const { record, version } = entry.input
      const why =
        replaced.has(record) || version < (newest.get(resourceKey(entry.facts)) ?? version)
          ? 'superseded'
          : entry.facts.enteredInError
            ? 'entered-in-error'
            : undefined
      if (why === undefined) current.push(entry)
      else omissions.push({ custodian, record, why })
      if (why === 'entered-in-error') inError.push(entry)
    }
    for (const input of inputs) if (!input.verified) failed.push({ custodian, input })
  }
  return { current, failed, omissions, inError }
}

/** Type and logical id; entries without an id have none, and are never versions of each other. */
function resourceKey(facts: EntryFacts): string | undefined {
  return facts.id === null ? undefined : keyOf(facts.resourceType, facts.id)
}

function newestVersions(entries: readonly Entry[]): ReadonlyMap<string | undefined, number> {
  const newest = new Map<string | undefined, number>()
  for (const { facts, input } of entries) {
    const key = resourceKey(facts)
    if (key !== undefined && input.version > (newest.get(key) ?? 0)) newest.set(key, input.version)
  }
  return newest
}

/** A request that points at a Medication of its own source takes its codes and display from there. */
function withMedications(entries: readonly Entry[]): readonly Entry[] {
  const medications = new Map<string, EntryFacts[]>()
  for (const { facts } of entries) {
    if (facts.resourceType === 'Medication' && facts.id !== null) gather(medications, facts.id, facts)
  }
  if (medications.size === 0) return entries
  return entries.map((entry) => {
    const target = entry.facts.medication
    if (target === null || entry.facts.codes.length > 0) return entry
    const medication = medications.get(logicalId(target))?.[0]
    if (!medication) return entry
    const display = medication.display ?? entry.facts.display
    return { ...entry, facts: { ...entry.facts, codes: medication.codes, display } }
  })
}

/** The logical id in a literal reference: `Medication/7`, `https://host/Medication/7/_history/2`, `urn:uuid:…`. */
export function logicalId(reference: string): string {
  const unversioned = reference.split('/_history/')[0] ?? reference
  return unversioned.slice(Math.max(unversioned.lastIndexOf('/'), unversioned.lastIndexOf(':')) + 1)
}
