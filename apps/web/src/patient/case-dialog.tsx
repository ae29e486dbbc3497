/** Says that something is wrong: in the patient's words, signed, to one custodian. */
import { Button, Radio, Textarea } from '@mantine/core'
import { caseWordsIn } from '@plexus/policy'
import { useState } from 'react'
import { Dialog } from '../look/dialog.tsx'
import { Mark, Note } from '../look/parts.tsx'
import { useWords } from '../words/use-words.tsx'

export interface CasePlace {
  readonly custodian: string
  readonly name: string
}

export function CaseDialog({
  title,
  lead,
  small,
  places,
  send,
  onClose,
}: {
  readonly title: string
  readonly lead: string
  readonly small: string
  /** One or more; the first unless the patient chooses. */
  readonly places: readonly CasePlace[]
  /** Null when it is there, else the code of what stood in the way. */
  readonly send: (custodian: string, words: string) => Promise<string | null>
  readonly onClose: () => void
}) {
  const words = useWords()
  const [typed, setTyped] = useState('')
  const [custodian, setCustodian] = useState(places[0]?.custodian ?? '')
  const [fault, setFault] = useState(false)
  const [state, setState] = useState<'sending' | 'sent' | 'writing' | { readonly refused: string }>('writing')
  const submit = async (): Promise<void> => {
    const said = caseWordsIn(typed)
    setFault(said === null)
    if (said === null) return
    setState('sending')
    const refused = await send(custodian, said).catch(() => 'offline')
    setState(refused === null ? 'sent' : { refused })
  }
  const done = state === 'sent' || typeof state === 'object'
  return (
    <Dialog title={title} busy={state === 'sending'} onClose={onClose}>
      {!done && (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault()
            void submit()
          }}
        >
          <p className="lead">{lead}</p>
          {places.length > 1 && (
            <Radio.Group label={words.cases.place} value={custodian} onChange={setCustodian}>
              <div className="stack stack-tight">
                {places.map((place) => (
                  <Radio key={place.custodian} value={place.custodian} label={place.name} />
                ))}
              </div>
            </Radio.Group>
          )}
          <Textarea
            label={words.cases.words}
            description={words.cases.wordsLead}
            rows={5}
            value={typed}
            onChange={(event) => {
              setTyped(event.currentTarget.value)
              setFault(false)
            }}
            error={fault && words.cases.wordsFault}
            data-autofocus
          />
          <p className="small">{small}</p>
          <div className="row">
            <Button type="submit" loading={state === 'sending'}>
              {words.cases.send}
            </Button>
            <Button type="button" variant="default" disabled={state === 'sending'} onClick={onClose}>
              {words.cancel}
            </Button>
          </div>
        </form>
      )}
      {state === 'sent' && (
        <>
          <Mark tone="good">{words.cases.sent}</Mark>
          <p className="lead">{words.cases.sentLead}</p>
        </>
      )}
      {typeof state === 'object' && (
        <Note tone="no" title={words.cases.lost}>
          {words.refusal(state.refused)}
        </Note>
      )}
      {done && (
        <div>
          <Button onClick={onClose}>{words.close}</Button>
        </div>
      )}
    </Dialog>
  )
}
