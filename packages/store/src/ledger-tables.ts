/** The tables of a ledger, what one block writes into them, and what leaves them when it can no longer be proven. */
import { encode } from '@plexus/codec'
import { type AppliedBlock, blockSummary, type EventRecord } from '@plexus/kernel'
import { BufferedTable, type KeyKind } from './buffered-table.ts'
import type { Environment } from './environment.ts'
import { appendHistory, rootOfSubtrees } from './history.ts'
import { byteKeys, envelopeKey, formerKey, numberKeys } from './keys.ts'
import {
  blockEvents,
  decodePlace,
  encodePlace,
  heightRecord,
  type Place,
  readRecord,
  replacedRecord,
  type TipRecord,
  tipRecord,
} from './ledger-records.ts'
import { StoreError } from './store-error.ts'

const tipKey = 'tip'

/** Pruning follows the blocks; after the window was narrowed it catches up at this rate. */
const prunedPerBlockMax = 4

/** Which past states stay provable. */
export interface ProofWindow {
  /** At most so many of the newest. */
  readonly heightsMax: number
  /** Fewer, when the tiles that only they use are more than this; but never fewer than `heightsMin`. */
  readonly tilesMax: number
  readonly heightsMin: number
}

/** A block with those parts encoded that the journal and the tables both keep. */
export interface EncodedBlock extends Omit<AppliedBlock, 'events' | 'transactions'> {
  /** As `storedBlock` of the kernel. */
  readonly block: Uint8Array
  /** As `blockEvents`. */
  readonly events: Uint8Array
  readonly header: Uint8Array
}

export class LedgerTables {
  readonly state
  /** Tiles of the state tree by id. */
  readonly nodes
  readonly blocks
  readonly heights
  /** By the sequence of a block's first event. */
  readonly events
  readonly history
  private readonly meta
  private readonly places
  /** Height → what its block replaced. */
  private readonly replaced
  /** Key and height → the value before that block. */
  private readonly former
  private readonly all: { flush(): void; forget(): void }[] = []
  private readonly environment: Environment
  private readonly window: ProofWindow
  tip: TipRecord | undefined
  /** Blocks whose writes wait in memory. */
  waiting = 0

  constructor(environment: Environment, window: ProofWindow) {
    this.environment = environment
    this.window = window
    this.state = this.table('state', byteKeys)
    this.nodes = this.table('nodes', numberKeys)
    this.blocks = this.table('blocks', numberKeys)
    this.heights = this.table('heights', numberKeys)
    this.events = this.table('events', numberKeys)
    this.history = this.table('history', numberKeys)
    this.meta = this.table('meta', byteKeys)
    this.places = this.table('places', byteKeys)
    this.replaced = this.table('replaced', numberKeys)
    this.former = this.table('former', byteKeys)
    const tip = this.meta.get(tipKey)
    this.tip = tip && readRecord(tipRecord, tip, 'the tip')
  }

  private table<Key extends number | string>(name: string, kind: KeyKind<Key>): BufferedTable<Key> {
    const made = new BufferedTable(this.environment.table(name), kind)
    this.all.push(made)
    return made
  }

  take(applied: EncodedBlock): void {
    const { tip: next, summary, header } = applied
    const { height } = next
    const keys = this.writeState(applied)
    for (const [id, tile] of applied.nodes) this.nodes.set(id, tile)
    this.replaced.set(height, encode(replacedRecord, { nodes: applied.replaced, keys }))
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
    this.writePlaces(applied)
    const replacedTiles = (this.tip?.replacedTiles ?? 0) + applied.replaced.length
    const tip = this.prune({ ...next, provableFrom: this.tip?.provableFrom ?? 0, replacedTiles })
    this.meta.set(tipKey, encode(tipRecord, tip))
    this.waiting += 1
    this.tip = tip
  }

  /** All that waits goes to LMDB in one durable transaction. */
  flush(): void {
    if (this.waiting === 0) return
    this.environment.write(() => {
      for (const table of this.all) table.flush()
    })
    for (const table of this.all) table.forget()
    this.waiting = 0
  }

  placeOf(id: Uint8Array, validUntil: number): Place | undefined {
    const record = id.length === 32 ? this.places.get(envelopeKey(id, validUntil)) : undefined
    return record && decodePlace(record)
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

  /** The values before the blocks above `height` that changed the key, the earliest first. */
  *formerValues(key: string, height: number): Iterable<Uint8Array> {
    const bounds = { start: formerKey(key, height + 1), end: formerKey(key, Number.MAX_SAFE_INTEGER) }
    for (const [, value] of this.former.range(bounds)) yield value
  }

  /** The keys whose former value was kept: an empty one needs no keeping, since a proof tells it from any other. */
  private writeState({ tip: { height }, changes }: EncodedBlock): readonly string[] {
    const kept: string[] = []
    for (const { key, value } of changes) {
      const before = this.state.get(key)
      if (before && before.length > 0) {
        this.former.set(formerKey(key, height), before)
        kept.push(key)
      }
      if (value || before) this.state.set(key, value)
    }
    return kept
  }

  private writePlaces({ tip: { height }, envelopes }: EncodedBlock): void {
    for (const { id, validUntil, index, accepted } of envelopes) {
      // The same envelope may come again and be refused: its acceptance stays what is found.
      if (!accepted && this.placeOf(id, validUntil)?.accepted) continue
      this.places.set(envelopeKey(id, validUntil), encodePlace({ height, index, accepted }))
    }
  }

  /** What a block replaced serves states below its height alone: it goes when the last of them left the window. */
  private prune(tip: TipRecord): TipRecord {
    const { heightsMax, heightsMin, tilesMax } = this.window
    let { provableFrom, replacedTiles } = tip
    for (let pruned = 0; pruned < prunedPerBlockMax; pruned++) {
      const heights = tip.height - provableFrom + 1
      if (heights <= heightsMax && (replacedTiles <= tilesMax || heights <= heightsMin)) break
      provableFrom += 1
      const record = this.replaced.get(provableFrom)
      if (!record) throw new StoreError('damaged', `what block ${provableFrom} replaced is not there`)
      const old = readRecord(replacedRecord, record, `what block ${provableFrom} replaced`)
      for (const id of old.nodes) this.nodes.set(id, null)
      for (const key of old.keys) this.former.set(formerKey(key, provableFrom), null)
      this.replaced.set(provableFrom, null)
      replacedTiles -= old.nodes.length
    }
    return { ...tip, provableFrom, replacedTiles }
  }
}
