/** What patients say is wrong with an entry or an access here, and the answer that they read (45 CFR 164.526 and 164.530(d)). */
import { Button, NativeSelect, Textarea } from '@mantine/core'
import { caseWordsIn, type DenialBasis } from '@plexus/policy'
import { useCallback, useEffect, useState } from 'react'
import { Mark, Note, type Tone, Waiting } from '../look/parts.tsx'
import { askJson } from '../node/door.ts'
import { dayOf, momentOf } from '../words/dates.ts'
import type { Words } from '../words/english.ts'
import { useWords } from '../words/use-words.tsx'
import type { Session } from './session.ts'

type Outcome = 'accepted' | 'denied' | 'later'

interface StaffCase {
  readonly id: string
  /** Of the custodian. */
  readonly name: string
  /** The custodian's number of the chart. */
  readonly patient: string
  readonly subject:
    | { readonly type: 'record'; readonly source: string; readonly version: number }
    | {
        readonly type: 'access'
        readonly number: number
        readonly decision: { readonly type: string }
        readonly madeAt: number
      }
  readonly words: string
  readonly openedAt: number
  readonly dueAt: number
  readonly answers: readonly {
    readonly outcome: { readonly type: Outcome }
    readonly words: string
    readonly madeAt: number
  }[]
  readonly disagreement: string | null
}

type List =
  | { readonly type: 'loading' }
  | { readonly type: 'refused'; readonly code: string }
  | { readonly type: 'here'; readonly cases: readonly StaffCase[] }

/** Why an entry may stand, 45 CFR 164.526(a)(2); of an access there is one answer. */
const basesOfEntries = [
  'accurate-and-complete',
  'not-created-here',
  'not-in-the-record-set',
  'not-open-to-inspection',
] as const satisfies readonly DenialBasis[]

export function CasesPage({ session }: { readonly session: Session }) {
  const words = useWords()
  const { cases } = words.clinician
  const { member, token } = session
  const [all, setAll] = useState(false)
  const [list, setList] = useState<List>({ type: 'loading' })
  const load = useCallback(async (): Promise<void> => {
    const answer = await askJson<{ readonly cases: readonly StaffCase[] }>(`/v1/members/${member}/cases`, { token })
    setList(answer.ok ? { type: 'here', cases: answer.value.cases } : { type: 'refused', code: answer.reason.type })
  }, [member, token])
  useEffect(() => {
    void load()
  }, [load])
  const shown = list.type === 'here' ? list.cases.filter((each) => all || endOf(each) === null) : []
  return (
    <>
      <p className="lead">{cases.lead(member)}</p>
      <label className="row">
        <input type="checkbox" checked={all} onChange={() => setAll(!all)} />
        {cases.all}
      </label>
      {list.type === 'loading' && <Waiting />}
      {list.type === 'refused' && <Note tone="no">{words.refusal(list.code)}</Note>}
      {list.type === 'here' && shown.length === 0 && <Note>{cases.none}</Note>}
      <ul className="stack">
        {shown.map((each) => (
          <CaseCard key={each.id} held={each} session={session} onAnswered={() => void load()} />
        ))}
      </ul>
    </>
  )
}

interface CaseParts {
  readonly held: StaffCase
  readonly session: Session
  readonly onAnswered: () => void
}

