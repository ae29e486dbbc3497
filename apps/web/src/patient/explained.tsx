/** In the own record: what a published table calls a value, and which recommended checks the record shows. */
import type { AssembledRecord, Line } from '@plexus/assembly'
import { Mark } from '../look/parts.tsx'
import { checksFor, type Person } from '../record/checks-due.ts'
import { meaningOf } from '../record/meanings.ts'
import type { ChartSource } from '../wallet/own-record.ts'
import { dateOf } from '../words/dates.ts'
import { useWords } from '../words/use-words.tsx'

export function ValueMeaning({ line, person }: { readonly line: Line; readonly person: Person }) {
  const words = useWords()
  const meaning = meaningOf(line, person.birthDate)
  if (!meaning) return null
  const { name, date } = meaning.source
  return (
    <p className="small meaning">
      {words.meanings.says(name, dateOf(date, words.locale), words.meanings.bands[meaning.band])}
    </p>
  )
}

export function ChecksDue({ record, person }: { readonly record: AssembledRecord; readonly person: Person }) {
  const words = useWords()
  const checks = checksFor(record, person, today())
  if (checks.length === 0) return null
  return (
    <section className="card stack" aria-labelledby="due">
      <h2 id="due">{words.meanings.dueTitle}</h2>
      <p className="lead">{words.meanings.dueLead}</p>
      <ul className="lines">
        {checks.map(({ name, source, last, isShown }) => (
          <li key={name}>
            <span>{words.meanings.checks[name]}</span>
            <span className="facts">
              {last === null ? (
                <Mark tone="care">{words.meanings.never}</Mark>
              ) : isShown ? (
                <Mark tone="good">{words.meanings.shown(dateOf(last, words.locale))}</Mark>
              ) : (
                <Mark tone="care">{words.meanings.long(dateOf(last, words.locale))}</Mark>
              )}
              <span>{words.meanings.source(source.name, dateOf(source.date, words.locale))}</span>
              <span className="mono">{source.url}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** As the sources say, where those that say it agree. */
export function personIn(charts: readonly ChartSource[]): Person {
  const patients = charts.flatMap(({ source }) =>
    source.entries.flatMap((entry) =>
      entry.verified && entry.value.get('resourceType') === 'Patient' ? [entry.value] : [],
    ),
  )
  const agreed = (name: string): string | null => {
    const said = new Set(patients.map((patient) => patient.get(name)).filter((each) => typeof each === 'string'))
    const [only] = said
    return said.size === 1 && only !== undefined ? only : null
  }
  return { birthDate: agreed('birthDate'), gender: agreed('gender') }
}

function today(): string {
  const now = new Date()
  const two = (number: number): string => String(number).padStart(2, '0')
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}
