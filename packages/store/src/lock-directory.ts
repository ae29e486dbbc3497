/** One process per data directory: two would answer for one member, or order two chains under one key. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { no, ok, type Result } from '@plexus/codec'

export interface Lock {
  release(): void
}

/** Held ones are referenced here, or the collector could let them go. */
const held = new Set<DatabaseSync>()

/**
 * Locks `directory` until `release` or the end of the process, however it ends: an exclusive transaction of SQLite holds
 * a POSIX record lock, which the operating system drops with the process. Nothing is ever written into the file. The
 * directory must lie on a local file system.
 */
export function lockDirectory(directory: string): Result<Lock, { readonly type: 'directory-in-use' }> {
  mkdirSync(directory, { recursive: true })
  const database = new DatabaseSync(join(directory, 'lock.sqlite'))
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if ((error as { readonly errcode?: unknown }).errcode === sqliteBusy) return no({ type: 'directory-in-use' })
    throw error
  }
  held.add(database)
  return ok({
    release() {
      if (held.delete(database)) database.close()
    },
  })
}

/** SQLITE_BUSY (sqlite.org/rescode.html). */
const sqliteBusy = 5
