/** What a block may hold, decided by the bytes of its envelopes alone: every node says the same, whatever its state. */
import { toHex } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { readEnvelope } from '@plexus/kernel'
import type { Verified } from './signatures.ts'

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
 * The engine's choice in its order, without what no node would take. What the state refuses stays: its place in a block
 * gives it an outcome, and takes it out of every mempool.
 */
export function prepared(transactions: readonly Uint8Array[], bytesMax: number): readonly Uint8Array[] {
  const chosen: Uint8Array[] = []
  const seen = new Set<string>()
  let size = 0
  for (const transaction of transactions) {
    const name = toHex(sha256(transaction))
    if (seen.has(name) || !readEnvelope(transaction).ok) continue
    size += sizeInBlock(transaction)
    if (size > bytesMax || chosen.length >= blockTransactionsMax) break
    seen.add(name)
    chosen.push(transaction)
  }
  return chosen
}

export type ProposalRefusal =
  | { readonly type: 'too-many' }
  | { readonly type: 'repeated'; readonly index: number }
  | { readonly type: 'unverified'; readonly index: number }

/** Why a proposal is not voted for; nothing when it is. */
export function proposalRefusal(transactions: readonly Verified[]): ProposalRefusal | undefined {
  if (transactions.length > blockTransactionsMax) return { type: 'too-many' }
  const seen = new Set<string>()
  for (const [index, { name, holds }] of transactions.entries()) {
    if (!holds) return { type: 'unverified', index }
    if (seen.has(name)) return { type: 'repeated', index }
    seen.add(name)
  }
  return undefined
}
