/** A discount on a fill: accrued by the claimant, checked by the payer, and each step as it was taken. */
import { encode, equalBytes, fromHex, no, ok, type Result, toHex } from '@plexus/codec'
import { prescriptions, rebates } from '@plexus/contracts'
import { handleOf, publicKeyOf } from '@plexus/crypto'
import { type JournalChange, notYet } from '@plexus/exchange'
import { viewOf } from '@plexus/kernel'
import { accrualOf, accrualSeed, amountDue, checkAccrual, type NoteOf, stepAfter } from '@plexus/sdk'
import type { StepOutcome, Taken } from '../desk.ts'
import type { Agreeing } from './agreeing.ts'
import { type Message, message } from './messages.ts'
import { hashOf, type Party, type RebateRefusal } from './party.ts'
import type { AccrualRow } from './rows.ts'

/** What people say of a discount; `units` in thousandths. The rest is in the record of dispensing and in the terms. */
export interface Claimed {
  readonly terms: Uint8Array
  readonly tag: Uint8Array
  readonly product: string
  readonly unit: string
  readonly units: bigint
}

interface Accrued {
  readonly step: string
  readonly handle: Uint8Array
  readonly changes: readonly JournalChange[]
}

/** Discounts that one claimant tries on one fill: programmes of a group, and again after a reversal. */
const triesMax = 64

export class Accruing {
  private readonly party: Party
  private readonly agreeing: Agreeing

  constructor(party: Party, agreeing: Agreeing) {
    this.party = party
    this.agreeing = agreeing
  }

  accrue({ terms, tag, product, unit, units }: Claimed): Result<Accrued, RebateRefusal> {
    const { rows, desk, view } = this.party
    const row = rows.termsOf(terms)
    if (!row) return no({ type: 'terms-unknown' })
    if (row.role !== 'claimant') return no({ type: 'not-the-claimant' })
    const kept = rows.fills.get(rows.at(tag))
    if (!kept) return no({ type: 'fill-unknown' })
    const { tagSeed, pharmacy, filledAt } = kept
    const inForce = rebates.queries.versionInForce(view, toHex(terms), filledAt)
    const version = inForce === undefined ? undefined : rows.version(terms, inForce)
    if (!version) return no({ type: 'no-terms-in-force' })
    const fill = { tag, product, unit, units, pharmacy, filledAt }
    const due = amountDue(version.content, fill)
    if (!due.ok) return no({ type: due.reason.type as 'unit-differs' })
    const { key, changes: keyChanges } = this.agreeing.useKey(row)
    if (!key) {
      desk.write(keyChanges)
      return no({ type: 'keys-wanted' })
    }
    const { number, handle } = this.freshKey(tag)
    const { note, transaction } = accrualOf(desk.chain, version.content, fill, {
      handle,
      payer: handleOf(key),
      random: desk.random,
    })
    const { step, changes } = this.party.step(transaction, [tagSeed], { type: 'accrue', handle })
    const accrual = { ...newRow, handle, terms, role: 'claimant', number, otherKey: key } as const
    return ok({ step, handle, changes: [...keyChanges, ...changes, ...rows.addAccrual(accrual, note)] })
  }

  /** Once it stands, the payer has the data: the claim is the data event, from whose block the clock runs. */
  ended(handle: Uint8Array, outcome: StepOutcome): readonly JournalChange[] {
    const { rows } = this.party
    const row = rows.accrualOf(handle)
    if (!row) return []
    if (outcome.type !== 'accepted')
      return [
        rows.putAccrual({ ...row, pending: false, refused: outcome.type === 'lapsed' ? 'lapsed' : outcome.reason }),
      ]
    return this.begin(row)
  }

  /** Tells the payer, and claims. */
  begin(row: AccrualRow): readonly JournalChange[] {
    const { accrual } = this.party.rows.bookOf(row.handle)
    const key = publicKeyOf(this.party.accrualSeed(row))
    const told = this.party.tell(this.party.otherOf(row.terms), { type: 'accrued', accrual, key })
    const { note, record } = this.party.next(row.handle, 'claim')
    return [...told, ...this.party.stepOf(row, { type: 'claim', handle: row.handle, record }, note).changes]
  }

  /** Asks the payer to put this accrual in the place of one that stands. */
  askForPlace(row: AccrualRow, accrual: NoteOf<'accrual'>, from: string): readonly JournalChange[] {
    const { rows, desk } = this.party
    const fill = rows.fills.get(rows.at(accrual.content.tag))
    if (!fill) throw new Error('a claim on a fill whose key is not kept')
    const key = publicKeyOf(this.party.accrualSeed(row))
    const payer = handleOf(row.otherKey)
    const tagKey = publicKeyOf(fill.tagSeed)
    const asked = encode(message, { type: 'displacing', accrual, key, payer, from: fromHex(from), tagKey })
    const { note, changes } = desk.tell(this.party.otherOf(row.terms), asked)
    return [...changes, rows.places.put(note, row.handle)]
  }

  /** The payer does not give the place. */
  placeRefused(note: string, code: string): readonly JournalChange[] {
    const { rows } = this.party
    const handle = rows.places.get(note)
    const row = handle && rows.accrualOf(handle)
    return row ? [rows.places.drop(note), rows.putAccrual({ ...row, refused: code })] : []
  }

