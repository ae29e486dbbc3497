/** What is durable of statements, leaves and batches. */
import { bytes, type Infer, object, uint } from '@plexus/codec'
import { batchLeavesMax } from '@plexus/kernel'
import type { Journal } from './ports.ts'
import { groupRow, leafPlace } from './statement-groups.ts'
import { tableOf } from './tables.ts'
import { leafBytes, partLeaves } from './tree-rows.ts'

/** Leaf counts are rounded up to these, with padding that nobody can tell from statements. */
export const sizeClasses = [16, 64, 256, 1024, 4096] as const

const hash = bytes({ length: 32 })
const leaves = bytes({ max: leafBytes * batchLeavesMax })
/** Of a tree of at most so many leaves as one part has, or of the levels above the parts. */
const nodes = bytes({ max: 2 * leafBytes * partLeaves })

const groupPlaceRow = object({ batch: uint(), at: uint(batchLeavesMax - 1), root: hash })
/** Where a group stands: its batch, and the index of its first leaf there. */
export type GroupPlace = Infer<typeof groupPlaceRow>

const flightRow = object({
  root: hash,
  leaves: uint(batchLeavesMax),
  envelope: bytes({ max: 8192 }),
  validUntil: uint(),
})
/** A batch that is not committed yet: what may change of it. */
export type FlightRow = Infer<typeof flightRow>

/** The one key of the table of next numbers. */
export const nextKey = 'next'
/** How statements and trees are divided into rows, beside the next numbers: changed whenever other code would misread it. */
export const rowsFormat = 2

export type BatchTables = ReturnType<typeof batchTables>

export function batchTables(journal: Journal) {
  return {
    /** By the number of a group and that of its part: so many of its statements. */
    groups: tableOf(journal, 'statements', groupRow),
    /** By the hash of a statement that was committed alone. */
    byHash: tableOf(journal, 'statement-places', leafPlace),
    /** By the number of a group that waits for a batch: its leaves one behind the other. */
    pending: tableOf(journal, 'leaves-pending', leaves),
    /** By the number of a group that does not wait any more. */
    places: tableOf(journal, 'leaf-places', groupPlaceRow),
    /** By the number of a batch: its tree, padding included, so that nothing is hashed for a path. It never changes. */
    batches: tableOf(journal, 'batches', object({ root: hash, leaves: uint(batchLeavesMax), nodes })),
    /** By the number of a batch and that of a part: the lower levels of a tree that has more leaves than one part. */
    parts: tableOf(journal, 'batch-parts', nodes),
    /** By the number of a batch. */
    inFlight: tableOf(journal, 'batch-in-flight', flightRow),
    /** Numbers of groups and batches are never given twice, and rise, so that what is written is appended. */
    next: tableOf(journal, 'batches-next', object({ format: uint(), group: uint(), batch: uint() })),
  }
}
