/** Emergencies of this organisation that wait for a person to look at them, and the answer with a name. */
import { Button, TextInput } from '@mantine/core'
import { verdicts } from '@plexus/policy'
import { useState } from 'react'
import { Choices } from '../look/choices.tsx'
import { Mark, Note } from '../look/parts.tsx'
import { ask } from '../node/door.ts'
import { momentOf } from '../words/dates.ts'
import { useWords } from '../words/use-words.tsx'
import type { Session } from './session.ts'
import { Answering, WorkList } from './work-list.tsx'

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

/** Enough to tell the visits of a day apart. */
const visitDigits = 8
/** In bytes, of which a letter takes at most four. */
const nameMax = 20
const wordsMax = 125

export function ReviewsPage({ session }: { readonly session: Session }) {
  const { reviews } = useWords().clinician
  return (
    <WorkList
      says={reviews}
      session={session}
      path={(all) => `reviews?all=${all}`}
      itemsIn={(answer: { readonly reviews: readonly Review[] }) => answer.reviews}
      card={(each, onAnswered) => <ReviewCard key={each.id} review={each} session={session} onAnswered={onAnswered} />}
    />
  )
}

interface ReviewParts {
  readonly review: Review
  readonly session: Session
  readonly onAnswered: () => void
}

function ReviewCard({ review, session, onAnswered }: ReviewParts) {
  const words = useWords()
  const { reviews, emergency: urgent } = words.clinician
  const { npi, about, emergency, askedAt, dueAt, isAlarm, outcome, names, requester } = review
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
      {outcome === null && (
        <Answering
          says={reviews.answer}
          form={() => <AnswerForm review={review} session={session} onAnswered={onAnswered} />}
        />
      )}
    </li>
  )
}

function AnswerForm({ review, session, onAnswered }: ReviewParts) {
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
      <Choices
        legend={reviews.verdict}
        name={`verdict-${review.id}`}
        options={verdicts.map((each) => [each, reviews.verdicts[each] ?? each] as const)}
        chosen={verdict}
        onChoose={setVerdict}
      />
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
