/**
 * What a journal that went back in time must know and change before it goes on. Numbers that it gave meanwhile are not in
 * it: it goes on far above them, so that none is given twice. Whoever holds the earlier ones sees a gap, which is true.
 */
import { decode, toHex, uint } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { type EventRecord, type StateReader, viewOf } from '@plexus/kernel'
import { batchTables, nextKey } from './batch-rows.ts'
import { patientRow } from './custody-rows.ts'
import type { Journal, JournalChange } from './ports.ts'
import { sequenceKey, tableOf } from './tables.ts'

/** More than a member gives to one patient or mailbox between two backups, and small beside what a number can hold. */
export const numbersSkipped = 1_000_000

const rowsPerWrite = 500
/** Batches in flight overtake each other, fewer than these at a time. */
const olderInARowMax = 64

/** A batch of a member on the ledger. */
export interface PostedBatch {
  readonly root: Uint8Array
  readonly leaves: number
  readonly height: number
}

/** The batch that an event of the ledger's feed tells of, when it is this member's. */
export function batchPosted({ contract, event }: EventRecord, member: string): PostedBatch | undefined {
  if (contract !== notary.name) return undefined
  const read = decode(notary.event, event, event.length)
  if (!read.ok || read.value.type !== 'batch-posted' || read.value.member !== member) return undefined
  const { root, leaves, height } = read.value
  return { root, leaves, height }
}

/**
 * Roots, in hexadecimal, of the batches that the journal formed after the block of `height`, with a few from before. A
 * batch of this member's on the ledger behind that block, and not among them, was made after the journal was copied.
 */
export function batchesFormedSince(
  journal: Journal,
  { state, height }: { readonly state: StateReader; readonly height: number },
): ReadonlySet<string> {
  const { places, next } = batchTables(journal)
  const known = viewOf(notary, state)
  const roots = new Set<string>()
  let olderInARow = 0
  // Groups of statements go into batches in their order; those that wait have no place yet.
  for (let group = (next.get(nextKey)?.group ?? 0) - 1; group >= 0 && olderInARow < olderInARowMax; group--) {
    const place = places.get(sequenceKey(group))
    const root = place && toHex(place.root)
    if (root === undefined || roots.has(root)) continue
    roots.add(root)
    const committedAt = notary.queries.batch(known, root)?.height
    olderInARow = committedAt !== undefined && committedAt <= height ? olderInARow + 1 : 0
  }
  return roots
}

/**
 * To be called once on a journal that was put back, before any turn of its exchange. Notices in mailboxes are numbered on
 * above those that wallets have taken, and codes that may have been used since are forgotten. With `receiptsBehind`, the
 * next receipt of each patient is numbered above those that the journal does not know. A crash in the middle is repeated:
 * then some numbers skip twice.
 */
export function goOnAfterRestore(journal: Journal, { receiptsBehind }: { readonly receiptsBehind: boolean }): void {
  const counts = tableOf(journal, 'mailbox-counts', uint())
  writeAll(journal, 'mailbox-counts', (key) => {
    const count = counts.get(key)
    return count === undefined ? undefined : counts.put(key, count + numbersSkipped)
  })
  writeAll(journal, 'enrolment-codes', (key) => ({ table: 'enrolment-codes', key, value: null }))
  if (!receiptsBehind) return
  const patients = tableOf(journal, 'patients', patientRow)
  writeAll(journal, 'patients', (key) => {
    const row = patients.get(key)
    return row && patients.put(key, { ...row, receipts: row.receipts + numbersSkipped })
  })
}

/** One change for each row of a table, some hundred at a time. */
function writeAll(journal: Journal, table: string, change: (key: string) => JournalChange | undefined): void {
  let after: string | undefined
  for (;;) {
    const keys = [...journal.entries(table, { limit: rowsPerWrite, ...(after !== undefined && { after }) })].map(
      ([key]) => key,
    )
    after = keys.at(-1)
    if (after === undefined) return
    journal.write(keys.flatMap((key) => change(key) ?? []))
  }
}
