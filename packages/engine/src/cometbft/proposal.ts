/** What a block may hold, decided by the bytes of its envelopes alone: every node says the same, whatever its state. */
import { type Envelope, readEnvelope } from '@plexus/kernel'
import { nameOf, type Verified } from './signatures.ts'

/** Keeps the application of one block under `timeout_propose`; as in the embedded engine. */
const blockTransactionsMax = 2_000
export const blockBytesMax = 4 * 1024 * 1024

/** What an envelope takes in a block: itself behind a tag and its length (protobuf, field 1 of `Data`). */
function sizeInBlock({ length }: Uint8Array): number {
  let lengthBytes = 1
  for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 0x80)) lengthBytes += 1
  return 1 + lengthBytes + length
}

/**
 * Of what waits, what goes into the next block: sponsors take turns, each in the order of its envelopes, so that one that
 * offers far too much waits behind itself. What the state refuses stays: its place in a block gives it an outcome, and
 * takes it out of every mempool.
 */
export function prepared(
  transactions: readonly Uint8Array[],
  bytesMax: number,
  /** What is known of an envelope already, by its name. */
  known: (name: string) => Envelope | undefined,
): readonly Uint8Array[] {
  const queues = new Map<string, Uint8Array[]>()
  const seen = new Set<string>()
  for (const transaction of transactions) {
    const name = nameOf(transaction)
    if (seen.has(name)) continue
    seen.add(name)
    const envelope = known(name) ?? readOrNothing(transaction)
    if (!envelope) continue
    const { sponsor } = envelope.body
    const queue = queues.get(sponsor)
    if (queue) queue.push(transaction)
    else queues.set(sponsor, [transaction])
  }
  const chosen: Uint8Array[] = []
  let size = 0
  for (let round = 0; queues.size > 0; round++)
    for (const [sponsor, queue] of queues) {
      const transaction = queue[round]
      if (!transaction) {
        queues.delete(sponsor)
        continue
      }
      size += sizeInBlock(transaction)
      if (size > bytesMax || chosen.length >= blockTransactionsMax) return chosen
      chosen.push(transaction)
    }
  return chosen
}

function readOrNothing(transaction: Uint8Array): Envelope | undefined {
  const read = readEnvelope(transaction)
  return read.ok ? read.value : undefined
}

export type ProposalRefusal =
  | { readonly type: 'too-many' }
  | { readonly type: 'repeated'; readonly index: number }
  | { readonly type: 'unverified'; readonly index: number }

export function tooMany({ length }: readonly Uint8Array[]): ProposalRefusal | undefined {
  return length > blockTransactionsMax ? { type: 'too-many' } : undefined
}

/** Why a proposal is not voted for; nothing when it is. */
export function proposalRefusal(transactions: readonly Verified[]): ProposalRefusal | undefined {
  const seen = new Set<string>()
  for (const [index, { name, holds }] of transactions.entries()) {
    if (!holds) return { type: 'unverified', index }
    if (seen.has(name)) return { type: 'repeated', index }
    seen.add(name)
  }
  return undefined
}
