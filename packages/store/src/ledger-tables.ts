/** The tables of a ledger, and what one block writes into them. */
import { encode } from '@plexus/codec'
import {
  type AppliedBlock,
  blockSummary,
  type EventRecord,
  type Overwritten,
  PastStates,
  type PastStatesOptions,
} from '@plexus/kernel'
import type { BufferedTable } from './buffered-table.ts'
import type { Environment } from './environment.ts'
import { appendHistory, rootOfSubtrees } from './history.ts'
import { byteKeys, numberKeys, tileKeys } from './keys.ts'
import type { LedgerBeginning } from './ledger-reads.ts'
import {
  beginningKey,
  beginningRecord,
  blockEvents,
  heightRecord,
  readRecord,
  type TipRecord,
  tipRecord,
} from './ledger-records.ts'
import { openPast, packPast } from './past-records.ts'
import { Places } from './places.ts'
import { TableGroup } from './table-group.ts'

export const tipKey = 'tip'

/**
 * How much of the past goes to LMDB each time: a receipt is proven a block or two after its own, and only what a crash
 * has interrupted needs more than memory has.
 */
const pastBytesMax = 8 * 1024 * 1024
const pastHeightsMin = 4

/** A block with those parts encoded that the journal and the tables both keep. */
export interface EncodedBlock extends Omit<AppliedBlock, 'events' | 'misbehaviour' | 'transactions'> {
  /** As `storedBlock` of the kernel. */
  readonly block: Uint8Array
  /** As `blockEvents`. */
  readonly events: Uint8Array
  readonly header: Uint8Array
}

export class LedgerTables {
  readonly group: TableGroup
  readonly state
  /** Tiles of the newest state tree. */
  readonly tiles
  readonly past
  readonly blocks
  readonly heights
  /** By the sequence of a block's first event. */
  readonly events
  readonly history
  private readonly meta
  readonly places
  /** What the blocks wrote over whose states before them can be proven, by height. */
  private readonly pastRecords
  /** Above the first height and up to the second, flushes have stored what blocks wrote over. */
  private pastFrom: number
  private pastTo: number
  readonly beginning: LedgerBeginning
  tip: TipRecord | undefined

  constructor(environment: Environment, window: PastStatesOptions) {
    this.group = new TableGroup(environment, () => this.keepPast())
    this.state = this.group.table('state', byteKeys)
    this.tiles = this.group.table('tiles', tileKeys)
    this.blocks = this.group.table('blocks', numberKeys)
    this.heights = this.group.table('heights', numberKeys)
    this.events = this.group.table('events', numberKeys)
    this.history = this.group.table('history', numberKeys)
    this.meta = this.group.table('meta', byteKeys)
    const tip = this.meta.get(tipKey)
    this.tip = tip && readRecord(tipRecord, tip, 'the tip')
    const beginning = this.meta.get(beginningKey)
    this.beginning = beginning ? readRecord(beginningRecord, beginning, 'the beginning') : { height: 0, event: 1 }
    this.places = new Places(this.group.table('places', byteKeys), this.tip?.time ?? 0)
    this.pastRecords = this.group.table('past', numberKeys)
    this.past = pastFrom(this.pastRecords, this.tip?.height ?? 0, window)
    this.pastFrom = this.past.from
    this.pastTo = this.tip?.height ?? 0
  }

  take(applied: EncodedBlock): void {
    const { tip: next, summary, header } = applied
    const { height } = next
    if (height > 0) this.past.take(height, { tiles: applied.tiles, values: this.valuesBefore(applied) })
    for (const { key, value } of applied.changes) this.state.set(key, value)
    for (const { place, tile } of applied.tiles) this.tiles.set(place, tile)
    if (height > 0) appendHistory(this.history, height - 1, encode(blockSummary, summary))
    this.blocks.set(height, applied.block)
    this.heights.set(
      height,
      encode(heightRecord, {
        stateRoot: next.stateRoot,
        historyRoot: rootOfSubtrees(next.history),
        appHash: next.appHash,
        summary,
        header,
      }),
    )
    const firstEvent = this.tip?.nextEvent ?? 1
    if (next.nextEvent > firstEvent) this.events.set(firstEvent, applied.events)
    this.places.take(height, next.time, applied.envelopes)
    this.meta.set(tipKey, encode(tipRecord, next))
    this.group.waiting += 1
    this.tip = next
  }

  /** Events with a sequence above `after`, in order, at most `limit`. */
  eventsAfter(after: number, limit: number): readonly EventRecord[] {
    const found: EventRecord[] = []
    const first = this.events.atOrBelow(after + 1)?.[0] ?? 0
    for (const [sequence, record] of this.events.range({ start: first })) {
      const { height, events } = readRecord(blockEvents, record, `the events from ${sequence}`)
      for (const [index, event] of events.entries()) {
        if (sequence + index <= after) continue
        if (found.length >= limit) return found
        found.push({ sequence: sequence + index, height, ...event })
      }
    }
    return found
  }

  /** Of what was not stored yet, the newest; what was stored and is older than a height that was not, goes. */
  private keepPast(): void {
    const written = [...this.past.above(this.pastTo)]
    let first = written.length
    for (let bytes = 0; first > 0 && (bytes < pastBytesMax || written.length - first < pastHeightsMin); first--)
      bytes += written[first - 1]?.[1].bytes ?? 0
    const from = first > 0 ? (written[first - 1]?.[0] ?? 0) : Math.min(this.past.from, this.pastTo)
    for (; this.pastFrom < Math.min(from, this.pastTo); this.pastFrom++) this.pastRecords.set(this.pastFrom + 1, null)
    for (const [height, block] of written.slice(first)) this.pastRecords.set(height, packPast(block))
    this.pastFrom = from
    this.pastTo = this.tip?.height ?? 0
  }

  /** Most keys are new: those that are not, the tree has named, and no other is looked for. */
  private valuesBefore({ changes, overwritten }: EncodedBlock): readonly (readonly [string, Uint8Array | null])[] {
    const known = new Set(overwritten)
    return changes.map(({ key }) => [key, known.has(key) ? (this.state.get(key) ?? null) : null])
  }
}

/** The past up to the newest height, as far back as each height is there. */
function pastFrom(records: BufferedTable<number>, newest: number, window: PastStatesOptions): PastStates {
  const blocks: Overwritten[] = []
  for (let record = records.get(newest); record; record = records.get(newest - blocks.length))
    blocks.push(openPast(record))
  const from = newest - blocks.length
  const past = new PastStates(from, window)
  for (const [index, block] of blocks.reverse().entries()) past.take(from + 1 + index, block)
  return past
}
