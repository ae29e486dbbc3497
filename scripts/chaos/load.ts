/** Envelopes under way while faults happen: each member offers its own, and remembers what it was told of each. */
import { randomBytes } from 'node:crypto'
import { encode, toHex } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { type Chain, readEnvelope, sealEnvelope } from '@plexus/kernel'
import { submitEnvelope } from '@plexus/sdk'
import type { Member } from './member.ts'

/** What was acknowledged: the envelope's id, in hexadecimal, and the block that has it. */
export interface Acknowledged {
  readonly id: string
  readonly height: number
  readonly seconds: number
}

export interface Load {
  readonly acknowledged: readonly Acknowledged[]
  /** Envelopes that were given up: nobody said whether they are in a block. */
  readonly unanswered: () => number
  stop(): Promise<void>
}

/** Between two envelopes of one member. */
const pauseMilliseconds = 100
const validSeconds = 300

/** One envelope of this member that opens a handle of its own. */
export function offerOne(chain: Chain, member: Member): Promise<Acknowledged | undefined> {
  const handles = [new Uint8Array(randomBytes(32))]
  return offer(chain, member, notary.name, encode(notary.transaction, { type: 'open-handles', handles }))
}

/** One envelope of this member, signed by these besides. Nothing when nobody said what became of it, or it was refused. */
export async function offer(
  chain: Chain,
  member: Member,
  contract: string,
  transaction: Uint8Array,
  others: readonly Uint8Array[] = [],
): Promise<Acknowledged | undefined> {
  const envelope = sealEnvelope(
    {
      chain: chain.id,
      sponsor: member.name,
      nonce: new Uint8Array(randomBytes(16)),
      validUntil: Math.floor(Date.now() / 1000) + validSeconds,
      contract,
      transaction,
    },
    [member.secret('member'), ...others],
  )
  const read = readEnvelope(envelope)
  if (!read.ok) throw new Error('an envelope of our own does not read')
  const from = performance.now()
  const answer = await submitEnvelope(
    {
      post: (path, type, body) => member.post(path, type, body),
      pause: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
    },
    envelope,
  )
  if (!answer.ok) return undefined
  return { id: toHex(read.value.id), height: answer.value.height, seconds: (performance.now() - from) / 1000 }
}

export function startLoad(chain: Chain, members: readonly Member[]): Load {
  const acknowledged: Acknowledged[] = []
  let unanswered = 0
  let stopped = false
  const run = async (member: Member): Promise<void> => {
    while (!stopped) {
      const answer = await offerOne(chain, member)
      if (answer) acknowledged.push(answer)
      else unanswered++
      await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds))
    }
  }
  const running = members.map(run)
  return {
    acknowledged,
    unanswered: () => unanswered,
    async stop() {
      stopped = true
      await Promise.all(running)
    },
  }
}
