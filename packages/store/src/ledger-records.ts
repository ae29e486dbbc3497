/** What the ledger's tables hold, as canonical bytes. */
import { bytes, decode, type Infer, list, object, option, type Schema, text, uint } from '@plexus/codec'
import { blockSummary } from '@plexus/kernel'
import { StoreError } from './store-error.ts'

const hash = bytes({ length: 32 })

/** A history of 2^53 blocks has as many complete subtrees. */
export const subtreesMax = 53

const tipFields = {
  height: uint(),
  time: uint(),
  stateRoot: hash,
  history: list(hash, { max: subtreesMax }),
  appHash: hash,
  nextEvent: uint(),
}

/** Where the ledger stands. */
export const tipRecord = object(tipFields)
export type TipRecord = Infer<typeof tipRecord>

/** Beside the tip, of a ledger that was taken over from a snapshot. */
export const beginningKey = 'beginning'
export const beginningRecord = object({ height: uint(), event: uint() })

/** What is remembered of every height for ever. */
export const heightRecord = object({
  stateRoot: hash,
  historyRoot: hash,
  appHash: hash,
  summary: blockSummary,
  /** Beside the block's own copy: whoever wants it need not read all transactions. */
  header: bytes({ max: 1024 * 1024 }),
})

/** Far above what a replica takes into one block. */
const perBlockMax = 10_000_000

/** The events of one block, numbered on from the sequence under which they stand. */
export const blockEvents = object({
  height: uint(),
  events: list(object({ contract: text({ max: 40 }), event: bytes({ max: 192 * 1024 }) }), { max: perBlockMax }),
})

/** All of a block that its journal keeps; tiles of the tree and places of envelopes follow from it. */
export const journaledBlock = object({
  tip: object(tipFields),
  summary: blockSummary,
  /** As `storedBlock` of the kernel, and as `blockEvents`: encoded once for the journal and for their tables. */
  block: bytes({ max: 512 * 1024 * 1024 }),
  events: bytes({ max: 512 * 1024 * 1024 }),
  changes: list(object({ key: text({ max: 400 }), value: option(bytes({ max: 256 * 1024 })) }), { max: perBlockMax }),
})

/** The largest record is a block; what an engine lets into one is far less. */
const recordBytesMax = 512 * 1024 * 1024

/** Decodes what this package wrote itself. */
export function readRecord<Value>(schema: Schema<Value>, source: Uint8Array, what: string): Value {
  const decoded = decode(schema, source, recordBytesMax)
  if (!decoded.ok) throw new StoreError('damaged', `${what} does not decode at '${decoded.reason.path}'`)
  return decoded.value
}
