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
export { type CiphertextDiffers, type LargeRecordKey, openLargeRecord, readLargeRecord } from './large-record.ts'
export {
  type LargeNotOpened,
  type LargeVault,
  type LargeVaultReport,
  largeRecordBytesMax,
  type NewLargeRecord,
  openLargeVault,
} from './large-vault.ts'
export { packBytesMax, recordBytesMax, recordsPerPackMax } from './pack.ts'
export { openRecord, type RecordContext, recordIdBytes, recordOverheadBytes } from './record.ts'
export { openS3BlobStore } from './s3-blob-store.ts'
export type { S3Place, S3Surroundings } from './s3-requests.ts'
export { BlobStoreError, type BlobStoreFault, type StreamedBlobStore } from './streamed-blob-store.ts'
export { openStreamedDiskBlobStore } from './streamed-disk-blob-store.ts'
export {
  type NewRecord,
  type NotOpened,
  openVault,
  type Place,
  type SealedRecord,
  type Vault,
  type VaultReport,
} from './vault.ts'
