export { copyEnvironment, copyJournal, copyStore } from './copy-environment.ts'
export {
  type Journal,
  type JournalChange,
  type JournalOptions,
  type JournalRange,
  openJournal,
  type Sealing,
} from './journal.ts'
export {
  eventsPerReadMax,
  type LedgerBeginning,
  type LedgerStore,
  type ProvenBlock,
  type ProvenState,
  type RootsAt,
  type StoredBlock,
  type TransactionPlace,
} from './ledger-reads.ts'
export type { OfferedSnapshot, SnapshotRefusal } from './ledger-restore.ts'
export { type LedgerStoreOptions, openLedgerStore, proofHeightsDefault } from './ledger-store.ts'
export { type Lock, lockDirectory } from './lock-directory.ts'
export type { LedgerSnapshot } from './snapshot-files.ts'
export {
  type LedgerSnapshots,
  openSnapshotLedger,
  type SnapshotEvent,
  type SnapshotLedger,
  type SnapshotOptions,
  type TakenIn,
} from './snapshots.ts'
export { StoreError, type StoreErrorType } from './store-error.ts'
export { type LedgerDiffers, type VerifiedLedger, type VerifyOptions, verifyLedger } from './verify-ledger.ts'
export { blockFiles, writeFiles } from './write-ahead.ts'
export { writeDurably } from './write-durably.ts'
