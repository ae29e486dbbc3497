/** The record on paper: sources first, then every entry by topic, in a hand that prints well. On a screen it is not there. */
import { type AssembledRecord, kinds, type Line } from '@plexus/assembly'
import { useState } from 'react'
import { Conflicts, Gaps } from '../../record/record-parts.tsx'
import { linesOf } from '../../record/shown-record.ts'
import type { ChartSource } from '../../wallet/own-record.ts'
import { dateOf, momentOf } from '../../words/dates.ts'
import { downloadWords } from '../../words/download-words.ts'
import { useSpoken } from '../../words/use-words.tsx'
import { personIn } from '../explained.tsx'

const columns = ['what', 'value', 'when', 'state', 'where'] as const
/** A longer value has a line of its own, as wide as the paper. */
const shortValueMax = 40

export function PrintedRecord({
  charts,
  record,
}: {
  readonly charts: readonly ChartSource[]
  readonly record: AssembledRecord
}) {
  const { words, language } = useSpoken()
  const said = downloadWords[language]
  const [madeAt] = useState(() => Date.now() / 1000)
  const { birthDate } = personIn(charts)
  // A number stands for a place in each line: names would fill most of the paper.
  const numbers = new Map(charts.map(({ source }, index) => [source.custodian, String(index + 1)]))
  return (
    <main className="printed" lang={language}>
      <h1>{said.printedTitle}</h1>
      <p className="owner">
        <strong>{namesIn(charts).join(' / ')}</strong>
        {birthDate !== null && <>, {said.born(dateOf(birthDate, words.locale))}</>}
      </p>
      <p>{said.printedAt(momentOf(madeAt, words.locale))}</p>
      <h2>{said.sources}</h2>
      <ol>
        {charts.map(({ name, source }) => (
          <li key={source.custodian}>
            {name}: {stateOf(source.state, words.record.sourceStates)}
          </li>
        ))}
      </ol>
      <Conflicts record={record} />
      {kinds.map((kind) => {
        const lines = linesOf(record, kind)
        if (lines.length === 0) return null
        return (
          <section key={kind}>
            <h2>{words.record.kinds[kind] ?? kind}</h2>
            <table>
              <thead>
                <tr>
                  {columns.map((column) => (
                    <th key={column} scope="col">
                      {said.columns[column]}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {lines.map((line) => (
                  <PrintedLine key={line.key} line={line} numbers={numbers} />
                ))}
              </tbody>
            </table>
          </section>
        )
      })}
      <Gaps record={record} />
      <p>{said.page}</p>
    </main>
  )
}

/** As each source writes it; where they agree, once. */
function namesIn(charts: readonly ChartSource[]): readonly string[] {
  const names = charts.flatMap(({ source }) =>
    source.entries.flatMap((entry) =>
      entry.verified && entry.value.get('resourceType') === 'Patient' ? [nameIn(entry.value.get('name'))] : [],
    ),
  )
  return [...new Set(names.filter((each) => each !== ''))]
}

/** The first of a FHIR list of HumanName. */
function nameIn(names: unknown): string {
  const [name]: readonly unknown[] = Array.isArray(names) ? names : []
  if (!(name instanceof Map)) return ''
  const given: unknown = name.get('given')
  const parts: readonly unknown[] = [...(Array.isArray(given) ? given : []), name.get('family')]
  return parts.filter((each) => typeof each === 'string').join(' ')
}

function PrintedLine({ line, numbers }: { readonly line: Line; readonly numbers: ReadonlyMap<string, string> }) {
  const { words } = useSpoken()
  const value = line.value ? [line.value.text, line.value.unit].filter((each) => each !== null).join(' ') : ''
  const states = [
    line.status === null ? '' : (words.record.statuses[line.status] ?? line.status),
    line.absence ? words.record.absent : '',
    line.verified ? '' : words.record.notVerified,
    ...line.cautions.map((caution) => words.record.cautions[caution] ?? caution),
  ]
  const places = [...new Set(line.sources.map(({ custodian }) => numbers.get(custodian) ?? custodian))]
  const isLong = value.length > shortValueMax
  return (
    <>
      <tr className={isLong ? 'goes-on' : undefined}>
        <td>{(line.verified && line.display) || line.resourceType}</td>
        <td>{isLong ? '' : value}</td>
        <td>{line.effective === null ? '' : dateOf(line.effective, words.locale)}</td>
        <td>{states.filter((each) => each !== '').join(', ')}</td>
        <td>{places.join(', ')}</td>
      </tr>
      {isLong && (
        <tr>
          <td colSpan={columns.length}>{value}</td>
        </tr>
      )}
    </>
  )
}

function stateOf(
  state: ChartSource['source']['state'],
  says: ReturnType<typeof useSpoken>['words']['record']['sourceStates'],
): string {
  switch (state.type) {
    case 'complete':
      return says.complete(state.count)
    case 'part':
      return says.part(state.count)
    case 'failed-verification':
      return says['failed-verification'](state.failed)
    default:
      return says[state.type]
  }
}
