import type { EntryFacts } from './facts.ts'

const snomedSystem = 'http://snomed.info/sct'

/** What an explicit "none known" covers: allergies of any kind, or of one category of AllergyIntolerance. */
export type Absence = 'any' | 'medication' | 'food' | 'environment'

/** SNOMED CT codes that US Core and the International Patient Summary use to say that an allergy is known not to be there. */
const absences: ReadonlyMap<string, Absence> = new Map([
  ['716186003', 'any'], // No known allergy
  ['409137002', 'medication'], // No known history of drug allergy
  ['429625007', 'food'], // No known food allergy
  ['428607008', 'environment'], // No known environmental allergy
])

/**
 * What an entry states to be absent; undefined for every entry that does not say so in a code. Silence, an empty list and
 * a text are never read as absence, nor is a statement that was itself refuted.
 */
export function absenceOf(facts: EntryFacts): Absence | undefined {
  if (facts.resourceType !== 'AllergyIntolerance' || facts.modified || isDenied(facts)) return undefined
  const coding = facts.codes.find(({ system, code }) => system === snomedSystem && absences.has(code))
  return coding ? absences.get(coding.code) : undefined
}

/** Refuted, or no longer holding. */
export function isDenied({ clinicalStatus, verificationStatus }: EntryFacts): boolean {
  return verificationStatus === 'refuted' || clinicalStatus === 'inactive' || clinicalStatus === 'resolved'
}
