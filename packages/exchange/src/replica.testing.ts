/** What an exchange is handed, in memory and in the test's own hands: tables that can fail, and a replica that applies a block when it is told to. */
import { contracts, directory } from '@plexus/contracts'
import { frontierRoot } from '@plexus/crypto'
import {
  type Chain,
  createMachine,
  type MemoryLedger,
  memoryLedger,
  proveState,
  type SignedHeader,
} from '@plexus/kernel'
import type { Journal, JournalChange, LedgerProof, Replica } from './ports.ts'

/** A write that never happened: the node stopped in front of it. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
}

/** Tables that outlive the exchange which wrote them. */
export class JournalInMemory implements Journal {
  /** Every write that happened, oldest first. */
  readonly writes: (readonly JournalChange[])[] = []
  /** When it says so, the node stops in front of this write. */
  stopBefore: (changes: readonly JournalChange[]) => boolean = () => false
  /** The disk that is waited for, while a test holds it. */
  held: Promise<void> | undefined
  private readonly tables = new Map<string, Map<string, Uint8Array>>()

  get(table: string, key: string): Uint8Array | undefined {
    return this.tables.get(table)?.get(key)
  }

  entries(
    table: string,
    { after = '', prefix = '', limit = Number.MAX_SAFE_INTEGER }: Parameters<Journal['entries']>[1] & object = {},
  ): readonly (readonly [string, Uint8Array])[] {
    return [...(this.tables.get(table) ?? [])]
      .filter(([key]) => key.startsWith(prefix) && key > after)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
  }

  write(changes: readonly JournalChange[]): void {
    if (this.stopBefore(changes)) throw new Stopped('the node stopped before a write')
    this.writes.push(changes)
    for (const { table, key, value } of changes) {
      const rows = this.tables.get(table) ?? new Map<string, Uint8Array>()
      this.tables.set(table, rows)
      if (value) rows.set(key, value)
      else rows.delete(key)
    }
  }

  append(changes: readonly JournalChange[]): void {
    this.write(changes)
  }

  durable(): Promise<void> | undefined {
    return this.held
  }

  /** The write that put the last row of a table. */
  writeOf(table: string): readonly JournalChange[] {
    const found = this.writes.findLast((changes) => changes.some((each) => each.table === table && each.value))
    if (!found) throw new Error(`nothing was written to ${table}`)
    return found
  }
}

export interface SealedBlock {
  readonly transactions: readonly Uint8Array[]
  readonly header: SignedHeader
}

interface Past {
  readonly root: Uint8Array
  readonly historyRoot: Uint8Array
  readonly values: ReadonlyMap<string, Uint8Array>
}

/** One member's own copy of the ledger: the real machine and contracts, with every past state kept. */
export class HandDrivenReplica implements Replica {
  readonly chain: Chain
  readonly state: Replica['state']
  /** Envelopes that this member handed in. */
  readonly submitted: Uint8Array[] = []
  /** Codes of the transactions of the newest block. */
  outcomes: readonly number[] = []
  private readonly machine
  private readonly ledger: MemoryLedger
  private readonly values = new Map<string, Uint8Array>()
  private readonly pasts: Past[] = []
  private readonly blocks: (SealedBlock | undefined)[] = [undefined]

  constructor(chain: Chain) {
    this.chain = chain
    this.machine = createMachine({ chain, contracts, directory })
    const founded = this.machine.found()
    this.ledger = memoryLedger({ found: () => founded })
    this.state = this.ledger.reader
    this.remember(founded)
  }

  tip() {
    const tip = this.ledger.reader.tip()
    if (!tip) throw new Error('the ledger is not founded')
    return tip
  }

  submit(envelope: Uint8Array): void {
    this.submitted.push(envelope)
  }

  apply(block: SealedBlock): void {
    const { height, time } = block.header.header
    const applied = this.machine.apply(this.ledger.reader, { height, time, transactions: block.transactions })
    this.ledger.commit(applied)
    this.blocks.push(block)
    this.outcomes = applied.outcomes.map(({ code }) => code)
    this.remember(applied)
  }

  block(height: number): SealedBlock | undefined {
    return this.blocks[height]
  }

  stateProof(height: number, key: string): LedgerProof | undefined {
    const past = this.pasts[height]
    const state = this.ledger.stateAt(height)
    if (!past || !state) return undefined
    const proof = proveState(state, past.root, key)
    return { value: past.values.get(key) ?? null, proof, stateRoot: past.root, historyRoot: past.historyRoot }
  }

  private remember({ tip, changes }: ReturnType<HandDrivenReplica['machine']['found']>): void {
    for (const { key, value } of changes) {
      if (value) this.values.set(key, value)
      else this.values.delete(key)
    }
    const historyRoot = frontierRoot({ size: tip.height, peaks: tip.history })
    this.pasts.push({ root: tip.stateRoot, historyRoot, values: new Map(this.values) })
  }
}
