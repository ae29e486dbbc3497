/** Emergencies of this organisation that wait for a person to look at them, and the answer with a name. */
import { Button, TextInput } from '@mantine/core'
import { verdicts } from '@plexus/policy'
import { useCallback, useEffect, useState } from 'react'
import { Mark, Note, Waiting } from '../look/parts.tsx'
import { ask, askJson } from '../node/door.ts'
import { momentOf } from '../words/dates.ts'
import { useWords } from '../words/use-words.tsx'
import type { Session } from './session.ts'

interface Review {
  readonly id: string
  readonly requester: string
  readonly npi: string
  readonly about:
    | { readonly type: 'chart'; readonly number: string }
    | { readonly type: 'visit'; readonly visit: string }
  /** Of the places that were asked. */
  readonly names: readonly string[]
  readonly emergency: { readonly reason: string; readonly words: string }
  readonly askedAt: number
  readonly dueAt: number
  readonly isAlarm: boolean
  readonly outcome: { readonly verdict: string; readonly reviewer: string; readonly words: string } | null
}

type List =
  | { readonly type: 'loading' }
  | { readonly type: 'refused'; readonly code: string }
  | { readonly type: 'here'; readonly reviews: readonly Review[] }

/** Enough to tell the visits of a day apart. */
const visitDigits = 8
/** In bytes, of which a letter takes at most four. */
const nameMax = 20
const wordsMax = 125

export function ReviewsPage({ session }: { readonly session: Session }) {
  const words = useWords()
  const { reviews } = words.clinician
  const { member, token } = session
  const [all, setAll] = useState(false)
  const [list, setList] = useState<List>({ type: 'loading' })
  const load = useCallback(async (): Promise<void> => {
    const answer = await askJson<{ readonly reviews: readonly Review[] }>(`/v1/members/${member}/reviews?all=${all}`, {
      token,
    })
    setList(answer.ok ? { type: 'here', reviews: answer.value.reviews } : { type: 'refused', code: answer.reason.type })
  }, [member, token, all])
  useEffect(() => {
    void load()
  }, [load])
  return (
    <>
      <p className="lead">{reviews.lead(member)}</p>
      <label className="row">
        <input type="checkbox" checked={all} onChange={() => setAll(!all)} />
        {reviews.all}
      </label>
      {list.type === 'loading' && <Waiting />}
      {list.type === 'refused' && <Note tone="no">{words.refusal(list.code)}</Note>}
      {list.type === 'here' && list.reviews.length === 0 && <Note>{reviews.none}</Note>}
      {list.type === 'here' && (
        <ul className="stack">
          {list.reviews.map((each) => (
            <ReviewCard key={each.id} review={each} session={session} onAnswered={() => void load()} />
          ))}
        </ul>
      )}
    </>
  )
}

function ReviewCard({
  review,
  session,
  onAnswered,
}: {
  readonly review: Review
  readonly session: Session
  readonly onAnswered: () => void
}) {
  const words = useWords()
  const { reviews, emergency: urgent } = words.clinician
  const { npi, about, emergency, askedAt, dueAt, isAlarm, outcome, names, requester } = review
  const [open, setOpen] = useState(false)
  const late = outcome === null && dueAt * 1000 < Date.now()
  return (
    <li className="card stack" data-review>
      <div className="row apart">
        <h2>{urgent.reasons[emergency.reason] ?? emergency.reason}</h2>
        {outcome ? (
          <Mark tone={outcome.verdict === 'unjustified' ? 'no' : 'good'}>
            {reviews.answered(reviews.verdicts[outcome.verdict] ?? outcome.verdict, outcome.reviewer)}
          </Mark>
        ) : (
          <Mark tone={late ? 'no' : 'care'}>{late ? reviews.overdue : reviews.due(momentOf(dueAt, words.locale))}</Mark>
        )}
      </div>
      <p>
        {reviews.askedBy(npi, requester, momentOf(askedAt, words.locale))}.{' '}
        {about.type === 'chart' ? reviews.chart(about.number) : reviews.visit(about.visit.slice(0, visitDigits))}.
      </p>
      <p className="small">{reviews.asked(names.join(', '))}</p>
      {emergency.words !== '' && <p>{emergency.words}</p>}
      {isAlarm && <Mark tone="no">{reviews.alarm}</Mark>}
      {outcome !== null && outcome.words !== '' && <p>{outcome.words}</p>}
      {outcome === null && !open && (
        <div>
          <Button variant="default" onClick={() => setOpen(true)}>
            {reviews.answer}
          </Button>
        </div>
      )}
      {outcome === null && open && <AnswerForm review={review} session={session} onAnswered={onAnswered} />}
    </li>
  )
}

function AnswerForm({
  review,
  session,
  onAnswered,
}: {
  readonly review: Review
  readonly session: Session
  readonly onAnswered: () => void
}) {
  const words = useWords()
  const { reviews } = words.clinician
  const [verdict, setVerdict] = useState<string | null>(null)
  const [reviewer, setReviewer] = useState('')
  const [said, setSaid] = useState('')
  const [refused, setRefused] = useState<string | null>(null)
  const send = async (): Promise<void> => {
    const answer = await ask(`/v1/members/${session.member}/reviews/${review.id}/answer`, {
      token: session.token,
      json: { verdict, reviewer: reviewer.trim(), words: said.trim() },
    })
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
        <legend>{reviews.verdict}</legend>
        {verdicts.map((each) => (
          <label key={each}>
            <input
              type="radio"
              name={`verdict-${review.id}`}
              checked={verdict === each}
              onChange={() => setVerdict(each)}
            />
            {reviews.verdicts[each]}
          </label>
        ))}
      </fieldset>
      <TextInput
        label={reviews.reviewer}
        value={reviewer}
        maxLength={nameMax}
        onChange={(event) => setReviewer(event.currentTarget.value)}
      />
      <TextInput
        label={reviews.words}
        value={said}
        maxLength={wordsMax}
        onChange={(event) => setSaid(event.currentTarget.value)}
      />
      {refused && <Note tone="no">{words.refusal(refused)}</Note>}
      <div>
        <Button type="submit" disabled={verdict === null || reviewer.trim().length < 2}>
          {reviews.send}
        </Button>
      </div>
    </form>
  )
}
