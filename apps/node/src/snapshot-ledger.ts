/** The ledger of a node: on CometBFT it makes snapshots for those that join, and can begin from one of theirs. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { SnapshotPort } from '@plexus/engine'
import type { Chain } from '@plexus/kernel'
import { type LedgerStore, openLedgerStore, openSnapshotLedger } from '@plexus/store'
import type { Layout } from './layout.ts'
import { restoredMark } from './restored-mark.ts'

/**
 * Heights between two snapshots, the same for all members: the fastest cadence is some ten blocks a second, two are kept,
 * and whoever begins has half an hour for one there. What it replays behind it takes seconds.
 */
const snapshotEvery = 10_000

export interface NodeLedger {
  readonly store: LedgerStore
  readonly snapshots: SnapshotPort | undefined
}

export function openNodeLedger(layout: Layout, { genesis, id }: Chain): NodeLedger {
  const options = { chain: id }
  if (genesis.engine.type === 'local') return { store: openLedgerStore(layout.ledger, options), snapshots: undefined }
  // CometBFT's folder is in no backup: it takes every block again from the others, and the ledger beside it with it.
  const engineIsNew = !existsSync(join(layout.engine, 'data', 'blockstore.db'))
  if (engineIsNew && restoredMark(layout.root)) rmSync(layout.ledger, { recursive: true, force: true })
  const store = openSnapshotLedger(layout.ledger, options, { directory: layout.snapshots, every: snapshotEvery })
  return { store, snapshots: store.snapshots }
}
