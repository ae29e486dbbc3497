/** One organisation of the network, by its name. */
import { NativeSelect } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Waiting } from '../look/parts.tsx'
import { type Organisation, organisationsOf } from '../wallet/organisations.ts'
import { useWords } from '../words/use-words.tsx'

/** Until a node that does not answer is asked again. */
const againMilliseconds = 3_000

export function OrganisationSelect({
  label,
  value,
  disabled = false,
  onChoose,
}: {
  readonly label: string
  readonly value: string
  readonly disabled?: boolean
  readonly onChoose: (chosen: Organisation | null) => void
}) {
  const words = useWords()
  const { keeper } = useShared()
  const [known, setKnown] = useState<readonly Organisation[] | null>(null)
  const [away, setAway] = useState(false)
  useEffect(() => {
    let timer = 0
    let gone = false
    const look = async (): Promise<void> => {
      const found = keeper && (await organisationsOf(keeper))
      if (gone) return
      if (found) setKnown(found)
      setAway(!found)
      if (!found) timer = window.setTimeout(() => void look(), againMilliseconds)
    }
    void look()
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [keeper])
  if (!known && !away) return <Waiting />
  return (
    <NativeSelect
      className="narrow"
      label={label}
      value={value}
      disabled={disabled || !known}
      description={away && words.joining.away}
      onChange={({ currentTarget }) => onChoose(known?.find(({ id }) => id === currentTarget.value) ?? null)}
      data={[
        { value: '', label: words.joining.pick },
        ...(known ?? []).map(({ id, name }) => ({ value: id, label: name })),
      ]}
    />
  )
}
