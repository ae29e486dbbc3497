export type { MembersAction, MembersTransaction, PractitionersTransaction } from '@plexus/contracts'
export {
  type Admission,
  type AdmissionFrame,
  type AdmissionRefusal,
  type AskedAdmission,
  askAdmission,
  sponsorAdmission,
} from './admission.ts'
export { receiptIn, type VerifiedAccess, verifyBundle } from './bundle.ts'
export {
  type BundlePart,
  type BundleRefusal,
  type BundleRefusalType,
  bundleRefusals,
} from './bundle-refusals.ts'
export {
  type Checkpoint,
  type CheckpointRefusal,
  type LogName,
  type OpenedCheckpoint,
  openCheckpoint,
  originOf,
  readCheckpoint,
  readOrigin,
  writeCheckpoint,
} from './checkpoint/checkpoint.ts'
export { type BundleMismatch, readEntries } from './checkpoint/entry-bundle.ts'
export { GrowingTiles, type TileFile } from './checkpoint/growing-tiles.ts'
export {
  cosignNote,
  type HeldSignature,
  type NoteKey,
  noteKeyId,
  noteKeyOf,
  parseNoteKey,
  type SignatureRefusal,
  signNote,
  verifyNote,
  writeNoteKey,
} from './checkpoint/note-keys.ts'
export {
  type NoteRefusal,
  type NoteSignature,
  noteBytesMax,
  noteSignaturesMax,
  readNote,
  type SignedNote,
  writeNote,
} from './checkpoint/signed-note.ts'
export { entriesPath, parsePlacePath, type TileId, tilePath, tileWidth } from './checkpoint/tile-ids.ts'
export {
  openTiles,
  type TileRefusal,
  type TileTree,
  tilesForGrowth,
  tilesForLeaf,
  tilesForRoot,
} from './checkpoint/tile-tree.ts'
export { contractStep } from './contract-step.ts'
export { keyOfSeed, type SealedBy, sealMembersTransaction, sealPractitionersTransaction } from './govern.ts'
export { engineKey, type HeaderTrust } from './header-trust.ts'
export { type Belief, type BeliefParts, type BeliefRefusal, beliefIn, headerBeliefIn } from './light/belief.ts'
export { type BundleHeaders, headersOf } from './light/bundle-headers.ts'
export { lightGenesisOf } from './light/chain-founders.ts'
export {
  type FetchLightBlock,
  type Followed,
  type FollowFailure,
  type FollowRefusal,
  type ForkAlarm,
  fetchesMax,
  followBack,
  followEach,
  followSkipping,
  followTo,
  type LightSources,
  type LightStep,
  witnessesMax,
} from './light/follow.ts'
export {
  beginFrom,
  checkForkEvidence,
  type ForkEvidence,
  type ForkRefusal,
  gatherForkEvidence,
  type ProvenFork,
  votersOf,
} from './light/fork-evidence.ts'
export { type InclusionPath, isStateUnder, isTransactionIn, type ShownState } from './light/included.ts'
export { type Instant, parseInstant } from './light/instant.ts'
export type { LightBlockRefusal } from './light/json-fields.ts'
export {
  decodeKeptBlocks,
  encodeKeptBlocks,
  type FetchAnswers,
  type KeptAnswers,
  type KeptBlocks,
  keepingSource,
  keptList,
  keptMap,
  keptSource,
  readingSource,
} from './light/kept-blocks.ts'
export type { LightBlock, LightHeader, TrustedBlock, Validator } from './light/light-block.ts'
export { type LightBlockAnswers, readLightBlock } from './light/read-light-block.ts'
export {
  decodeTrusted,
  encodeTrusted,
  type LightCheckpoint,
  type LightGenesis,
  type StartRefusal,
  startFromCheckpoint,
  startFromGenesis,
  trustedOf,
} from './light/trusted-block.ts'
export type { CommitRefusal, TrustLevel } from './light/verify-commit.ts'
export {
  type HeaderRefusal,
  type LightSettings,
  lightSettings,
  verifyAdjacent,
  verifyBackwards,
  verifyNonAdjacent,
} from './light/verify-header.ts'
export { machineFor } from './machine.ts'
export { sealNote } from './notes.ts'
export { contentTypeOf, pageHeaders } from './pages/page-headers.ts'
export { type ManifestRefusal, type ShownManifest, verifyPageManifest } from './pages/page-manifest.ts'
export { levelOf, quantityMax, quantityOf } from './prescriptions/amounts.ts'
export { type CancellationAnswer, cancellationAnswer } from './prescriptions/cancellation.ts'
export {
  checkPrescription,
  isRegistrationNumber,
  type Overlap,
  overlapsOf,
  type PrescriptionRefusal,
  type Shown,
} from './prescriptions/check.ts'
export {
  commitmentOf,
  type Drug,
  openPrescription,
  type Prescription,
  type PrescriptionContent,
  prescription,
  prescriptionContent,
  sealPrescription,
  signPrescription,
} from './prescriptions/content.ts'
export {
  checkRecord,
  type DispensedBy,
  type DispensingRecord,
  dispensingRecord,
  type FilledPart,
  fillOf,
  isOfPharmacist,
  type RecordRefusal,
} from './prescriptions/dispensing.ts'
export { claimantSeed, handleOfSeed, itemSeed, patientItemSeed } from './prescriptions/keys.ts'
export { prescriptionStep } from './prescriptions/steps.ts'
export {
  type LineNames,
  lineNames,
  ownName,
  type PrescriptionNote,
  type PrescriptionWord,
  prescriptionNote,
  prescriptionWord,
  toldFill,
} from './prescriptions/words.ts'
export {
  type AuditRefusal,
  auditTerms,
  type Books,
  type Totals,
} from './rebates/audit.ts'
export {
  type AccrualBook,
  type AccrualFacts,
  type AccrualRefusal,
  amountDue,
  checkAccrual,
} from './rebates/check.ts'
export {
  accrualOf,
  type Composed,
  type Dispensed,
  netPositions,
  type Owed,
  proposeTerms,
  settlementOf,
  stepAfter,
} from './rebates/composing.ts'
export { amountAt, priceScale, type Rounding, rounded, unitScale } from './rebates/fixed-point.ts'
export { accrualSeed, type PartySecret, payerSeed, termsSeed } from './rebates/keys.ts'
export {
  type AccrualContent,
  type NoteOf,
  openRebateNote,
  type RebateNote,
  rebateCommitment,
  rebateNote,
  type SettlementContent,
  type StepContent,
  type StepName,
  sealRebateNote,
  type TermsContent,
} from './rebates/statements.ts'
export {
  ceilingPrice,
  type DrugCategory,
  lowerPrice,
  mayRestate,
  negotiatedRefund,
  type QuarterPrices,
  quarterOf,
  type UnitRebate,
  unitRebate,
} from './rebates/statutory.ts'
export {
  checkSoftware,
  type ShownSoftware,
  type Software,
  type SoftwareRefusal,
  softwareEntries,
} from './releases/check.ts'
export { fitsBatch, type HttpAnswer, type SubmitPort, submitBatch, submitEnvelope } from './submit-client.ts'
export {
  type FollowOptions,
  followEvents,
  type OpenSocket,
  openSubmitStream,
  type SocketEvents,
  type StreamAnswer,
  type StreamPort,
  type SubmitStream,
} from './submit-stream.ts'
export * from './submit-wire.ts'
export { type LabelIdentifier, type LabelRefusal, labelKeysOf, tagOf } from './supply/labels.ts'
export { type Granted, granting, licenceFor } from './supply/licences.ts'
export {
  checkLotProof,
  type LotProof,
  lotProof,
  lotProofBytesMax,
  type VerifiedLot,
  verifyLotProof,
} from './supply/lot-proof.ts'
export type { LotDoubt } from './supply/lot-refusals.ts'
export type { TalliedUnit } from './supply/lot-tally.ts'
export {
  checkLot,
  type LotContent,
  type LotRefusal,
  type LotStatement,
  lotContent,
  lotStatement,
  stateLot,
} from './supply/lots.ts'
export { contentsOf, type PackageManifest, packageManifest, unpacking } from './supply/packages.ts'
export { type ScanAnswer, type SupplyState, scanLabel } from './supply/scan.ts'
export { supplyStep } from './supply/steps.ts'
export { formerHolders, type LotTrace, type TracedUnit, type TraceRefusal, traceLot } from './supply/trace.ts'
export { supplyWord } from './supply/words.ts'
export { type BringBackDoor, type BroughtBack, bringBack, bringBackDoor } from './wallet/bring-back.ts'
export { type CaseState, casesIn, type WalletCase } from './wallet/cases.ts'
export { type NodePort, type StepRefusal, WalletClient } from './wallet/client.ts'
export {
  excusedWhenVoided,
  type Finding,
  findings,
  type Look,
  whoLooked,
} from './wallet/history.ts'
export {
  type HttpDoor,
  handlesAt,
  httpPort,
  lightAnswers,
  lightSource,
  memberPath,
  organisationsAt,
  stateAnswers,
  stateSource,
} from './wallet/http-port.ts'
export * from './wallet/keys.ts'
export { type NoticeRefusal, openNotice, takeClosing, takeNotice } from './wallet/notices.ts'
export {
  type OwnRecordEntry,
  type OwnRecordPageRefusal,
  type OwnRecordPart,
  openOwnRecordPage,
  ownRecordRequestFor,
} from './wallet/own-record.ts'
export {
  giveItemKeys,
  type ItemKeys,
  itemKeysMax,
  namePharmacy,
  takeItemBack,
  writtenItemKeys,
} from './wallet/prescription-steps.ts'
export { prescriptionsIn, type WalletFill, type WalletPrescription } from './wallet/prescription-view.ts'
export { type ReadState, type StateAnswers, stateReader } from './wallet/read-state.ts'
export {
  type FoundHeads,
  findHeads,
  type HandleStatus,
  recover,
  type SetNotTaken,
  takeSet,
} from './wallet/recovery.ts'
export { type RecoveryCodeRefusal, recoveryCodeOf, rootOfRecoveryCode } from './wallet/recovery-code.ts'
export {
  type CoSignRefusal,
  closeHandleBody,
  coSign,
  type Frame,
  openHandlesBody,
  type Share,
} from './wallet/sponsored.ts'
export {
  decodeWallet,
  encodeWallet,
  headOf,
  isAccepted,
  type Relationship,
  relationshipWith,
  type WalletState,
} from './wallet/state.ts'
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
