/** How far the demonstration's story has come, and what comes next. Each step shows itself from what really happened. */
import { useEffect } from 'react'
import { type StoryStep, storySteps, useKeeping, useShared } from './demonstration.tsx'
import { StorySteps } from './look/story-steps.tsx'
import { useWords } from './words/use-words.tsx'

export function StoryBar() {
  const words = useWords()
  const { desk, told } = useShared()
  useStory()
  if (!desk) return <div />
  const next = storySteps.find((step) => !told.has(step))
  return (
    <section className="story no-print" aria-label={words.story.title}>
      <StorySteps steps={storySteps} names={words.story.steps} isDone={(step) => told.has(step)} next={next} />
      <p className="hint">{words.story.hints[next ?? 'end']}</p>
    </section>
  )
}

function useStory(): void {
  const { desk, visit, tell } = useShared()
  const keeping = useKeeping()
  useEffect(() => {
    if (keeping.type !== 'open' || !desk) return
    const { relations, looks } = keeping.view
    const done: readonly (readonly [StoryStep, boolean])[] = [
      ['wallet', relations.length > 0],
      ['check-in', visit !== null],
      ['ask', looks.some(({ decision }) => decision.type === 'permit')],
      ['close', relations.some(({ directives }) => directives.some(({ effect }) => effect === 'deny'))],
      ['refused', looks.some(({ decision }) => decision.type === 'refuse')],
    ]
    for (const [step, is] of done) if (is) tell(step)
  }, [keeping, desk, visit, tell])
}
