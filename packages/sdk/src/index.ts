export { type VerifiedAccess, verifyBundle } from './bundle.ts'
export {
  type BundlePart,
  type BundleRefusal,
  type BundleRefusalType,
  bundleRefusals,
} from './bundle-refusals.ts'
export { machineFor } from './machine.ts'
export { sealNote } from './notes.ts'
export { type NodePort, type StepRefusal, WalletClient } from './wallet/client.ts'
export { type Finding, findings, type Look, whoLooked } from './wallet/history.ts'
export * from './wallet/keys.ts'
export { type NoticeRefusal, openNotice, takeClosing, takeNotice } from './wallet/notices.ts'
export { type FoundHeads, findHeads, type HandleStatus, recover } from './wallet/recovery.ts'
export {
  type CoSignRefusal,
  closeHandleBody,
  coSign,
  type Frame,
  openHandlesBody,
  type Share,
} from './wallet/sponsored.ts'
export { decodeWallet, encodeWallet, type Relationship, relationshipWith, type WalletState } from './wallet/state.ts'
export {
  changeDirectives,
  checkIn,
  createWallet,
  type DirectiveChange,
  enrol,
  handlesOpened,
  isPending,
  mailboxRequestFor,
  nextHandle,
  openWallet,
  unconfirmedSets,
  type Wallet,
  type WalletRefusal,
} from './wallet/wallet.ts'
export { decodeWalletFile, encodeWalletFile, type WalletFile, type WalletFileRefusal } from './wallet/wallet-file.ts'
