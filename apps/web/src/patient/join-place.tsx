/** A place is added to the wallet with the code that it handed over in person. */
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useKeeping, useShared } from '../demonstration.tsx'
import { Note } from '../look/parts.tsx'
import type { Organisation } from '../wallet/organisations.ts'
import { useWords } from '../words/use-words.tsx'
import { OrganisationSelect } from './organisation-select.tsx'

/** As custodians write codes; people group them as they like, and type capitals. */
const codeForm = /^[0-9a-f]{20}$/
const typedCode = (text: string): string => text.replaceAll(/[\s-]/g, '').toLowerCase()

type Outcome = { readonly done: string } | { readonly refused: string }

export function JoinPlace() {
  const words = useWords()
  const { keeper } = useShared()
  const keeping = useKeeping()
  const [place, setPlace] = useState<Organisation | null>(null)
  const [typed, setTyped] = useState('')
  const [fault, setFault] = useState(false)
  const [busy, setBusy] = useState(false)
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const says = words.joining
  const isKnown = keeping.type === 'open' && keeping.view.relations.some(({ custodian }) => custodian === place?.id)
  const join = async (): Promise<void> => {
    const code = typedCode(typed)
    const isCode = codeForm.test(code)
    setFault(!isCode)
    if (!keeper || !place || !isCode) return
    setBusy(true)
    const refused = await keeper.enrol(place.id, code).catch(() => 'offline')
    setBusy(false)
    setOutcome(refused === null ? { done: place.name } : { refused })
    if (refused !== null) return
    setPlace(null)
    setTyped('')
  }
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        void join()
      }}
    >
      <OrganisationSelect
        label={says.place}
        value={place?.id ?? ''}
        disabled={busy}
        onChoose={(chosen) => {
          setPlace(chosen)
          setOutcome(null)
        }}
      />
      {place && isKnown && <Note tone="care">{says.known(place.name)}</Note>}
      <TextInput
        className="narrow"
        label={says.code}
        value={typed}
        disabled={busy}
        onChange={(event) => setTyped(event.currentTarget.value)}
        error={fault && says.codeForm}
        autoComplete="off"
        spellCheck={false}
      />
      {outcome && 'refused' in outcome && <Note tone="no">{words.refusal(outcome.refused)}</Note>}
      <p role="status">{outcome && 'done' in outcome && says.done(outcome.done)}</p>
      <div>
        <Button type="submit" loading={busy} disabled={!place || isKnown || typed === ''}>
          {says.go}
        </Button>
      </div>
    </form>
  )
}
