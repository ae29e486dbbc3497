/**
 * The thread that writes a store's aged writes to LMDB: pages and fdatasync take up to a second, in which writes go on
 * ahead of it. It has the same environment open, and writes one durable transaction at a time.
 */
import { workerData } from 'node:worker_threads'
import { type Environment, openEnvironment, type Table } from './environment.ts'
import {
  type FlushThreadData,
  type FromFlushThread,
  type PackedWrite,
  type ToFlushThread,
  unpackedWrites,
} from './flush-wire.ts'
import { asciiText } from './keys.ts'
import { StoreError } from './store-error.ts'

interface Opened {
  readonly environment: Environment
  readonly tables: readonly Table[]
}

const { directory, kind, chain, tables: names, answers, port } = workerData as FlushThreadData
const count = new Int32Array(answers)
/** Opened with the first transaction. */
let target: Opened | undefined
let pieces: Uint8Array[] = []

function answer(message: FromFlushThread): void {
  port.postMessage(message)
  Atomics.add(count, 0, 1)
  Atomics.notify(count, 0)
}

function opened(): Opened {
  const made = openEnvironment({ directory, kind, chain })
  return { environment: made, tables: names.map((name) => made.table(name)) }
}

/** Texts compare several times as fast as bytes, and in the same order. */
interface Sorted extends PackedWrite {
  readonly text: string
}

/** Each table's keys in rising order, which is how LMDB writes fastest. */
function commit(): void {
  target ??= opened()
  const { environment, tables } = target
  const byTable: Sorted[][] = tables.map(() => [])
  for (const piece of pieces)
    for (const write of unpackedWrites(piece)) byTable[write.table]?.push({ ...write, text: asciiText(write.key) })
  for (const writes of byTable) writes.sort((a, b) => (a.text < b.text ? -1 : 1))
  environment.write(() => {
    for (const [index, table] of tables.entries()) {
      for (const { key, value } of byTable[index] ?? []) {
        if (value) table.put(key, value)
        else table.remove(key)
      }
    }
  })
}

function failure(error: unknown): FromFlushThread {
  if (error instanceof StoreError)
    return { type: 'failed', of: error.type, says: error.message.slice(`${error.type}: `.length) }
  return { type: 'failed', of: null, says: error instanceof Error ? error.message : 'what was thrown is no error' }
}

port.on('message', (message: ToFlushThread) => {
  if (message.type === 'writes') {
    pieces.push(message.packed)
    return
  }
  try {
    if (message.type === 'commit') commit()
    if (message.type === 'close') target?.environment.close()
    answer({ type: message.type === 'commit' ? 'committed' : 'closed' })
  } catch (error) {
    answer(failure(error))
  } finally {
    pieces = []
    if (message.type === 'close') port.close()
  }
})
