/** Parts of a record that both roles see: conflicts, gaps, measurements. */
import type { AssembledRecord, Line } from '@plexus/assembly'
import type { ReactNode } from 'react'
import { Note } from '../look/parts.tsx'
import { Trend } from '../look/trend.tsx'
import { Unfolding } from '../look/unfolding.tsx'
import { dateOf } from '../words/dates.ts'
import { useWords } from '../words/use-words.tsx'
import { type Measurement, measurementsIn } from './shown-record.ts'

export function Conflicts({ record }: { readonly record: AssembledRecord }) {
  const words = useWords()
  if (record.conflicts.length === 0) return null
  const displays = new Map(record.lines.map(({ key, display }) => [key, display]))
  return (
    <Note tone="care" title={words.record.conflicts}>
      <ul className="stack stack-tight">
        {record.conflicts.map(({ kind, lines }) => (
          <li key={`${kind}/${lines.join('/')}`}>
            <strong>{words.record.conflictKinds[kind] ?? kind}:</strong>{' '}
            {[...new Set(lines.map((key) => displays.get(key) ?? key))].join(' · ')}
          </li>
        ))}
      </ul>
    </Note>
  )
}

export function Gaps({ record }: { readonly record: AssembledRecord }) {
  const words = useWords()
  const unsaid = record.gaps.flatMap((gap) => (gap.type === 'nothing-said' ? [gap.kind] : []))
  return (
    <div className="card card-quiet stack stack-tight">
      <h2>{words.record.gaps}</h2>
      {unsaid.map((kind) => (
        <p key={kind}>{words.record.nothingSaid((words.record.kinds[kind] ?? kind).toLowerCase())}</p>
      ))}
      <p className="small">{words.record.incomplete}</p>
    </div>
  )
}

export function Measurements({
  record,
  first,
  beside,
}: {
  readonly record: AssembledRecord
  readonly first: number
  /** What a page puts under the newest value of its own accord. */
  readonly beside?: (line: Line) => ReactNode
}) {
  return (
    <Unfolding items={measurementsIn(record)} first={first} className="lines">
      {(each) => <MeasurementItem key={each.key} measurement={each} beside={beside?.(each.newest)} />}
    </Unfolding>
  )
}

function MeasurementItem({ measurement, beside }: { readonly measurement: Measurement; readonly beside: ReactNode }) {
  const words = useWords()
  const { display, newest, points, count } = measurement
  const [low, high] = [points[0], points.at(-1)]
  const value = newest.value ? [newest.value.text, newest.value.unit].filter((each) => each !== null).join(' ') : ''
  return (
    <li>
      <span>{display}</span>
      <span className={value.length > 24 ? 'value long' : 'value'}>{value}</span>
      <span className="facts">
        {newest.effective !== null && <span>{dateOf(newest.effective, words.locale)}</span>}
        {count > 1 && <span>{words.record.entries(count)}</span>}
      </span>
      {low && high && points.length > 1 && (
        <Trend
          points={points}
          says={`${display}: ${words.record.trend(points.length, String(low.value), String(high.value))}`}
        />
      )}
      {beside}
    </li>
  )
}
