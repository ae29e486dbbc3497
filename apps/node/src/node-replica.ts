/** What a node applies blocks with, on either engine: its machine, its replica, and what it knows of signatures. */
import { contracts, directory } from '@plexus/contracts'
import {
  createLedgerView,
  createReplica,
  createSignatures,
  type FedLedger,
  type LedgerPort,
  type Replica,
  rememberSignatures,
  type SignatureMemory,
  type Signatures,
  type VerifierPool,
} from '@plexus/engine'
import { type Chain, createMachine, type Machine, readEnvelope, signaturesHold } from '@plexus/kernel'

export type NodeReplica =
  | {
      readonly type: 'local'
      readonly machine: Machine
      readonly replica: Replica
      /** What this node itself has verified. */
      readonly signatures: SignatureMemory
    }
  | {
      readonly type: 'cometbft'
      readonly machine: Machine
      readonly replica: FedLedger
      readonly signatures: Signatures
    }

export interface NodeReplicaParts {
  readonly chain: Chain
  readonly store: LedgerPort
  readonly member: string
  /** On CometBFT, whose blocks come with envelopes that this node has not seen. Unless told, they are verified in place. */
  readonly pool: Pick<VerifierPool, 'verify'> | undefined
  readonly onVerified: (signatures: number) => void
}

const inPlace: Pick<VerifierPool, 'verify'> = {
  async verify(envelopes) {
    return envelopes.map((bytes) => {
      const read = readEnvelope(bytes)
      return read.ok && signaturesHold(read.value)
    })
  },
}

export function nodeReplica({ chain, store, member, pool = inPlace, onVerified }: NodeReplicaParts): NodeReplica {
  if (chain.genesis.engine.type === 'local') {
    const signatures = rememberSignatures(undefined, (envelope) => {
      onVerified(envelope.signatures.length)
      return signaturesHold(envelope)
    })
    const machine = createMachine({ chain, contracts, directory, signaturesHold: signatures })
    return { type: 'local', machine, replica: createReplica({ machine, store, member }), signatures }
  }
  const signatures = createSignatures({ pool, onVerified })
  const machine = createMachine({ chain, contracts, directory, signaturesHold: signatures.holds })
  return { type: 'cometbft', machine, replica: createLedgerView({ machine, store, member }), signatures }
}
