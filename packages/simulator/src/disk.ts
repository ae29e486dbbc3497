/**
 * What of a node outlives its process: journal, blobs and ledger, in memory. Each write is whole or absent, as the real
 * ones are. The medium may flip a bit in what lies there: then whoever reads it is told, as the real ports promise.
 */
import { equalBytes, toHex, utf8 } from '@plexus/codec'
import { frontierRoot, openAead, sealAead } from '@plexus/crypto'
import type { LedgerPort, ProvenState, StoredBlock, TransactionPlace } from '@plexus/engine'
import type { Journal, JournalChange } from '@plexus/exchange'
import { type AppliedBlock, appHash, memoryLedger, proveState, readEnvelope } from '@plexus/kernel'
import type { BlobStore } from '@plexus/vault'
import { Damaged, type Power } from './power.ts'

/** Tables with keys in rising order. */
export class JournalDisk {
  private readonly tables = new Map<string, { readonly values: Map<string, Uint8Array>; readonly keys: string[] }>()
  /** Values in which a bit was flipped, by place: sealed as a journal seals them. */
  private readonly flipped = new Map<string, Uint8Array>()

  get(table: string, key: string): Uint8Array | undefined {
    return this.tables.get(table)?.values.get(key)
  }

  /** What a process reads: throws `Damaged` at a value that does not open for its place. */
  read(table: string, key: string): Uint8Array | undefined {
    const sealed = this.flipped.get(placeOf(table, key))
    if (sealed && !openAead({ key: mediumKey, nonce, sealed, context: utf8(placeOf(table, key)) }))
      throw new Damaged(`a value of ${table}`)
    return this.get(table, key)
  }

  readEntries(
    table: string,
    options?: Parameters<Journal['entries']>[1] & object,
  ): readonly (readonly [string, Uint8Array])[] {
    const found = this.entries(table, options)
    if (this.flipped.size > 0) for (const [key] of found) this.read(table, key)
    return found
  }

  /** Flips one bit of one value; where, is chosen by `pick`, which answers below the number that it is given. */
  flip(pick: (below: number) => number): string | undefined {
    const tables = [...this.tables].filter(([, { keys }]) => keys.length > 0)
    if (tables.length === 0) return undefined
    const [table, { keys }] = tables[pick(tables.length)] as (typeof tables)[number]
    const key = keys[pick(keys.length)] as string
    const plaintext = this.get(table, key) as Uint8Array
    const sealed = sealAead({ key: mediumKey, nonce, plaintext, context: utf8(placeOf(table, key)) })
    const at = pick(sealed.length)
    sealed[at] = (sealed[at] as number) ^ (1 << pick(8))
    this.flipped.set(placeOf(table, key), sealed)
    return table
  }

  count(table: string): number {
    return this.tables.get(table)?.keys.length ?? 0
  }

  get isDamaged(): boolean {
    return this.flipped.size > 0
  }

