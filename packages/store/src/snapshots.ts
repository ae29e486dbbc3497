/**
 * A ledger that makes snapshots of itself for others, and can begin from one of theirs. Every so many heights LMDB is
 * brought to just that height, and a process beside this one writes it out while the ledger goes on.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Result, toHex } from '@plexus/codec'
import type { AppliedBlock } from '@plexus/kernel'
import type { LedgerStore } from './ledger-reads.ts'
import { LedgerRestore, type OfferedSnapshot, type SnapshotRefusal } from './ledger-restore.ts'
import { type LedgerStoreOptions, openLedgerStore } from './ledger-store.ts'
import { type LedgerSnapshot, SnapshotFiles } from './snapshot-files.ts'
import { syncPath } from './sync-path.ts'

export type SnapshotEvent =
  | { readonly type: 'taken'; readonly height: number }
  /** So many blocks came before the process looked that LMDB could not be held any longer: the next one comes. */
  | { readonly type: 'missed'; readonly height: number }
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

/** As `openLedgerStore`, with snapshots. */
export function openSnapshotLedger(
  directory: string,
  options: LedgerStoreOptions,
  { directory: folder, every, onEvent = () => {} }: SnapshotOptions,
): SnapshotLedger {
  if (!Number.isSafeInteger(every) || every < 1) throw new Error('a snapshot is made every so many heights, from 1')
  const files = new SnapshotFiles(folder)
  let ledger = openLedgerStore(directory, options)
  let making: ChildProcess | undefined
  /** LMDB is being brought to a height at which one is to be made. */
  let isOnItsWay = false
  let restore: LedgerRestore | undefined

  /** LMDB stays at this height until the process has a read transaction of its own, or ends: one begins at the newest height. */
  function make(height: number, goOn: () => void): void {
    const child = fork(
      new URL('./snapshot-process.ts', import.meta.url),
      [directory, folder, toHex(options.chain), String(height)],
      { execArgv: ['--disable-warning=ExperimentalWarning'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    )
    making = child
    // A node must be able to end: what is not whole is removed at its next start.
    child.unref()
    child.channel?.unref()
    const done = (event: SnapshotEvent): void => {
      goOn()
      if (making !== child) return
      making = undefined
      if (event.type === 'taken') files.look()
      onEvent(event)
    }
    child.on('message', (said: SnapshotEvent | { readonly type: 'looking' }) => {
      if (said.type === 'looking') goOn()
      else done({ ...said, height })
    })
    child.on('error', (error) => done({ type: 'failed', height, says: String(error) }))
    child.on('exit', (code, signal) => done({ type: 'failed', height, says: `it ended with ${signal ?? code}` }))
  }

  /** Its place among LMDB's readers is free again with the next opening of this ledger, which follows. */
  function stopMaking(): void {
    making?.kill('SIGKILL')
    making = undefined
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
    syncPath(directory)
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
      ledger.bringToLmdb((goOn) => {
        isOnItsWay = false
        make(height, goOn)
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
