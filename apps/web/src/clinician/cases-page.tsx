/** What patients say is wrong with an entry or an access here, and the answer that they read (45 CFR 164.526 and 164.530(d)). */
import { Button, NativeSelect, Textarea } from '@mantine/core'
import { caseWordsIn, type DenialBasis } from '@plexus/policy'
import { useState } from 'react'
import { Choices } from '../look/choices.tsx'
import { Mark, Note, type Tone } from '../look/parts.tsx'
import { askJson } from '../node/door.ts'
import { dayOf, momentOf } from '../words/dates.ts'
import type { Words } from '../words/english.ts'
import { useWords } from '../words/use-words.tsx'
import type { Session } from './session.ts'
import { Answering, WorkList } from './work-list.tsx'

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

/** Why an entry may stand, 45 CFR 164.526(a)(2); of an access there is one answer. */
const basesOfEntries = [
  'accurate-and-complete',
  'not-created-here',
  'not-in-the-record-set',
  'not-open-to-inspection',
] as const satisfies readonly DenialBasis[]

export function CasesPage({ session }: { readonly session: Session }) {
  const { cases } = useWords().clinician
  return (
    <WorkList
      says={cases}
      session={session}
      path={() => 'cases'}
      itemsIn={(answer: { readonly cases: readonly StaffCase[] }, all) =>
        answer.cases.filter((each) => all || endOf(each) === null)
      }
      card={(each, onAnswered) => <CaseCard key={each.id} held={each} session={session} onAnswered={onAnswered} />}
    />
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
      {end === null && (
        <Answering
          says={cases.answer}
          form={(close) => (
            <AnswerForm
              held={held}
              session={session}
              onAnswered={() => {
                close()
                onAnswered()
              }}
            />
          )}
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
      <Choices
        legend={cases.outcome}
        name={`outcome-${id}`}
        options={outcomes}
        chosen={outcome}
        onChoose={setOutcome}
      />
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
