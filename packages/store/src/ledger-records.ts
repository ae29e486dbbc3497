/** What the ledger's tables hold, as canonical bytes. */
import { bytes, decode, type Infer, list, object, option, type Schema, text, uint } from '@plexus/codec'
import { blockSummary } from '@plexus/kernel'
import { keyNumber, numberKey } from './keys.ts'
import { StoreError } from './store-error.ts'

const hash = bytes({ length: 32 })
const treeRoot = object({ id: uint(), hash })

/** A history of 2^53 blocks has as many complete subtrees. */
const subtreesMax = 53

/** A block that replaces more nodes or keys than this has far outgrown what a block may hold. */
const replacedPerBlockMax = 10_000_000

const tipFields = {
  height: uint(),
  time: uint(),
  stateRoot: treeRoot,
  history: list(hash, { max: subtreesMax }),
  appHash: hash,
  nextNodeId: uint(),
  nextEvent: uint(),
}

/** Where the ledger stands, the first height whose state can still be proven, and how many tiles those states keep. */
export const tipRecord = object({ ...tipFields, provableFrom: uint(), replacedTiles: uint() })
export type TipRecord = Infer<typeof tipRecord>

/** What is remembered of every height for ever. */
export const heightRecord = object({
  stateRoot: treeRoot,
  historyRoot: hash,
  appHash: hash,
  summary: blockSummary,
  /** Beside the block's own copy: whoever wants it need not read all transactions. */
  header: bytes({ max: 1024 * 1024 }),
})

/** Where an envelope stands, and whether it was accepted there; many are written, so their form is fixed. */
export function encodePlace({ height, index, accepted }: Place): Uint8Array {
  const record = new Uint8Array(placeLength)
  record.set(numberKey(height))
  record.set(numberKey(index).subarray(4), 8)
  record[12] = accepted ? 1 : 0
  return record
}

export function decodePlace(record: Uint8Array): Place {
  const accepted = record[12]
  if (record.length !== placeLength || accepted === undefined || accepted > 1)
    throw new StoreError('damaged', 'the place of a transaction does not decode')
  return {
    height: keyNumber(record.subarray(0, 8)),
    index: keyNumber(record.subarray(8, 12)),
    accepted: accepted === 1,
  }
}

export interface Place {
  readonly height: number
  readonly index: number
  readonly accepted: boolean
}

/** Eight bytes of height, four of index, one that says accepted. */
const placeLength = 13

/** What a block replaced: nodes and former values that only states below its height use. */
export const replacedRecord = object({
  nodes: list(uint(), { max: replacedPerBlockMax }),
  keys: list(text({ max: 400 }), { max: replacedPerBlockMax }),
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
