/**
 * A member's log: the RFC 6962 tree over the blocks of its own replica, published as static files (C2SP tlog-tiles) with
 * signed checkpoints. Whatever happens to the process, it never signs a smaller tree than before, nor another root for
 * a size: what will be signed is durable in `last-signed` before the signature is made.
 */
import { encode, equalBytes, fromUtf8, utf8 } from '@plexus/codec'
import { blockSummary } from '@plexus/kernel'
import {
  type Checkpoint,
  GrowingTiles,
  type NoteKey,
  noteKeyOf,
  openCheckpoint,
  originOf,
  readCheckpoint,
  type SignedNote,
  signNote,
  type TileFile,
  tilePath,
  tilesForRoot,
  tileWidth,
  writeCheckpoint,
  writeNote,
  writeNoteKey,
} from '@plexus/sdk'
import type { LedgerStore } from '@plexus/store'
import { CheckpointFiles, type FileStep } from './checkpoint-files.ts'
import { Cosignatures, servedCheckpoint } from './cosignatures.ts'

/** A witness reads a checkpoint of the last five seconds; a busy ledger costs a handful of synced files in this time. */
const betweenCheckpointsSeconds = 2
/** While a log catches up: four tiles with their bundles, and the blocks of four tiles read at a stretch. */
const filesPerWriteMax = 8

export interface CheckpointParts {
  readonly folder: string
  /** The chain's id. */
  readonly chain: Uint8Array
  readonly member: string
  /** Of the log's own key, which signs nothing else. */
  readonly seed: Uint8Array
  readonly ledger: Pick<LedgerStore, 'beginning' | 'proveBlock' | 'summary' | 'tip'>
  /** Seconds since 1970. */
  readonly now: () => number
  /** Calls back once; the answer cancels. */
  readonly schedule: (callback: () => void, milliseconds: number) => () => void
  readonly observe?: (what: string, seconds?: number) => void
  /** What was signed and what the replica holds contradict each other: nothing is signed from here on. */
  readonly onContradiction: (error: CheckpointContradiction) => void
  readonly step?: FileStep
}

/** What this member signed is not what it holds now, or not by its key. Going on would only hide it. */
export class CheckpointContradiction extends Error {
  override readonly name = 'CheckpointContradiction'
}

interface Open {
  readonly tiles: GrowingTiles
  signed: Checkpoint | undefined
  /** Partial files of the newest checkpoint that are durable: most of them stay as they are. */
  written: ReadonlySet<string>
}

export class Checkpoints {
  /** The log's public key, which also names the log. */
  readonly key: NoteKey
  readonly cosignatures: Cosignatures
  private readonly parts: CheckpointParts
  private readonly files: CheckpointFiles
  private open: Open | undefined
  private newestSigned: Checkpoint | undefined
  private contradiction: CheckpointContradiction | undefined
  private swept = false
  private running: Promise<void> | undefined
  private cancelWake: (() => void) | undefined
  private startedAt = Number.NEGATIVE_INFINITY
  private stopped = false

  constructor(parts: CheckpointParts) {
    this.parts = parts
    this.files = new CheckpointFiles(parts.folder, parts.step)
    this.cosignatures = new Cosignatures(this.files)
    this.key = noteKeyOf('log', { name: originOf(parts), seed: parts.seed })
  }

  /** The newest checkpoint that this process has published or found published. */
  get newest(): Checkpoint | undefined {
    return this.newestSigned
  }

  /** One of the public files, or undefined. `path` is one that this package wrote, never one that somebody sent. */
  read(path: string): Promise<Uint8Array | undefined> {
    return path === 'checkpoint' ? servedCheckpoint(this.files) : this.files.read(path)
  }

  /** A log is over all blocks: whoever began in the middle keeps none. */
  private get lacksBlocks(): boolean {
    return this.parts.ledger.beginning().height > 0
  }

