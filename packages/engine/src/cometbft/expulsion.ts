/**
 * Whoever was let in stays connected when it belongs to the network no more: the engine asks about a peer once, when it
 * connects, and has no way to be told to let one go. So an engine with such a peer is ended, and begins without it.
 */
import type { Clock, Schedule } from '../local/ports.ts'
import { type PostToEngine, peersBody, peersIn } from './engine-rpc.ts'

const lookMilliseconds = 5_000
/**
 * Everybody sees the removal in the same block. If all began anew at once, no block would come: each waits for its turn, by
 * its place among the validators, for as long as an engine takes to come up.
 */
const turnSeconds = 10

export interface Expulsion {
  /** From when the engine is up. */
  begin(): void
  end(): void
}

export function createExpulsion({
  post,
  admits,
  turn,
  clock,
  schedule,
  onStrangers,
}: {
  readonly post: PostToEngine
  /** Whether the node of this id belongs to the network now. */
  readonly admits: (nodeId: string) => boolean
  /** How many take their turn before this one. */
  readonly turn: () => number
  readonly clock: Clock
  readonly schedule: Schedule
  /** The engine is connected to so many that do not belong, and its turn has come. */
  readonly onStrangers: (count: number) => void
}): Expulsion {
  let cancel = (): void => {}
  /** Seconds, when the strangers that are connected were first seen. */
  let since: number | undefined
  let run = 0

  function look(): void {
    const own = run
    cancel = schedule(() => {
      post(peersBody)
        .then(peersIn, () => [])
        .then((peers) => {
          if (own !== run) return
          const strangers = peers.filter((nodeId) => !admits(nodeId))
          if (strangers.length === 0) since = undefined
          else {
            since ??= clock.now()
            if (clock.now() - since >= turn() * turnSeconds) {
              since = undefined
              onStrangers(strangers.length)
              return
            }
          }
          look()
        })
    }, lookMilliseconds)
  }

  return {
    begin: look,
    end() {
      run += 1
      cancel()
    },
  }
}
