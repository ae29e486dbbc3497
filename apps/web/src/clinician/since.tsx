/** What changed since this organisation was given a record of the patient last. */
import type { Change, Line } from '@plexus/assembly'
import { Mark, type Tone } from '../look/parts.tsx'
import { Unfolding } from '../look/unfolding.tsx'
import { dateOf, momentOf } from '../words/dates.ts'
import type { Words } from '../words/english.ts'
import { useWords } from '../words/use-words.tsx'
import type { Asked, AskedSource } from './asking.ts'

const tones: Readonly<Record<Change['type'], Tone>> = { new: 'good', changed: 'care', gone: 'no' }
/** As many as a first minute reads. */
const shownAtFirst = 12

export function Since({
  earlier,
  sources,
}: {
  readonly earlier: NonNullable<Asked['earlier']>
  readonly sources: readonly AskedSource[]
}) {
  const words = useWords()
  const { since } = words.clinician
  const { askedAt, changes, notCompared } = earlier
  const names = new Map(sources.map(({ custodian, name }) => [custodian, name]))
  return (
    <section className="card stack" aria-labelledby="since" data-changes={changes.length}>
      <div className="row apart">
        <h2 id="since">{since.title(momentOf(askedAt, words.locale))}</h2>
        <span className="small">{since.lead}</span>
      </div>
      {changes.length === 0 && <p>{since.none}</p>}
      {changes.length > 0 && (
        <Unfolding items={changes} first={shownAtFirst} className="lines">
          {(change) => {
            const line = change.type === 'gone' ? change.before : change.line
            return (
              <li key={`${change.type}/${line.key}`}>
                <span>{line.display}</span>
                <Mark tone={tones[change.type]}>{since[change.type]}</Mark>
                <span className="facts">
                  <span>{words.record.kinds[line.kind] ?? line.kind}</span>
                  {line.effective !== null && <span>{dateOf(line.effective, words.locale)}</span>}
                  {change.type === 'changed' &&
                    change.parts.map((part) => (
                      <span key={part}>
                        {since.parts[part] ?? part}: {said(change.line, part, words)},{' '}
                        {since.was(said(change.before, part, words))}
                      </span>
                    ))}
                </span>
              </li>
            )
          }}
        </Unfolding>
      )}
      {notCompared.length > 0 && (
        <p className="small">{since.notCompared(notCompared.map((each) => names.get(each) ?? each).join(', '))}</p>
      )}
    </section>
  )
}

function said(line: Line, part: string, words: Words): string {
  const { nothing } = words.clinician.since
  switch (part) {
    case 'date':
      return line.effective === null ? nothing : dateOf(line.effective, words.locale)
    case 'name':
      return line.display
    case 'status':
      return line.status === null ? nothing : (words.record.statuses[line.status] ?? line.status)
    default:
      return line.value ? [line.value.text, line.value.unit].filter((each) => each !== null).join(' ') : nothing
  }
}
