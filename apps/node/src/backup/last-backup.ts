/** When a member was backed up last: written by the backup beside the data, read by the node for its metrics. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '@plexus/store'
import { z } from 'zod'

const file = 'last-backup.json'
const content = z.strictObject({
  madeAt: z.int().nonnegative(),
  height: z.int().nonnegative(),
  /** Null when the wrapped keys were not among it. */
  keysMadeAt: z.int().nonnegative().nullable(),
})
type LastBackup = z.infer<typeof content>

export function keepLastBackup(root: string, last: LastBackup): void {
  writeDurably(join(root, file), `${JSON.stringify(last)}\n`)
}

/** Undefined when there was none, or the note does not read: both mean that nobody knows of a backup. */
export function lastBackup(root: string): LastBackup | undefined {
  const path = join(root, file)
  if (!existsSync(path)) return undefined
  try {
    const read = content.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    return read.success ? read.data : undefined
  } catch {
    return undefined
  }
}
