import { type AttributedEntry, type AttributionOptions, attribute } from './attribution.ts'
import type { ReadEntries, ResourceEntry } from './entries.ts'
import type { Issue, Refusal } from './refusals.ts'
import { validateResource } from './validate.ts'

/** A finding about the terminology of a resource that is taken all the same. */
export interface Warning extends Issue {
  readonly where: string
}

export interface ValidatedEntries extends ReadEntries {
  readonly warnings: readonly Warning[]
}

/** What one source gives to its charts. `read` = `attributed.length + refused.length`, whatever came. */
export interface Intake {
  readonly read: number
  readonly attributed: readonly AttributedEntry[]
  readonly refused: readonly Refusal[]
  readonly warnings: readonly Warning[]
}

/** Moves what is not FHIR from the entries to the refused, each with its first fault. */
export function validateEntries({ entries, refused }: ReadEntries): ValidatedEntries {
  const valid: ResourceEntry[] = []
  const invalid: Refusal[] = []
  const warnings: Warning[] = []
  for (const entry of entries) {
    const findings = validateResource(entry.value)
    const [fault] = findings.refused
    if (fault) invalid.push({ type: 'not-valid', where: entry.where, ...fault })
    else valid.push(entry)
    for (const warning of fault ? [] : findings.warnings) warnings.push({ where: entry.where, ...warning })
  }
  return { entries: valid, refused: [...refused, ...invalid], warnings }
}

/** Validates and attributes what was read of one bundle: all that an import does before it seals. */
export function takeIn(source: ReadEntries, options: Partial<AttributionOptions> = {}): Intake {
  const { entries, refused, warnings } = validateEntries(source)
  const result = attribute(entries, options)
  return {
    read: source.entries.length + source.refused.length,
    attributed: result.attributed,
    refused: [...refused, ...result.refused],
    warnings,
  }
}
