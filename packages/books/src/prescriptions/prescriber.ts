/** The side of those who prescribe: lines that they signed, nominations on a patient's word, cancellations, what was dispensed. */
import { bytes, compareBytes, decode, encode, equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import type { PrescriptionsTransaction } from '@plexus/contracts'
import type { JournalChange, Table } from '@plexus/exchange'
import {
  type CancellationAnswer,
  cancellationAnswer,
  checkRecord,
  claimantSeed,
  handleOfSeed,
  isOfPharmacist,
  type PrescriptionContent,
  type PrescriptionNote,
  prescriptionContent,
  prescriptionNote,
  prescriptionStep,
  prescriptionWord,
} from '@plexus/sdk'
import type { BookDesk, StepOutcome, Taken } from '../desk.ts'
import { fillOfTag, hostOf, itemOf, pharmacistKey } from './ledger.ts'
import { Names } from './names.ts'
import { type About, about, type OrderRow, orderRow } from './rows.ts'
import { type Order, type OrderRefusal, signOrder } from './signing.ts'

export type MoveRefusal = {
  readonly type: 'item-unknown' | 'not-on-the-ledger-yet' | 'patient-decides' | 'organisation-unknown' | 'wrong-status'
}

/** A step on its way, as `BookDesk.outcome` knows it. */
export interface Made {
  readonly step: string
}

export class Prescriber {
  private readonly desk: BookDesk
  private readonly orders: Table<OrderRow>
  private readonly secrets: Table<Uint8Array>
  readonly names: Names

  constructor(desk: BookDesk) {
    this.desk = desk
    this.orders = desk.table('orders', orderRow)
    this.secrets = desk.table('secrets', bytes({ length: 32 }))
    this.names = new Names(desk, 'order')
  }

  /** Signs the lines of an order, in one envelope. `handles`: hexadecimal, in the order of the lines. */
  sign(
    order: Order,
  ): Result<Made & { readonly handles: readonly string[] }, OrderRefusal | { readonly type: 'order-known' }> {
    const { desk } = this
    const { organisation, registrar, prescriber, beside, patient } = order
    const secretKey = desk.keyOf('secret', organisation)
    const kept = this.secrets.get(secretKey)
    const secret = kept ?? desk.random(32)
    const { chain, random } = desk
    const lines = signOrder(order, { chain, secret, time: desk.tip().time, random })
    if (!lines.ok) return lines
    const handles = lines.value.map(({ item }) => item.handle)
    if (handles.some((handle) => this.rowOf(handle))) return no({ type: 'order-known' })
    const made = this.step(
      {
        type: 'sign-items',
        organisation,
        registrar,
        prescribers: [...new Set([prescriber.npi, ...beside])].sort(),
        dayLagMinutes: order.dayLagMinutes,
        items: lines.value.map(({ item }) => item).sort((a, b) => compareBytes(a.handle, b.handle)),
      },
      [],
      { type: 'sign', handles },
    )
    const rows = lines.value.map(({ line, seed, patientSeed, prescription, item: { handle }, names }) => ({
      ...{ handle, organisation, order: order.name, line, names, seed, prescription, patientSeed },
      ...{ nominations: 0, mailbox: patient.mailbox, height: null, fills: [] },
    }))
    const puts = [...rows.map((row) => this.put(row)), ...this.names.put(rows)]
    desk.write([...made.changes, ...puts, ...(kept ? [] : [this.secrets.put(secretKey, secret)])])
    return ok({ step: made.step, handles: handles.map(toHex) })
  }

  /**
   * On the word of a patient who has no wallet: puts the item on the exchange, names another pharmacy, or opens the next
   * fill, whichever the item stands before. Once the ledger has it, the pharmacy is brought what it needs.
   */
  nominate(handle: Uint8Array, pharmacy: string): Result<Made, MoveRefusal> {
    const { desk } = this
    const row = this.rowOf(handle)
    if (!row) return no({ type: 'item-unknown' })
    const item = itemOf(desk.state, handle)
    if (!item) return no({ type: 'not-on-the-ledger-yet' })
    if (!row.patientSeed) return no({ type: 'patient-decides' })
    if (hostOf(desk.state, pharmacy) === undefined) return no({ type: 'organisation-unknown' })
    const type = choiceAt[item.status]
    if (!type) return no({ type: 'wrong-status' })
    const seed = claimantSeed(row.patientSeed, desk.chain, row.nominations)
    const made = this.step({ type, handle, claimant: handleOfSeed(seed) }, [row.patientSeed], {
      type: 'nominate',
      handle,
      pharmacy,
      claimantSeed: seed,
    })
    // Counted when it is made: a claimant's key is named once, whatever becomes of the step.
    desk.write([...made.changes, this.put({ ...row, nominations: row.nominations + 1 })])
    return ok({ step: made.step })
  }

  cancel(handle: Uint8Array): Result<Made, MoveRefusal> {
    const row = this.rowOf(handle)
    if (!row) return no({ type: 'item-unknown' })
    const made = this.step({ type: 'cancel', handle }, [row.seed], { type: 'move', handle })
    this.desk.write(made.changes)
    return ok({ step: made.step })
  }

  /** What a prescriber is told of a cancellation. Null while the ledger has said nothing. */
  answerTo(handle: Uint8Array, outcome: StepOutcome): CancellationAnswer | null {
    if (outcome.type === 'lapsed') return null
    const answered = outcome.type === 'accepted' ? 'accepted' : outcome.reason
    return cancellationAnswer(answered as Parameters<typeof cancellationAnswer>[0], itemOf(this.desk.state, handle))
  }

  ended(what: About, outcome: StepOutcome): readonly JournalChange[] {
    const accepted = outcome.type === 'accepted'
    if (what.type === 'sign')
      return what.handles.flatMap((handle) => {
        const row = this.rowOf(handle)
        if (!row) return []
        if (!accepted) return [this.orders.drop(this.keyOf(handle))]
        return [this.put({ ...row, height: outcome.height }), ...this.tellWallet(row)]
      })
    if (what.type !== 'nominate' || !accepted) return []
    const row = this.rowOf(what.handle)
    const host = hostOf(this.desk.state, what.pharmacy)
    if (!row || host === undefined) return []
    const { pharmacy, handle, claimantSeed: seed } = what
    const { prescription, mailbox, names } = row
    const note = { type: 'nomination', pharmacy, handle, claimantSeed: seed, prescription, mailbox, names } as const
    return this.desk.tell(host, encode(prescriptionNote, note)).changes
  }

  /** A dispenser told of a fill: kept when it is the one behind the ledger's. */
  takeFill({ type: _, handle, ...told }: Extract<PrescriptionNote, { readonly type: 'dispensed' }>): Taken {
    const row = this.rowOf(handle)
    if (!row) return no({ type: 'item-unknown' })
    const { chain, state } = this.desk
    const fill = fillOfTag(state, told.tag)
    if (!fill) return no({ type: 'not-yet' })
    const checked = checkRecord(told, { chain, fill, content: contentIn(row) })
    if (!checked.ok) return checked
    const key = pharmacistKey(state, told.record)
    if (!key || !isOfPharmacist(told, chain, key)) return no({ type: 'signature-invalid' })
    if (row.fills.some((each) => equalBytes(each.tag, told.tag))) return ok([])
    return ok([this.put({ ...row, fills: [...row.fills, told] })])
  }

  /** At most `limit`, in the order of keys that say nothing, after an item or from the first. */
  rows(after: Uint8Array | null, limit: number): readonly OrderRow[] {
    const range = after === null ? { limit } : { after: this.keyOf(after), limit }
    return [...this.orders.entries(range)].map(([, row]) => row)
  }

  rowOf(handle: Uint8Array): OrderRow | undefined {
    return this.orders.get(this.keyOf(handle))
  }

  private tellWallet({ mailbox, handle, prescription }: OrderRow): readonly JournalChange[] {
    if (!mailbox) return []
    return this.desk.notify(mailbox, encode(prescriptionWord, { type: 'prescribed', handle, prescription }))
  }

  private step(transaction: PrescriptionsTransaction, seeds: readonly Uint8Array[], what: About) {
    const { desk } = this
    return desk.step({
      ...prescriptionStep(desk.chain, desk.frame(), transaction, seeds),
      about: encode(about, what),
    })
  }

  private put(row: OrderRow): JournalChange {
    return this.orders.put(this.keyOf(row.handle), row)
  }

  private keyOf(handle: Uint8Array): string {
    return this.desk.keyOf('order', toHex(handle))
  }
}

const choiceAt: Readonly<Record<string, 'make-available' | 'nominate' | 'open-refill'>> = {
  signed: 'make-available',
  available: 'nominate',
  held: 'nominate',
  filled: 'open-refill',
}

/** The content of a row of ours: it was checked before it was kept. */
export function contentIn({
  prescription,
}: {
  readonly prescription: { readonly content: Uint8Array }
}): PrescriptionContent {
  const read = decode(prescriptionContent, prescription.content)
  if (!read.ok) throw new Error('a prescription of the journal is no content')
  return read.value
}
