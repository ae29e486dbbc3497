/**
 * Steps that take a share of the other party: bodies go to it with what opens their commitments, and it signs what its own book
 * says too, and nothing else.
 */
import { decode, encode, equalBytes, fromHex, no, ok, type Result, toHex } from '@plexus/codec'
import { type RebatesTransaction, rebates } from '@plexus/contracts'
import { handleOf, publicKeyOf } from '@plexus/crypto'
import { type JournalChange, notYet } from '@plexus/exchange'
import { composeBody, readBody, transactionBytesMax } from '@plexus/kernel'
import type { NoteOf, RebateNote } from '@plexus/sdk'
import type { Taken } from '../desk.ts'
import { type Message, message } from './messages.ts'
import type { Party } from './party.ts'
import { type About, type AccrualRow, aboutBytes, type SharingRow } from './rows.ts'
import { settlementDiffers } from './settling.ts'

/** One body: the seed of this member, and the other's public key. */
export interface Shared {
  readonly transaction: RebatesTransaction
  readonly seed: Uint8Array
  readonly otherKey: Uint8Array
  readonly about: About
}

type Asked = Extract<Message, { type: 'share-wanted' }>

export class Sharing {
  private readonly party: Party

  constructor(party: Party) {
    this.party = party
  }

  /** Asks for the other's shares; accruals wait until it answers, or the bodies end. */
  ask(
    other: string,
    steps: readonly Shared[],
    { opens, accruals }: { readonly opens: readonly RebateNote[]; readonly accruals: readonly AccrualRow[] },
  ): readonly JournalChange[] {
    const { desk, rows } = this.party
    const id = desk.random(32)
    const frame = desk.frame()
    const { sponsor, sponsorKey, validUntil } = frame
    const bodies = steps.map(({ transaction, seed, otherKey, about }) => {
      const own = publicKeyOf(seed)
      const body = composeBody({
        chain: desk.chain,
        sponsor,
        nonce: desk.random(16),
        validUntil,
        contract: rebates.name,
        transaction: encode(rebates.transaction, transaction),
        signers: [sponsorKey, own, otherKey],
      })
      return { body, own: this.party.share(body, seed), otherKey, about: aboutBytes(about) }
    })
    const asked = { type: 'share-wanted', id, bodies: bodies.map(({ body }) => body), opens } as const
    const { note, changes } = desk.tell(other, encode(message, asked))
    return [
      rows.sharings.put(toHex(id), {
        other,
        note: fromHex(note),
        validUntil,
        accruals: accruals.map(({ handle }) => handle),
        bodies,
      }),
      ...accruals.map((row) => rows.putAccrual({ ...row, pending: true, refused: null })),
      ...changes,
    ]
  }

  /** Signs every body or none. */
  take(from: string, { id, bodies, opens }: Asked): Taken {
    const signatures: Uint8Array[] = []
    const kept: JournalChange[] = []
    for (const body of bodies) {
      const agreed = this.agreed(from, body, opens)
      if (!agreed.ok) return agreed
      signatures.push(this.party.share(body, agreed.value.seed).signature)
      kept.push(...agreed.value.keeps)
    }
    return ok([...kept, ...this.party.tell(from, { type: 'shared', id, signatures })])
  }

  /** The other signed: each body is a step now. */
  takeShared(from: string, { id, signatures }: Extract<Message, { type: 'shared' }>): Taken {
    const { rows, desk } = this.party
    const waiting = rows.sharings.get(toHex(id))
    // It came too late: the accruals go on without it.
    if (!waiting) return ok([])
    if (waiting.other !== from || waiting.bodies.length !== signatures.length) return no({ type: 'malformed' })
    const steps = waiting.bodies.flatMap(({ body, own, otherKey, about }, index) => {
      const other = { key: otherKey, signature: signatures[index] as Uint8Array }
      return desk.step({ body, shares: [own, other], about }).changes
    })
    return ok([rows.sharings.drop(toHex(id)), ...steps])
  }

  /** Bodies that ended before the other answered. */
  look(): readonly JournalChange[] {
    const { time } = this.party.desk.tip()
    return this.given((row) => row.validUntil < time, 'not-answered')
  }

  /** The other signs nothing of what a note asked. */
  refused(note: string, code: string): readonly JournalChange[] {
    return this.given((row) => toHex(row.note) === note, code)
  }

  /** Gives some of what waits up, and lets its accruals go on. */
  private given(up: (row: SharingRow) => boolean, code: string): readonly JournalChange[] {
    const { rows } = this.party
    return [...rows.sharings.entries()].flatMap(([id, waiting]) => {
      if (!up(waiting)) return []
      const free = waiting.accruals.flatMap((handle) => {
        const row = rows.accrualOf(handle)
        return row ? [rows.putAccrual({ ...row, pending: false, refused: code })] : []
      })
      return [rows.sharings.drop(id), ...free]
    })
  }