function CaseCard({ held, session, onAnswered }: CaseParts) {
  const words = useWords()
  const { cases } = words.clinician
  const { subject, patient, name, words: said, openedAt, answers, disagreement } = held
  const [open, setOpen] = useState(false)
  const end = endOf(held)
  const [tone, state] = stateOf(held, words)
  return (
    <li className="card stack" data-staff-case={held.id}>
      <div className="row apart">
        <h2>{cases.kinds[subject.type]}</h2>
        <Mark tone={tone}>{state}</Mark>
      </div>
      <p className="small">
        {cases.chart(patient, name)} · {subjectOf(subject, words)} · {cases.opened(momentOf(openedAt, words.locale))}
      </p>
      <p className="said">
        <span className="small">{cases.patient}:</span> {said}
      </p>
      {answers.map(({ outcome, words: given, madeAt }) => (
        <p key={`${outcome.type}/${madeAt}`} className="said">
          <span className="small">
            {cases.you}, {momentOf(madeAt, words.locale)} ({cases.answered[outcome.type]}):
          </span>{' '}
          {given}
        </p>
      ))}
      {end === 'accepted' && subject.type === 'record' && <p className="small">{cases.amend}</p>}
      {disagreement !== null && (
        <p className="said">
          <span className="small">{cases.still}:</span> {disagreement}
        </p>
      )}
      {end === null && !open && (
        <div>
          <Button variant="default" onClick={() => setOpen(true)}>
            {cases.answer}
          </Button>
        </div>
      )}
      {end === null && open && (
        <AnswerForm
          held={held}
          session={session}
          onAnswered={() => {
            setOpen(false)
            onAnswered()
          }}
        />
      )}
    </li>
  )
}

function AnswerForm({ held, session, onAnswered }: CaseParts) {
  const words = useWords()
  const { cases } = words.clinician
  const { id, subject, answers } = held
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const [basis, setBasis] = useState<DenialBasis>(basesOfEntries[0])
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<string | null>(null)
  const outcomes: readonly (readonly [Outcome, string])[] = [
    ['accepted', cases.outcomes[subject.type].accepted],
    ['denied', cases.outcomes[subject.type].denied],
    ...(answers.length === 0 ? [['later', cases.later] as const] : []),
  ]
  const said = caseWordsIn(typed)
  const send = async (): Promise<void> => {
    if (outcome === null || said === null) return
    const why = subject.type === 'access' ? 'access-was-permitted' : basis
    setBusy(true)
    const answer = await askJson(`/v1/members/${session.member}/cases/${id}/answer`, {
      token: session.token,
      json: { outcome: outcome === 'denied' ? { type: outcome, basis: why } : { type: outcome }, words: said },
    })
    setBusy(false)
    if (answer.ok) onAnswered()
    else setRefused(answer.reason.type)
  }
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
    >
      <fieldset className="choices-list">
        <legend>{cases.outcome}</legend>
        {outcomes.map(([each, says]) => (
          <label key={each}>
            <input type="radio" name={`outcome-${id}`} checked={outcome === each} onChange={() => setOutcome(each)} />
            {says}
          </label>
        ))}
      </fieldset>
      {outcome === 'denied' && subject.type === 'record' && (
        <NativeSelect
          className="narrow"
          label={cases.basis}
          value={basis}
          data={basesOfEntries.map((value) => ({ value, label: cases.bases[value] }))}
          onChange={({ currentTarget }) =>
            setBasis(basesOfEntries.find((each) => each === currentTarget.value) ?? basesOfEntries[0])
          }
        />
      )}
      <Textarea
        label={cases.words}
        rows={3}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        error={typed !== '' && said === null && words.cases.wordsFault}
      />
      {refused && <Note tone="no">{words.refusal(refused)}</Note>}
      <div>
        <Button type="submit" loading={busy} disabled={outcome === null || said === null}>
          {cases.send}
        </Button>
      </div>
    </form>
  )
}

/** The answer that ended it, when one did. */
function endOf({ answers }: StaffCase): 'accepted' | 'denied' | null {
  for (const { outcome } of answers) if (outcome.type !== 'later') return outcome.type
  return null
}

function stateOf(held: StaffCase, { clinician: { cases }, locale }: Words): readonly [Tone, string] {
  const end = endOf(held)
  if (end !== null) return [end === 'accepted' ? 'good' : 'no', cases.answered[end]]
  return held.dueAt * 1000 < Date.now() ? ['no', cases.overdue] : ['care', cases.due(dayOf(held.dueAt, locale))]
}

function subjectOf(subject: StaffCase['subject'], { clinician: { cases }, looks, locale }: Words): string {
  if (subject.type === 'record') return cases.entry(subject.source, subject.version)
  const decisions: Readonly<Record<string, string>> = looks.decisions
  const decision = (decisions[subject.decision.type] ?? subject.decision.type).toLowerCase()
  return cases.receipt(subject.number, decision, momentOf(subject.madeAt, locale))
}
