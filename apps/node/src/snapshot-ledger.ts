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
export const snapshotEvery = 10_000

export interface NodeLedger {
  readonly store: LedgerStore
  readonly snapshots: SnapshotPort | undefined
}

export function openNodeLedger(layout: Layout, { genesis, id }: Chain, every = snapshotEvery): NodeLedger {
  const options = { chain: id }
  if (genesis.engine.type === 'local') return { store: openLedgerStore(layout.ledger, options), snapshots: undefined }
  // CometBFT's folder is in no backup: it takes every block again from the others, and the ledger beside it with it.
  const engineIsNew = !existsSync(join(layout.engine, 'data', 'blockstore.db'))
  if (engineIsNew && restoredMark(layout.root)) rmSync(layout.ledger, { recursive: true, force: true })
  const store = openSnapshotLedger(layout.ledger, options, { directory: layout.snapshots, every })
  return { store, snapshots: store.snapshots }
}

/** As it is written on the command line. Throws a TypeError, which says what was expected. */
export function snapshotEveryIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9][0-9]{1,8}$/.test(text)) throw new TypeError('--snapshot-every: expected a number of heights from 10 on')
  return Number(text)
}
