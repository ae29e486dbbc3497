/** A copy of an LMDB environment as of one moment, taken while its owner goes on writing, in this process or another. */
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { open } from 'lmdb'
import { openEnvironment } from './environment.ts'
import { JournalTables, noChain } from './journal-tables.ts'
import { StoreError, storeErrorOf } from './store-error.ts'
import { syncPath } from './sync-path.ts'
import { type AheadNames, openWriteAhead, writeFiles } from './write-ahead.ts'

/** Tables of the largest environment, and room for two more. */
const tablesMax = 12

/**
 * Copies what was committed when the copy began (`mdb_env_copy` under a read transaction): the writer is not held up, and
 * what it commits meanwhile is not in the copy. `from` and `to` are both folders, as of stores, or both files, as of key
 * stores; `to` must not be there. The copy is durable when this resolves. Throws a StoreError `damaged` when `from` is
 * missing or empty, `write-failed` when the disk refuses.
 */
export async function copyEnvironment({ from, to }: { readonly from: string; readonly to: string }): Promise<void> {
  const inFolder = existsSync(from) && statSync(from).isDirectory()
  const source = inFolder ? join(from, 'data.mdb') : from
  // LMDB would make an empty environment, and an empty copy would seem whole.
  if ((statSync(source, { throwIfNoEntry: false })?.size ?? 0) === 0)
    throw new StoreError('damaged', `${source} is missing or empty`)
  const copy = inFolder ? join(to, 'data.mdb') : to
  if (existsSync(copy)) throw new Error('a copy goes to a new place')
  mkdirSync(inFolder ? to : dirname(to), { recursive: true, mode: 0o700 })
  try {
    const environment = open({ path: from, noSubdir: !inFolder, maxDbs: tablesMax, readOnly: true })
    try {
      await environment.backup(to, false)
    } finally {
      await environment.close()
    }
    for (const path of [copy, dirname(copy)]) syncPath(path)
  } catch (error) {
    throw storeErrorOf(error, source)
  }
}

/** A store that moves its newest writes into LMDB in the middle of a copy is copied again, so often at most. */
const triesMax = 5

/**
 * Copies a store while its owner goes on writing: LMDB and the `files` ahead of it, as one. `read` opens the copy: writes
 * that moved from one to the other between two copies are missing there, and it throws a StoreError `damaged`; then all is
 * copied again, and at last without the files, as the store was some seconds ago. Answers what `read` did; throws as
 * `copyEnvironment` does.
 */
export async function copyStore<Read>({
  from,
  to,
  files,
  read,
}: {
  readonly from: string
  readonly to: string
  readonly files: AheadNames
  readonly read: () => Read
}): Promise<Read> {
  for (let tries = 1; ; tries++) {
    rmSync(to, { recursive: true, force: true })
    await copyEnvironment({ from, to })
    const ahead = tries < triesMax ? files.filter((name) => existsSync(join(from, name))) : []
    for (const name of ahead) copyFileSync(join(from, name), join(to, name))
    try {
      return read()
    } catch (error) {
      if (!(error instanceof StoreError) || error.type !== 'damaged' || tries === triesMax) throw error
    }
  }
}

/** Copies a journal so; it is not opened with its key, only gone over. */
export function copyJournal({
  from,
  to,
  sealed = true,
}: {
  readonly from: string
  readonly to: string
  readonly sealed?: boolean
}): Promise<void> {
  return copyStore({ from, to, files: writeFiles, read: () => goOver(to, sealed ? 'sealed-journal' : 'journal') })
}

function goOver(directory: string, kind: 'journal' | 'sealed-journal'): void {
  const environment = openEnvironment({ directory, kind, chain: noChain })
  try {
    const ahead = openWriteAhead(directory, noChain, writeFiles)
    try {
      for (const _ of ahead.recover(new JournalTables(environment).newest));
    } finally {
      ahead.close()
    }
  } finally {
    environment.close()
  }
}
