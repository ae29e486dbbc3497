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
  type LedgerStore,
  type LedgerStoreOptions,
  openLedgerStore,
  type ProvenBlock,
  type ProvenState,
  proofHeightsDefault,
  type RootsAt,
  type StoredBlock,
  type TransactionPlace,
} from './ledger-store.ts'
export { type Lock, lockDirectory } from './lock-directory.ts'
export { StoreError, type StoreErrorType } from './store-error.ts'
export { type LedgerDiffers, type VerifiedLedger, type VerifyOptions, verifyLedger } from './verify-ledger.ts'
export { writeDurably } from './write-durably.ts'
