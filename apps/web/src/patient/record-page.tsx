/** My record: what each place holds, put together in this browser, as a timeline or by topic. */
import { Button, SegmentedControl } from '@mantine/core'
import { type AssembledRecord, assemble, type Kind, kinds, type Line } from '@plexus/assembly'
import { memo, type ReactNode, useCallback, useEffect, useMemo, useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Heading, Mark, type Tone, Waiting } from '../look/parts.tsx'
import { LineList } from '../record/line-list.tsx'
import { Conflicts, Gaps, Measurements } from '../record/record-parts.tsx'
import { linesOf, monthsOf } from '../record/shown-record.ts'
import type { WalletView } from '../wallet/keeping.ts'
import type { ChartSource } from '../wallet/own-record.ts'
import { dateOf } from '../words/dates.ts'
import type { Words } from '../words/english.ts'
import { useWords } from '../words/use-words.tsx'
import { DownloadCard } from './download/download-card.tsx'
import { ChecksDue, personIn, ValueMeaning } from './explained.tsx'
import { casesOfEntries, WrongEntry } from './wrong-entry.tsx'

/** Bills and letterheads are kept, and are not what a person looks for in a history. */
const besideTheStory: readonly Kind[] = ['claims', 'administrative', 'other']
const firstOfTopic = 8

export function RecordPage({ view }: { readonly view: WalletView }) {
  const words = useWords()
  const { keeper } = useShared()
  const [charts, setCharts] = useState<readonly ChartSource[]>(keeper?.charts ?? [])
  const [reading, setReading] = useState(false)
  const [shape, setShape] = useState<'timeline' | 'topics'>('topics')
  const read = useCallback(async () => {
    setReading(true)
    setCharts([])
    await keeper?.readRecord(setCharts).catch(() => {})
    setReading(false)
  }, [keeper])
  useEffect(() => {
    if (keeper && keeper.charts.length === 0) void read()
  }, [keeper, read])
  const record = useMemo(() => (reading || charts.length === 0 ? null : assembled(charts)), [charts, reading])
  const cases = useMemo(() => casesOfEntries(view), [view])
  const stamp = JSON.stringify(view.cases.map(({ subject: _, ...each }) => each))
  const person = useMemo(() => personIn(charts), [charts])
  const beside = (line: Line): ReactNode => (
    <>
      <ValueMeaning line={line} person={person} />
      <WrongEntry line={line} cases={cases} view={view} />
    </>
  )
  return (
    <>
      <Heading title={words.record.title} lead={words.record.lead} />
      <section className="stack" aria-labelledby="sources">
        <h2 id="sources">{words.record.sources}</h2>
        <ul className="sources">
          {view.relations.map(({ custodian, name }) => (
            <SourceItem
              key={custodian}
              name={name}
              chart={charts.find(({ source }) => source.custodian === custodian)}
              reading={reading}
            />
          ))}
        </ul>
      </section>
      {reading && <Waiting says={words.record.reading(charts.length, view.relations.length)} />}
      {record && (
        <>
          <Conflicts record={record} />
          <div className="row apart">
            <SegmentedControl
              aria-label={words.record.view}
              value={shape}
              onChange={(value) => setShape(value === 'timeline' ? 'timeline' : 'topics')}
              data={[
                { value: 'topics', label: words.record.topics },
                { value: 'timeline', label: words.record.timeline },
              ]}
            />
            <Button variant="default" onClick={() => void read()}>
              {words.record.again}
            </Button>
          </div>
          {shape === 'topics' ? (
            <Topics record={record} beside={beside} stamp={stamp} />
          ) : (
            <Timeline record={record} beside={beside} stamp={stamp} />
          )}
          <ChecksDue record={record} person={person} />
          <Gaps record={record} />
          <DownloadCard charts={charts} record={record} />
        </>
      )}
    </>
  )
}

function assembled(charts: readonly ChartSource[]): AssembledRecord {
  const height = Math.max(0, ...charts.map(({ source: { state } }) => ('height' in state ? state.height : 0)))
  return assemble({ sources: charts.map(({ source }) => source), requester: 'patient', purpose: 'PATRQT', height })
}

function SourceItem({
  name,
  chart,
  reading,
}: {
  readonly name: string
  readonly chart: ChartSource | undefined
  readonly reading: boolean
}) {
  const words = useWords()
  const [tone, says] = chart
    ? stateOf(chart, words)
    : (['plain', reading ? words.record.sourceStates.asking : ''] as const)
  return (
    <li data-tone={tone}>
      <strong>{name}</strong>
      {says !== '' && <Mark tone={tone}>{says}</Mark>}
    </li>
  )
}

function stateOf({ source: { state } }: ChartSource, { record: { sourceStates } }: Words): readonly [Tone, string] {
  switch (state.type) {
    case 'complete':
      return ['good', sourceStates.complete(state.count)]
    case 'part':
      return ['care', sourceStates.part(state.count)]
    case 'withheld':
      return ['no', sourceStates.withheld]
    case 'unavailable':
      return ['no', sourceStates.unavailable]
    case 'failed-verification':
      return ['no', sourceStates['failed-verification'](state.failed)]
  }
}

interface Shown {
  readonly record: AssembledRecord
  readonly beside: (line: Line) => ReactNode
  /** Differs when what is beside the lines does. */
  readonly stamp: string
}

/** The wallet tells of itself every few seconds: thousands of lines are drawn again only when something in them changed. */
const isSame = (before: Shown, after: Shown): boolean => before.record === after.record && before.stamp === after.stamp

const Topics = memo(function Topics({ record, beside }: Shown) {
  const words = useWords()
  return (
    <div className="stack">
      {kinds.map((kind) => {
        const lines = linesOf(record, kind)
        if (lines.length === 0) return null
        return (
          <section key={kind} className="card stack" aria-labelledby={`topic-${kind}`}>
            <div className="row apart">
              <h2 id={`topic-${kind}`}>{words.record.kinds[kind] ?? kind}</h2>
              <span className="small">{words.record.entries(lines.length)}</span>
            </div>
            {kind === 'results' ? (
              <Measurements record={record} first={firstOfTopic} beside={beside} />
            ) : (
              <LineList lines={lines} first={firstOfTopic} beside={beside} />
            )}
          </section>
        )
      })}
    </div>
  )
}, isSame)

const Timeline = memo(function Timeline({ record, beside }: Shown) {
  const words = useWords()
  const months = monthsOf(record.lines.filter(({ kind }) => !besideTheStory.includes(kind)))
  return (
    <div className="stack">
      {months.map(([month, lines]) => (
        <section key={month} className="month">
          <h2>{month === '' ? words.record.undated : dateOf(month, words.locale)}</h2>
          <LineList lines={lines} beside={beside} />
        </section>
      ))}
    </div>
  )
}, isSame)
