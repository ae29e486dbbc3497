/**
 * Snapshots of the ledger between nodes, in the engine's words (CometBFT `spec/abci` of v0.38, state sync): what this node
 * offers, and how it begins from what others offer. What a chunk holds is the store's; the application hash is the engine's,
 * whose light client has verified it.
 */
import { bytes, decode, encode, equalBytes, list, type Result } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import {
  type RequestApplySnapshotChunk,
  type RequestLoadSnapshotChunk,
  type RequestOfferSnapshot,
  ResponseApplySnapshotChunk_Result,
  ResponseOfferSnapshot_Result,
} from 'cosmjs-types/tendermint/abci/types'
import type { AbciResponse } from './messages.ts'

/** A snapshot of a ledger at one height: SHA-256 of each chunk, in order. */
export interface ListedSnapshot {
  readonly height: number
  readonly hashes: readonly Uint8Array[]
}

/** The store that makes snapshots and begins from one. */
export interface SnapshotPort {
  /** Whole ones, newest first. */
  list(): readonly ListedSnapshot[]
  chunk(height: number, index: number): Uint8Array | undefined
  /** Begins to take one in; what was taken in before and is not whole is dropped. */
  restore(offered: ListedSnapshot & { readonly appHash: Uint8Array }): {
    /** `chunk-differs`: not what was offered. Anything else: what was offered is no snapshot of this application hash. */
    take(chunk: Uint8Array): Promise<Result<'goes-on' | 'whole', { readonly type: string }>>
  }
}

export interface SnapshotAnswers {
  list(): AbciResponse
  load(asked: RequestLoadSnapshotChunk): AbciResponse
  offer(asked: RequestOfferSnapshot): AbciResponse
  apply(asked: RequestApplySnapshotChunk): Promise<AbciResponse>
}

/** Of the chunks: whoever does not know it leaves the snapshot alone. */
const format = 1
/** The engine's own bound (`max_snapshot_chunks`), and that of its message (4 MB). */
const chunksMax = 100_000
const metadataBytesMax = 4 * 1000 * 1000
const hashes = list(bytes({ length: 32 }), { min: 1, max: chunksMax })

const nothing = new Uint8Array(0)

export function answerSnapshots(
  port: SnapshotPort | undefined,
  { height, onMoved = () => {} }: { readonly height: () => number; readonly onMoved?: (() => void) | undefined },
): SnapshotAnswers {
  let taking: { readonly take: ReturnType<SnapshotPort['restore']>['take']; next: number } | undefined

  function verdict(asked: RequestOfferSnapshot): ResponseOfferSnapshot_Result {
    const { ACCEPT, REJECT, REJECT_FORMAT, REJECT_SENDER } = ResponseOfferSnapshot_Result
    const { snapshot, appHash } = asked
    if (!port || !snapshot || snapshot.format !== format) return REJECT_FORMAT
    const offered = decode(hashes, snapshot.metadata, metadataBytesMax)
    if (!offered.ok || offered.value.length !== snapshot.chunks) return REJECT_SENDER
    if (!equalBytes(sha256(snapshot.metadata), snapshot.hash)) return REJECT_SENDER
    // Back would be to answer for less than what was answered for already.
    if (snapshot.height < BigInt(Math.max(1, height())) || snapshot.height > BigInt(Number.MAX_SAFE_INTEGER))
      return REJECT
    const { take } = port.restore({
      height: Number(snapshot.height),
      appHash: new Uint8Array(appHash),
      hashes: offered.value,
    })
    taking = { take, next: 0 }
    return ACCEPT
  }

  const applied = (
    result: ResponseApplySnapshotChunk_Result,
    refetchChunks: number[] = [],
    rejectSenders: string[] = [],
  ): AbciResponse => ({ type: 'applySnapshotChunk', value: { result, refetchChunks, rejectSenders } })

  return {
    list: () => ({
      type: 'listSnapshots',
      value: {
        snapshots: (port?.list() ?? []).map((each) => {
          const metadata = encode(hashes, each.hashes)
          const chunks = each.hashes.length
          return { height: BigInt(each.height), format, chunks, hash: sha256(metadata), metadata }
        }),
      },
    }),
    load(asked) {
      const chunk = asked.format === format ? port?.chunk(Number(asked.height), asked.chunk) : undefined
      return { type: 'loadSnapshotChunk', value: { chunk: chunk ?? nothing } }
    },
    offer(asked) {
      onMoved()
      taking = undefined
      return { type: 'offerSnapshot', value: { result: verdict(asked) } }
    },
    async apply({ index, chunk, sender }) {
      onMoved()
      const { ACCEPT, RETRY, RETRY_SNAPSHOT, REJECT_SNAPSHOT } = ResponseApplySnapshotChunk_Result
      // Nothing was offered to this process, or a chunk is missing between: from the beginning.
      if (taking?.next !== index) return applied(RETRY_SNAPSHOT)
      const taken = await taking.take(new Uint8Array(chunk))
      onMoved()
      if (taken.ok) {
        taking.next += 1
        return applied(ACCEPT)
      }
      if (taken.reason.type === 'chunk-differs') return applied(RETRY, [index], [sender])
      taking = undefined
      return applied(REJECT_SNAPSHOT, [], [sender])
    },
  }
}
