/** A copy of an LMDB environment as of one moment, taken while its owner goes on writing, in this process or another. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { open } from 'lmdb'
import { StoreError, storeErrorOf } from './store-error.ts'

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
    for (const path of [copy, dirname(copy)]) sync(path)
  } catch (error) {
    throw storeErrorOf(error, source)
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
