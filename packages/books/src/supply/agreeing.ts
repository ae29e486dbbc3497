/**
 * What two partners say together, each by its own key: what became of goods that did not come, and that what stood still is
 * what its maker made. One asks and its people wait; the other's people agree or decline; then the books put the one step
 * together that has both shares.
 */
import {
  compareBytes,
  decode,
  encode,
  equalBytes,
  fromHex,
  no,
  object,
  ok,
  type Result,
  text,
  toHex,
  uint,
} from '@plexus/codec'
import { type SupplyTransaction, supply } from '@plexus/contracts'
import { handleOf, leafOf, publicKeyOf, statementHash } from '@plexus/crypto'
import { type JournalChange, notYet, type Table } from '@plexus/exchange'
import { composeBody, readBody, signBody, transactionBytesMax } from '@plexus/kernel'
import type { LabelIdentifier, Share } from '@plexus/sdk'
import type { BookDesk, StepOutcome, Taken } from '../desk.ts'
import {
  type AgreementAbout,
  type AgreementRow,
  agreementAbout,
  agreementRow,
  holdingWhyMax,
  type SupplyNote,
  type SupplyRefusal,
  stepWords,
} from './rows.ts'
import type { Shelves } from './shelves.ts'
import type { Tell } from './steps.ts'

const recordType = 'supply-agreement'
const recordContent = object({ about: agreementAbout, why: text({ max: holdingWhyMax }), at: uint() })

/** Of one partner and not answered: a partner that asks for more floods. */
const askedMax = 100

type Asked = Extract<SupplyNote, { type: 'agreement-asked' }>
type Named = Result<{ readonly agreement: string }, SupplyRefusal>

export class Agreeing {
  /** By id in hexadecimal. */
  readonly rows: Table<AgreementRow>
  readonly #parts: { readonly desk: BookDesk; readonly shelves: Shelves; readonly tell: Tell }

  constructor(parts: { readonly desk: BookDesk; readonly shelves: Shelves; readonly tell: Tell }) {
    this.#parts = parts
    this.rows = parts.desk.table('agreements', agreementRow)
  }

  /** Either side of a delivery that came with exceptions: what is in neither list never left its shipper. */
  resolve(asked: {
    readonly shipment: Uint8Array
    readonly partner: string
    readonly lost: readonly LabelIdentifier[]
    readonly found: readonly LabelIdentifier[]
    readonly why: string
  }): Named {
    const { stock } = this.#parts.shelves
    const [lost = [], found = []] = [asked.lost, asked.found].map((labels) =>
      labels.flatMap((label) => stock.byLabel(label)?.member.tag ?? []).sort(compareBytes),
    )
    if (lost.length < asked.lost.length || found.length < asked.found.length) return no({ type: 'label-unknown' })
    return this.#ask(asked.partner, { type: 'resolve', shipment: asked.shipment, lost, found }, asked.why)
  }

  /**
   * Suspect goods in hand are verified in coordination with their maker (FD&C Act, section 582(c)(4)(A) and (d)(4)(A)), who
   * has to agree before they go on.
   */
  clear({ label, why }: { readonly label: LabelIdentifier; readonly why: string }): Named {
    const { shelves } = this.#parts
    const thing = shelves.stock.byLabel(label)
    if (!thing) return no({ type: 'label-unknown' })
    const makers = new Set(thing.member.lots.map((lot) => shelves.lotOf(lot)?.maker))
    const [maker] = makers
    if (maker === undefined || makers.size > 1) return no({ type: 'several-makers' })
    return this.#ask(maker, { type: 'clear', tag: thing.member.tag }, why)
  }

