import { closeSync, fsyncSync, openSync } from 'node:fs'

/** What stands in a file, or which names stand in a folder, is durable on return. */
export function syncPath(path: string): void {
  const opened = openSync(path, 'r')
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}
