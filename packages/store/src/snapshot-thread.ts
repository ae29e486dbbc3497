/** The thread that makes one snapshot. It has the ledger's environment open, and reads one height of it. */
import { workerData } from 'node:worker_threads'
import { openEnvironment } from './environment.ts'
import { takeSnapshot } from './snapshot-take.ts'
import type { SnapshotThreadData } from './snapshots.ts'

const { ledger, directory, chain, height, port, signals } = workerData as SnapshotThreadData
const words = new Int32Array(signals)

function said(): { readonly type: string; readonly says?: string } {
  try {
    const environment = openEnvironment({ directory: ledger, kind: 'ledger', chain })
    try {
      return takeSnapshot({ environment, height, directory, isStopped: () => Atomics.load(words, 0) === 1 })
    } finally {
      environment.close()
    }
  } catch (error) {
    return { type: 'failed', says: error instanceof Error ? error.message : 'what was thrown is no error' }
  }
}

port.postMessage(said())
port.close()
Atomics.store(words, 1, 1)
Atomics.notify(words, 1)
