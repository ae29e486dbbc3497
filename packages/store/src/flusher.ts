/** Hands aged writes to the thread that brings them to LMDB, a slice with each block, so that no block waits for all of them. */
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import {
  type FlushThreadData,
  type FromFlushThread,
  type PackedWrite,
  packedWrites,
  type ToFlushThread,
  thrownThere,
} from './flush-wire.ts'

const pieceBytes = 1024 * 1024
/** A disk that takes longer than this for one transaction is failing. */
const answerSecondsMax = 300

export type Standing = 'committed' | 'idle' | 'under-way'

export interface Flusher {
  /** Takes writes on: nothing is handed over yet. The writes must not change until they are settled. */
  begin(writes: Iterable<PackedWrite>): void
  /** Hands over so many bytes more; the last of them commit. */
  advance(bytes: number): void
  /**
   * `committed` once, when all of them are durable in LMDB. Throws what the thread threw: then LMDB stands where it
   * stood, and the writes may be begun again.
   */
  settled(): Standing
  /** Hands over what is left and sleeps until it is durable. Throws as `settled` does. */
  finish(): void
  /** What was not handed over whole never happens; what was, has when this returns. The thread ends. */
  close(): void
}

export function startFlusher(options: Pick<FlushThreadData, 'chain' | 'directory' | 'kind' | 'tables'>): Flusher {
  const answers = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  const count = new Int32Array(answers)
  const { port1: port, port2 } = new MessageChannel()
  const workerData: FlushThreadData = { ...options, port: port2, answers }
  const worker = new Worker(new URL('./flush-thread.ts', import.meta.url), { workerData, transferList: [port2] })
  // A process must be able to end: what is durable in the journal does not need this thread.
  worker.unref()
  let died: unknown
  worker.on('error', (error) => {
    died = error
  })
  /** Pieces that were not handed over yet. */
  let left: Generator<Uint8Array<ArrayBuffer>, void> | undefined
  /** Whether an answer is to come. */
  let asked = false

  function say(message: ToFlushThread, transfer: readonly ArrayBuffer[] = []): void {
    port.postMessage(message, transfer)
  }

  function advance(bytes: number): void {
    for (let handed = 0; left && handed < bytes; ) {
      const { value: packed } = left.next()
      if (packed) {
        handed += packed.length
        say({ type: 'writes', packed }, [packed.buffer])
      } else {
        left = undefined
        asked = true
        say({ type: 'commit' })
      }
    }
  }

  function received(): FromFlushThread | undefined {
    if (died) throw died
    return (receiveMessageOnPort(port) as { readonly message: FromFlushThread } | undefined)?.message
  }

  /** Sleeps until the answer is there. */
  function waited(): FromFlushThread {
    for (;;) {
      const seen = Atomics.load(count, 0)
      const message = received()
      if (message) return message
      if (Atomics.wait(count, 0, seen, 1000 * answerSecondsMax) === 'timed-out')
        throw new Error(`the thread that writes to LMDB has not answered for ${answerSecondsMax} s`)
    }
  }

  function taken(answer: FromFlushThread): 'committed' {
    asked = false
    if (answer.type === 'failed') throw thrownThere(answer)
    return 'committed'
  }

  return {
    begin(writes) {
      if (left || asked) throw new Error('earlier writes are still on their way')
      left = packedWrites(writes, pieceBytes)
    },
    advance,
    settled() {
      if (!asked) return left ? 'under-way' : 'idle'
      const answer = received()
      return answer ? taken(answer) : 'under-way'
    },
    finish() {
      advance(Number.POSITIVE_INFINITY)
      if (asked) taken(waited())
    },
    close() {
      left = undefined
      if (!died) {
        // Whether it came about or not: what LMDB lacks, the journal has.
        if (asked) waited()
        asked = false
        say({ type: 'close' })
        waited()
      }
      port.close()
    },
  }
}
