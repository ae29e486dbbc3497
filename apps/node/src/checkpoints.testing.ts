/** A log over a ledger in memory, published into a folder, and what anybody can read from there. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode, equalBytes, toHex, utf8 } from '@plexus/codec'
import { merkleRoot, publicKeyOf, sha256 } from '@plexus/crypto'
import { type BlockSummary, blockSummary, type Tip } from '@plexus/kernel'
import {
  type Checkpoint,
  entriesPath,
  type NoteKey,
  openCheckpoint,
  openTiles,
  originOf,
  readEntries,
  tilePath,
  tilesForGrowth,
  tilesForLeaf,
  tileWidth,
} from '@plexus/sdk'
import { onTestFinished } from 'vitest'
import { type CheckpointContradiction, type CheckpointParts, Checkpoints } from './checkpoints.ts'

const chain = sha256(utf8('a chain'))
const member = 'hospital-1'
const seed = sha256(utf8('the log of hospital-1'))
export const logKey: NoteKey = { type: 'log', name: originOf({ chain, member }), publicKey: publicKeyOf(seed) }

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plexus-checkpoints-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Blocks 1 to `height`; those from `forkAt` on are other blocks when the name is another. */
export class Ledger {
  height = 0
  private readonly name: string
  private readonly forkAt: number
  private readonly roots = new Map<number, Uint8Array>()

  constructor(name = 'ledger', forkAt = 1) {
    this.name = name
    this.forkAt = forkAt
  }

  tip(): Tip {
    return { height: this.height } as Tip
  }

  beginning() {
    return { height: 0, event: 1 }
  }

  summary(height: number): BlockSummary {
    const name = height < this.forkAt ? 'ledger' : this.name
    const transactionsRoot = sha256(utf8(`${name} ${height}`))
    return { height, time: 1_800_000_000 + height, transactionsRoot, outcomesRoot: transactionsRoot }
  }

  leaf(height: number): Uint8Array {
    return encode(blockSummary, this.summary(height))
  }

  rootAt(size: number): Uint8Array {
    const known = this.roots.get(size) ?? merkleRoot(Array.from({ length: size }, (_, index) => this.leaf(index + 1)))
    this.roots.set(size, known)
    return known
  }

  proveBlock(height: number, size: number) {
    return { summary: this.summary(height), index: height - 1, size, path: [], root: this.rootAt(size) }
  }
}

export function checkpointsIn(
  folder: string,
  ledger: Ledger,
  more: Partial<CheckpointParts> = {},
): Checkpoints & { readonly contradictions: readonly CheckpointContradiction[] } {
  const contradictions: CheckpointContradiction[] = []
  const checkpoints = new Checkpoints({
    folder,
    chain,
    member,
    seed,
    ledger,
    now: () => 1_800_000_000,
    schedule: () => () => {},
    onContradiction: (error) => contradictions.push(error),
    ...more,
  })
  return Object.assign(checkpoints, { contradictions })
}

function fileIn(folder: string, path: string): Uint8Array | undefined {
  try {
    return new Uint8Array(readFileSync(join(folder, path)))
  } catch {
    return undefined
  }
}

/** The checkpoint that is published there, if any; throws when what stands there is none. */
export function publishedIn(folder: string): Checkpoint | undefined {
  const bytes = fileIn(folder, 'checkpoint')
  if (!bytes) return undefined
  const opened = openCheckpoint(bytes, logKey)
  if (!opened.ok) throw new Error(`the published checkpoint is refused: ${opened.reason.type}`)
  return opened.value
}

/** Reads the whole log as a stranger does: every tile, every bundle, every leaf, and the roots of earlier sizes. */
export function readLog(folder: string, { size, root }: Checkpoint, earlier: readonly number[] = []) {
  const leaves: Uint8Array[] = []
  for (let index = 0; index < size; index += tileWidth) {
    const ids = tilesForLeaf(index, size)
    const tile = { index: index / tileWidth, width: Math.min(tileWidth, size - index) }
    const tiles = filesIn(folder, ids.map(tilePath))
    const tree = openTiles({ size, root }, ids, tiles)
    if (!tree.ok) throw new Error(`tiles are refused: ${JSON.stringify(tree.reason)}`)
    const bundle = fileIn(folder, entriesPath(tile))
    const entries = bundle && readEntries(bundle, tiles.get(tilePath({ level: 0, ...tile })) ?? new Uint8Array(0))
    if (!entries?.ok) throw new Error(`the bundle ${tile.index} is missing or refused`)
    leaves.push(...entries.value)
  }
  const roots = earlier.map((before) => {
    const ids = tilesForGrowth(before, size)
    const tree = openTiles({ size, root }, ids, filesIn(folder, ids.map(tilePath)))
    if (!tree.ok) throw new Error(`tiles are refused: ${JSON.stringify(tree.reason)}`)
    return tree.value.rootAt(before)
  })
  return { leaves, roots }
}

function filesIn(folder: string, paths: readonly string[]): ReadonlyMap<string, Uint8Array> {
  return new Map(
    paths.flatMap((path) => {
      const bytes = fileIn(folder, path)
      return bytes ? [[path, bytes] as const] : []
    }),
  )
}

/** Keeps every checkpoint that anybody could have seen, and fails when a size has two roots or a tree shrinks. */
export class Watcher {
  private newest = 0
  private readonly roots = new Map<number, string>()

  see(folder: string): void {
    const published = publishedIn(folder)
    if (!published) return
    const { size, root } = published
    if (size < this.newest) throw new Error(`the log shrank from ${this.newest} to ${size}`)
    this.newest = size
    const known = this.roots.get(size)
    if (known !== undefined && known !== toHex(root)) throw new Error(`two roots for ${size} blocks`)
    this.roots.set(size, toHex(root))
  }

  get sizes(): readonly number[] {
    return [...this.roots.keys()]
  }

  /** Whether the log that is published now grew from all that was seen. */
  grewFromAll(folder: string): boolean {
    const published = publishedIn(folder)
    if (!published) return this.roots.size === 0
    const { roots } = readLog(folder, published, this.sizes)
    return roots.every((root, at) => toHex(root) === this.roots.get(this.sizes[at] as number))
  }
}

export const sameLeaves = (ledger: Ledger, leaves: readonly Uint8Array[]): boolean =>
  leaves.every((leaf, index) => equalBytes(leaf, ledger.leaf(index + 1)))
