/** One visit: the patient's code, the ask, and what every custodian answered as it comes. */
import { Button, TextInput } from '@mantine/core'
import type { AssembledRecord } from '@plexus/assembly'
import { useEffect, useRef, useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Mark, Note, type Tone, Waiting } from '../look/parts.tsx'
import type { SignedIn } from '../node/desk.ts'
import { askJson } from '../node/door.ts'
import type { Words } from '../words/english.ts'
import { useWords } from '../words/use-words.tsx'
import { Bedside } from './bedside.tsx'

interface AskedSource {
  readonly custodian: string
  readonly name: string
  readonly state: 'committing' | 'complete' | 'expired' | 'failed' | 'fetching' | 'refused' | 'sent'
  readonly code: string | null
  readonly reasons: readonly string[]
  readonly records: number
}

interface Asked {
  readonly settled: boolean
  readonly sources: readonly AskedSource[]
  readonly record: AssembledRecord
}

type Step =
  | { readonly type: 'idle'; readonly refused: string | null }
  | { readonly type: 'asking'; readonly committing: boolean }
  | { readonly type: 'shown'; readonly asked: Asked; readonly seconds: number }

const pollMilliseconds = 200
/** Custodians answer within seconds, and intents end after five minutes. */
const pollsMax = 1_500
/** A check-in is committed within a block or two. */
const triesMax = 100

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

export function AskPage({ session }: { readonly session: SignedIn }) {
  const words = useWords()
  const { visit } = useShared()
  const [code, setCode] = useState('')
  const [step, setStep] = useState<Step>({ type: 'idle', refused: null })
  const mounted = useRef(true)
  useEffect(() => {
    mounted.current = true
    return () => {
      mounted.current = false
    }
  }, [])
  const ask = async (): Promise<void> => {
    const startedAt = performance.now()
    setStep({ type: 'asking', committing: false })
    const asked = await begin(session, code.trim(), () => setStep({ type: 'asking', committing: true }))
    if ('refused' in asked) return setStep({ type: 'idle', refused: asked.refused })
    for (let poll = 0; poll < pollsMax && mounted.current; poll++) {
      const answer = await askJson<Asked>(`/v1/members/${session.member}/asks/${asked.ask}`, { token: session.token })
      if (!mounted.current) return
      if (!answer.ok) return setStep({ type: 'idle', refused: answer.reason.type })
      setStep({ type: 'shown', asked: answer.value, seconds: (performance.now() - startedAt) / 1000 })
      if (answer.value.settled) return
      await wait(pollMilliseconds)
    }
  }
  return (
    <>
      <form
        className="card stack"
        onSubmit={(event) => {
          event.preventDefault()
          void ask()
        }}
      >
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
          <Button type="submit" size="md" disabled={code.trim() === ''} loading={step.type === 'asking'}>
            {words.clinician.ask}
          </Button>
          {visit !== null && (
            <Button type="button" variant="default" onClick={() => setCode(visit)}>
              {words.clinician.scan}
            </Button>
          )}
        </div>
      </form>
      {step.type === 'idle' && step.refused && <Note tone="no">{words.refusal(step.refused)}</Note>}
      {step.type === 'asking' && (
        <Waiting says={step.committing ? words.clinician.waitingEvidence : words.clinician.asking} />
      )}
      {step.type === 'shown' && <Shown asked={step.asked} seconds={step.seconds} />}
    </>
  )
}

async function begin(
  session: SignedIn,
  visit: string,
  onCommitting: () => void,
): Promise<{ readonly ask: string } | { readonly refused: string }> {
  for (let attempt = 1; ; attempt++) {
    const answer = await askJson<{ readonly ask: string }>(
      `/v1/members/${session.member}/visits/${encodeURIComponent(visit)}/ask`,
      { token: session.token, json: { npi: session.npi, purpose: 'TREAT', types: [] } },
    )
    if (answer.ok) return answer.value
    if (answer.reason.type !== 'evidence-not-committed' || attempt >= triesMax) return { refused: answer.reason.type }
    onCommitting()
    await wait(pollMilliseconds)
  }
}

function Shown({ asked, seconds }: { readonly asked: Asked; readonly seconds: number }) {
  const words = useWords()
  const { sources, record, settled } = asked
  const nothing = settled && record.entries === 0
  return (
    <>
      <section className="stack" aria-labelledby="asked-sources">
        <div className="row apart">
          <h2 id="asked-sources">{words.clinician.sources}</h2>
          <span className="row">
            <Mark tone="good">{words.clinician.evidenceStrong}</Mark>
            {settled && <span className="small">{words.clinician.seconds(seconds.toFixed(1))}</span>}
          </span>
        </div>
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
