/** The steps of a story: those that are done, the one that comes next, and the rest. */
export function StorySteps<Step extends string>({
  steps,
  names,
  isDone,
  next,
}: {
  readonly steps: readonly Step[]
  readonly names: Readonly<Record<Step, string>>
  readonly isDone: (step: Step) => boolean
  readonly next: Step | undefined
}) {
  return (
    <ol>
      {steps.map((step, index) => (
        <li key={step} data-state={isDone(step) ? 'done' : step === next ? 'now' : 'later'}>
          <span className="dot" aria-hidden>
            {isDone(step) ? '✓' : index + 1}
          </span>
          {names[step]}
        </li>
      ))}
    </ol>
  )
}
