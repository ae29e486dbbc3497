/** An application on a real ledger, without an engine: tests ask what an engine would. */
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { type AppliedBlock, type Chain, chainNameOf } from '@plexus/kernel'
import { openSnapshotLedger, type SnapshotEvent, type SnapshotLedger } from '@plexus/store'
import { onTestFinished } from 'vitest'
import type { LedgerPort } from '../local/ports.ts'
import { type AbciClient, connect } from './abci-client.testing.ts'
import { type Application, createApplication, type EngineRefusal } from './application.ts'
import { appStateOf } from './genesis-document.ts'
import { admits, machineOf, networkDirectory, validators } from './network.testing.ts'
import type { ProposalRefusal } from './proposal.ts'

export interface TestNode {
  readonly application: Application
  readonly client: AbciClient
  readonly store: SnapshotLedger
  readonly committed: readonly AppliedBlock[]
  readonly refusals: readonly (EngineRefusal | ProposalRefusal)[]
  readonly verified: () => number
  /** FinalizeBlock and Commit. Answers the app hash in hexadecimal. */
  block(height: number, time: number, transactions: readonly Uint8Array[]): Promise<string>
}

/** Verifies in this thread: a test needs no others. */
const noThreads = (verify: (bytes: Uint8Array) => boolean) => ({
  verify: async (envelopes: readonly Uint8Array[]) => envelopes.map(verify),
})

export const initChain = (chain: Chain) => ({
  time: { seconds: BigInt(chain.genesis.time), nanos: 0 },
  chainId: chainNameOf(chain),
  appStateBytes: appStateOf(chain),
  initialHeight: 1n,
})

export const finalizeBlock = (height: number, time: number, txs: readonly Uint8Array[]) => ({
  height: BigInt(height),
  time: { seconds: BigInt(time), nanos: 7 },
  txs: [...txs],
  hash: new Uint8Array(32).fill(height),
  nextValidatorsHash: new Uint8Array(32),
  proposerAddress: new Uint8Array(20),
})

export function testNode(
  chain: Chain,
  {
    now,
    verify,
    port = (store) => store,
    snapshotEvery = 1_000_000,
    onSnapshot = () => {},
  }: {
    readonly now: () => number
    readonly verify: (bytes: Uint8Array) => boolean
    readonly port?: (store: SnapshotLedger) => LedgerPort
    readonly snapshotEvery?: number
    readonly onSnapshot?: (event: SnapshotEvent) => void
  },
): TestNode {
  const { machine, signatures, verified } = machineOf(chain, noThreads(verify))
  const directory = networkDirectory()
  const store = openSnapshotLedger(
    join(directory, 'ledger'),
    { chain: chain.id },
    { directory: join(directory, 'snapshots'), every: snapshotEvery, onEvent: onSnapshot },
  )
  onTestFinished(() => store.close())
  const committed: AppliedBlock[] = []
  const refusals: (EngineRefusal | ProposalRefusal)[] = []
  const application = createApplication({
    machine,
    store: port(store),
    signatures,
    snapshots: store.snapshots,
    validators,
    admits,
    clock: { now },
    onCommitted: (applied) => committed.push(applied),
    onEngineRefused: (refusal) => refusals.push(refusal),
    onProposalRefused: (_height, refusal) => refusals.push(refusal),
  })
  const client = connect(application)
  return {
    application,
    client,
    store,
    committed,
    refusals,
    verified,
    async block(height, time, transactions) {
      const { finalizeBlock: done } = await client.ask({ finalizeBlock: finalizeBlock(height, time, transactions) })
      await client.ask({ commit: {} })
      return toHex(done?.appHash ?? new Uint8Array(0))
    },
  }
}
