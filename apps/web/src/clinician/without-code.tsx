/** Without the patient's code: find the patient among those whom the organisation knows, go on for a summary, or in an emergency. */
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { Mark, Note } from '../look/parts.tsx'
import { askJson } from '../node/door.ts'
import { dateOf } from '../words/dates.ts'
import { useWords } from '../words/use-words.tsx'
import type { Basis, Known } from './asking.ts'
import { EmergencyDialog } from './emergency-dialog.tsx'
import type { Session } from './session.ts'

interface Candidate {
  readonly custodian: string
  readonly number: string
  readonly name: string
  readonly birthDate: string | null
  readonly gender: string | null
  readonly reasons: readonly string[]
  readonly known: readonly Known[]
}

type Found =
  | { readonly type: 'nothing-asked' }
  | { readonly type: 'refused'; readonly code: string }
  | { readonly type: 'too-many' }
  | { readonly type: 'found'; readonly candidates: readonly Candidate[] }

const nothingKnown = { name: '', birthDate: '', number: '' }
const fields = ['name', 'birthDate', 'number'] as const

export function WithoutCode({
  session,
  busy,
  onAsk,
}: {
  readonly session: Session
  readonly busy: boolean
  readonly onAsk: (basis: Basis) => void
}) {
  const words = useWords()
  const { without } = words.clinician
  const [query, setQuery] = useState(nothingKnown)
  const [found, setFound] = useState<Found>({ type: 'nothing-asked' })
  const [finding, setFinding] = useState(false)
  const [chosen, setChosen] = useState<Candidate | null>(null)
  const find = async (): Promise<void> => {
    setFinding(true)
    const answer = await askJson<{ readonly tooMany: boolean; readonly candidates: readonly Candidate[] }>(
      `/v1/members/${session.member}/patients/search`,
      { token: session.token, json: { npi: session.npi, postalCode: '', phone: '', ...query } },
    )
    setFinding(false)
    if (!answer.ok) setFound({ type: 'refused', code: answer.reason.type })
    else if (answer.value.tooMany) setFound({ type: 'too-many' })
    else setFound({ type: 'found', candidates: answer.value.candidates })
  }
  const leads = { name: null, birthDate: without.birthDateLead, number: without.numberLead } as const
  if (chosen) return <Chosen patient={chosen} busy={busy} onAsk={onAsk} onAnother={() => setChosen(null)} />
  return (
    <section className="card stack" aria-labelledby="without-code">
      <div className="stack stack-tight">
        <h2 id="without-code">{without.title}</h2>
        <p className="small">{without.lead}</p>
      </div>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void find()
        }}
      >
        <div className="fields">
          {fields.map((field) => (
            <TextInput
              key={field}
              label={without[field]}
              description={leads[field]}
              value={query[field]}
              onChange={(event) => setQuery({ ...query, [field]: event.currentTarget.value })}
              autoComplete="off"
              spellCheck={false}
            />
          ))}
        </div>
        <div>
          <Button type="submit" variant="default" loading={finding}>
            {without.find}
          </Button>
        </div>
      </form>
      <div aria-live="polite" className="stack">
        {found.type === 'refused' && <Note tone="no">{words.refusal(found.code)}</Note>}
        {found.type === 'too-many' && <Note tone="care">{without.tooMany}</Note>}
        {found.type === 'found' && found.candidates.length === 0 && <Note tone="care">{without.nobody}</Note>}
        {found.type === 'found' && found.candidates.length > 0 && (
          <>
            <p className="small">{without.found(found.candidates.length)}</p>
            <ul className="stack">
              {found.candidates.map((each) => (
                <li key={`${each.custodian}/${each.number}`} className="candidate" data-candidate>
                  <Who patient={each} />
                  <Button variant="default" onClick={() => setChosen(each)}>
                    {without.choose}
                  </Button>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </section>
  )
}

function Who({ patient }: { readonly patient: Candidate }) {
  const words = useWords()
  const { without } = words.clinician
  const { name, birthDate, gender, reasons } = patient
  return (
    <div className="stack stack-tight">
      <strong>{name}</strong>
      <span className="small">
        {[
          birthDate === null ? null : without.born(dateOf(birthDate, words.locale)),
          gender === null ? null : (without.genders[gender] ?? gender),
        ]
          .filter((each) => each !== null)
          .join(' · ')}
      </span>
      <span className="row">
        <span className="small">{without.why}</span>
        {reasons.map((reason) => (
          <Mark key={reason}>{without.reasons[reason] ?? reason}</Mark>
        ))}
      </span>
    </div>
  )
}

function Chosen({
  patient,
  busy,
  onAsk,
  onAnother,
}: {
  readonly patient: Candidate
  readonly busy: boolean
  readonly onAsk: (basis: Basis) => void
  readonly onAnother: () => void
}) {
  const words = useWords()
  const { without, emergency } = words.clinician
  const [urgent, setUrgent] = useState(false)
  const { known } = patient
  return (
    <section className="card stack" aria-labelledby="chosen-patient">
      <div className="row apart">
        <h2 id="chosen-patient">{without.chosen}</h2>
        <Button variant="default" onClick={onAnother}>
          {without.another}
        </Button>
      </div>
      <Who patient={patient} />
      <p className="small">
        {without.knownAt(known.length)} {known.map(({ name }) => name).join(', ')}
      </p>
      {known.length === 0 ? (
        <Note tone="care">{without.nowhere}</Note>
      ) : (
        <>
          <p>{without.goOnWhy}</p>
          <div className="row">
            <Button disabled={busy} onClick={() => onAsk({ type: 'own-word', known })}>
              {without.goOn}
            </Button>
            <Button className="urgent" disabled={busy} onClick={() => setUrgent(true)}>
              {emergency.open}
            </Button>
          </div>
        </>
      )}
      {urgent && (
        <EmergencyDialog
          who={patient.name}
          onClose={() => setUrgent(false)}
          onGo={(reason, said) => {
            setUrgent(false)
            onAsk({ type: 'emergency', known, reason, words: said })
          }}
        />
      )}
    </section>
  )
}
