/** Units go to patients, and come back to the shelf; a recall finds the patients through what was dispensed. */
import { boolean, compareBytes, equalBytes, fromHex, no, ok, type Result, toHex } from '@plexus/codec'
import { supply } from '@plexus/contracts'
import { leafOf, statementHash } from '@plexus/crypto'
import type { JournalChange, Mailbox, Table } from '@plexus/exchange'
import type { LabelIdentifier } from '@plexus/sdk'
import type { BookDesk, StepOutcome } from '../desk.ts'
import type { Dispensed, Dispenser } from '../prescriptions/dispenser.ts'
import { type DispensedRow, dispensedRow, type SupplyRefusal } from './rows.ts'
import type { Shelves } from './shelves.ts'
import type { Compose } from './steps.ts'

/** What the book of prescriptions does for a fill that moves with its units. */
export type Fills = Pick<Dispenser, 'composeFill' | 'fillMoved' | 'rowOf'>

interface Parts {
  readonly desk: BookDesk
  readonly shelves: Shelves
  readonly compose: Compose
  readonly fills: Fills
}

export class Dispensing {
  readonly dispensed: Table<DispensedRow>
  /** By `lot/dispensing`. */
  readonly #ofLots: Table<boolean>
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
    this.dispensed = parts.desk.table('dispensed', dispensedRow)
    this.#ofLots = parts.desk.table('dispensed-of-lots', boolean())
  }

  /**
   * Units go to a patient. With an item of a prescription that this pharmacy holds, its fill is in the same transaction: the
   * units move and the item's counter moves, or neither. The dispensing's tag is given in hexadecimal.
   */
  dispense(asked: {
    readonly labels: readonly LabelIdentifier[]
    readonly fill: (Omit<Dispensed, 'lot'> & { readonly item: Uint8Array }) | null
  }): Result<{ readonly step: string; readonly dispensing: string }, { readonly type: string }> {
    const { desk, shelves, compose, fills } = this.#parts
    const things = asked.labels.flatMap((label) => shelves.stock.byLabel(label) ?? [])
    const [first] = things
    if (!first || things.length < asked.labels.length) return no({ type: 'label-unknown' })
    const keys = things.flatMap(({ member }) => shelves.held(member.tag)?.key ?? [])
    const [key] = keys
    if (!key || keys.length < things.length) return no({ type: 'not-held' })
    if (keys.some(({ seed }) => !equalBytes(seed, key.seed))) return no({ type: 'held-under-other-keys' })
    const [handle] = first.member.lots
    const lot = handle ? shelves.lotOf(handle)?.lot : undefined
    if (lot === undefined) return no({ type: 'lot-unknown' })
    const composed = asked.fill && fills.composeFill(asked.fill.item, { ...asked.fill, lot })
    if (composed && !composed.ok) return composed
    const part = composed?.value.part ?? null
    const fill = part?.transaction.type === 'fill' ? part.transaction : null
    const tag = fill?.tag ?? desk.random(32)
    const units = things
      .map(({ member }) => ({ tag: member.tag, rest: false }))
      .sort((a, b) => compareBytes(a.tag, b.tag))
    const made = compose(
      {
        type: 'dispense',
        tag,
        units,
        fill: fill && {
          ...{ handle: fill.handle, level: fill.level, record: fill.record, remainder: fill.remainder },
          dispensers: fill.dispensers,
        },
      },
      composed ? [key.seed, composed.value.holderSeed] : [key.seed],
      { type: 'dispense', tag },
    )
    const lots = new Set(things.flatMap(({ member }) => member.lots.map(toHex)))
    desk.write([
      ...made.changes,
      this.dispensed.put(toHex(tag), {
        units: units.map((each) => each.tag),
        fill:
          asked.fill && part
            ? {
                ...{ item: asked.fill.item, tagSeed: part.tagSeed, leafKey: part.leafKey },
                ...{ record: part.record, signature: part.signature },
                name: asked.fill.name,
              }
            : null,
        status: 'dispensing',
      }),
      ...[...lots].map((each) => this.#ofLots.put(`${each}/${toHex(tag)}`, true)),
    ])
    return ok({ step: made.step, dispensing: toHex(tag) })
  }

  dispenseEnded(tag: Uint8Array, outcome: StepOutcome): readonly JournalChange[] {
    const row = this.dispensed.get(toHex(tag))
    if (!row) return []
    if (outcome.type !== 'accepted') return [this.dispensed.put(toHex(tag), { ...row, status: 'ended' })]
    return [
      this.dispensed.put(toHex(tag), { ...row, status: 'dispensed' }),
      ...(row.fill ? this.#parts.fills.fillMoved(row.fill.item, row.fill) : []),
    ]
  }

  /** Where the patient of a dispensing has notices sent; undefined without a prescription on the exchange, or a wallet. */
  mailboxOf({ fill }: DispensedRow): Mailbox | undefined {
    return (fill && this.#parts.fills.rowOf(fill.item)?.mailbox) ?? undefined
  }

  /**
   * Nobody fetched it: back to stock, by the key of the units and, where a fill moves with them, that of the item's holder
   * (`seeds`).
   */
  returnToStock(dispensing: string, seeds: readonly Uint8Array[]): Result<{ readonly step: string }, SupplyRefusal> {
    const { desk, compose } = this.#parts
    const unitSeed = this.seedOf(dispensing)
    if (!unitSeed) return no({ type: 'dispensing-unknown' })
    const tag = fromHex(dispensing)
    const record = leafOf(desk.random(32), statementHash('supply-return', desk.chain, tag))
    const made = compose({ type: 'return-to-stock', tag, record }, [unitSeed, ...seeds], { type: 'other' })
    desk.write(made.changes)
    return ok({ step: made.step })
  }

  /** Of the key that holds the units of a dispensing, while they are out. */
  seedOf(dispensing: string): Uint8Array | undefined {
    const row = this.dispensed.get(dispensing)
    const [unit] = row?.units ?? []
    return row && unit && this.#isOut(dispensing, row) ? this.#parts.shelves.held(unit)?.key.seed : undefined
  }

  /** Whether it came back is read from the ledger: another contract may have taken it back. */
  #isOut(dispensing: string, { status }: DispensedRow): boolean {
    return status === 'dispensed' && supply.queries.dispensing(this.#parts.shelves.view, dispensing)?.returned === null
  }

  /** What stands as dispensed of a lot. */
  *ofLot(lot: Uint8Array): Iterable<DispensedRow> {
    const prefix = `${toHex(lot)}/`
    for (const [key] of this.#ofLots.entries({ prefix })) {
      const dispensing = key.slice(prefix.length)
      const row = this.dispensed.get(dispensing)
      if (row && this.#isOut(dispensing, row)) yield row
    }
  }
}
