/**
 * What a quiet network does. Each block changes the application hash, since it is one more of the history, and the engine
 * follows a changed hash with the next block at once, envelope or not (`needProofBlock`, consensus/state.go): four members
 * that have nothing to do made fifteen blocks a second. So whoever proposes a block without envelopes waits for one first.
 */
import type { Schedule } from '../local/ports.ts'

/** Less than others wait for a proposal before they vote for none, by what it takes to reach them. */
const partOfPropose = 0.5

export interface Quiet {
  /** An envelope has passed the mempool's check. */
  arrived(): void
  /** Resolves when one has arrived since the last time, and in any case before the others lose their patience. */
  wait(): Promise<void>
}

/** `proposeMilliseconds`: the engine's `timeout_propose`. */
export function createQuiet(schedule: Schedule, proposeMilliseconds: number): Quiet {
  let hasArrived = false
  let end = (): void => {}
  return {
    arrived() {
      hasArrived = true
      end()
    },
    wait() {
      return new Promise((resolve) => {
        const cancel = schedule(() => end(), partOfPropose * proposeMilliseconds)
        end = () => {
          end = () => {}
          cancel()
          hasArrived = false
          resolve()
        }
        if (hasArrived) end()
      })
    },
  }
}
