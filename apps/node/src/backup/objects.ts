/**
 * Parts of files under the SHA-256 of their bytes. A part that is there already is not written again, so that a second
 * backup writes what changed; a part that reads otherwise than its name says is damaged, and told.
 */
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { no, ok, type Result } from '@plexus/codec'
import type { FileEntry } from './manifest.ts'

/** Small enough that a few changed pages of LMDB do not carry much along, large enough that files stay few. */
const objectBytesMax = 1024 * 1024
const hashBytes = 32
const unfinished = '.new'

export type ObjectDamaged = { readonly type: 'object-missing' | 'object-damaged'; readonly object: string }

export class Objects {
  private readonly folder: string
  /** Folders with names that are not durable yet. */
  private readonly touched = new Set<string>()
  /** Bytes that were written since this was opened. */
  written = 0

  constructor(folder: string) {
    this.folder = folder
  }

  /** Takes a file in, a part at a time. Its parts are durable, their names are once `sync` returned. */
  put(source: string, path: string): FileEntry {
    const file = openSync(source, 'r')
    const hashes: Buffer[] = []
    const part = Buffer.allocUnsafe(objectBytesMax)
    let length = 0
    try {
      for (;;) {
        const filled = fill(file, part)
        if (filled === 0) break
        const bytes = part.subarray(0, filled)
        const hash = createHash('sha256').update(bytes).digest()
        this.keep(hash.toString('hex'), bytes)
        hashes.push(hash)
        length += filled
        if (filled < part.length) break
      }
    } finally {
      closeSync(file)
    }
    return { path, length, objects: new Uint8Array(Buffer.concat(hashes)) }
  }

  /** Whether every part of a file is there; their bytes are not read. */
  has({ objects }: FileEntry): boolean {
    return namesIn(objects).every((name) => existsSync(this.place(name)))
  }

  /** Puts a file together at `target`, each part held against its name. Durable when it returns, its folder not. */
  take({ objects, length }: FileEntry, target: string): Result<void, ObjectDamaged> {
    const file = openSync(target, 'wx', 0o600)
    let written = 0
    try {
      for (const name of namesIn(objects)) {
        const part = this.read(name)
        if (!part.ok) return part
        writeWhole(file, part.value)
        written += part.value.length
      }
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    return written === length ? ok() : no({ type: 'object-damaged', object: 'the length of a file' })
  }

  private read(name: string): Result<Buffer, ObjectDamaged> {
    const place = this.place(name)
    if (!existsSync(place)) return no({ type: 'object-missing', object: name })
    const bytes = readFileSync(place)
    const same = createHash('sha256').update(bytes).digest('hex') === name
    return same ? ok(bytes) : no({ type: 'object-damaged', object: name })
  }

  private keep(name: string, bytes: Uint8Array): void {
    const place = this.place(name)
    if (existsSync(place)) return
    const folder = join(this.folder, name.slice(0, 2))
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const file = openSync(place + unfinished, 'w', 0o600)
    try {
      writeWhole(file, bytes)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(place + unfinished, place)
    this.touched.add(folder)
    this.written += bytes.length
  }

  /** Makes every name durable that was written so far. */
  sync(): void {
    if (this.touched.size === 0) return
    for (const folder of [...this.touched, this.folder]) syncPath(folder)
    this.touched.clear()
  }

  /** Removes every part that none of these names, and what a crash left unfinished. Returns how many went. */
  sweep(kept: ReadonlySet<string>): number {
    let removed = 0
    if (!existsSync(this.folder)) return removed
    for (const shard of readdirSync(this.folder)) {
      for (const name of readdirSync(join(this.folder, shard))) {
        if (kept.has(name)) continue
        rmSync(join(this.folder, shard, name))
        removed++
      }
    }
    return removed
  }

  private place(name: string): string {
    return join(this.folder, name.slice(0, 2), name)
  }
}

/** The names of a file's parts, in their order. */
export function namesIn(objects: Uint8Array): readonly string[] {
  const names: string[] = []
  for (let at = 0; at < objects.length; at += hashBytes)
    names.push(Buffer.from(objects.buffer, objects.byteOffset + at, hashBytes).toString('hex'))
  return names
}

/** Of a file its bytes, of a folder its names. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Reads until the buffer is full or the file ends. */
function fill(file: number, into: Buffer): number {
  let filled = 0
  while (filled < into.length) {
    const count = readSync(file, into, filled, into.length - filled, null)
    if (count === 0) break
    filled += count
  }
  return filled
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written, bytes.length - written)
}
