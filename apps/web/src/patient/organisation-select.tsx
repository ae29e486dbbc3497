/** One organisation of the network, by its name. */
import { NativeSelect } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Note, Waiting } from '../look/parts.tsx'
import { type Organisation, organisationsOf } from '../wallet/organisations.ts'
import { useWords } from '../words/use-words.tsx'

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
  const [known, setKnown] = useState<readonly Organisation[] | 'unreachable' | null>(null)
  useEffect(() => {
    if (keeper) void organisationsOf(keeper).then((found) => setKnown(found ?? 'unreachable'))
  }, [keeper])
  if (known === null) return <Waiting />
  if (known === 'unreachable') return <Note tone="no">{words.offline}</Note>
  return (
    <NativeSelect
      className="narrow"
      label={label}
      value={value}
      disabled={disabled}
      onChange={({ currentTarget }) => onChoose(known.find(({ id }) => id === currentTarget.value) ?? null)}
      data={[{ value: '', label: words.joining.pick }, ...known.map(({ id, name }) => ({ value: id, label: name }))]}
    />
  )
}