  /** The own seed that signs a body, when it says what the own book says. */
  private agreed(
    from: string,
    bytes: Uint8Array,
    opens: readonly RebateNote[],
  ): Result<{ readonly seed: Uint8Array; readonly keeps: readonly JournalChange[] }, { readonly type: string }> {
    const read = readBody(bytes)
    if (!read.ok) return no({ type: 'malformed' })
    const { chain, sponsor, contract, transaction } = read.value
    const decoded = decode(rebates.transaction, transaction, transactionBytesMax)
    const isOurs = equalBytes(chain, this.party.desk.chain) && sponsor === from && contract === rebates.name
    if (!isOurs || !decoded.ok) return no({ type: 'malformed' })
    const asked = decoded.value
    switch (asked.type) {
      case 'settle-net':
        return this.sum(from, asked, opens)
      case 'settle':
        return this.line(from, asked, opens)
      case 'resolve':
      case 'restate':
        return this.amount(from, asked)
      case 'displace':
        return this.place(from, asked)
      default:
        return no({ type: 'not-shared' })
    }
  }

  private sum(from: string, { handle, number, record }: Of<'settle-net'>, opens: readonly RebateNote[]) {
    const { rows } = this.party
    const terms = rows.termsOf(handle)
    const note = opens.find((each): each is NoteOf<'settlement'> => each.type === 'settlement')
    if (terms?.other !== from || !note) return no({ type: 'terms-unknown' })
    const now = this.party.termsNow(handle)
    const same = equalBytes(note.content.terms, handle) && note.content.number === number
    if (!same || !equalBytes(this.party.commitmentOf(note), record)) return no({ type: 'malformed' })
    if (number !== (now?.settlements ?? 0) + 1) return no({ type: 'number-wrong' })
    const differs = settlementDiffers(this.party, note.content)
    if (differs) return no({ type: differs })
    return ok({ seed: this.party.termsSeed(terms), keeps: [rows.putSettlement(note)] })
  }

  private line(from: string, { handle, record }: Of<'settle'>, opens: readonly RebateNote[]) {
    const row = this.rowOf(from, handle)
    if (!row) return no({ type: 'accrual-unknown' })
    const step = opens.find(
      (each): each is NoteOf<'step'> => each.type === 'step' && equalBytes(this.party.commitmentOf(each), record),
    )
    const sum = opens.find((each): each is NoteOf<'settlement'> => each.type === 'settlement')
    const last = this.party.last(handle)
    if (!step || !sum) return no({ type: 'malformed' })
    const { content } = step
    if (!equalBytes(content.before, this.party.commitmentOf(last))) return no({ type: notYet })
    const isBack = this.party.accrualNow(handle)?.status === 'reversed'
    const said = isBack ? { step: 'repay', amount: 0n } : { step: 'settle', amount: last.content.amount }
    const right =
      content.step === said.step &&
      content.amount === said.amount &&
      content.settlement === sum.content.number &&
      sum.content.lines.some(({ accrual }) => equalBytes(accrual, handle))
    return right ? ok({ seed: this.party.accrualSeed(row), keeps: [] }) : no({ type: 'amount-differs' })
  }

  /** What this member wanted itself. */
  private amount(from: string, { type, handle, record }: Of<'resolve' | 'restate'>) {
    const row = this.rowOf(from, handle)
    if (!row?.wants) return no({ type: 'not-wanted' })
    const wanted = row.wants.type === 'step' && row.wants.content.step === type
    if (!wanted || !equalBytes(this.party.commitmentOf(row.wants), record)) return no({ type: 'not-wanted' })
    return ok({ seed: this.party.accrualSeed(row), keeps: [] })
  }

  /** The member's own accrual, which is to take the place of another on its fill. */
  private place(from: string, { handle, programme, payer, content }: Of<'displace'>) {
    const { rows } = this.party
    const row = this.rowOf(from, handle)
    if (row?.role !== 'claimant') return no({ type: 'accrual-unknown' })
    const { accrual } = rows.bookOf(handle)
    const fill = rows.fills.get(rows.at(accrual.content.tag))
    const same =
      programme === accrual.content.programme &&
      equalBytes(payer, handleOf(row.otherKey)) &&
      equalBytes(content, this.party.commitmentOf(accrual))
    return fill && same ? ok({ seed: fill.tagSeed, keeps: [] }) : no({ type: 'not-wanted' })
  }

  private rowOf(from: string, handle: Uint8Array): AccrualRow | undefined {
    const row = this.party.rows.accrualOf(handle)
    return row && this.party.otherOf(row.terms) === from ? row : undefined
  }
}

type Of<Type> = Extract<RebatesTransaction, { type: Type }>
