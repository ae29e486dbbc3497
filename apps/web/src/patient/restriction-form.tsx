/** What shall be kept back or given, from whom, where, and until when. */
import { Button, Checkbox, NativeSelect, SegmentedControl, TextInput } from '@mantine/core'
import { useState } from 'react'
import { Dialog } from '../look/dialog.tsx'
import type { WalletView } from '../wallet/keeping.ts'
import { protectedTopics, type Restriction, topics, type What } from '../wallet/restrictions.ts'
import { useWords } from '../words/use-words.tsx'

export interface Chosen {
  readonly restriction: Restriction
  readonly custodians: readonly string[]
}

const whats: readonly What[] = [...topics, ...protectedTopics, 'everything']

export function RestrictionForm({
  view,
  requesters,
  onChosen,
  onClose,
}: {
  readonly view: WalletView
  readonly requesters: readonly string[]
  readonly onChosen: (chosen: Chosen) => void
  readonly onClose: () => void
}) {
  const words = useWords()
  const [effect, setEffect] = useState<Restriction['effect']>('deny')
  const [what, setWhat] = useState<What>('problems')
  const [who, setWho] = useState('anyone')
  const [until, setUntil] = useState('')
  const [custodians, setCustodians] = useState<readonly string[]>(view.relations.map(({ custodian }) => custodian))
  const [fault, setFault] = useState<'places' | 'until' | null>(null)
  const { form } = words.restrictions
  const clinicians = [...new Set(view.looks.flatMap(({ clinician }) => (clinician === null ? [] : [clinician])))]
  const submit = (): void => {
    const end = until === '' ? null : endOfDay(until)
    const wrong = custodians.length === 0 ? 'places' : end !== null && !(end > Date.now() / 1000) ? 'until' : null
    setFault(wrong)
    if (wrong === null) onChosen({ restriction: { effect, what, who, until: end }, custodians })
  }
  return (
    <Dialog title={form.title} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <SegmentedControl
          aria-label={form.effect}
          value={effect}
          onChange={(value) => setEffect(value === 'permit' ? 'permit' : 'deny')}
          data={[
            { value: 'deny', label: words.restrictions.effects.deny },
            { value: 'permit', label: words.restrictions.effects.permit },
          ]}
        />
        <p className="small">{form.effectWhat[effect]}</p>
        <NativeSelect
          label={form.what}
          value={what}
          onChange={({ currentTarget }) => setWhat(whats.find((each) => each === currentTarget.value) ?? 'problems')}
          data={whats.map((each) => ({
            value: each,
            label: words.restrictions.whats[each] ?? words.record.kinds[each] ?? each,
          }))}
        />
        <NativeSelect
          label={form.who}
          value={who}
          onChange={({ currentTarget }) => setWho(currentTarget.value)}
          data={[
            { value: 'anyone', label: words.restrictions.anyone },
            ...requesters.map((each) => ({ value: each, label: each })),
            ...clinicians.map((each) => ({ value: each, label: words.looks.clinician(each) })),
          ]}
        />
        <Checkbox.Group
          label={form.where}
          value={[...custodians]}
          onChange={setCustodians}
          error={fault === 'places' && form.places}
        >
          <div className="stack stack-tight">
            {view.relations.map(({ custodian, name }) => (
              <Checkbox key={custodian} value={custodian} label={name} />
            ))}
          </div>
        </Checkbox.Group>
        <TextInput
          type="date"
          label={form.until}
          description={form.untilWhat}
          value={until}
          onChange={(event) => setUntil(event.currentTarget.value)}
          error={fault === 'until' && form.untilFault}
        />
        <div className="row">
          <Button type="submit">{form.preview}</Button>
          <Button type="button" variant="default" onClick={onClose}>
            {words.cancel}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** The second after the last of a day, where the patient is. */
function endOfDay(text: string): number {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number)
  return Math.floor(new Date(year, month - 1, day + 1).getTime() / 1000)
}
