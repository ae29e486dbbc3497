/**
 * A ledger that makes snapshots of itself for others, and can begin from one of theirs. Every so many heights LMDB is
 * brought to just that height, and a thread writes it out while the ledger goes on.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { Result } from '@plexus/codec'
import type { AppliedBlock } from '@plexus/kernel'
import type { LedgerStore } from './ledger-reads.ts'
import { LedgerRestore, type OfferedSnapshot, type SnapshotRefusal } from './ledger-restore.ts'
import { type LedgerStoreOptions, openLedgerStore } from './ledger-store.ts'
import { type LedgerSnapshot, SnapshotFiles } from './snapshot-files.ts'

export type SnapshotEvent =
  | { readonly type: 'taken'; readonly height: number }
  /** LMDB had gone on before the thread looked: the next one comes. */
  | { readonly type: 'missed'; readonly height: number }
  | { readonly type: 'stopped'; readonly height: number }
  | { readonly type: 'failed'; readonly height: number; readonly says: string }

export interface SnapshotOptions {
  /** Its own folder, on the file system of the ledger. */
  readonly directory: string
  /** A snapshot each so many heights: the same for all members, whose snapshots are then the same. */
  readonly every: number
  readonly onEvent?: (event: SnapshotEvent) => void
}

/** A snapshot that is taken in. */
export interface TakenIn {
  /** The next chunk. `whole`: the ledger stands at the snapshot's height from now on. */
  take(chunk: Uint8Array): Promise<Result<'goes-on' | 'whole', SnapshotRefusal>>
}

export interface LedgerSnapshots {
  /** Whole ones, newest first; two at most. */
  list(): readonly LedgerSnapshot[]
  chunk(height: number, index: number): Uint8Array | undefined
  /** Begins to take one in; what was taken in before and is not whole is dropped. */
  restore(offered: OfferedSnapshot): TakenIn
}

/** A ledger that can be replaced by one that was taken in: whoever holds it reads the new one from then on. */
export interface SnapshotLedger extends LedgerStore {
  readonly snapshots: LedgerSnapshots
}

export interface SnapshotThreadData {
  readonly ledger: string
  readonly directory: string
  readonly chain: Uint8Array
  readonly height: number
  readonly port: MessagePort
  /** Two words: whether it is to stop, and whether it has ended. */
  readonly signals: SharedArrayBuffer
}

/** It looks whether it is to stop after each chunk. */
const stopMillisecondsMax = 60_000

/** As `openLedgerStore`, with snapshots. */
export function openSnapshotLedger(
  directory: string,
  options: LedgerStoreOptions,
  { directory: folder, every, onEvent = () => {} }: SnapshotOptions,
): SnapshotLedger {
  if (!Number.isSafeInteger(every) || every < 1) throw new Error('a snapshot is made every so many heights, from 1')
  const files = new SnapshotFiles(folder)
  let ledger = openLedgerStore(directory, options)
  let making: { readonly signals: Int32Array; readonly port: MessagePort } | undefined
  /** LMDB is being brought to a height at which one is to be made. */
  let isOnItsWay = false
  let restore: LedgerRestore | undefined

  function make(height: number): void {
    const signals = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)
    const { port1, port2 } = new MessageChannel()
    const workerData: SnapshotThreadData = {
      ...{ ledger: directory, directory: folder, chain: options.chain },
      ...{ height, port: port2, signals },
    }
    making = { signals: new Int32Array(signals), port: port1 }
    const worker = new Worker(new URL('./snapshot-thread.ts', import.meta.url), { workerData, transferList: [port2] })
    worker.unref()
    const done = (event: SnapshotEvent): void => {
      if (!making) return
      making = undefined
      port1.close()
      if (event.type === 'taken') files.look()
      onEvent(event)
    }
    port1.on('message', (said: SnapshotEvent) => done({ ...said, height }))
    port1.unref()
    worker.on('error', (error) => done({ type: 'failed', height, says: String(error) }))
  }

  function stopMaking(): void {
    if (!making) return
    const { signals, port } = making
    making = undefined
    port.close()
    Atomics.store(signals, 0, 1)
    Atomics.wait(signals, 1, 0, stopMillisecondsMax)
  }

  function begin(offered: OfferedSnapshot): TakenIn {
    restore?.drop()
    const own = new LedgerRestore(join(folder, 'restoring'), options.chain, offered)
    restore = own
    return {
      async take(chunk) {
        const taken = await own.take(chunk)
        if (!taken.ok) return taken
        if (taken.value.type === 'whole') {
          restore = undefined
          become(taken.value.folder)
        }
        return { ok: true, value: taken.value.type }
      },
    }
  }

  /** What was before is gone with the renaming, in one step. */
  function become(taken: string): void {
    stopMaking()
    ledger.close()
    // Of those who had the old file open; LMDB makes it anew.
    rmSync(join(directory, 'lock.mdb'), { force: true })
    renameSync(join(taken, 'data.mdb'), join(directory, 'data.mdb'))
    syncFolder(directory)
    rmSync(taken, { recursive: true, force: true })
    ledger = openLedgerStore(directory, options)
    isOnItsWay = false
  }

  return {
    snapshots: { list: () => files.list(), chunk: (height, index) => files.chunk(height, index), restore: begin },
    commit(applied: AppliedBlock, header: Uint8Array) {
      ledger.commit(applied, header)
      const { height } = applied.tip
      // One that takes longer than the time between two holds up none: the next is left out, and LMDB left where it is read.
      if (height === 0 || height % every !== 0 || making || isOnItsWay) return
      isOnItsWay = true
      ledger.bringToLmdb(() => {
        isOnItsWay = false
        make(height)
      })
    },
    close() {
      stopMaking()
      restore?.drop()
      ledger.close()
    },
    tip: () => ledger.tip(),
    get: (key) => ledger.get(key),
    entries: (prefix) => ledger.entries(prefix),
    tile: (place) => ledger.tile(place),
    tiles: () => ledger.tiles(),
    beginning: () => ledger.beginning(),
    block: (height) => ledger.block(height),
    header: (height) => ledger.header(height),
    summary: (height) => ledger.summary(height),
    events: (after, limit) => ledger.events(after, limit),
    transactionPlace: (id, validUntil) => ledger.transactionPlace(id, validUntil),
    wasAccepted: (id, validUntil) => ledger.wasAccepted(id, validUntil),
    rootAt: (height) => ledger.rootAt(height),
    proveStateAt: (height, key) => ledger.proveStateAt(height, key),
    proveBlock: (height, size) => ledger.proveBlock(height, size),
    proveGrowth: (before, after) => ledger.proveGrowth(before, after),
    bringToLmdb: (reached) => ledger.bringToLmdb(reached),
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
