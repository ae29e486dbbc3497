/** The embedded engine: one key orders the blocks of all members of this process. */
import { contracts, directory } from '@plexus/contracts'
import { createSequencer, rememberSignatures, startLocalEngine, type VerifierPool } from '@plexus/engine'
import { type Chain, createMachine } from '@plexus/kernel'
import { secretOf } from './layout.ts'
import type { MemberNode } from './member-node.ts'
import type { ProcessParts } from './network.ts'
import type { Order } from './order.ts'

export interface OrderParts {
  readonly parts: Pick<ProcessParts, 'now' | 'onEngineEvent' | 'onFailure' | 'random'>
  readonly chain: Chain
  readonly nodes: ReadonlyMap<string, MemberNode>
  /** The threads that verify, with how many envelopes wait for them. */
  readonly pool: Pick<VerifierPool, 'verify' | 'waiting'>
  readonly schedule: (callback: () => void, milliseconds: number) => () => void
}

export function startEmbeddedOrder({ parts, chain, nodes, pool, schedule }: OrderParts, sequencer: string): Order {
  const first = nodes.get(sequencer)
  if (!first) throw new Error('the sequencer is not a member')
  const signatures = rememberSignatures()
  const orders = createSequencer({
    machine: createMachine({ chain, contracts, directory, signaturesHold: signatures }),
    store: first.sequencerStore,
    seed: secretOf(first.layout, 'sequencer', parts.random),
  })
  const engine = startLocalEngine({
    sequencer: orders,
    replicas: Array.from(nodes.values(), (node) => node.embeddedReplica),
    clock: { now: parts.now },
    schedule,
    onFailure: parts.onFailure,
    verifier: {
      pool,
      // The sequencer stands in the process of all of them, so what was verified for one of its members it knows.
      learn(member, envelope) {
        signatures.learn(envelope)
        nodes.get(member)?.learn(envelope)
      },
    },
  })
  return {
    member: engine.member,
    isUp: () => true,
    readings: () => ({ mempoolWaiting: orders.waiting(), verifierWaiting: pool.waiting }),
    askLight: async () => undefined,
    async stop() {
      engine.stop()
    },
  }
}
