/** One visit: the patient's code or the own word, the ask, and what every custodian answered as it comes. */
import { Button, TextInput } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Mark, Note, type Tone, Waiting } from '../look/parts.tsx'
import type { Words } from '../words/english.ts'
import { useWords } from '../words/use-words.tsx'
import { type Asked, type AskedSource, askFor, type Basis } from './asking.ts'
import { Bedside } from './bedside.tsx'
import type { Session } from './session.ts'
import { Since } from './since.tsx'
import { WithoutCode } from './without-code.tsx'

type Step =
  | { readonly type: 'idle'; readonly refused: string | null }
  | { readonly type: 'asking'; readonly basis: Basis['type']; readonly committing: boolean }
  | { readonly type: 'shown'; readonly basis: Basis['type']; readonly asked: Asked; readonly seconds: number }

export function AskPage({
  session,
  onVerify,
}: {
  readonly session: Session
  readonly onVerify: () => Promise<Session | { readonly refused: string }>
}) {
  const words = useWords()
  const { visit } = useShared()
  const [code, setCode] = useState('')
  const [step, setStep] = useState<Step>({ type: 'idle', refused: null })
  /** Counts asks, so that answers of one before are not shown. */
  const latest = useRef(0)
  useEffect(
    () => () => {
      latest.current++
    },
    [],
  )
  const ask = async (basis: Basis): Promise<void> => {
    const own = ++latest.current
    const startedAt = performance.now()
    setStep({ type: 'asking', basis: basis.type, committing: false })
    const verified = basis.type === 'emergency' ? await onVerify() : session
    if (latest.current !== own) return
    const refused =
      'refused' in verified
        ? verified
        : await askFor(verified, basis, {
            onCommitting: () => setStep({ type: 'asking', basis: basis.type, committing: true }),
            onAnswer: (asked) =>
              setStep({ type: 'shown', basis: basis.type, asked, seconds: (performance.now() - startedAt) / 1000 }),
            isWanted: () => latest.current === own,
          })
    if (refused && latest.current === own) setStep({ type: 'idle', refused: refused.refused })
  }
  return (
    <>
      <form
        className="card stack"
        onSubmit={(event) => {
          event.preventDefault()
          void ask({ type: 'code', visit: code.trim() })
        }}
      >
        <h2>{words.clinician.codeTitle}</h2>
        <TextInput
          label={words.clinician.codeLabel}
          description={words.clinician.codeLead}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
          classNames={{ input: 'mono' }}
        />
        {visit === null && <p className="small">{words.clinician.noVisit}</p>}
        <div className="row">
          <Button type="submit" size="md" disabled={code.trim() === ''} loading={isAsking(step, 'code')}>
            {words.clinician.ask}
          </Button>
          {visit !== null && (
            <Button type="button" variant="default" onClick={() => setCode(visit)}>
              {words.clinician.scan}
            </Button>
          )}
        </div>
      </form>
      <WithoutCode session={session} busy={step.type === 'asking'} onAsk={(basis) => void ask(basis)} />
      {step.type === 'idle' && step.refused && <Note tone="no">{words.refusal(step.refused)}</Note>}
      {step.type === 'asking' && <Waiting says={waitingFor(step, words)} />}
      {step.type === 'shown' && <Shown {...step} />}
    </>
  )
}

const isAsking = (step: Step, basis: Basis['type']): boolean => step.type === 'asking' && step.basis === basis

function waitingFor({ basis, committing }: Extract<Step, { type: 'asking' }>, { clinician }: Words): string {
  if (!committing) return clinician.asking
  return basis === 'code' ? clinician.waitingEvidence : clinician.waitingOwnWord
}

function Shown({ asked, basis, seconds }: Extract<Step, { type: 'shown' }>) {
  const words = useWords()
  const { sources, record, settled, earlier } = asked
  // What came stands below two forms: whoever asked is taken there, on the screen and with the focus.
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    title.current?.scrollIntoView()
    title.current?.focus({ preventScroll: true })
  }, [])
  const nothing = settled && record.entries === 0
  return (
    <>
      <section className="stack" aria-labelledby="asked-sources">
        <div className="row apart">
          <h2 ref={title} id="asked-sources" tabIndex={-1}>
            {words.clinician.sources}
          </h2>
          <span className="row">
            <Mark tone={basis === 'code' ? 'good' : 'care'}>{words.clinician.grades[basis]}</Mark>
            {settled && (
              <span className="small" data-seconds={seconds.toFixed(2)}>
                {words.clinician.seconds(seconds.toFixed(1))}
              </span>
            )}
          </span>
        </div>
        {basis !== 'code' && <Note tone="care">{words.clinician.gradeWhy[basis]}</Note>}
        <ul className="sources" aria-live="polite">
          {sources.map((source) => {
            const [tone, says] = stateOf(source, words)
            return (
              <li key={source.custodian} data-tone={tone} data-state={source.state}>
                <strong>{source.name}</strong>
                <Mark tone={tone}>{says}</Mark>
                {source.code !== null && source.state !== 'complete' && (
                  <span className="small">{words.refusal(source.code)}</span>
                )}
              </li>
            )
          })}
        </ul>
        <p className="small">{words.clinician.patientSees}</p>
      </section>
      {nothing && <Note title={words.clinician.empty}>{words.clinician.emptyRefused}</Note>}
      {earlier && !nothing && <Since earlier={earlier} sources={sources} />}
      {record.entries > 0 && <Bedside record={record} />}
    </>
  )
}

function stateOf({ state, records, reasons }: AskedSource, { clinician: { states } }: Words): readonly [Tone, string] {
  switch (state) {
    case 'complete':
      return reasons.length > 0 ? ['care', states.part(records)] : ['good', states.complete(records)]
    case 'refused':
      return ['no', states.refused]
    case 'expired':
      return ['care', states.expired]
    case 'failed':
      return ['no', states.failed]
    default:
      return ['plain', states.asked]
  }
}
