/** What stands in a node at one moment: lengths of queues, ages, room. Each is cheap to read, whatever the node holds. */
import { statfsSync } from 'node:fs'
import { members } from '@plexus/contracts'
import { viewOf } from '@plexus/kernel'
import { lastBackup } from './backup/last-backup.ts'
import type { MemberNode } from './member-node.ts'

/** Of one member. Times are seconds, sizes bytes. */
export interface MemberReadings {
  readonly height: number
  readonly blockAgeSeconds: number
  readonly checkpointBlocks: number
  readonly checkpointAgeSeconds: number
  readonly outboxWaiting: number
  readonly notesWaiting: number
  readonly leavesWaiting: number
  readonly batchesInFlight: number
  /** 0: not restored; 1: finds out what the backup missed; 2: waits for an operator. */
  readonly recovery: 0 | 1 | 2
  /** Of the last backup; without any, since the network was founded. */
  readonly backupAgeSeconds: number
  readonly keyBackupAgeSeconds: number
  readonly validatorsMisbehaved: number
  /** Forks that were seen and stand. */
  readonly forks: number
  readonly recordsOpen: number
  readonly recordsErased: number
  readonly keyGeneration: number
  /** Room for this account on the disk of the member's folder. */
  readonly diskFreeBytes: number
}

/** Of what the members of one process share: the key that orders, and the threads that verify. */
export interface EngineReadings {
  readonly mempoolWaiting: number
  readonly verifierWaiting: number
}

export function readingsOf(node: MemberNode, now: number): MemberReadings {
  const { store, exchange, checkpoints, recovery, vault, layout, chain } = node
  const tip = store.tip()
  const founded = chain.genesis.time
  const age = (time: number): number => Math.max(0, now - time)
  const checkpointBlocks = checkpoints.newest?.size ?? 0
  const backup = lastBackup(layout.root)
  const { records, erasedRecords, generation } = vault.stats()
  const { bavail, bsize } = statfsSync(layout.root)
  return {
    height: tip?.height ?? 0,
    blockAgeSeconds: age(tip?.time ?? 0),
    checkpointBlocks,
    checkpointAgeSeconds: age(store.summary(checkpointBlocks)?.time ?? founded),
    outboxWaiting: exchange.outbox.waiting,
    notesWaiting: exchange.notesWaiting,
    leavesWaiting: exchange.batches.waiting.leaves,
    batchesInFlight: exchange.batches.waiting.batches,
    recovery: !recovery?.shut ? 0 : recovery.state.type === 'behind' ? 2 : 1,
    backupAgeSeconds: age(backup?.madeAt ?? founded),
    keyBackupAgeSeconds: age(backup?.keysMadeAt ?? founded),
    validatorsMisbehaved: members.queries.misbehaviours(viewOf(members, store)).length,
    forks: node.forks.count,
    recordsOpen: records,
    recordsErased: erasedRecords,
    keyGeneration: generation,
    diskFreeBytes: bavail * bsize,
  }
}
