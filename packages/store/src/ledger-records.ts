/** What the ledger's tables hold, as canonical bytes. */
import { boolean, bytes, decode, type Infer, list, object, option, type Schema, text, uint } from '@plexus/codec'
import { blockSummary, eventRecord, outcome } from '@plexus/kernel'
import { StoreError } from './store-error.ts'

const hash = bytes({ length: 32 })
const treeRoot = object({ id: uint(), hash })

/** A history of 2^53 blocks has as many complete subtrees. */
const subtreesMax = 53

/** A block that replaces more nodes or keys than this has far outgrown what a block may hold. */
const replacedPerBlockMax = 10_000_000

/** Where the ledger stands, and the first height whose state can still be proven. */
export const tipRecord = object({
  height: uint(),
  time: uint(),
  stateRoot: treeRoot,
  history: list(hash, { max: subtreesMax }),
  appHash: hash,
  nextNodeId: uint(),
  nextEvent: uint(),
  provableFrom: uint(),
})
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

export const placeRecord = object({ height: uint(), index: uint(), accepted: boolean() })

/** What a block replaced: nodes and former values that only states below its height use. */
export const replacedRecord = object({
  nodes: list(uint(), { max: replacedPerBlockMax }),
  keys: list(text({ max: 400 }), { max: replacedPerBlockMax }),
})

/** Far above what a replica takes into one block. */
const perBlockMax = 10_000_000

/** All of a block that its journal keeps; the tiles of the tree follow from the changes. */
export const journaledBlock = object({
  header: bytes({ max: 1024 * 1024 }),
  tip: object({
    height: uint(),
    time: uint(),
    stateRoot: treeRoot,
    history: list(hash, { max: subtreesMax }),
    appHash: hash,
    nextNodeId: uint(),
    nextEvent: uint(),
  }),
  summary: blockSummary,
  transactions: list(bytes({ max: 200 * 1024 }), { max: perBlockMax }),
  outcomes: list(outcome, { max: perBlockMax }),
  events: list(eventRecord, { max: perBlockMax }),
  envelopes: list(object({ id: hash, validUntil: uint(), index: uint(), accepted: boolean() }), { max: perBlockMax }),
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