  /** Told of every block; publishes soon, and seldom. */
  wake(): void {
    if (this.stopped || this.cancelWake || this.contradiction || this.lacksBlocks) return
    const since = this.parts.now() - this.startedAt
    const wait = Math.min(betweenCheckpointsSeconds, Math.max(0, betweenCheckpointsSeconds - since))
    this.cancelWake = this.parts.schedule(() => {
      this.cancelWake = undefined
      this.publish().then(
        () => this.isBehind() && this.wake(),
        // It was told of, and the next block tries again.
        () => {},
      )
    }, wait * 1000)
  }

  /** Publishes the newest block, unless it is published: after what is under way, since that began before. */
  async publish(): Promise<void> {
    await this.running?.catch(() => {})
    this.running ??= this.publishOnce().finally(() => {
      this.running = undefined
    })
    return this.running
  }

  /** Ends after what is under way. */
  async stop(): Promise<void> {
    this.stopped = true
    this.cancelWake?.()
    await this.running?.catch(() => {})
  }

  private isBehind(): boolean {
    return this.open !== undefined && (this.parts.ledger.tip()?.height ?? 0) > (this.newestSigned?.size ?? 0)
  }

  private async publishOnce(): Promise<void> {
    if (this.contradiction) throw this.contradiction
    const startedAt = this.parts.now()
    this.startedAt = startedAt
    const before = this.newestSigned?.size
    try {
      this.open ??= await this.reopen()
      if (this.open) await this.publishNewest(this.open)
    } catch (error) {
      // What the disk holds is known again by reading it.
      this.open = undefined
      this.parts.observe?.('checkpoint-failed')
      if (error instanceof CheckpointContradiction) {
        this.contradiction = error
        this.parts.onContradiction(error)
      }
      throw error
    }
    if (this.newestSigned?.size !== before) this.parts.observe?.('checkpoint', this.parts.now() - startedAt)
  }

  private async publishNewest(open: Open): Promise<void> {
    const size = this.parts.ledger.tip()?.height ?? 0
    const { signed } = open
    if (size <= (signed?.size ?? 0)) return
    const root = this.rootOf(size)
    // The order is what a crash relies on: leaves and tiles, then what will be signed, then the signature.
    const filled = await this.grow(open, size)
    if (!equalBytes(open.tiles.root(), root)) throw new Error('the tiles do not fit the ledger that they were made of')
    const checkpoint: Checkpoint = { origin: this.key.name, size, root }
    await this.compareAndSet(signed, checkpoint)
    open.signed = checkpoint
    await this.sign(checkpoint)
    for (const path of filled) await this.files.removePartial(path)
  }

  /** Undefined while the replica is behind what was signed: it catches up first. */
  private async reopen(): Promise<Open | undefined> {
    if (!this.swept) await this.files.sweep()
    this.swept = true
    await this.keepKey()
    const { signed, published } = await this.lastSigned()
    if (!signed) return { tiles: GrowingTiles.empty(), signed, written: new Set() }
    if (signed.size > (this.parts.ledger.tip()?.height ?? 0)) return undefined
    if (!equalBytes(this.rootOf(signed.size), signed.root))
      throw new CheckpointContradiction(`the replica's first ${signed.size} blocks are not those that were signed`)
    const open: Open = { tiles: (await this.restore(signed)) ?? GrowingTiles.empty(), signed, written: new Set() }
    // Tiles are made of the ledger: damaged ones are made again.
    await this.grow(open, signed.size)
    if (published?.size !== signed.size) await this.sign(signed)
    else this.published(signed, this.noteOf(signed))
    return open
  }

  /** A log has one key for life: with another one it would be another log under the same name. */
  private async keepKey(): Promise<void> {
    const own = utf8(`${writeNoteKey(this.key)}\n`)
    const kept = await this.files.read('vkey')
    if (!kept) await this.files.write([{ path: 'vkey', bytes: own }])
    else if (!equalBytes(kept, own)) throw new CheckpointContradiction('the log was signed with another key')
  }

