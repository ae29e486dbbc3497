export { type BlobStore, checkBlobName } from './blob-store.ts'
export { openDiskBlobStore } from './disk-blob-store.ts'
export { type DurableStep, type DurableStepName, durableStep } from './durable-step.ts'
export {
  type KeyStore,
  type KeyStoreRefusal,
  type NoDataKey,
  openKeyStore,
  type Scope,
  type WrappingKey,
} from './key-store.ts'
export { packBytesMax, recordBytesMax, recordsPerPackMax } from './pack.ts'
export { openRecord, type RecordContext, recordIdBytes, recordOverheadBytes } from './record.ts'
export {
  type NewRecord,
  type NotOpened,
  openVault,
  type Place,
  type SealedRecord,
  type Vault,
  type VaultReport,
} from './vault.ts'
