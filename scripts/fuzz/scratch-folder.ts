import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system in memory, where there is one: a disk would be asked for thousands of writes a second. */
const memoryFolder = '/dev/shm'

const place = (): string => (existsSync(memoryFolder) ? memoryFolder : tmpdir())
/** All threads of a process share it. */
const prefix = `plexus-fuzz-${process.pid}-`

export function scratchFolder(): string {
  return mkdtempSync(join(place(), prefix))
}

/** Of all threads: one that was ended in the middle removes nothing. */
export function removeScratchFolders(): void {
  for (const name of readdirSync(place()))
    if (name.startsWith(prefix)) rmSync(join(place(), name), { recursive: true, force: true })
}