  /** What was flipped is as it was: from the mirror of the medium. */
  repair(): void {
    this.flipped.clear()
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
      this.flipped.delete(placeOf(table, key))
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

/** One medium, one key: what it seals is compared with itself alone. */
const mediumKey = new Uint8Array(32)
const nonce = new Uint8Array(12)

const placeOf = (table: string, key: string): string => `${table} ${key}`

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
  /** Objects that are not as they were put: torn, or with a bit flipped. */
  readonly damaged = new Set<string>()

  /** Flips one bit of one object, for ever: only its backup has the object as it was. */
  flip(pick: (below: number) => number): string | undefined {
    const names = [...this.objects.keys()]
    const name = names[pick(Math.max(1, names.length))]
    const bytes = name === undefined ? undefined : this.objects.get(name)
    if (name === undefined || !bytes || bytes.length === 0 || this.damaged.has(name)) return undefined
    const at = pick(bytes.length)
    bytes[at] = (bytes[at] as number) ^ (1 << pick(8))
    this.damaged.add(name)
    return name
  }

  under(power: Power): BlobStore {
    const { objects, damaged } = this
    return {
      put: (name, bytes) =>
        power.write(
          'vault-pack',
          () => {
            if (objects.has(name)) throw new Error('an object is never replaced')
            objects.set(name, bytes.slice())
          },
          () => {
            objects.set(name, bytes.slice(0, bytes.length >> 1))
            damaged.add(name)
          },
        ),
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
  /** Places of all tiles that ever stood. */
  private readonly places = new Set<string>()
  private readonly roots: Uint8Array[] = []
  private readonly historyRoots: Uint8Array[] = []
  private readonly blocks: StoredBlock[] = []
  private readonly transactions = new Map<string, TransactionPlace>()
  private readonly pasts = new Map<string, { readonly height: number; readonly value: Uint8Array | null }[]>()
  private memory: ReturnType<typeof memoryLedger> | undefined
  /** The blocks as they were applied, so that a copy of the disk can be made. */
  private readonly applied: (readonly [AppliedBlock, Uint8Array])[] = []
  /** Keys of the state, tiles of its tree and heights of blocks in which a bit was flipped. */
  private readonly flipped = new Set<string>()
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
      get: (key: string) => this.whole('state', key) && this.get(key),
      entries: (prefix: string) => this.wholeEntries(prefix),
      tile: (place: string) => this.whole('tile', place) && this.memory?.reader.tile(place),
      wasAccepted: (id: Uint8Array, validUntil: number) => this.memory?.reader.wasAccepted(id, validUntil) ?? false,
    }
    return {
      ...reader,
      commit: (applied, header) => power.write(kind, () => this.take(applied, header)),
      block: (height) => this.whole('block', height) && this.blocks[height],
      header: (height) => this.whole('block', height) && this.blocks[height]?.header,
      transactionPlace: (id) => this.transactions.get(toHex(id)),
      proveStateAt: (height, key): ProvenState | undefined => {
        const [root, historyRoot] = [this.roots[height], this.historyRoots[height]]
        const state = this.memory?.stateAt(height)
        if (!root || !historyRoot || !state || height < this.height - this.proofHeights) return undefined
        return {
          height,
          key,
          value: this.valueAt(height, key),
          proof: proveState({ tile: (place) => this.whole('tile', place) && state.tile(place) }, root, key),
          stateRoot: root,
          historyRoot,
        }
      },
    }
  }

  /** Flips one bit of what stands there: throws `Damaged` from the next time that a process reads it. */
  flip(pick: (below: number) => number): string {
    const keys = [...this.entries('')].map(([key]) => `state ${key}`)
    const tiles = [...this.places].map((place) => `tile ${place}`)
    const newest = [`block ${this.height}`]
    const of = [keys, tiles, newest, this.blocks.map((_, height) => `block ${height}`)][pick(4)] as string[]
    const what = of[pick(Math.max(1, of.length))] ?? (newest[0] as string)
    this.flipped.add(what)
    return what.slice(0, what.indexOf(' '))
  }

  get isDamaged(): boolean {
    return this.flipped.size > 0
  }

  /** Becomes a copy of another ledger of the chain, which is the same bytes at every height that both have. */
  copyFrom(other: LedgerDisk): void {
    this.flipped.clear()
    for (const [applied, header] of other.applied.slice(this.blocks.length)) this.take(applied, header)
  }

  private whole(what: string, at: number | string): true {
    if (this.flipped.size > 0 && this.flipped.has(`${what} ${at}`)) throw new Damaged(`${what} of a ledger`)
    return true
  }

  private *wholeEntries(prefix: string): Iterable<readonly [string, Uint8Array]> {
    for (const entry of this.entries(prefix)) {
      this.whole('state', entry[0])
      yield entry
    }
  }

  private valueAt(height: number, key: string): Uint8Array | null {
    let value: Uint8Array | null = null
    for (const past of this.pasts.get(key) ?? []) if (past.height <= height) value = past.value
    return value
  }

  private take(applied: AppliedBlock, header: Uint8Array): void {
    const { tip, transactions, outcomes, misbehaviour, changes } = applied
    if (tip.height !== this.blocks.length) throw new Error(`block ${tip.height} does not follow ${this.height}`)
    this.applied.push([applied, header])
    if (this.memory) this.memory.commit(applied)
    else this.memory = memoryLedger({ found: () => applied })
    for (const { place } of applied.tiles) this.places.add(place)
    for (const { key, value } of changes) {
      const past = this.pasts.get(key) ?? []
      past.push({ height: tip.height, value })
      this.pasts.set(key, past)
    }
    const historyRoot = frontierRoot({ size: tip.height, peaks: tip.history })
    if (!equalBytes(appHash({ stateRoot: tip.stateRoot, historyRoot }), tip.appHash))
      throw new Error('the roots do not give the app hash')
    this.roots.push(tip.stateRoot)
    this.historyRoots.push(historyRoot)
    this.blocks.push({
      kind: 'block',
      height: tip.height,
      time: tip.time,
      header,
      transactions,
      outcomes,
      misbehaviour,
    })
    for (const [index, bytes] of transactions.entries()) {
      const read = readEnvelope(bytes)
      if (!read.ok) continue
      const id = toHex(read.value.id)
      const known = this.transactions.get(id)
      if (!known || this.blocks[known.height]?.outcomes[known.index]?.code !== 0)
        this.transactions.set(id, { height: tip.height, index })
    }
  }
}
