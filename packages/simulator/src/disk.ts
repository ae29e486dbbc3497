/** What of a node outlives its process: journal, blobs and ledger, in memory. Each write is whole or absent, as the real ones are. */
import { equalBytes, toHex } from '@plexus/codec'
import { frontierRoot } from '@plexus/crypto'
import type { LedgerPort, ProvenState, StoredBlock, TransactionPlace } from '@plexus/engine'
import type { Journal, JournalChange } from '@plexus/exchange'
import { type AppliedBlock, appHash, memoryLedger, proveState, readEnvelope, type TreeRoot } from '@plexus/kernel'
import type { BlobStore } from '@plexus/vault'
import type { Power } from './power.ts'

/** Tables with keys in rising order. */
export class JournalDisk {
  private readonly tables = new Map<string, { readonly values: Map<string, Uint8Array>; readonly keys: string[] }>()

  get(table: string, key: string): Uint8Array | undefined {
    return this.tables.get(table)?.values.get(key)
  }

  /** As the journal's port says: keys after `after`, under `prefix`, at most `limit`; a snapshot. */
  entries(
    table: string,
    { after, prefix = '', limit = Number.MAX_SAFE_INTEGER }: Parameters<Journal['entries']>[1] & object = {},
  ): readonly (readonly [string, Uint8Array])[] {
    const found: (readonly [string, Uint8Array])[] = []
    const known = this.tables.get(table)
    if (!known) return found
    const from = after !== undefined && after >= prefix ? after : prefix
    for (let at = firstNotBelow(known.keys, from); at < known.keys.length && found.length < limit; at++) {
      const key = known.keys[at] as string
      if (key === after) continue
      if (!key.startsWith(prefix)) break
      found.push([key, known.values.get(key) as Uint8Array])
    }
    return found
  }

  write(changes: readonly JournalChange[]): void {
    for (const { table, key, value } of changes) {
      const known = this.tables.get(table) ?? { values: new Map<string, Uint8Array>(), keys: [] }
      this.tables.set(table, known)
      const at = firstNotBelow(known.keys, key)
      const there = known.keys[at] === key
      if (value === null) {
        if (there) known.keys.splice(at, 1)
        known.values.delete(key)
      } else {
        if (!there) known.keys.splice(at, 0, key)
        known.values.set(key, value)
      }
    }
  }
}

function firstNotBelow(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}

/** Objects of the vault, which anyone who has the disk may change. */
export class BlobDisk {
  readonly objects = new Map<string, Uint8Array>()

  under(power: Power): BlobStore {
    const { objects } = this
    return {
      put: (name, bytes) =>
        power.write('vault-pack', () => {
          if (objects.has(name)) throw new Error('an object is never replaced')
          objects.set(name, bytes.slice())
        }),
      read(name, offset, length) {
        power.check()
        const bytes = objects.get(name)
        return bytes && offset + length <= bytes.length ? bytes.slice(offset, offset + length) : undefined
      },
      list: () => [...objects.keys()],
      remove: (name) => void objects.delete(name),
    }
  }
}

/** A ledger that forgets nothing, so that every past state can be proven and asked. */
export class LedgerDisk {
  private readonly nodes = new Map<number, Uint8Array>()
  private readonly roots: TreeRoot[] = []
  private readonly historyRoots: Uint8Array[] = []
  private readonly blocks: StoredBlock[] = []
  private readonly places = new Map<string, TransactionPlace>()
  private readonly pasts = new Map<string, { readonly height: number; readonly value: Uint8Array | null }[]>()
  private memory: ReturnType<typeof memoryLedger> | undefined
  /** Heights below the tip that can still be proven. */
  private readonly proofHeights: number

  constructor(proofHeights = Number.MAX_SAFE_INTEGER) {
    this.proofHeights = proofHeights
  }

  get height(): number {
    return this.blocks.length - 1
  }

  get tipHash(): Uint8Array {
    return this.memory?.reader.tip()?.appHash ?? new Uint8Array(0)
  }

  get tipTime(): number {
    return this.memory?.reader.tip()?.time ?? 0
  }

  block(height: number): StoredBlock | undefined {
    return this.blocks[height]
  }

  get(key: string): Uint8Array | undefined {
    return this.memory?.reader.get(key)
  }

  entries(prefix: string): Iterable<readonly [string, Uint8Array]> {
    return this.memory?.reader.entries(prefix) ?? []
  }

  under(power: Power, kind: string): LedgerPort {
    const reader = {
      tip: () => this.memory?.reader.tip(),
      get: (key: string) => this.get(key),
      entries: (prefix: string) => this.entries(prefix),
      node: (id: number) => this.nodes.get(id),
      wasAccepted: (id: Uint8Array, validUntil: number) => this.memory?.reader.wasAccepted(id, validUntil) ?? false,
    }
    return {
      ...reader,
      commit: (applied, header) => power.write(kind, () => this.take(applied, header)),
      block: (height) => this.blocks[height],
      header: (height) => this.blocks[height]?.header,
      transactionPlace: (id) => this.places.get(toHex(id)),
      proveStateAt: (height, key): ProvenState | undefined => {
        const [root, historyRoot] = [this.roots[height], this.historyRoots[height]]
        if (!root || !historyRoot || height < this.height - this.proofHeights) return undefined
        return {
          height,
          key,
          value: this.valueAt(height, key),
          proof: proveState(reader, root, key),
          stateRoot: root.hash,
          historyRoot,
        }
      },
    }
  }

  private valueAt(height: number, key: string): Uint8Array | null {
    let value: Uint8Array | null = null
    for (const past of this.pasts.get(key) ?? []) if (past.height <= height) value = past.value
    return value
  }

  private take(applied: AppliedBlock, header: Uint8Array): void {
    const { tip, transactions, outcomes, changes } = applied
    if (tip.height !== this.blocks.length) throw new Error(`block ${tip.height} does not follow ${this.height}`)
    if (this.memory) this.memory.commit(applied)
    else this.memory = memoryLedger({ found: () => applied })
    for (const [id, node] of applied.nodes) this.nodes.set(id, node)
    for (const { key, value } of changes) {
      const past = this.pasts.get(key) ?? []
      past.push({ height: tip.height, value })
      this.pasts.set(key, past)
    }
    const historyRoot = frontierRoot({ size: tip.height, peaks: tip.history })
    if (!equalBytes(appHash({ stateRoot: tip.stateRoot.hash, historyRoot }), tip.appHash))
      throw new Error('the roots do not give the app hash')
    this.roots.push(tip.stateRoot)
    this.historyRoots.push(historyRoot)
    this.blocks.push({ kind: 'block', height: tip.height, time: tip.time, header, transactions, outcomes })
    for (const [index, bytes] of transactions.entries()) {
      const read = readEnvelope(bytes)
      if (!read.ok) continue
      const id = toHex(read.value.id)
      const known = this.places.get(id)
      if (!known || this.blocks[known.height]?.outcomes[known.index]?.code !== 0)
        this.places.set(id, { height: tip.height, index })
    }
  }
}
