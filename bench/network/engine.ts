/** A node of a suite with the engine beside it, in the process of whoever calls: it says how it fares, and ends with who started it. */
import { members } from '@plexus/contracts'
import { type CometEngine, type CometEngineOptions, startCometEngine } from '@plexus/engine'
import { viewOf } from '@plexus/kernel'
import { engineSockets } from '@plexus/node'

type Word = { readonly type: 'up' } | { readonly type: 'failed'; readonly text: string }

export async function startEngine(
  options: Pick<CometEngineOptions, 'home' | 'machine' | 'program' | 'signatures' | 'snapshots' | 'store'>,
  say: (word: Word) => void,
): Promise<CometEngine> {
  // Whoever started us is gone.
  process.on('disconnect', () => process.exit(1))
  const started = await startCometEngine({
    ...options,
    validators: {
      prefix: 'members/validators/',
      seats: (state) => members.queries.validatorSet(viewOf(members, state)),
    },
    admits: () => true,
    sockets: engineSockets,
    clock: { now: () => Date.now() / 1_000 },
    schedule(callback, milliseconds) {
      const timer = setTimeout(callback, milliseconds)
      return () => clearTimeout(timer)
    },
    onEvent(event) {
      if (event.type === 'engine-up') say({ type: 'up' })
      if (event.type === 'engine-ended') say({ type: 'failed', text: event.exit.lastWords })
    },
    onFailure: (error) => say({ type: 'failed', text: String(error) }),
  })
  if (!started.ok) throw new Error(`the node does not start: ${started.reason.type}`)
  return started.value
}
