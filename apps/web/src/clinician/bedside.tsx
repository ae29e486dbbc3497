/** The assembled record for a first minute at the bedside: what stands now first, what is not known told apart from none. */
import { type AssembledRecord, type Kind, kinds } from '@plexus/assembly'
import type { ReactNode } from 'react'
import { Mark } from '../look/parts.tsx'
import { LineList } from '../record/line-list.tsx'
import { Conflicts, Gaps, Measurements } from '../record/record-parts.tsx'
import { allergiesIn, isCurrent, linesOf } from '../record/shown-record.ts'
import { useWords } from '../words/use-words.tsx'

const firstOfPanel = 8
const firstOfRest = 6
const inPanels: readonly Kind[] = ['allergies', 'medications', 'problems', 'results']

export function Bedside({ record }: { readonly record: AssembledRecord }) {
  const words = useWords()
  return (
    <>
      <Conflicts record={record} />
      <section className="stack" aria-labelledby="first-minute">
        <h2 id="first-minute">{words.clinician.first}</h2>
        <div className="bedside">
          <Allergies record={record} />
          <Panel kind="medications" record={record} />
          <Panel kind="problems" record={record} />
          <section className="card stack" aria-labelledby="panel-results">
            <PanelTitle id="panel-results" title={words.record.kinds['results'] ?? ''}>
              {words.clinician.latest}
            </PanelTitle>
            <Measurements record={record} first={firstOfPanel} />
          </section>
        </div>
      </section>
      <section className="stack" aria-labelledby="rest">
        <h2 id="rest">{words.clinician.rest}</h2>
        {kinds
          .filter((kind) => !inPanels.includes(kind))
          .map((kind) => {
            const lines = linesOf(record, kind)
            if (lines.length === 0) return null
            return (
              <section key={kind} className="card stack" aria-labelledby={`rest-${kind}`}>
                <PanelTitle id={`rest-${kind}`} title={words.record.kinds[kind] ?? kind}>
                  {words.record.entries(lines.length)}
                </PanelTitle>
                <LineList lines={lines} first={firstOfRest} />
              </section>
            )
          })}
      </section>
      <Gaps record={record} />
    </>
  )
}

function Panel({ kind, record }: { readonly kind: 'medications' | 'problems'; readonly record: AssembledRecord }) {
  const words = useWords()
  const lines = linesOf(record, kind)
  const sorted = [...lines.filter(isCurrent), ...lines.filter((line) => !isCurrent(line))]
  return (
    <section className="card stack" aria-labelledby={`panel-${kind}`}>
      <PanelTitle id={`panel-${kind}`} title={words.record.kinds[kind] ?? kind}>
        {words.record.entries(lines.length)}
      </PanelTitle>
      {lines.length === 0 ? <p>{words.clinician.nothing}</p> : <LineList lines={sorted} first={firstOfPanel} />}
    </section>
  )
}

function Allergies({ record }: { readonly record: AssembledRecord }) {
  const words = useWords()
  const known = allergiesIn(record)
  return (
    <section className="card stack" aria-labelledby="panel-allergies">
      <PanelTitle id="panel-allergies" title={words.record.kinds['allergies'] ?? ''} />
      {known === 'not-known' && <Mark tone="care">{words.clinician.allergiesUnknown}</Mark>}
      {known === 'none-stated' && <Mark>{words.clinician.allergiesNone}</Mark>}
      {known !== 'not-known' && <LineList lines={linesOf(record, 'allergies')} first={firstOfPanel} />}
    </section>
  )
}

function PanelTitle({
  id,
  title,
  children,
}: {
  readonly id: string
  readonly title: string
  readonly children?: ReactNode
}) {
  return (
    <div className="row apart">
      <h3 id={id}>{title}</h3>
      {children && <span className="small">{children}</span>}
    </div>
  )
}
