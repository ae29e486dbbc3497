/** How fast handles are opened, and how fast the ledger stands again, while the number of open handles grows. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSequencer, type Sequencer } from '@plexus/engine'
import { openLedgerStore } from '@plexus/store'
import { type EngineWorld, engineWorld, foundedAt } from '../engine/world.ts'
import { bytesOf } from '../sponsors.ts'
import { median } from '../suite.ts'

export interface HandlesOptions {
  /** Numbers of open handles at which it is measured, rising. */
  readonly sizes: readonly number[]
  /** Measurements at each size, and blocks and transactions of each. */
  readonly windows: number
  readonly blocks: number
  readonly blockTransactions: number
  readonly tell: (line: string) => void
}

export interface HandlesAt {
  readonly handles: number
  /** Transactions a second that open one handle each, all but the signatures: checked, applied, state root, durable. */
  readonly writesPerSecond: number
  /** From opening the store until one more transaction is durable: as it was closed, and as after a crash. */
  readonly restartSeconds: number
  readonly restartAfterCrashSeconds: number
}

/** What one envelope may open. */
const handlesPerEnvelopeMax = 4_096

interface Clock {
  now: number
}

interface Ledger {
  readonly sequencer: Sequencer
  close(): void
}

/** In one ledger that grows from nothing. Throws when a transaction is refused. */
export function growthOfHandles(options: HandlesOptions): readonly HandlesAt[] {
  const folder = mkdtempSync(join(tmpdir(), 'plexus-bench-'))
  const world = engineWorld()
  const clock: Clock = { now: foundedAt }
  let made = 0
  let opened = 0
  let envelopes = 0
  const fresh = (count: number): readonly Uint8Array[] =>
    Array.from({ length: count }, () => world.opening(1e9 + made, [bytesOf('fresh', made++)], clock.now))
  try {
    let ledger = ledgerIn(join(folder, 'ledger'), world, options.blockTransactions)
    const at: HandlesAt[] = []
    // Compiled code, before the smallest size is measured.
    for (let block = 0; block < options.blocks; block++)
      cutOne(ledger.sequencer, clock, fresh(options.blockTransactions))
    for (const handles of options.sizes) {
      const standing = opened + made
      const count = handles - standing
      for (const end = opened + count; opened < end; ) {
        const some = Math.min(handlesPerEnvelopeMax, end - opened)
        const many = Array.from({ length: some }, () => bytesOf('handle', opened++))
        cutOne(ledger.sequencer, clock, [world.opening(2e9 + envelopes++, many, clock.now)])
      }
      const rates: number[] = []
      for (let window = 0; window < options.windows; window++) {
        const blocks = Array.from({ length: options.blocks }, () => fresh(options.blockTransactions))
        const from = performance.now()
        for (const block of blocks) cutOne(ledger.sequencer, clock, block)
        rates.push((1000 * options.blocks * options.blockTransactions) / (performance.now() - from))
      }
      // Nothing is being written: what a copy holds is what a crash leaves, with blocks that stand in the journal only.
      const copy = join(folder, 'crashed')
      cpSync(join(folder, 'ledger'), copy, { recursive: true })
      ledger.close()
      const restarted = (path: string): { readonly seconds: number; readonly ledger: Ledger } => {
        const [one] = fresh(1)
        const from = performance.now()
        const again = ledgerIn(path, world, options.blockTransactions)
        cutOne(again.sequencer, clock, one ? [one] : [])
        return { seconds: (performance.now() - from) / 1000, ledger: again }
      }
      const crashed = restarted(copy)
      crashed.ledger.close()
      rmSync(copy, { recursive: true, force: true })
      const closed = restarted(join(folder, 'ledger'))
      ledger = closed.ledger
      at.push({
        handles,
        writesPerSecond: median(rates),
        restartSeconds: closed.seconds,
        restartAfterCrashSeconds: crashed.seconds,
      })
      options.tell(
        `${handles} open handles: ${median(rates).toFixed(0)} more a second; again ready in ${closed.seconds.toFixed(2)} s, after a crash in ${crashed.seconds.toFixed(2)} s`,
      )
    }
    ledger.close()
    return at
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function ledgerIn(path: string, world: EngineWorld, blockTransactionsMax: number): Ledger {
  const store = openLedgerStore(path, { chain: world.chain.id })
  const sequencer = createSequencer({
    // Signatures cost the same at every size, and would hide what does not.
    machine: world.machine(() => true),
    store,
    seed: world.sequencerSeed,
    blockTransactionsMax,
  })
  return { sequencer, close: () => store.close() }
}

function cutOne(sequencer: Sequencer, clock: Clock, block: readonly Uint8Array[]): void {
  for (const envelope of block) {
    const submitted = sequencer.submit(envelope, clock.now)
    if (!submitted.ok) throw new Error(`a good transaction was refused: ${submitted.reason.type}`)
  }
  clock.now += 1
  const cut = sequencer.cut(clock.now)
  if (cut?.transactions.length !== block.length) throw new Error('a block does not hold what was sent')
}