  #ask(partner: string, about: AgreementAbout, why: string): Named {
    const { desk, tell } = this.#parts
    const seed = this.#ownSeed(about)
    if (!seed) return no({ type: 'not-open' })
    const [id, recordKey, at] = [desk.random(32), desk.random(32), Math.floor(desk.now())]
    const said = { about, why, at, recordKey, key: publicKeyOf(seed) }
    desk.write([
      this.rows.put(toHex(id), { ...said, side: 'asks', partner, status: 'asked', body: null }),
      ...tell(partner, { type: 'agreement-asked', id, ...said }),
    ])
    return ok({ agreement: toHex(id) })
  }

  takeAsked(from: string, { type: _, id, ...said }: Asked): Taken {
    const now = this.#otherKey(said.about)
    if (now === undefined) return no({ type: notYet })
    if (now === null || !equalBytes(now, handleOf(said.key))) return no({ type: 'not-open' })
    if (this.#answeringSeeds(said.about) === undefined) return no({ type: 'not-open' })
    if (this.rows.get(toHex(id))) return ok([])
    let open = 0
    for (const [, row] of this.rows.entries())
      if (row.side === 'answers' && row.partner === from && row.status === 'asked') open++
    if (open >= askedMax) return no({ type: 'too-many-asked' })
    return ok([this.rows.put(toHex(id), { ...said, side: 'answers', partner: from, status: 'asked', body: null })])
  }

  /** By people, at the side that was asked. Asked again while no block has it, the step is made anew. */
  agree(agreement: string): Named {
    const { desk, tell } = this.#parts
    const row = this.rows.get(agreement)
    if (row?.side !== 'answers' || row.status === 'declined' || row.status === 'stands')
      return no({ type: 'nothing-asked' })
    const seeds = this.#answeringSeeds(row.about)
    if (!seeds || this.#otherKey(row.about) === null) return no({ type: 'not-open' })
    const { sponsor, sponsorKey, nonce, validUntil } = desk.frame()
    const body = composeBody({
      ...{ chain: desk.chain, sponsor, nonce, validUntil, contract: supply.name },
      transaction: encode(supply.transaction, this.#transactionOf(row)),
      signers: [sponsorKey, row.key, ...seeds.map((seed) => publicKeyOf(seed))],
    })
    const id = fromHex(agreement)
    desk.write([
      this.rows.put(agreement, { ...row, status: 'agreed', body }),
      ...tell(row.partner, { type: 'agreement-share-asked', id, body }),
    ])
    return ok({ agreement })
  }

  decline(agreement: string): Named {
    const { desk, tell } = this.#parts
    const row = this.rows.get(agreement)
    if (row?.side !== 'answers' || row.status !== 'asked') return no({ type: 'nothing-asked' })
    desk.write([
      this.rows.put(agreement, { ...row, status: 'declined' }),
      ...tell(row.partner, { type: 'agreement-declined', id: fromHex(agreement) }),
    ])
    return ok({ agreement })
  }

  /** At whoever asked: the body says what was asked, and nothing else. */
  takeShareAsked(from: string, { id, body }: Extract<SupplyNote, { type: 'agreement-share-asked' }>): Taken {
    const { desk, tell } = this.#parts
    const row = this.rows.get(toHex(id))
    const read = readBody(body)
    if (row?.side !== 'asks' || row.partner !== from || !read.ok) return no({ type: 'not-asked' })
    const { chain, sponsor, contract, transaction } = read.value
    const said = decode(supply.transaction, transaction, transactionBytesMax)
    const isOurs = equalBytes(chain, desk.chain) && sponsor === from && contract === supply.name && said.ok
    const same = isOurs && equalBytes(encode(supply.transaction, this.#transactionOf(row)), transaction)
    const seed = this.#ownSeed(row.about)
    if (!same || !seed) return no({ type: 'not-asked' })
    return ok([
      this.rows.put(toHex(id), { ...row, status: 'agreed' }),
      ...tell(from, { type: 'agreement-share', id, signature: signBody(desk.chain, body, seed) }),
    ])
  }

  /** The other signed: it is a step now. */
  takeShare(from: string, { id, signature }: Extract<SupplyNote, { type: 'agreement-share' }>): Taken {
    const { desk } = this.#parts
    const row = this.rows.get(toHex(id))
    if (row?.side !== 'answers' || row.partner !== from || !row.body) return no({ type: 'not-asked' })
    const { body, key } = row
    const seeds = this.#answeringSeeds(row.about) ?? []
    const own = seeds.map((seed): Share => ({ key: publicKeyOf(seed), signature: signBody(desk.chain, body, seed) }))
    const about = encode(stepWords, { type: 'agreement', id })
    const made = desk.step({ body, shares: [...own, { key, signature }], about })
    return ok([...made.changes, this.rows.put(toHex(id), { ...row, body: null })])
  }

  takeDeclined(from: string, { id }: Extract<SupplyNote, { type: 'agreement-declined' }>): Taken {
    const row = this.rows.get(toHex(id))
    if (row?.side !== 'asks' || row.partner !== from) return no({ type: 'not-asked' })
    return ok([this.rows.put(toHex(id), { ...row, status: 'declined' })])
  }

  /** What the ledger did not take may be agreed to again. */
  agreementEnded(id: Uint8Array, outcome: StepOutcome): readonly JournalChange[] {
    const row = this.rows.get(toHex(id))
    if (!row) return []
    return [this.rows.put(toHex(id), { ...row, status: outcome.type === 'accepted' ? 'stands' : 'asked' })]
  }

  /** Whether the ledger still has what it is about as it was asked: what is over was agreed to, or settled otherwise. */
  isOpen({ about }: AgreementRow): boolean {
    return Boolean(this.#otherKey(about))
  }

  #transactionOf({ about, why, at, recordKey }: AgreementRow): SupplyTransaction {
    const content = encode(recordContent, { about, why, at })
    const record = leafOf(recordKey, statementHash(recordType, this.#parts.desk.chain, content))
    return { ...about, record }
  }

  /** Of the key that whoever asks signs with, where it is this member's. */
  #ownSeed(about: AgreementAbout): Uint8Array | undefined {
    const { shelves } = this.#parts
    if (about.type === 'clear') {
      const held = shelves.held(about.tag)
      return held?.parcel.status === 'held' && held.parcel.hold !== null ? held.key.seed : undefined
    }
    const shipment = this.#withExceptions(about.shipment)
    if (!shipment || !areAmong([...about.lost, ...about.found], shipment.missing)) return undefined
    return [shipment.to, shipment.from].flatMap((key) => shelves.keys.get(toHex(key))?.seed ?? [])[0]
  }

  /** The hash of that key as the ledger has it; null where there is nothing to agree to, undefined where it knows nothing yet. */
  #otherKey(about: AgreementAbout): Uint8Array | null | undefined {
    const { shelves } = this.#parts
    if (about.type === 'clear') {
      const parcel = supply.queries.parcel(shelves.view, toHex(about.tag))
      if (!parcel) return undefined
      return parcel.hold !== null && parcel.status === 'held' ? parcel.holder : null
    }
    const known = supply.queries.shipment(shelves.view, toHex(about.shipment))
    if (!known) return undefined
    if (known.status !== 'received-with-exceptions') return null
    if (!areAmong([...about.lost, ...about.found], known.missing)) return null
    return shelves.keys.get(toHex(known.from)) ? known.to : known.from
  }

  /** Of the keys with which this member answers; undefined where it has none to say. */
  #answeringSeeds(about: AgreementAbout): readonly Uint8Array[] | undefined {
    const { shelves } = this.#parts
    if (about.type === 'clear') {
      const lots = supply.queries.parcel(shelves.view, toHex(about.tag))?.lots ?? []
      const seeds = lots.flatMap((lot) => shelves.lots.get(toHex(lot))?.own?.seed ?? [])
      return lots.length > 0 && seeds.length === lots.length ? seeds : undefined
    }
    const shipment = this.#withExceptions(about.shipment)
    if (!shipment) return undefined
    const seed = [shipment.from, shipment.to].flatMap((key) => shelves.keys.get(toHex(key))?.seed ?? [])[0]
    return seed && [seed]
  }

  #withExceptions(shipment: Uint8Array) {
    const known = supply.queries.shipment(this.#parts.shelves.view, toHex(shipment))
    return known?.status === 'received-with-exceptions' ? known : undefined
  }
}

/** Whether each of these is among those, and none stands twice. */
function areAmong(these: readonly Uint8Array[], those: readonly Uint8Array[]): boolean {
  const left = new Set(those.map(toHex))
  return these.every((each) => left.delete(toHex(each)))
}
