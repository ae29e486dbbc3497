export type { EngineRefusal } from './cometbft/application.ts'
export { isCall, obeysGrammar } from './cometbft/call-grammar.ts'
export type { CometMember } from './cometbft/comet-member.ts'
export { type EnginePeer, nodeIdOf, readEngineAddress, writeEngineAddress } from './cometbft/engine-address.ts'
export {
  type BeginFromSnapshot,
  type EngineHome,
  type EngineHomeRefusal,
  type EngineTiming,
  sayEngineHomeRefusal,
} from './cometbft/engine-home.ts'
export {
  builtEngineIn,
  type EngineProgramRefusal,
  findEngine,
  sayEngineProgramRefusal,
} from './cometbft/engine-program.ts'
export { type AskLight, fetchLightBlock, type LightBlockAnswers } from './cometbft/light-blocks.ts'
export {
  type LightQuestion,
  lightBodyOf,
  lightQuestionIn,
  readLightQuestion,
  writeLightQuestion,
} from './cometbft/light-questions.ts'
export { createSignatures, type Signatures } from './cometbft/signatures.ts'
export { isWatching } from './cometbft/signed-last.ts'
export type { ListedSnapshot, SnapshotPort } from './cometbft/snapshots.ts'
export {
  type CometEngine,
  type CometEngineOptions,
  type CometStartRefusal,
  type EngineEvent,
  type EngineSockets,
  EngineUnfit,
  sayClockBehind,
  startCometEngine,
} from './cometbft/supervisor.ts'
export type { Seat, ValidatorSource } from './cometbft/validator-updates.ts'
export { type AppliedNotice, createLedgerView, type FedLedger, type LedgerView } from './local/ledger-view.ts'
export { createLink, type Link } from './local/link.ts'
export {
  BlockRefused,
  type LocalEngine,
  type LocalEngineOptions,
  type LocalMember,
  type SubmitAnswer,
  type SubmitRefusal,
  startLocalEngine,
} from './local/local-engine.ts'
export {
  type Clock,
  foundOnce,
  type LedgerPort,
  type ProvenState,
  type Schedule,
  type SignedBlock,
  type StoredBlock,
  type TransactionPlace,
} from './local/ports.ts'
export {
  type BlockRefusal,
  createReplica,
  type EnvelopeProof,
  Fork,
  type HeaderStateProof,
  type Replica,
  type ReplicaOptions,
} from './local/replica.ts'
export { createSequencer, type Sequencer, type SequencerOptions, type SequencerRefusal } from './local/sequencer.ts'
export { rememberSignatures, type SignatureMemory } from './local/signature-memory.ts'
export { startVerifierPool, type VerifierPool } from './local/verifier-pool.ts'
export type { Applied, WatchEnd } from './local/watches.ts'
