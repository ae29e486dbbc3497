/** Lines of an assembled record, each with its value, its state, its date and how many sources say so. */
import type { Line } from '@plexus/assembly'
import type { ReactNode } from 'react'
import { Mark } from '../look/parts.tsx'
import { Unfolding } from '../look/unfolding.tsx'
import { dateOf } from '../words/dates.ts'
import { useWords } from '../words/use-words.tsx'

/** Values beyond this stand on a line of their own. */
const shortValueMax = 24

export function LineList({
  lines,
  first = lines.length,
  beside,
}: {
  readonly lines: readonly Line[]
  readonly first?: number
  /** What a page puts under a line of its own accord. */
  readonly beside?: (line: Line) => ReactNode
}) {
  return (
    <Unfolding items={lines} first={first} className="lines">
      {(line) => <LineItem key={line.key} line={line} beside={beside?.(line)} />}
    </Unfolding>
  )
}

function LineItem({ line, beside }: { readonly line: Line; readonly beside: ReactNode }) {
  const words = useWords()
  const places = new Set(line.sources.map(({ custodian }) => custodian)).size
  const value = line.value ? [line.value.text, line.value.unit].filter((each) => each !== null).join(' ') : ''
  return (
    <li>
      <span>{line.verified ? line.display || line.resourceType : line.resourceType}</span>
      {value !== '' && <span className={value.length > shortValueMax ? 'value long' : 'value'}>{value}</span>}
      <span className="facts">
        {line.effective !== null && <span>{dateOf(line.effective, words.locale)}</span>}
        {line.status !== null && <span>{words.record.statuses[line.status] ?? line.status}</span>}
        {places > 1 && <span>{words.record.places(places)}</span>}
        {line.absence && <span>{words.record.absent}</span>}
        {!line.verified && <Mark tone="no">{words.record.notVerified}</Mark>}
        {line.cautions.map((caution) => (
          <Mark key={caution} tone="care">
            {words.record.cautions[caution] ?? caution}
          </Mark>
        ))}
      </span>
      <Disputes line={line} />
      {beside}
    </li>
  )
}

/** What both sides said, where the patient wanted it to go with the entry (45 CFR 164.526(d)(5)). */
function Disputes({ line }: { readonly line: Line }) {
  const words = useWords()
  const said = line.sources.flatMap(({ custodian, record, dispute }) =>
    dispute ? [{ custodian, record, dispute }] : [],
  )
  return said.map(({ custodian, record, dispute: { statement, denial } }) => (
    <div key={`${custodian}/${record}`} className="case" data-case={denial === null ? 'open' : 'denied'}>
      {statement === null && <p className="small">{words.cases.disputedOpen}</p>}
      {statement !== null && (
        <p className="said">
          <span className="small">{words.cases.patientSays}:</span> {statement}
        </p>
      )}
      {denial !== null && (
        <p className="said">
          <span className="small">{words.cases.custodianSays}:</span> {denial}
        </p>
      )}
    </div>
  ))
}
