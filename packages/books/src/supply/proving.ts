/** What a maker hands to a regulator of a lot: what was commissioned, and the entries of the ledger that answer for each unit. */
import { decode, encode, equalBytes, fromHex, no, ok, type Result, toHex } from '@plexus/codec'
import { type Parcel, supply } from '@plexus/contracts'
import { merklePath } from '@plexus/crypto'
import type { LedgerProof } from '@plexus/exchange'
import {
  type BlockSummary,
  type Outcome,
  outcome,
  readEnvelope,
  type SignedHeader,
  stateKey,
  transactionBytesMax,
} from '@plexus/kernel'
import { checkLotProof, type LotProof, lotProof, lotProofBytesMax } from '@plexus/sdk'
import type { BookDesk } from '../desk.ts'
import type { Alarms } from './alarms.ts'
import type { SupplyRefusal, Thing } from './rows.ts'
import type { Shelves } from './shelves.ts'

/** What the own replica proves. */
export interface LedgerProofs {
  /** Of the state after this block. */
  stateProof(height: number, key: string): LedgerProof | undefined
  block(height: number):
    | {
        readonly transactions: readonly Uint8Array[]
        readonly outcomes: readonly Outcome[]
        readonly header: SignedHeader
      }
    | undefined
  /** That a block is one of the first `size`. */
  proveBlock(
    height: number,
    size: number,
  ): { readonly summary: BlockSummary; readonly path: readonly Uint8Array[] } | undefined
}

export interface ProvenLot {
  /** As `lotProof` of the SDK; labels stand in it, so it goes to the regulator alone. */
  readonly proof: Uint8Array
  /** What opens the labels of this lot, and of no other. */
  readonly traceKey: Uint8Array
  readonly height: number
}

/** The newest block's header carries the state before it. */
const newestBehind = 1

export class Proving {
  readonly #parts: { readonly desk: BookDesk; readonly shelves: Shelves; readonly alarms: Alarms }

  constructor(parts: { readonly desk: BookDesk; readonly shelves: Shelves; readonly alarms: Alarms }) {
    this.#parts = parts
  }

  /**
   * Of the state after the block of `height`, or of the newest that a header carries. `not-provable`: the lot had not begun
   * then, or the replica keeps that state or the lot's first block no more. That it was handed out is an alert.
   */
  prove(lot: string, height: number | null, ledger: LedgerProofs): Result<ProvenLot, SupplyRefusal> {
    const { desk, shelves, alarms } = this.#parts
    const row = shelves.lots.get(lot)
    const content = row && shelves.lotOf(fromHex(lot))
    if (!row?.own || !content) return no({ type: 'not-our-lot' })
    const at = height ?? desk.tip().height - newestBehind
    const header = ledger.block(at + newestBehind)?.header
    const facts = new Facts(ledger, at)
    const begun = facts.value(stateKey(supply.name, 'lots', lot))
    const begunAt = begun && decode(supply.state.lots.value, begun)
    if (!header || !begunAt?.ok) return no({ type: 'not-provable' })
    facts.value(stateKey('members', 'keys', toHex(row.makerKey)))
    const packages: LotProof['packages'][number][] = []
    for (const tag of row.own.packages) {
      const top = shelves.stock.get(toHex(tag))
      if (!top) return no({ type: 'not-provable' })
      this.#describe(top, packages)
      this.#gather(top, facts, content.handle)
    }
    const commissioned = commissionedAt(ledger, content.handle, { height: begunAt.value.height, blocks: at })
    const roots = facts.roots
    if (!commissioned || !roots) return no({ type: 'not-provable' })
    const { statement, makerKey } = row
    const { traceKey } = row.own
    const shown = { handle: content.handle, statement, makerKey, header, ...roots, commissioned, packages }
    const whole: LotProof = { ...shown, facts: facts.all, totals: [] }
    const checked = checkLotProof(desk.chain, whole, { traceKey, appHash: header.header.appHash })
    if (!checked.ok) return no({ type: 'not-provable' })
    const totals = [...checked.value.totals].map(([status, units]) => ({ status, units }))
    const proof = encode(lotProof, { ...whole, totals })
    if (proof.length > lotProofBytesMax) return no({ type: 'not-provable' })
    desk.write(alarms.traced(content.handle))
    return ok({ proof, traceKey, height: at })
  }

