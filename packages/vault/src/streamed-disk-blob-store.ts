import { existsSync, renameSync, rmSync } from 'node:fs'
import { type FileHandle, open, opendir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { checkBlobName } from './blob-store.ts'
import { type DurableStep, durableStep } from './durable-step.ts'
import { fileMode, fileNames, makeFolder, syncFolder } from './files.ts'
import { checkReadRange, nameTaken, readBytesMax, type StreamedBlobStore } from './streamed-blob-store.ts'

/** An object that is being written. A crash leaves it behind; it is removed at the next opening. */
const partialSuffix = '.partial'
/** Large enough that a call of the system costs nothing beside the copy. */
const pieceBytes = 1024 * 1024

/** Large objects as files of one folder, which is made if absent. */
export function openStreamedDiskBlobStore({
  folder,
  step = durableStep,
}: {
  readonly folder: string
  readonly step?: DurableStep
}): StreamedBlobStore {
  makeFolder(folder)
  for (const name of fileNames(folder)) if (name.endsWith(partialSuffix)) rmSync(join(folder, name), { force: true })
  return new StreamedDiskBlobStore(folder, step)
}

class StreamedDiskBlobStore implements StreamedBlobStore {
  readonly #folder: string
  readonly #step: DurableStep

  constructor(folder: string, step: DurableStep) {
    this.#folder = folder
    this.#step = step
  }

  async put(name: string, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
    const path = this.#path(name)
    const partial = path + partialSuffix
    // Exclusive: whoever holds the partial file is alone in storing this name until it is renamed or removed.
    const file = await ifPossible(() => open(partial, 'wx', fileMode), 'EEXIST')
    if (file === undefined) throw new Error(nameTaken)
    try {
      if (existsSync(path)) throw new Error(nameTaken)
      const length = await writeAll(file, bytes)
      await this.#step('blob-write', () => file.sync())
      await file.close()
      // From the rename on the object is whole under its name; before it, only a partial file can be left.
      this.#step('blob-rename', () => renameSync(partial, path))
      this.#step('blob-folder-sync', () => syncFolder(this.#folder))
      return length
    } catch (error) {
      await file.close().catch(() => undefined) // closed already, or what failed first says more
      await rm(partial, { force: true })
      throw error
    }
  }

  async length(name: string): Promise<number | undefined> {
    const file = await this.#opened(name)
    if (file === undefined) return undefined
    try {
      return (await file.stat()).size
    } finally {
      await file.close()
    }
  }

  async read(name: string, offset: number, length: number): Promise<Uint8Array | undefined> {
    checkReadRange(offset, length, readBytesMax)
    const file = await this.#opened(name)
    if (file === undefined) return undefined
    try {
      return offset + length > (await file.stat()).size ? undefined : await readExactly(file, offset, length)
    } finally {
      await file.close()
    }
  }

  async stream(name: string, offset: number, length: number): Promise<AsyncIterable<Uint8Array> | undefined> {
    checkReadRange(offset, length)
    const end = offset + length
    const size = await this.length(name)
    return size === undefined || end > size ? undefined : this.#pieces(name, offset, end)
  }

  async *list(): AsyncIterable<string> {
    for await (const entry of await opendir(this.#folder)) {
      if (entry.isFile() && !entry.name.endsWith(partialSuffix)) yield entry.name
    }
  }

  async remove(name: string): Promise<void> {
    await rm(this.#path(name), { force: true })
    syncFolder(this.#folder)
  }

  /** Opened when the first piece is asked for: a stream that nobody reads holds no file. */
  async *#pieces(name: string, from: number, to: number): AsyncGenerator<Uint8Array, void, void> {
    const file = await this.#opened(name)
    if (file === undefined) throw new Error(endedEarly)
    try {
      for (let at = from; at < to; at += pieceBytes) {
        const piece = await readExactly(file, at, Math.min(pieceBytes, to - at))
        if (piece === undefined) throw new Error(endedEarly)
        yield piece
      }
    } finally {
      await file.close()
    }
  }

  async #opened(name: string): Promise<FileHandle | undefined> {
    const path = this.#path(name)
    return ifPossible(() => open(path, 'r'), 'ENOENT')
  }

  #path(name: string): string {
    checkBlobName(name)
    return join(this.#folder, name)
  }
}

const endedEarly = 'a blob ended before its length'

async function writeAll(file: FileHandle, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
  let length = 0
  for await (const piece of bytes) {
    for (let written = 0; written < piece.length; ) {
      const { bytesWritten } = await file.write(piece, written, piece.length - written, length + written)
      written += bytesWritten
    }
    length += piece.length
  }
  return length
}

async function readExactly(file: FileHandle, offset: number, length: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length)
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled)
    if (bytesRead === 0) return undefined
    filled += bytesRead
  }
  return bytes
}

/** Undefined for the one error of the system that says something, every other is thrown. */
async function ifPossible<Value>(make: () => Promise<Value>, code: string): Promise<Value | undefined> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === code) return undefined
    throw error
  }
}
