/** After the recovery code, or where a former version kept the wallet: what the wallet finds of itself, place by place. */
import { Button } from '@mantine/core'
import { useCallback, useEffect, useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Heading, Mark, Note, Waiting } from '../look/parts.tsx'
import { type BringingBack, type BroughtPlace, bringBack } from '../wallet/bring-back.ts'
import { useWords } from '../words/use-words.tsx'

export function ComingBack({
  former = false,
  onJoining,
  onDone,
}: {
  readonly former?: boolean
  readonly onJoining: (joining: boolean) => void
  readonly onDone: () => void
}) {
  const words = useWords()
  const { keeper } = useShared()
  const [found, setFound] = useState<BringingBack | null>(null)
  const look = useCallback(async (): Promise<void> => {
    if (!keeper) return
    setFound(null)
    // The first place that is found would take this page away: it stays until the patient goes on.
    onJoining(true)
    setFound(await bringBack(keeper).catch(() => ({ places: [], refused: 'offline' })))
  }, [keeper, onJoining])
  useEffect(() => {
    void look()
  }, [look])
  const goOn = (): void => {
    onDone()
    onJoining(false)
  }
  return (
    <>
      <Heading title={words.comingBack.title} lead={former ? words.comingBack.formerLead : words.comingBack.lead} />
      {!found && <Waiting says={words.comingBack.looking} />}
      {found?.refused && (
        <Note tone="no" title={words.comingBack.notAll}>
          {words.refusal(found.refused)}
        </Note>
      )}
      {found && found.places.length > 0 && (
        <ul className="card lines" data-places>
          {found.places.map((place) => (
            <li key={place.custodian}>
              <span>{place.name}</span>
              <PlaceMark place={place} />
            </li>
          ))}
        </ul>
      )}
      {found && found.places.length === 0 && !found.refused && <Note tone="care">{words.comingBack.none}</Note>}
      {found && (
        <>
          <p className="small">{words.comingBack.lost}</p>
          <div className="row">
            {!(former && found.refused) && (
              <Button size="lg" onClick={goOn}>
                {words.wallet.goOn}
              </Button>
            )}
            {found.refused && (
              <Button size="lg" variant="default" onClick={() => void look()}>
                {words.again}
              </Button>
            )}
          </div>
        </>
      )}
    </>
  )
}

function PlaceMark({ place: { directives } }: { readonly place: BroughtPlace }) {
  const words = useWords()
  if (directives === null) return <Mark tone="care">{words.comingBack.unanswered}</Mark>
  if (directives === 'behind') return <Mark tone="care">{words.comingBack.behind}</Mark>
  return <Mark tone="good">{words.comingBack.directives(directives)}</Mark>
}
