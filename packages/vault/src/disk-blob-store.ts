import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type BlobStore, checkBlobName } from './blob-store.ts'
import { type DurableStep, durableStep } from './durable-step.ts'
import { fileNames, makeFolder, syncFolder, writeDurably } from './files.ts'

/** An object that is being written. A crash leaves it behind; it is removed at the next opening. */
const partialSuffix = '.partial'

/** Objects as files of one folder, which is made if absent. One process at a time may have it open. */
export function openDiskBlobStore({ folder, step = durableStep }: { folder: string; step?: DurableStep }): BlobStore {
  makeFolder(folder)
  for (const name of fileNames(folder)) {
    if (name.endsWith(partialSuffix)) rmSync(join(folder, name), { force: true })
  }
  return new DiskBlobStore(folder, step)
}

class DiskBlobStore implements BlobStore {
  readonly #folder: string
  readonly #step: DurableStep

  constructor(folder: string, step: DurableStep) {
    this.#folder = folder
    this.#step = step
  }

  put(name: string, bytes: Uint8Array): void {
    const path = this.#path(name)
    if (existsSync(path)) throw new Error('a blob is stored once and never replaced')
    const partial = path + partialSuffix
    try {
      this.#step('blob-write', () => writeDurably(partial, bytes))
      // From the rename on the object is whole under its name; before it, only a partial file can be left.
      this.#step('blob-rename', () => renameSync(partial, path))
      this.#step('blob-folder-sync', () => syncFolder(this.#folder))
    } catch (error) {
      rmSync(partial, { force: true })
      throw error
    }
  }

  read(name: string, offset: number, length: number): Uint8Array | undefined {
    const file = openIfPresent(this.#path(name))
    if (file === undefined) return undefined
    try {
      // Before the buffer is made: a length that comes with a damaged index must not become an allocation.
      if (offset + length > fstatSync(file).size) return undefined
      const bytes = new Uint8Array(length)
      for (let filled = 0; filled < length; ) {
        const count = readSync(file, bytes, filled, length - filled, offset + filled)
        if (count === 0) return undefined
        filled += count
      }
      return bytes
    } finally {
      closeSync(file)
    }
  }

  *list(): Iterable<string> {
    for (const name of fileNames(this.#folder)) {
      if (!name.endsWith(partialSuffix)) yield name
    }
  }

  remove(name: string): void {
    rmSync(this.#path(name), { force: true })
    syncFolder(this.#folder)
  }

  #path(name: string): string {
    checkBlobName(name)
    return join(this.#folder, name)
  }
}

function openIfPresent(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
