/** What a member reads of its discounts: what the ledger has, beside what only its own book knows. */
import { toHex } from '@plexus/codec'
import type { AccrualStatus, Programme } from '@plexus/contracts'
import type { AccrualBook, Books, TermsContent } from '@plexus/sdk'
import type { Party } from './party.ts'
import type { TermsRow } from './rows.ts'
import { dueOn, paidOn } from './settling.ts'

export interface KnownTerms {
  /** In hexadecimal. */
  readonly terms: string
  readonly name: string
  readonly with: string
  readonly role: 'payer' | 'claimant'
  /** `offered` before the ledger has them, `proposed` before both have signed a version. */
  readonly state: 'ended' | 'offered' | 'proposed' | 'signed'
  /** Versions that both signed; and whether one waits for this member, or for the other. */
  readonly versions: number
  readonly waitsFor: 'other' | 'own' | null
  readonly settlements: number
  /** Of the newest version that this member was told. */
  readonly content: TermsContent
  readonly refused: string | null
}

export interface KnownAccrual {
  readonly accrual: string
  readonly tag: string
  readonly role: 'payer' | 'claimant'
  readonly programme: Programme
  readonly version: number
  readonly product: string
  readonly unit: string
  /** Thousandths of a unit. */
  readonly units: bigint
  /** Minor units: what stands, what was paid and not paid back, and what the next settlement moves. */
  readonly amount: bigint
  readonly paid: bigint
  readonly due: bigint
  /** `not-accrued` where the ledger has none. */
  readonly status: AccrualStatus | 'not-accrued'
  readonly code: string | null
  readonly ending: string | null
  readonly dueAt: number | null
  readonly underWay: boolean
  readonly check: string | null
  /** The other amount that the partner wants, in minor units. */
  readonly wanted: bigint | null
  readonly refused: string | null
}

export function termsOf(party: Party, row: TermsRow): KnownTerms {
  const { rows, desk } = party
  const { handle, name, role, side, other, refused } = row
  const now = party.termsNow(handle)
  const versions = now?.versions ?? 0
  const newest = rows.version(handle, versions + 1) ?? rows.version(handle, versions)
  if (!newest) throw new Error('terms of which nothing was said')
  const isOver = now !== undefined && now.endsAt !== null && now.endsAt <= desk.tip().time
  const proposal = now?.proposal
  return {
    terms: toHex(handle),
    name,
    with: other,
    role,
    state: !now ? 'offered' : isOver ? 'ended' : versions === 0 ? 'proposed' : 'signed',
    versions,
    waitsFor: proposal ? (proposal.by === side ? 'other' : 'own') : null,
    settlements: now?.settlements ?? 0,
    content: newest.content,
    refused,
  }
}

export function accrualsOf(party: Party, terms: Uint8Array): readonly KnownAccrual[] {
  return [...party.rows.accrualsUnder(terms)].map((row) => {
    const book = party.rows.bookOf(row.handle)
    const { content } = book.accrual
    const now = party.accrualNow(row.handle)
    const last = (book.steps.at(-1) ?? book.accrual).content
    return {
      accrual: toHex(row.handle),
      tag: toHex(content.tag),
      role: row.role,
      programme: content.programme,
      version: content.version,
      product: content.product,
      unit: content.unit,
      units: content.units,
      amount: now && now.ending === null ? last.amount : 0n,
      paid: paidOn(book),
      due: (now && dueOn(book, now)) ?? 0n,
      status: now?.status ?? 'not-accrued',
      code: now?.code ?? null,
      ending: now?.ending ?? null,
      dueAt: now?.dueAt ?? null,
      underWay: row.pending,
      check: row.check,
      wanted: row.wanted?.type === 'step' ? row.wanted.content.amount : null,
      refused: row.refused,
    }
  })
}

/** All that opens one contract, as an auditor is given it. What never came to the ledger is left out. */
export function booksOf(party: Party, terms: Uint8Array): Books {
  const { rows } = party
  const now = party.termsNow(terms)
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
  const accruals: AccrualBook[] = []
  for (const row of rows.accrualsUnder(terms)) if (party.accrualNow(row.handle)) accruals.push(rows.bookOf(row.handle))
  return {
    terms: numbers(now?.versions ?? 0).flatMap((number) => rows.version(terms, number) ?? []),
    settlements: numbers(now?.settlements ?? 0).flatMap((number) => rows.settlement(terms, number) ?? []),
    accruals,
  }
}
