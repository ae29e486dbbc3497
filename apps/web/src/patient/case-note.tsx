/** One case as it stands: what the patient said, what came of it, and what may be done now. */
import { Button } from '@mantine/core'
import type { WalletCase } from '@plexus/sdk'
import { useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Mark, type Tone } from '../look/parts.tsx'
import { disagree, sendCasesAgain } from '../wallet/cases.ts'
import { dayOf } from '../words/dates.ts'
import { useWords } from '../words/use-words.tsx'
import { CaseDialog } from './case-dialog.tsx'

const tones: Readonly<Record<WalletCase['state'], Tone>> = {
  'on-its-way': 'care',
  open: 'plain',
  accepted: 'good',
  denied: 'no',
}

export function CaseNote({ held, name }: { readonly held: WalletCase; readonly name: string }) {
  const words = useWords()
  const { keeper } = useShared()
  const [writing, setWriting] = useState(false)
  const [busy, setBusy] = useState(false)
  const { custodian, id, state, dueAt, answer, disagreement } = held
  const sendAgain = async (): Promise<void> => {
    setBusy(true)
    if (keeper) await sendCasesAgain(keeper, custodian).catch(() => {})
    setBusy(false)
  }
  return (
    <div className="case" data-case={state}>
      <div className="row apart">
        <strong>{name}</strong>
        <Mark tone={tones[state]}>{words.cases.states[state]}</Mark>
      </div>
      <p className="said">
        <span className="small">{words.cases.you}:</span> {held.words}
      </p>
      {answer && (
        <p className="said">
          <span className="small">{words.cases.they}:</span> {answer.words}
        </p>
      )}
      {answer?.basis && <p className="small">{words.cases.bases[answer.basis]}</p>}
      {state === 'accepted' && held.subject.type === 'record' && <p className="small">{words.cases.accepted}</p>}
      {state === 'open' && dueAt !== null && <p className="small">{words.cases.due(dayOf(dueAt, words.locale))}</p>}
      {disagreement && (
        <p className="small">
          {disagreement.heard ? words.cases.disagreed : words.cases.disagreedUnheard}: {disagreement.words}
        </p>
      )}
      {(state === 'on-its-way' || disagreement?.heard === false) && (
        <div>
          <Button variant="default" loading={busy} onClick={() => void sendAgain()}>
            {words.cases.again}
          </Button>
        </div>
      )}
      {state === 'denied' && held.subject.type === 'record' && !disagreement && (
        <div>
          <Button variant="default" onClick={() => setWriting(true)}>
            {words.cases.disagree}
          </Button>
        </div>
      )}
      {writing && keeper && (
        <CaseDialog
          title={words.cases.disagreeTitle}
          lead={words.cases.disagreeLead}
          small={words.cases.complainElsewhere}
          places={[{ custodian, name }]}
          send={(_, said) => disagree(keeper, custodian, { id, words: said })}
          onClose={() => setWriting(false)}
        />
      )}
    </div>
  )
}
