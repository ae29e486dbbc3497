/** An emergency says why before it opens anything. */
import { Button, TextInput } from '@mantine/core'
import { emergencyReasons } from '@plexus/policy'
import { useState } from 'react'
import { Choices } from '../look/choices.tsx'
import { Dialog } from '../look/dialog.tsx'
import { useWords } from '../words/use-words.tsx'

/** In bytes, of which a letter takes at most four. */
const wordsMax = 50

export function EmergencyDialog({
  who,
  onClose,
  onGo,
}: {
  readonly who: string
  readonly onClose: () => void
  readonly onGo: (reason: string, words: string) => void
}) {
  const { clinician } = useWords()
  const { emergency } = clinician
  const [reason, setReason] = useState<string | null>(null)
  const [said, setSaid] = useState('')
  return (
    <Dialog title={`${emergency.title}: ${who}`} onClose={onClose}>
      <p>{emergency.lead}</p>
      <Choices
        legend={emergency.why}
        name="emergency-reason"
        options={emergencyReasons.map((each) => [each, emergency.reasons[each] ?? each] as const)}
        chosen={reason}
        onChoose={setReason}
      />
      <TextInput
        label={emergency.words}
        description={emergency.wordsLead}
        value={said}
        maxLength={wordsMax}
        onChange={(event) => setSaid(event.currentTarget.value)}
        autoComplete="off"
      />
      <div>
        <Button
          size="lg"
          className="urgent"
          disabled={reason === null}
          onClick={() => reason !== null && onGo(reason, said.trim())}
        >
          {emergency.go}
        </Button>
      </div>
    </Dialog>
  )
}
