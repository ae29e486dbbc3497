/** Terms between this member and another: offered, proposed, signed by both; and the payer's keys, handed over ahead. */
import { equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { handleOf, publicKeyOf } from '@plexus/crypto'
import type { JournalChange } from '@plexus/exchange'
import { viewOf } from '@plexus/kernel'
import { type NoteOf, payerSeed, type TermsContent } from '@plexus/sdk'
import type { Taken } from '../desk.ts'
import { poolMax } from './bounds.ts'
import type { Message } from './messages.ts'
import { type Done, hashOf, type Party, type RebateRefusal } from './party.ts'
import type { TermsRow } from './rows.ts'

/** What people say of a version of terms: prices in millionths of the currency, `unitsMax` in thousandths of a unit. */
export type SaidTerms = Pick<TermsContent, 'arbiter' | 'startsAt' | 'endsAt' | 'currency' | 'rounding' | 'rates'>

export interface Offer extends SaidTerms {
  /** The member's own name of the contract: the same name is the same contract. */
  readonly name: string
  readonly with: string
  readonly role: 'payer' | 'claimant'
  readonly programme: TermsContent['programme']
}

export class Agreeing {
  private readonly party: Party

  constructor(party: Party) {
    this.party = party
  }

  /** Offers a first version; it is proposed on the ledger once the other has named its key. */
  offer({
    name,
    with: other,
    role,
    programme,
    ...said
  }: Offer): Result<{ terms: Uint8Array; changes: readonly JournalChange[] }, RebateRefusal> {
    const { rows, desk } = this.party
    if (other === desk.member || !members.queries.member(viewOf(members, desk.state), other))
      return no({ type: 'member-unknown' })
    const seed = this.party.termsSeed({ name })
    const handle = hashOf(seed)
    if (rows.termsOf(handle)) return no({ type: 'contract-known' })
    const [payer, claimant] = role === 'payer' ? [desk.member, other] : [other, desk.member]
    const content = { handle, number: 1, programme, payer, claimant, ...said }
    const terms: NoteOf<'terms'> = { type: 'terms', content, leafKey: desk.random(32) }
    const row: TermsRow = {
      handle,
      name,
      role,
      side: 'proposer',
      other,
      otherKey: null,
      handed: 0,
      used: 0,
      refused: null,
    }
    const { pool, changes } = this.hand(row)
    const told = this.party.tell(other, { type: 'offered', terms, key: publicKeyOf(seed), pool })
    return ok({ terms: handle, changes: [rows.putVersion(terms), ...changes, ...told] })
  }

  takeOffer(from: string, { terms, key, pool }: Extract<Message, { type: 'offered' }>): Taken {
    if (terms.type !== 'terms') return no({ type: 'malformed' })
    const { rows, desk } = this.party
    const { handle, number, payer, claimant } = terms.content
    if (number !== 1 || !equalBytes(handle, handleOf(key))) return no({ type: 'malformed' })
    if (![payer, claimant].includes(from) || ![payer, claimant].includes(desk.member) || from === desk.member)
      return no({ type: 'other-parties' })
    if (rows.termsOf(handle)) return no({ type: 'contract-known' })
    const role = payer === desk.member ? 'payer' : 'claimant'
    const row: TermsRow = {
      handle,
      name: toHex(handle),
      role,
      side: 'counterpart',
      other: from,
      otherKey: key,
      handed: role === 'claimant' ? pool.length : 0,
      used: 0,
      refused: null,
    }
    const mine = this.hand(row)
    const own = publicKeyOf(this.party.termsSeed(row))
    const told = this.party.tell(from, { type: 'named', terms: handle, key: own, pool: mine.pool })
    const kept = role === 'claimant' ? pool.map((each, index) => rows.putHanded(handle, index, each)) : []
    return ok([rows.putVersion(terms), ...kept, ...mine.changes, ...told])
  }

  /** The other is ready: now the terms are proposed, of which the ledger learns a commitment and two keys. */
  takeNamed(from: string, { terms: handle, key, pool }: Extract<Message, { type: 'named' }>): Taken {
    const { rows } = this.party
    const row = rows.termsOf(handle)
    const version = rows.version(handle, 1)
    if (!row || !version || row.other !== from || row.otherKey !== null) return no({ type: 'terms-unknown' })
    const counterpart = handleOf(key)
    const { startsAt, endsAt } = version.content
    const content = this.party.commitmentOf(version)
    const { changes } = this.party.step(
      { type: 'propose-terms', handle, counterpart, content, startsAt, endsAt },
      [this.party.termsSeed(row)],
      { type: 'terms', handle },
    )
    const kept = row.role === 'claimant' ? pool.map((each, index) => rows.putHanded(handle, index, each)) : []
    const handed = row.role === 'claimant' ? pool.length : row.handed
    return ok([...changes, ...kept, rows.putTerms({ ...row, otherKey: key, handed })])
  }

  /** A further version, by either party: what it says of the past is restated under it, or not at all. */
  offerVersion(handle: Uint8Array, said: SaidTerms): Done {
    const { rows, desk } = this.party
    const row = rows.termsOf(handle)
    const now = this.party.termsNow(handle)
    const first = rows.version(handle, 1)
    if (!row || !now || !first) return no({ type: 'terms-unknown' })
    const { programme, payer, claimant } = first.content
    const content = { handle, number: now.versions + 1, programme, payer, claimant, ...said }
    const terms: NoteOf<'terms'> = { type: 'terms', content, leafKey: desk.random(32) }
    const { startsAt, endsAt } = said
    const { step, changes } = this.party.step(
      { type: 'propose-version', handle, content: this.party.commitmentOf(terms), startsAt, endsAt },
      [this.party.termsSeed(row)],
      { type: 'terms', handle },
    )
    const told = this.party.tell(row.other, { type: 'version-offered', terms })
    return ok({ step, changes: [...changes, rows.putVersion(terms), ...told] })
  }

  takeVersion(from: string, { terms }: Extract<Message, { type: 'version-offered' }>): Taken {
    if (terms.type !== 'terms') return no({ type: 'malformed' })
    const { rows } = this.party
    const { handle, number } = terms.content
    const row = rows.termsOf(handle)
    const versions = this.party.termsNow(handle)?.versions ?? 0
    if (row?.other !== from) return no({ type: 'terms-unknown' })
    // What both signed is not replaced by what one of them says.
    if (number <= versions) return no({ type: 'version-known' })
    return ok([rows.putVersion(terms)])
  }

  /** Signs what the other proposed, when the ledger has the commitment to what was told. */
  sign(handle: Uint8Array): Done {
    const { rows } = this.party
    const row = rows.termsOf(handle)
    if (!row) return no({ type: 'terms-unknown' })
    const now = this.party.termsNow(handle)
    const number = (now?.versions ?? 0) + 1
    const version = rows.version(handle, number)
    const proposal = now?.proposal
    if (!version || !proposal || proposal.by === row.side) return no({ type: 'nothing-proposed' })
    const content = this.party.commitmentOf(version)
    const same =
      equalBytes(content, proposal.content) &&
      version.content.startsAt === proposal.startsAt &&
      version.content.endsAt === proposal.endsAt
    if (!same) return no({ type: 'nothing-proposed' })
    const seeds = [this.party.termsSeed(row)]
    return ok(this.party.step({ type: 'sign-version', handle, number, content }, seeds, { type: 'terms', handle }))
  }

  ended(handle: Uint8Array, refused: string | null): readonly JournalChange[] {
    const row = this.party.rows.termsOf(handle)
    return row ? [this.party.rows.putTerms({ ...row, refused })] : []
  }

  /** The claimant's next key of the payer, and what is written when it is used; more are asked for before they end. */
  useKey(row: TermsRow): { readonly key: Uint8Array | undefined; readonly changes: readonly JournalChange[] } {
    const { rows } = this.party
    const key = rows.handedKey(row.handle, row.used)
    const used = key ? row.used + 1 : row.used
    const wants = row.handed - used <= poolMax / 4
    const asked = wants ? this.party.tell(row.other, { type: 'keys-wanted', terms: row.handle, from: row.handed }) : []
    return { key, changes: [rows.putTerms({ ...row, used }), ...asked] }
  }

  takeKeysWanted(from: string, { terms, from: number }: Extract<Message, { type: 'keys-wanted' }>): Taken {
    const row = this.party.rows.termsOf(terms)
    if (row?.other !== from || row.role !== 'payer') return no({ type: 'terms-unknown' })
    const { pool, changes } = this.hand({ ...row, handed: number })
    return ok([...changes, ...this.party.tell(from, { type: 'keys', terms, from: number, pool })])
  }

  takeKeys(from: string, { terms, from: number, pool }: Extract<Message, { type: 'keys' }>): Taken {
    const { rows } = this.party
    const row = rows.termsOf(terms)
    if (row?.other !== from || row.role !== 'claimant') return no({ type: 'terms-unknown' })
    if (number !== row.handed) return ok([])
    const kept = pool.map((each, index) => rows.putHanded(terms, number + index, each))
    return ok([...kept, rows.putTerms({ ...row, handed: number + pool.length })])
  }

  /** A payer's next keys from `row.handed` on, each known again by its hash. Nothing at the claimant. */
  private hand(row: TermsRow): { readonly pool: readonly Uint8Array[]; readonly changes: readonly JournalChange[] } {
    const { rows, secret } = this.party
    if (row.role === 'claimant') return { pool: [], changes: [rows.putTerms(row)] }
    const pool = Array.from({ length: poolMax }, (_, index) =>
      publicKeyOf(payerSeed(secret, row.handle, row.handed + index)),
    )
    const known = pool.map((key, index) => rows.putPayer(handleOf(key), row.handle, row.handed + index))
    return { pool, changes: [...known, rows.putTerms({ ...row, handed: row.handed + poolMax })] }
  }
}
