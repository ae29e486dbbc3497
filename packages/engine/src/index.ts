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
export type {
  Clock,
  LedgerPort,
  ProvenState,
  Schedule,
  SignedBlock,
  StoredBlock,
  TransactionPlace,
} from './local/ports.ts'
export {
  type AppliedNotice,
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
