/** What the ledger's tables hold, as canonical bytes. */
import { bytes, decode, type Infer, list, object, type Schema, text, uint } from '@plexus/codec'
import { blockSummary } from '@plexus/kernel'
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
export const heightRecord = object({ stateRoot: treeRoot, historyRoot: hash, appHash: hash, summary: blockSummary })

export const placeRecord = object({ height: uint(), index: uint() })

/** What a block replaced: nodes and former values that only states below its height use. */
export const replacedRecord = object({
  nodes: list(uint(), { max: replacedPerBlockMax }),
  keys: list(text({ max: 400 }), { max: replacedPerBlockMax }),
})

/** The largest record is a block; what an engine lets into one is far less. */
const recordBytesMax = 512 * 1024 * 1024

/** Decodes what this package wrote itself. */
export function readRecord<Value>(schema: Schema<Value>, source: Uint8Array, what: string): Value {
  const decoded = decode(schema, source, recordBytesMax)
  if (!decoded.ok) throw new StoreError('damaged', `${what} does not decode at '${decoded.reason.path}'`)
  return decoded.value
}
