/** One node of the suite in a process of its own, with the engine beside it: told what to do by messages. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { contracts, directory } from '@plexus/contracts'
import { createSignatures, startVerifierPool } from '@plexus/engine'
import { createMachine } from '@plexus/kernel'
import { openSnapshotLedger } from '@plexus/store'
import { startEngine } from '../network/engine.ts'
import { type NodePlan, type NodeWord, networkOf, type ToNode } from './plan.ts'

const plan = JSON.parse(process.argv[2] ?? '') as NodePlan
const say = (word: NodeWord): void => void process.send?.(word)
const network = networkOf(plan)
const { chain } = network
const now = (): number => Date.now() / 1_000

const signatures = createSignatures({ pool: startVerifierPool(1), onVerified() {} })
mkdirSync(plan.directory, { recursive: true })
const store = openSnapshotLedger(
  join(plan.directory, 'ledger'),
  { chain: chain.id },
  {
    directory: join(plan.directory, 'snapshots'),
    every: plan.snapshotEvery,
    onEvent(event) {
      if (event.type === 'taken') say({ type: 'snapshot', height: event.height })
      // On a busy machine the process may look too late: the next one comes.
      else if (event.type === 'failed') say({ type: 'failed', text: `the snapshot of ${event.height}: ${event.says}` })
    },
  },
)
const { member, stop } = await startEngine(
  {
    home: network.homeOf({ ...plan, directory: join(plan.directory, 'engine') }),
    program: plan.program,
    machine: createMachine({ chain, contracts, directory, signaturesHold: signatures.holds }),
    store,
    snapshots: store.snapshots,
    signatures,
  },
  say,
)
member.replica.onApplied(({ height }) => say({ type: 'height', height }))

/** One after the other: each is a large block. */
async function open(handles: number): Promise<void> {
  for (const envelope of network.openings(0, handles, now)) {
    const answer = await member.submit(envelope)
    if (!answer.ok || answer.value.outcome.code !== 0) throw new Error('an envelope was refused')
  }
  say({ type: 'opened' })
}

function tell(height: number): void {
  let handles = 0
  for (const _ of store.entries('notary/handles/')) handles++
  const { appHash } = store.rootAt(height) ?? {}
  say({ type: 'told', appHash: appHash ? toHex(appHash) : '', begins: store.beginning().height, handles })
}

process.on('message', (word: ToNode) => {
  if (word.type === 'open') open(word.handles).catch((error) => say({ type: 'failed', text: String(error) }))
  else if (word.type === 'tell') tell(word.height)
  else
    stop().then(() => {
      store.close()
      process.exit(0)
    })
})
