/** The second story: one bottle, whose people the desk plays and whose patient is the wallet of this browser. */
import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useKeeping, useKept, useShared } from './demonstration.tsx'
import { StorySteps } from './look/story-steps.tsx'
import { type BottleAct, type BottleTold, bottleActs, keptOfStory, playBottle } from './node/desk.ts'
import { usePlace } from './route.ts'
import type { WalletView } from './wallet/keeping.ts'
import { useWords } from './words/use-words.tsx'

const steps = ['make', 'prescribe', 'nominate', 'fill', 'counterfeit', 'recall'] as const
type BottleStep = (typeof steps)[number]

/** An act that was played, and what the desk told of it. */
interface Played extends BottleTold {
  readonly act: BottleAct
}

/** It begins among the medicines, and then goes along to the wallet's other pages and to the ledger. */
export function BottleBar() {
  const words = useWords()
  const { token, keeper } = useShared()
  const { role, page } = usePlace()
  const keeping = useKeeping()
  const [kept, keep] = useKept(keptOfStory.bottle)
  const played = useMemo(() => playedIn(kept), [kept])
  const [refused, setRefused] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const isHere = page === 'prescriptions' || (played.length > 0 && (role === 'patient' || role === 'ledger'))
  if (!isHere || token === null || !keeper || keeping.type !== 'open' || keeping.view.relations.length === 0)
    return null
  const says = words.bottle
  const next = steps.find((step) => !isDone(step, played, keeping.view))
  const isBehind = (step: BottleStep): boolean => next === undefined || steps.indexOf(step) < steps.indexOf(next)
  const last = played.at(-1)
  const play = async (act: BottleAct): Promise<void> => {
    setBusy(true)
    const told = await playedAct(token, keeper, act)
    setBusy(false)
    setRefused(told.refused ?? null)
    if (told.refused === undefined) keep(JSON.stringify([...played, told]))
    else if (told.refused === 'not-its-turn') keep('[]')
  }
  const isGoingOn = played.length > 0 && next !== undefined
  return (
    <section className={isGoingOn ? 'story going-on no-print' : 'story no-print'} aria-label={says.title}>
      <StorySteps steps={steps} names={says.steps} isDone={isBehind} next={next} />
      <p className="hint" role="status">
        {refused !== null && `${words.refusal(refused)} `}
        {last?.facts ? `${says.told[last.act](last.facts)} ${says.height(last.height ?? 0)}` : says.begin}{' '}
        {next === 'nominate' && says.nominate(keeper.knownName(last?.pharmacy ?? ''))}
        {next === undefined && says.end}
        {next === last?.act && says.waits}
      </p>
      {next !== undefined && next !== 'nominate' && next !== last?.act && (
        <Button size="sm" loading={busy} onClick={() => void play(next)}>
          {says.acts[next]}
        </Button>
      )}
    </section>
  )
}

/** Acts that a window of this browser kept; none where it is anything else. */
function playedIn(kept: string | null): readonly Played[] {
  try {
    const acts: unknown = JSON.parse(kept ?? '[]')
    return Array.isArray(acts) && acts.every(isPlayed) ? acts : []
  } catch {
    return []
  }
}

function isPlayed(act: unknown): act is Played {
  if (typeof act !== 'object' || act === null) return false
  const { act: name, pharmacy, facts } = act as Partial<Record<keyof Played, unknown>>
  return (
    bottleActs.some((each) => each === name) &&
    typeof pharmacy === 'string' &&
    typeof facts === 'object' &&
    facts !== null
  )
}

async function playedAct(
  token: string,
  keeper: NonNullable<ReturnType<typeof useShared>['keeper']>,
  act: BottleAct,
): Promise<Played> {
  // Cryptography is behind the first page, and so are the wallet's steps.
  const { keysForOrder } = await import('./wallet/prescriptions.ts')
  const keys = act === 'prescribe' ? await keysForOrder(keeper, 1).catch(() => null) : null
  if (act === 'prescribe' && keys === null) return { act, pharmacy: '', refused: 'not-enrolled' }
  const answer = await playBottle(token, act, keys)
  if (!answer.ok) return { act, pharmacy: '', refused: answer.reason.type }
  // The patient looks for its name among the others'.
  await keeper.nameOf(answer.value.pharmacy)
  return { act, ...answer.value }
}

/** What the wallet shows of this prescription decides; where it shows nothing, that the desk has played the act. */
function isDone(step: BottleStep, played: readonly Played[], { prescriptions }: WalletView): boolean {
  const prescribed = played.find(({ act }) => act === 'prescribe')
  const item = prescriptions.find(({ handle }) => handle === prescribed?.facts?.['handle'])
  switch (step) {
    case 'prescribe':
      return item !== undefined && item.status !== null
    case 'nominate':
      return (
        item?.place.type === 'held' ||
        (item?.place.type === 'named' && item.place.brought && item.place.pharmacy === prescribed?.pharmacy)
      )
    case 'fill':
      return item !== undefined && item.fills.length > 0
    case 'recall':
      return item?.fills.some(({ recalled }) => recalled.length > 0) ?? false
    default:
      return played.some(({ act }) => act === step)
  }
}
