/**
 * What a value is called by a published table. Nothing here is a judgement of a person: each line names who drew it and
 * when, and values are compared as exact decimals in the unit of the table, else not at all.
 */
import type { Line } from '@plexus/assembly'

export interface Source {
  readonly name: string
  /** Of the publication, as FHIR dates are written. */
  readonly date: string
  readonly url: string
}

/** Names are keys of the pages' words. */
export type BandName =
  | 'a1c-diabetes'
  | 'a1c-normal'
  | 'a1c-prediabetes'
  | 'bmi-healthy'
  | 'bmi-obesity'
  | 'bmi-overweight'
  | 'bmi-underweight'
  | 'cholesterol-borderline'
  | 'cholesterol-desirable'
  | 'cholesterol-high'

export interface Meaning {
  readonly band: BandName
  readonly source: Source
}

interface Table {
  /** LOINC codes of the measurement. */
  readonly codes: readonly string[]
  readonly units: readonly string[]
  /** Each band up to, and without, its limit; the last has none. */
  readonly bands: readonly (readonly [BandName, number | null])[]
  readonly source: Source
}

const loinc = 'http://loinc.org'

const tables: readonly Table[] = [
  {
    codes: ['4548-4', '17856-6'],
    units: ['%'],
    bands: [
      ['a1c-normal', 5.7],
      ['a1c-prediabetes', 6.5],
      ['a1c-diabetes', null],
    ],
    source: {
      name: 'Centers for Disease Control and Prevention, A1C Test for Diabetes and Prediabetes',
      date: '2024',
      url: 'https://www.cdc.gov/diabetes/diabetes-testing/prediabetes-a1c-test.html',
    },
  },
  {
    codes: ['39156-5'],
    units: ['kg/m2'],
    bands: [
      ['bmi-underweight', 18.5],
      ['bmi-healthy', 25],
      ['bmi-overweight', 30],
      ['bmi-obesity', null],
    ],
    source: {
      name: 'Centers for Disease Control and Prevention, Adult BMI Categories',
      date: '2024',
      url: 'https://www.cdc.gov/bmi/adult-calculator/bmi-categories.html',
    },
  },
  {
    codes: ['2093-3'],
    units: ['mg/dL'],
    bands: [
      ['cholesterol-desirable', 200],
      ['cholesterol-borderline', 240],
      ['cholesterol-high', null],
    ],
    source: {
      name: 'National Cholesterol Education Program, Adult Treatment Panel III, NIH Publication 02-5215',
      date: '2002-09',
      url: 'https://www.nhlbi.nih.gov/files/docs/resources/heart/atp-3-cholesterol-full-report.pdf',
    },
  },
]

/** Tables are of adults, from this age (CDC: 20 for BMI; the others 18). */
const adultYears = 20

/** Null where no table speaks of it: another code or unit, a value that is no plain number, or not surely an adult's. */
export function meaningOf({ codes, value, verified, effective }: Line, birthDate: string | null): Meaning | null {
  if (!verified || !value || !/^\d{1,6}(?:\.\d{1,12})?$/.test(value.text)) return null
  const table = tables.find(
    (each) =>
      codes.some(({ system, code }) => system === loinc && each.codes.includes(code)) &&
      each.units.includes(value.unit ?? ''),
  )
  if (!table || effective === null || ageAt(birthDate, effective) < adultYears) return null
  const number = Number(value.text)
  const band = table.bands.find(([, below]) => below === null || number < below)
  return band ? { band: band[0], source: table.source } : null
}

/** Whole years between two FHIR dates, as if born at the end of what is not said; -1 where a year is not known. */
export function ageAt(birthDate: string | null, date: string): number {
  const born = partsOf(birthDate ?? '', '12', '31')
  const then = partsOf(date, '01', '01')
  if (!born || !then) return -1
  const years = Number(then.year) - Number(born.year)
  return `${then.month}-${then.day}` >= `${born.month}-${born.day}` ? years : years - 1
}

function partsOf(date: string, monthOtherwise: string, dayOtherwise: string) {
  const [, year, month = monthOtherwise, day = dayOtherwise] = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?/.exec(date) ?? []
  return year === undefined ? null : { year, month, day }
}
