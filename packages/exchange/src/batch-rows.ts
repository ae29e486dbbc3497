/** What is durable of batches: the leaves that wait, where each group of statements stands, and what is on its way. */
import { bytes, type Infer, object, uint } from '@plexus/codec'
import { batchLeavesMax } from '@plexus/kernel'

/** Leaf counts are rounded up to these, with padding that nobody can tell from statements. */
export const sizeClasses = [16, 64, 256, 1024, 4096] as const

export const leafBytes = 32
const hash = bytes({ length: 32 })

/** Leaves one behind the other. By the number of their group: those that wait for a batch. */
export const leavesRow = bytes({ max: leafBytes * batchLeavesMax })

/** By the number of a group: its batch, and the index of its first leaf there. */
export const groupPlaceRow = object({ batch: uint(), at: uint(batchLeavesMax - 1), root: hash })
export type GroupPlace = Infer<typeof groupPlaceRow>

/** By the number of a batch: all leaves, padding included. It never changes. */
export const batchRow = object({ root: hash, leaves: leavesRow })

/** By the number of a batch, until it is committed: what may change of it. */
export const flightRow = object({
  root: hash,
  leaves: uint(batchLeavesMax),
  envelope: bytes({ max: 8192 }),
  validUntil: uint(),
})
export type FlightRow = Infer<typeof flightRow>

/** Numbers of groups and batches are never given twice, and rise, so that what is written is appended. */
export const nextRow = object({ group: uint(), batch: uint() })
