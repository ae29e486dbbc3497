/**
 * Where envelopes wait for their signatures to be verified. Members take turns, so that one that offers far too much
 * waits behind itself and nobody else; and no more goes on to the sequencer than it puts into a block.
 */
import { no } from '@plexus/codec'
import { type Envelope, kernelRefusal, signaturesHold } from '@plexus/kernel'
import type { Schedule } from './ports.ts'
import type { VerifierPool } from './verifier-pool.ts'

export interface Offered {
  readonly bytes: Uint8Array
  readonly envelope: Envelope
  /** All signatures hold. */
  verified(): void
  refused(answer: ReturnType<typeof no<ReturnType<typeof kernelRefusal>>>): void
}

export interface Intake {
  add(member: string, offered: Offered): void
  /** Goes on, after the sequencer took what waited there. */
  pump(): void
}

/** Verified together: every thread of a small machine has work, and a member that offers one envelope waits for few. */
const togetherMax = 128
/** The next are on their way while these come back: the thread that applies blocks has no time for either meanwhile. */
const groupsMax = 2
/** While so many wait for a block, the next ones wait here, where members take turns. */
const aheadMax = 256
/** So few are verified on the spot: the way to another thread and back takes as long. */
const onTheSpotMax = 2

export function createIntake({
  pool,
  learn,
  waiting,
  schedule,
  onFailure,
}: {
  readonly pool: Pick<VerifierPool, 'verify'>
  readonly learn: (member: string, envelope: Envelope) => void
  /** How many envelopes wait for a block at the sequencer. */
  readonly waiting: () => number
  readonly schedule: Schedule
  readonly onFailure: (error: unknown) => void
}): Intake {
  /** By member; no queue is empty. The first in the map is the next to give one. */
  const queues = new Map<string, Offered[]>()
  let verifying = 0
  let wakes = false

  /** What comes in one turn goes together. */
  function wake(): void {
    if (wakes || queues.size === 0) return
    wakes = true
    schedule(() => {
      wakes = false
      pump()
    }, 0)
  }

  function pump(): void {
    if (verifying >= groupsMax || waiting() >= aheadMax) return
    const taken = takeTurns()
    if (taken.length === 0) return
    if (taken.length <= onTheSpotMax && verifying === 0) {
      settle(
        taken,
        taken.map(({ offered }) => signaturesHold(offered.envelope)),
      )
      wake()
      return
    }
    verifying += 1
    pool.verify(taken.map(({ offered }) => offered.bytes)).then((holds) => {
      verifying -= 1
      settle(taken, holds)
      pump()
    }, onFailure)
    wake()
  }

  function takeTurns(): readonly Taken[] {
    const taken: Taken[] = []
    while (taken.length < togetherMax) {
      const [next] = queues
      if (!next) break
      const [member, queue] = next
      const offered = queue.shift() as Offered
      taken.push({ member, offered })
      queues.delete(member)
      if (queue.length > 0) queues.set(member, queue)
    }
    return taken
  }

  function settle(taken: readonly Taken[], holds: readonly boolean[]): void {
    for (const [index, { member, offered }] of taken.entries()) {
      if (holds[index]) {
        learn(member, offered.envelope)
        offered.verified()
      } else offered.refused(no(kernelRefusal('signature-invalid')))
    }
  }

  return {
    add(member, offered) {
      const queue = queues.get(member)
      if (queue) queue.push(offered)
      else queues.set(member, [offered])
      wake()
    },
    pump,
  }
}

interface Taken {
  readonly member: string
  readonly offered: Offered
}
