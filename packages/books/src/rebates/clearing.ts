/** What becomes of an accrual at its payer, or by both: approved, disputed, set to another amount, displaced by a lower price. */
import { equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { type AccrualStatus, type DisputeCode, rebates } from '@plexus/contracts'
import { handleOf } from '@plexus/crypto'
import type { JournalChange } from '@plexus/exchange'
import type { NoteOf } from '@plexus/sdk'
import type { StepOutcome, Taken } from '../desk.ts'
import type { Accruing } from './accruing.ts'
import type { Message } from './messages.ts'
import type { Done, Party, RebateRefusal } from './party.ts'
import type { Sharing } from './sharing.ts'

/** In these an accrual spends its fill. */
const standing: readonly AccrualStatus[] = [
  'accrued',
  'claimed',
  'validated',
  'disputed',
  'escalated',
  'approved',
  'settled',
]

export class Clearing {
  private readonly party: Party
  private readonly accruing: Accruing
  private readonly sharing: Sharing

  constructor(party: Party, accruing: Accruing, sharing: Sharing) {
    this.party = party
    this.accruing = accruing
    this.sharing = sharing
  }

  approve(handle: Uint8Array): Done {
    const found = this.party.ready(handle, 'validated')
    if (!found.ok) return found
    if (found.value.row.role !== 'payer') return no({ type: 'not-the-payer' })
    const { note, record } = this.party.next(handle, 'approve')
    return ok(this.party.stepOf(found.value.row, { type: 'approve', handle, record }, note))
  }

  dispute(handle: Uint8Array, code: DisputeCode, why: string): Done {
    const found = this.party.ready(handle, 'claimed', 'validated')
    if (!found.ok) return found
    if (found.value.row.role !== 'payer') return no({ type: 'not-the-payer' })
    const { note, record } = this.party.next(handle, 'dispute', { note: why })
    return ok(this.party.stepOf(found.value.row, { type: 'dispute', handle, record, code }, note))
  }

  /**
   * Another amount, in minor units: of a dispute that is over, or of what was approved or paid. It takes both: who says it first
   * waits for the other, who says the same.
   */
  setAmount(
    handle: Uint8Array,
    amount: bigint,
    why: string,
  ): Result<{ changes: readonly JournalChange[] }, RebateRefusal> {
    const found = this.party.ready(handle, 'approved', 'settled', 'disputed', 'escalated')
    if (!found.ok) return found
    const { row, now } = found.value
    const type = now.status === 'approved' || now.status === 'settled' ? 'restate' : 'resolve'
    const { rows } = this.party
    const last = this.party.commitmentOf(this.party.last(handle))
    const wanted = row.wanted?.type === 'step' && equalBytes(row.wanted.content.before, last) ? row.wanted : null
    const other = this.party.otherOf(row.terms)
    if (!wanted || wanted.content.step !== type) {
      const { note } = this.party.next(handle, type, { amount, note: why })
      const told = this.party.tell(other, { type: 'wanted', step: note })
      return ok({ changes: [rows.putAccrual({ ...row, wants: note }), ...told] })
    }
    if (wanted.content.amount !== amount) return no({ type: 'amount-differs' })
    const transaction = { type, handle, record: this.party.commitmentOf(wanted) } as const
    const shared = {
      transaction,
      seed: this.party.accrualSeed(row),
      otherKey: row.otherKey,
      about: { type: 'said', step: wanted } as const,
    }
    return ok({ changes: this.sharing.ask(other, [shared], { opens: [], accruals: [row] }) })
  }

  takeWanted(from: string, { step }: Extract<Message, { type: 'wanted' }>): Taken {
    const { rows } = this.party
    if (step.type !== 'step' || (step.content.step !== 'resolve' && step.content.step !== 'restate'))
      return no({ type: 'malformed' })
    const row = rows.accrualOf(step.content.accrual)
    if (!row || this.party.otherOf(row.terms) !== from) return no({ type: 'accrual-unknown' })
    return ok([rows.putAccrual({ ...row, wanted: step })])
  }

  /** Asks the payer to let this claim, which the fill's discount refused, take the place of what stands. */
  displace(handle: Uint8Array): Result<{ changes: readonly JournalChange[] }, RebateRefusal> {
    const { rows, view } = this.party
    const row = rows.accrualOf(handle)
    if (!row) return no({ type: 'accrual-unknown' })
    if (row.role !== 'claimant') return no({ type: 'not-the-claimant' })
    if (row.refused !== 'exclusivity-spent') return no({ type: 'wrong-status' })
    const { accrual } = rows.bookOf(handle)
    const fill = rows.fills.get(rows.at(accrual.content.tag))
    const standing = rebates.queries.spentBy(view, toHex(accrual.content.tag)).statutory
    if (!fill || !standing) return no({ type: 'nothing-accrued' })
    return ok({ changes: this.accruing.askForPlace(row, accrual, standing) })
  }

  /** At the payer of both: the larger discount is the lower price, and stands (42 U.S.C. 1320f-2(d)). */
  takeDisplacing(
    from: string,
    { accrual, key, payer, from: standingHandle, tagKey }: Extract<Message, { type: 'displacing' }>,
  ): Taken {
    if (accrual.type !== 'accrual') return no({ type: 'malformed' })
    const { rows } = this.party
    const { content } = accrual
    const terms = rows.termsOf(content.terms)
    const own = rows.payerOf(payer)
    if (terms?.other !== from || terms.role !== 'payer' || !own || !equalBytes(own.terms, content.terms))
      return no({ type: 'terms-unknown' })
    if (!equalBytes(content.accrual, handleOf(key)) || !equalBytes(content.tag, handleOf(tagKey)))
      return no({ type: 'malformed' })
    const found = this.party.ready(standingHandle, ...standing)
    if (!found.ok) return no({ type: found.reason.type })
    const { row, now } = found.value
    if (row.role !== 'payer' || !equalBytes(now.tag, content.tag)) return no({ type: 'accrual-unknown' })
    const verdict = this.accruing.verdict(accrual)
    if (verdict !== 'due') return no({ type: verdict })
    if (content.amount <= this.party.last(standingHandle).content.amount) return no({ type: 'lower-price-stands' })
    const { note, record } = this.party.next(standingHandle, 'displace', { amount: 0n })
    const transaction = {
      type: 'displace',
      handle: content.accrual,
      from: standingHandle,
      programme: content.programme,
      payer,
      content: this.party.commitmentOf(accrual),
      record,
    } as const
    const about = { type: 'displace', step: note, accrual, number: own.number, key } as const
    const shared = { transaction, seed: this.party.accrualSeed(row), otherKey: tagKey, about }
    return ok(this.sharing.ask(from, [shared], { opens: [], accruals: [row] }))
  }

  /** The fill changed its discount: one accrual is over, and the other is the payer's too. */
  displaced(
    {
      step,
      accrual,
      number,
      key,
    }: { step: NoteOf<'step'>; accrual: NoteOf<'accrual'>; number: number; key: Uint8Array },
    outcome: StepOutcome,
  ): readonly JournalChange[] {
    const ended = this.accruing.saidEnded(step, outcome)
    return outcome.type === 'accepted' ? [...ended, ...this.accruing.payersRow(accrual, { number, key })] : ended
  }
}
