/**
 * What is held back, let go again, and gone for good. Each step commits to a record of what was done and why, which opens
 * with a key that stays at this member: an inspector is shown both.
 */
import { encode, no, object, ok, type Result, text, toHex, uint } from '@plexus/codec'
import type { SupplyTransaction } from '@plexus/contracts'
import { leafOf, statementHash } from '@plexus/crypto'
import { type JournalChange, sequenceKey, type Table } from '@plexus/exchange'
import type { LabelIdentifier } from '@plexus/sdk'
import type { BookDesk, StepOutcome } from '../desk.ts'
import {
  type HoldingRow,
  holdingRow,
  holdingWhyMax,
  identifier,
  type SupplyRefusal,
  type Thing,
  whatWasDone,
} from './rows.ts'
import type { Shelves } from './shelves.ts'
import type { Compose } from './steps.ts'

const recordType = 'supply-holding'
const recordContent = object({ identifier, what: whatWasDone, why: text({ max: holdingWhyMax }), at: uint() })

type What = HoldingRow['what']
type Ending = Exclude<What, 'cleared' | 'quarantined'>

export interface Asked {
  readonly label: LabelIdentifier
  /** In the words of whoever did it; nobody else sees them. */
  readonly why: string
}

export class Holding {
  /** By number, oldest first. */
  readonly records: Table<HoldingRow>
  readonly #parts: { readonly desk: BookDesk; readonly shelves: Shelves; readonly compose: Compose }
  #next: number

  constructor(parts: { readonly desk: BookDesk; readonly shelves: Shelves; readonly compose: Compose }) {
    this.#parts = parts
    this.records = parts.desk.table('holdings', holdingRow)
    let last = 0
    for (const [key] of this.records.entries()) last = Number(key)
    this.#next = last + 1
  }

  /** For good. What was found illegitimate may only be destroyed; what is on hold, recalled or expired is not exported. */
  end(as: Ending, asked: Asked): Result<{ readonly step: string }, SupplyRefusal> {
    return this.#step(as, asked, (tag, record) => ({ type: 'end', tag, as, record }))
  }

  /** Suspect goods stand still until they are cleared, returned or destroyed (FD&C Act, section 582, (b)(4)(A) and its like). */
  quarantine(asked: Asked): Result<{ readonly step: string }, SupplyRefusal> {
    return this.#step('quarantined', asked, (tag, record) => ({ type: 'quarantine', tag, record }))
  }

  /** By the maker of all its lots, who has it in hand and verified it; anybody else returns it to the maker. */
  clear(asked: Asked): Result<{ readonly step: string }, SupplyRefusal> {
    const { shelves } = this.#parts
    const lots = shelves.stock.byLabel(asked.label)?.member.lots ?? []
    const seeds = lots.flatMap((lot) => shelves.lots.get(toHex(lot))?.own?.seed ?? [])
    if (seeds.length < lots.length) return no({ type: 'not-our-lot' })
    return this.#step('cleared', asked, (tag, record) => ({ type: 'clear', tag, record }), seeds)
  }

  holdingEnded(record: number, outcome: StepOutcome): readonly JournalChange[] {
    const key = sequenceKey(record)
    const row = this.records.get(key)
    if (!row) return []
    return [outcome.type === 'accepted' ? this.records.put(key, { ...row, stands: true }) : this.records.drop(key)]
  }

  #step(
    what: What,
    { label, why }: Asked,
    transactionOf: (tag: Uint8Array, record: Uint8Array) => SupplyTransaction,
    lotSeeds: readonly Uint8Array[] = [],
  ): Result<{ readonly step: string }, SupplyRefusal> {
    const { desk, shelves, compose } = this.#parts
    const thing: Thing | undefined = shelves.stock.byLabel(label)
    if (!thing) return no({ type: 'label-unknown' })
    const { tag } = thing.member
    const held = shelves.held(tag)
    if (!held) return no({ type: 'not-held' })
    const number = this.#next++
    const [at, recordKey] = [Math.floor(desk.now()), desk.random(32)]
    const content = encode(recordContent, { identifier: thing.identifier, what, why, at })
    const record = leafOf(recordKey, statementHash(recordType, desk.chain, content))
    const made = compose(transactionOf(tag, record), [held.key.seed, ...lotSeeds], { type: 'holding', record: number })
    desk.write([
      ...made.changes,
      this.records.put(sequenceKey(number), { tag, what, why, at, recordKey, stands: false }),
    ])
    return ok({ step: made.step })
  }
}
