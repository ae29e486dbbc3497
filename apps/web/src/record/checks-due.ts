/**
 * Checks that the U.S. Preventive Services Task Force recommends (grades A and B) to people of an age, and what the record
 * shows of them. The whole table is here. It knows no risks, symptoms or earlier findings: it is a question for a
 * clinician, and says so.
 */
import type { AssembledRecord, Line } from '@plexus/assembly'
import { ageAt, type Source } from './meanings.ts'

export type CheckName = 'blood-pressure' | 'breast-cancer' | 'colorectal-cancer' | 'hepatitis-c'

export interface Check {
  readonly name: CheckName
  readonly source: Source
  /** The newest of the record that counts as it, as a FHIR date; null where the record shows none. */
  readonly last: string | null
  /** The record shows one within the time that the recommendation names. */
  readonly isShown: boolean
}

interface Rule {
  readonly name: CheckName
  /** Whole years, both included. */
  readonly from: number
  readonly to: number
  readonly sex: 'female' | null
  /** System and code of what counts, with the years for which it does; null: once in a life. */
  readonly counts: readonly { readonly codes: readonly string[]; readonly years: number | null }[]
  readonly source: Source
}

const snomed = 'http://snomed.info/sct'
const loinc = 'http://loinc.org'
const taskForce = 'U.S. Preventive Services Task Force'
const site = 'https://www.uspreventiveservicestaskforce.org/uspstf/recommendation'

const rules: readonly Rule[] = [
  {
    name: 'colorectal-cancer',
    from: 45,
    to: 75,
    sex: null,
    counts: [
      // Colonoscopy every 10 years; a stool test (FIT) every year.
      { codes: [`${snomed}|73761001`, `${snomed}|446521004`, `${snomed}|446745002`], years: 10 },
      { codes: [`${loinc}|29771-3`, `${loinc}|57905-2`, `${loinc}|2335-8`, `${snomed}|104435004`], years: 1 },
    ],
    source: { name: taskForce, date: '2021-05-18', url: `${site}/colorectal-cancer-screening` },
  },
  {
    name: 'breast-cancer',
    from: 40,
    to: 74,
    sex: 'female',
    counts: [{ codes: [`${snomed}|24623002`, `${snomed}|71651007`, `${loinc}|24606-6`], years: 2 }],
    source: { name: taskForce, date: '2024-04-30', url: `${site}/breast-cancer-screening` },
  },
  {
    name: 'blood-pressure',
    // Every year from 40 on; younger adults less often, which this table leaves out.
    from: 40,
    to: 130,
    sex: null,
    counts: [{ codes: [`${loinc}|85354-9`, `${loinc}|55284-4`, `${loinc}|8480-6`], years: 1 }],
    source: { name: taskForce, date: '2021-04-27', url: `${site}/hypertension-in-adults-screening` },
  },
  {
    name: 'hepatitis-c',
    from: 18,
    to: 79,
    sex: null,
    counts: [{ codes: [`${loinc}|16128-1`, `${loinc}|13955-0`, `${loinc}|5198-7`, `${loinc}|11259-9`], years: null }],
    source: { name: taskForce, date: '2020-03-02', url: `${site}/hepatitis-c-screening` },
  },
]

/** Who the record is about; null where no source says it. */
export interface Person {
  /** As FHIR writes it: `1941`, `1941-02`, `1941-02-03`. */
  readonly birthDate: string | null
  /** Administrative gender, which stands in for sex here. */
  readonly gender: string | null
}

/** In the order of the table; only those that speak of somebody of this age. `today`: a FHIR date. */
export function checksFor(record: AssembledRecord, { birthDate, gender }: Person, today: string): readonly Check[] {
  const age = ageAt(birthDate, today)
  return rules
    .filter(({ from, to, sex }) => age >= from && age <= to && (sex === null || sex === gender))
    .map(({ name, source, counts }): Check => {
      const found = counts.map(({ codes, years }) => ({ last: newestOf(record, codes, today), years }))
      const last =
        found
          .flatMap((each) => each.last ?? [])
          .sort()
          .at(-1) ?? null
      const isShown = found.some(
        (each) => each.last !== null && (each.years === null || isWithin(each.last, today, each.years)),
      )
      return { name, source, last, isShown }
    })
}

function newestOf({ lines }: AssembledRecord, codes: readonly string[], today: string): string | null {
  const dates = lines.flatMap((line) =>
    isOf(line, codes) && line.effective !== null ? [line.effective.slice(0, 10)] : [],
  )
  // What lies ahead was not done.
  const past = dates.filter((date) => date <= today)
  return past.sort().at(-1) ?? null
}

const isOf = ({ verified, codes, status }: Line, wanted: readonly string[]): boolean =>
  verified && status !== 'not-done' && codes.some(({ system, code }) => wanted.includes(`${system}|${code}`))

/** Within whole years of today: as far as its date says, and no farther. */
function isWithin(date: string, today: string, years: number): boolean {
  const limit = `${Number(today.slice(0, 4)) - years}${today.slice(4)}`
  return date >= limit.slice(0, date.length) && date.length >= 4
}