  /** Places that were given: the accrual stands, in an envelope of the payer's. */
  look(): readonly JournalChange[] {
    const { rows } = this.party
    const changes: JournalChange[] = []
    for (const [note, handle] of rows.places.entries()) {
      const row = rows.accrualOf(handle)
      if (!row || !this.party.accrualNow(handle)) continue
      const { note: step, record } = this.party.next(handle, 'claim')
      changes.push(rows.places.drop(note), ...this.party.stepOf(row, { type: 'claim', handle, record }, step).changes)
    }
    return changes
  }

  /** The payer's side of an accrual that stands on the ledger. */
  takeAccrued(from: string, { accrual, key }: Extract<Message, { type: 'accrued' }>): Taken {
    if (accrual.type !== 'accrual') return no({ type: 'malformed' })
    const { rows } = this.party
    const { content } = accrual
    if (!equalBytes(content.accrual, handleOf(key))) return no({ type: 'malformed' })
    if (rows.accrualOf(content.accrual)) return ok([])
    const terms = rows.termsOf(content.terms)
    if (terms?.other !== from || terms.role !== 'payer') return no({ type: 'terms-unknown' })
    const now = this.party.accrualNow(content.accrual)
    if (!now) return no({ type: notYet })
    const own = rows.payerOf(now.payer)
    if (!own || !equalBytes(own.terms, content.terms)) return no({ type: 'other-terms' })
    return ok(this.payersRow(accrual, { number: own.number, key }))
  }

  payersRow(accrual: NoteOf<'accrual'>, { number, key }: { readonly number: number; readonly key: Uint8Array }) {
    const { accrual: handle, terms } = accrual.content
    const check = this.verdict(accrual)
    const row = { ...newRow, handle, terms, role: 'payer', number, otherKey: key, pending: false, check } as const
    return this.party.rows.addAccrual(row, accrual)
  }

  /** `due`, or the first reason why an accrual is not: by the terms in force, and by the fill on the ledger. */
  verdict(shown: NoteOf<'accrual'>): string {
    const { rows, desk, view } = this.party
    const { content } = shown
    const { accrual: handle, tag, terms, version, programme, filledAt, pharmacy } = content
    const fill = prescriptions.queries.fill(viewOf(prescriptions, desk.state), toHex(tag))
    const signed = rows.version(terms, version)
    if (!fill) return 'fill-unknown'
    if (!signed) return 'other-terms'
    const inForce = rebates.queries.versionInForce(view, toHex(terms), filledAt)
    const record = this.party.commitmentOf(shown)
    const checked = checkAccrual(
      { accrual: shown, steps: [] },
      {
        chain: desk.chain,
        handle,
        accrual: { ...noAccrual, tag, programme, record },
        fill,
        terms: signed.content,
        inForce,
        // Whom a programme registers is for the payer to say in a dispute: the terms name no pharmacies.
        pharmacies: [pharmacy],
      },
    )
    return checked.ok ? 'due' : checked.reason.type
  }

  /** A step that the other took, or that both took in the other's envelope. */
  takeSaid(from: string, { step }: Extract<Message, { type: 'said' }>): Taken {
    if (step.type !== 'step') return no({ type: 'malformed' })
    const { rows, desk } = this.party
    const { accrual: handle, before } = step.content
    const row = rows.accrualOf(handle)
    if (!row) return no({ type: notYet })
    if (this.party.otherOf(row.terms) !== from) return no({ type: 'accrual-unknown' })
    const last = this.party.commitmentOf(this.party.last(handle))
    const taken = this.party.commitmentOf(step)
    if (equalBytes(last, taken)) return ok([])
    const record = this.party.accrualNow(handle)?.record
    if (!equalBytes(before, last) || !record || equalBytes(record, last)) return no({ type: notYet })
    const heard = { ...row, wants: null, wanted: null }
    const added = rows.addStep(handle, step)
    const validates = row.role === 'payer' && step.content.step === 'claim' && row.check === 'due'
    if (!validates || !equalBytes(record, taken)) return ok([added, rows.putAccrual(heard)])
    const next = stepAfter(desk.chain, step, { step: 'validate' }, desk.random)
    const { changes } = this.party.stepOf(heard, { type: 'validate', handle, record: next.record }, next.note)
    return ok([added, ...changes])
  }

  /** A step of this member's envelope that moved one accrual. */
  saidEnded(step: NoteOf<'step'>, outcome: StepOutcome): readonly JournalChange[] {
    const { rows } = this.party
    const { accrual: handle } = step.content
    const row = rows.accrualOf(handle)
    if (!row) return []
    if (outcome.type !== 'accepted')
      return [
        rows.putAccrual({ ...row, pending: false, refused: outcome.type === 'lapsed' ? 'lapsed' : outcome.reason }),
      ]
    return [
      rows.addStep(handle, step),
      rows.putAccrual({ ...row, pending: false, wants: null, wanted: null }),
      ...this.party.tell(this.party.otherOf(row.terms), { type: 'said', step }),
    ]
  }

  /** The first of the claimant's keys on a fill that no accrual has. */
  private freshKey(tag: Uint8Array) {
    const { rows, secret } = this.party
    for (let number = 0; number < triesMax; number++) {
      const handle = hashOf(accrualSeed(secret, tag, number))
      if (!rows.accrualOf(handle)) return { number, handle }
    }
    throw new Error(`more than ${triesMax} discounts were tried on one fill`)
  }
}

const newRow = { pending: true, wants: null, wanted: null, check: null, refused: null }

/** What a check does not ask. */
const noAccrual = {
  status: 'accrued',
  payer: new Uint8Array(32),
  arbiter: null,
  code: null,
  dueAt: null,
  paid: false,
  ending: null,
  since: 0,
} as const