  /** What was signed last, or was about to be; and what of it is published. */
  private async lastSigned(): Promise<{ readonly signed?: Checkpoint; readonly published?: Checkpoint }> {
    const text = await this.files.read('last-signed')
    const note = await this.files.read('checkpoint')
    const opened = note && openCheckpoint(note, this.key)
    // A damaged one is signed again: the same text gives the same bytes.
    const published = opened?.ok ? opened.value : undefined
    if (!text) return published ? { signed: published, published } : {}
    const read = readCheckpoint(fromUtf8(text) ?? '')
    if (!read.ok || read.value.origin !== this.key.name)
      throw new CheckpointContradiction('the record of what was signed last is damaged')
    const signed = read.value
    if (!published) return { signed }
    if (published.size > signed.size || (published.size === signed.size && !equalBytes(published.root, signed.root)))
      throw new CheckpointContradiction('a checkpoint is published that the record of what was signed last denies')
    return { signed, published }
  }

  private async restore({ size, root }: Checkpoint): Promise<GrowingTiles | undefined> {
    const tiles = new Map<string, Uint8Array>()
    for (const path of tilesForRoot(size).map(tilePath)) {
      const bytes = await this.files.read(path)
      if (bytes) tiles.set(path, bytes)
    }
    const entries: Uint8Array[] = []
    for (let height = size - (size % tileWidth) + 1; height <= size; height++) entries.push(this.leaf(height))
    return GrowingTiles.restore({ size, root, tiles, entries })
  }

  /** Makes tiles and bundles durable up to `size`; answers which full ones have partial ones beside them. */
  private async grow(open: Open, size: number): Promise<readonly string[]> {
    const { tiles } = open
    const filled = [...open.written].map((path) => path.replace(/\.p\/\d+$/, ''))
    let files: TileFile[] = []
    while (tiles.size < size) {
      files.push(...tiles.append(this.leaf(tiles.size + 1)))
      if (files.length < filesPerWriteMax) continue
      if (this.stopped) throw new Error('the node ends while its log catches up')
      await this.files.write(files)
      files = []
    }
    const partial = tiles.partial()
    for (const file of partial) {
      const kept = open.written.has(file.path) ? file.bytes : await this.files.read(file.path)
      if (!kept || !equalBytes(kept, file.bytes)) files.push(file)
    }
    await this.files.write(files)
    open.written = new Set(partial.map(({ path }) => path))
    const still = new Set([...open.written].map((path) => path.replace(/\.p\/\d+$/, '')))
    return filled.filter((path) => !still.has(path))
  }

  /** Only over what we know to have been signed: another process, or a copy that came back, would show here. */
  private async compareAndSet(before: Checkpoint | undefined, next: Checkpoint): Promise<void> {
    const kept = await this.files.read('last-signed')
    const expected = before && utf8(writeCheckpoint(before))
    if (kept && !(expected && equalBytes(kept, expected)))
      throw new CheckpointContradiction('somebody else has signed in this folder')
    await this.files.write([{ path: 'last-signed', bytes: utf8(writeCheckpoint(next)) }])
  }

  private async sign(checkpoint: Checkpoint): Promise<void> {
    const note = this.noteOf(checkpoint)
    await this.files.write([{ path: 'checkpoint', bytes: writeNote(note) }])
    this.published(checkpoint, note)
  }

  private noteOf(checkpoint: Checkpoint): SignedNote {
    const text = writeCheckpoint(checkpoint)
    return { text, signatures: [signNote(text, { name: this.key.name, seed: this.parts.seed })] }
  }

  private published(checkpoint: Checkpoint, note: SignedNote): void {
    this.cosignatures.add(note, checkpoint.size)
    this.newestSigned = checkpoint
  }

  private rootOf(size: number): Uint8Array {
    const proven = this.parts.ledger.proveBlock(size, size)
    if (!proven) throw new Error(`the ledger has no tree of ${size} blocks`)
    return proven.root
  }

  /** Leaf n - 1 is the summary of block n, as the ledger's own tree has it. */
  private leaf(height: number): Uint8Array {
    const summary = this.parts.ledger.summary(height)
    if (!summary) throw new Error(`the ledger has no summary of block ${height}`)
    return encode(blockSummary, summary)
  }
}
