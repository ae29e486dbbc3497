/** What may be asked of the notary. */
import { bytes, compareBytes, type Infer, sortedList, uint, variant } from '@plexus/codec'

const hash = bytes({ length: 32 })

/** A batch is padded to one of these numbers of leaves, so that its size says little about the day's work. */
export const sizeClasses: readonly number[] = [16, 64, 256, 1024, 4096]

/** One envelope opens what the largest batch could need. */
const handlesMax = 4096

export const handleSet = sortedList(hash, { min: 1, max: handlesMax, order: compareBytes })

export const transaction = variant({
  /** `root`: RFC 6962 root over the leaves, padding included. */
  'post-batch': { root: hash, leaves: uint() },
  /** Opens handles whose keys nobody has seen yet. */
  'open-handles': { handles: handleSet },
  'close-handle': { handle: hash },
})

export type Transaction = Infer<typeof transaction>
