/**
 * A folder of public files that come into being whole and durable: written beside, synced, renamed, and their folder
 * synced. Everything is asynchronous, so that no block waits for a disk that writes a checkpoint.
 */
import { mkdir, open, opendir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { TileFile } from '@plexus/sdk'

/** Runs one step that changes the disk, under a name; a test can fail it before or after. */
export type FileStep = (what: string, run: () => Promise<void>) => Promise<void>

/** Files that are written at once: each has a descriptor and a thread that waits for the disk. */
const writesAtOnceMax = 8
/** Above any file that belongs here: a bundle of 256 entries of 64 KiB. */
const fileBytesMax = 256 * (2 + 0xffff)

const temporary = '.new'

export class CheckpointFiles {
  private readonly folder: string
  private readonly step: FileStep

  constructor(folder: string, step: FileStep = (_, run) => run()) {
    this.folder = folder
    this.step = step
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    try {
      const bytes = await readFile(join(this.folder, path))
      return bytes.length <= fileBytesMax ? new Uint8Array(bytes) : undefined
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** Durable when it resolves, in any order among themselves. A file that exists is replaced whole. */
  async write(files: readonly TileFile[]): Promise<void> {
    const folders = new Set<string>()
    for (const { path } of files) for (const folder of await this.makeFolders(path)) folders.add(folder)
    for (let from = 0; from < files.length; from += writesAtOnceMax)
      await Promise.all(files.slice(from, from + writesAtOnceMax).map((file) => this.writeBeside(file)))
    for (const { path } of files)
      await this.step(`rename ${path}`, () => rename(join(this.folder, path + temporary), join(this.folder, path)))
    for (const folder of folders) await this.step(`sync ${folder}`, () => syncFolder(folder))
  }

  /** Removes the partial files of a tile: the full one is durable. */
  async removePartial(fullPath: string): Promise<void> {
    const path = `${fullPath}.p`
    await this.step(`remove ${path}`, () => rm(join(this.folder, path), { recursive: true, force: true }))
  }

  /** What a crash left behind: files half written, and partial tiles beside full ones. */
  async sweep(folder = 'tile'): Promise<void> {
    const names = new Set<string>()
    try {
      for await (const { name } of await opendir(join(this.folder, folder))) names.add(name)
    } catch (error) {
      if (isMissing(error)) return
      throw error
    }
    for (const name of names) {
      const path = `${folder}/${name}`
      if (name.endsWith(temporary)) await rm(join(this.folder, path))
      else if (name.endsWith('.p') && names.has(name.slice(0, -2))) await this.removePartial(path.slice(0, -2))
      // `0`, `entries`, `x001`: only full tiles are files under such names, and these end in three digits.
      else if (name.endsWith('.p') || !/^\d{3}$/.test(name)) await this.sweep(path)
    }
  }

  private async writeBeside({ path, bytes }: TileFile): Promise<void> {
    await this.step(`write ${path}`, async () => {
      const file = await open(join(this.folder, path + temporary), 'w', 0o644)
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
    })
  }

  /** The folder of a file, and every folder whose entries changed to make it. */
  private async makeFolders(path: string): Promise<readonly string[]> {
    const folder = dirname(join(this.folder, path))
    const made = await mkdir(folder, { recursive: true, mode: 0o755 })
    const changed = [folder]
    if (made !== undefined)
      for (let above = folder; above.length >= made.length; above = dirname(above)) changed.push(dirname(above))
    return changed
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown }
  return code === 'ENOENT' || code === 'ENOTDIR'
}