  #describe(thing: Thing, into: LotProof['packages'][number][]): void {
    const { identifier, inside } = thing
    if (identifier.type !== 'package' || !inside?.noiseSeed) return
    const children = this.#parts.shelves.stock.inside(thing)
    const names = children.map((each) => each.identifier)
    into.push({
      sscc: identifier.sscc,
      serials: names.flatMap((each) => (each.type === 'unit' ? [each.serial] : [])),
      packages: names.flatMap((each) => (each.type === 'package' ? [each.sscc] : [])),
      noiseSeed: inside.noiseSeed,
    })
    for (const child of children) this.#describe(child, into)
  }

  /** What stands for itself, and what is inside of that. */
  #gather(thing: Thing, facts: Facts, lot: Uint8Array): void {
    const parcel = facts.parcel(thing.member.tag)
    if (!parcel?.lots.some((each) => equalBytes(each, lot))) return
    for (let at = parcel; at.status === 'inside' && at.parent; ) {
      const around = facts.parcel(at.parent)
      if (!around) break
      at = around
    }
    for (const child of this.#parts.shelves.stock.inside(thing)) this.#gather(child, facts, lot)
  }
}

/** Entries of the state after one block, each with its proof, once. */
class Facts {
  readonly #ledger: LedgerProofs
  readonly #height: number
  readonly #known = new Map<string, LotProof['facts'][number]>()
  roots: Pick<LotProof, 'historyRoot' | 'stateRoot'> | undefined

  constructor(ledger: LedgerProofs, height: number) {
    this.#ledger = ledger
    this.#height = height
  }

  get all(): LotProof['facts'] {
    return [...this.#known.values()]
  }

  value(key: string): Uint8Array | null {
    const known = this.#known.get(key)
    if (known) return known.value
    const proven = this.#ledger.stateProof(this.#height, key)
    if (!proven) return null
    const { value, proof, stateRoot, historyRoot } = proven
    this.roots = { stateRoot, historyRoot }
    this.#known.set(key, { key, value, proof })
    return value
  }

  parcel(tag: Uint8Array): Parcel | undefined {
    const value = this.value(stateKey(supply.name, 'parcels', toHex(tag)))
    const read = value && decode(supply.state.parcels.value, value)
    return read?.ok ? read.value : undefined
  }
}

/** The envelope that began the lot, and that it was accepted in a block of the first `blocks`. */
function commissionedAt(
  ledger: LedgerProofs,
  handle: Uint8Array,
  { height, blocks }: { readonly height: number; readonly blocks: number },
): LotProof['commissioned'] | undefined {
  const block = ledger.block(height)
  const proven = ledger.proveBlock(height, blocks)
  if (!block || !proven) return undefined
  const { transactions, outcomes } = block
  const index = transactions.findIndex((bytes, at) => outcomes[at]?.code === 0 && begins(bytes, handle))
  const envelope = transactions[index]
  if (!envelope) return undefined
  return {
    envelope,
    index,
    count: transactions.length,
    path: merklePath(transactions, index),
    outcomePath: merklePath(
      outcomes.map((each) => encode(outcome, each)),
      index,
    ),
    block: proven.summary,
    blockPath: [...proven.path],
  }
}

function begins(bytes: Uint8Array, handle: Uint8Array): boolean {
  const read = readEnvelope(bytes)
  if (!read.ok || read.value.body.contract !== supply.name) return false
  const step = decode(supply.transaction, read.value.body.transaction, transactionBytesMax)
  return step.ok && step.value.type === 'commission' && step.value.lots.some((each) => equalBytes(each.handle, handle))
}
