/**
 * Signatures verified in worker threads: they are four fifths of what a transaction costs, and need nothing of the
 * state. The thread that applies blocks only asks, and goes on.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { lengthPrefixed } from '@plexus/codec'

export interface VerifierPool {
  /** For each envelope, in order, whether it can be read and all its signatures hold. Rejects when a thread died. */
  verify(envelopes: readonly Uint8Array[]): Promise<readonly boolean[]>
  /** Envelopes that were handed in and not answered yet. */
  readonly waiting: number
  close(): Promise<void>
}

/** A thread gets so many at a time: long enough to hide the way there, short enough for a click behind it. */
const batchMax = 128
/** And has so many batches in hand, a tenth of a second's work: nobody gives it another while a block is applied. */
const batchesInHandMax = 8

interface Asked {
  readonly envelopes: readonly Uint8Array[]
  readonly answers: boolean[]
  /** Batches that are still out. */
  left: number
  readonly resolve: (answers: readonly boolean[]) => void
  readonly reject: (error: unknown) => void
}

interface Batch {
  readonly asked: Asked
  readonly from: number
  readonly to: number
}

/** `threads`: as many as there are cores, since the thread that applies blocks waits for the disk now and then. */
export function startVerifierPool(threads = availableParallelism()): VerifierPool {
  const batches: Batch[] = []
  const workers: Worker[] = []
  /** What each thread has in hand, in the order in which it will answer. */
  const inHand = new Map<Worker, Batch[]>()
  let waiting = 0
  let failure: unknown

  /** Threads are started when there is work for them: a quiet node never pays for any. */
  function start(): Worker {
    const worker = new Worker(new URL('./verifier-thread.ts', import.meta.url))
    // A process must be able to end while nobody waits for an answer.
    worker.unref()
    worker.on('message', (bits: Uint8Array) => answered(worker, bits))
    worker.on('error', (error) => fail(error))
    workers.push(worker)
    inHand.set(worker, [])
    return worker
  }

  function pump(): void {
    while (batches.length > 0) {
      const worker = leastBusy()
      const queue = inHand.get(worker)
      if (!queue || queue.length >= batchesInHandMax) return
      const batch = batches.shift() as Batch
      queue.push(batch)
      // In one buffer, which is handed over instead of copied.
      const packed = lengthPrefixed(...batch.asked.envelopes.slice(batch.from, batch.to))
      worker.ref()
      worker.postMessage(packed, [packed.buffer])
    }
  }

  /** One with nothing to do, or one more, or the one with the least. */
  function leastBusy(): Worker {
    let least: Worker | undefined
    for (const worker of workers) if (!least || inHandOf(worker) < inHandOf(least)) least = worker
    return least && (inHandOf(least) === 0 || workers.length >= threads) ? least : start()
  }

  const inHandOf = (worker: Worker): number => inHand.get(worker)?.length ?? 0

  function answered(worker: Worker, bits: Uint8Array): void {
    const batch = inHand.get(worker)?.shift()
    if (!batch) return
    const { asked, from, to } = batch
    if (inHandOf(worker) === 0) worker.unref()
    for (let index = from; index < to; index++) asked.answers[index] = bits[index - from] === 1
    waiting -= to - from
    asked.left -= 1
    if (asked.left === 0) asked.resolve(asked.answers)
    pump()
  }

  function fail(error: unknown): void {
    failure = error
    for (const { asked } of [...[...inHand.values()].flat(), ...batches]) asked.reject(error)
    inHand.clear()
    batches.length = 0
    waiting = 0
  }

  return {
    verify(envelopes) {
      if (failure) return Promise.reject(failure)
      if (envelopes.length === 0) return Promise.resolve([])
      return new Promise((resolve, reject) => {
        const asked: Asked = { envelopes, answers: [], left: Math.ceil(envelopes.length / batchMax), resolve, reject }
        for (let from = 0; from < envelopes.length; from += batchMax)
          batches.push({ asked, from, to: Math.min(from + batchMax, envelopes.length) })
        waiting += envelopes.length
        pump()
      })
    },
    get waiting() {
      return waiting
    },
    async close() {
      fail(new Error('the verifier pool was closed'))
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}
