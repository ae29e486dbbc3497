import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncPath } from './sync-path.ts'

/** Writes a file whole or not at all, durable when it returns; for its owner alone unless `mode` says otherwise. */
export function writeDurably(path: string, content: Uint8Array | string, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.new`
  const file = openSync(temporary, 'w', mode)
  try {
    writeSync(file, typeof content === 'string' ? Buffer.from(content) : content)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
  syncPath(dirname(path))
}
