/** The mark of a member that was put back from a backup: it stands until the member knows what the backup missed. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '@plexus/store'
import { z } from 'zod'
import { syncPath } from './backup/objects.ts'

const file = 'restored.json'
const content = z.strictObject({
  /** Seconds since 1970. */
  madeAt: z.int().nonnegative(),
  /** Of the ledger's copy, which is older than the journal's: own batches up to here are in the journal. */
  height: z.int().nonnegative(),
  event: z.int().nonnegative(),
  restoredAt: z.int().nonnegative(),
  /** For the member whose key orders blocks: the newest block that anybody holds, by the word of who restored it. */
  newestBlock: z.int().nonnegative().nullable(),
  /** Receipts may be missing without a trace on the ledger, since the ledger itself went back. */
  ledgerWentBack: z.boolean(),
})
export type RestoredMark = z.infer<typeof content>

export function markRestored(root: string, mark: RestoredMark): void {
  writeDurably(join(root, file), `${JSON.stringify(mark)}\n`)
}

/** Undefined when the member was not restored. A mark that does not read throws: going on without it is what it forbids. */
export function restoredMark(root: string): RestoredMark | undefined {
  const path = join(root, file)
  if (!existsSync(path)) return undefined
  const read = content.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (!read.success) throw new Error(`${path} does not read: restore the member again`)
  return read.data
}

/** Durable when it returns. */
export function removeMark(root: string): void {
  rmSync(join(root, file), { force: true })
  syncPath(root)
}
