/**
 * One member's part in the exchange, driven from outside by notes, blocks and ticks. One thing happens at a time: what
 * waits for cryptography never interleaves with another note, so each handler reads and writes a journal of its own.
 */
import { no, ok, type Result, toHex } from '@plexus/codec'
import type { Vault } from '@plexus/vault'
import { Batches } from './batches.ts'
import { type BookDoor, type BookParts, notYet } from './book-door.ts'
import { Cases } from './cases.ts'
import { Corrections } from './corrections.ts'
import { Counts } from './counts.ts'
import { Custodian } from './custodian.ts'
import { Custody, type Registered } from './custody.ts'
import type { IncomingRecord } from './custody-rows.ts'
import { EarlierAsks } from './earlier-asks.ts'
import { Leaving } from './leaving.ts'
import { Mailboxes } from './mailbox.ts'
import { type MemberNote, NoteDesk, type NoteRefusal, type OpenedNote } from './notes.ts'
import { Outbox } from './outbox.ts'
import { OwnRecord } from './own-record.ts'
import { type KnownThere, ownWord } from './own-word.ts'
import type { Journal, Organisation, Replica, Surroundings } from './ports.ts'
import { PublishedPages } from './published-pages.ts'
import { Receipts } from './receipts.ts'
import { Requester } from './requester.ts'
import type { Gathered, VisitRefusal } from './requester-rows.ts'
import { Reviews } from './reviews.ts'
import { SelfAsserted } from './self-asserted.ts'
import { blindKeys } from './tables.ts'
import { WalletDoor, type WalletRefusal } from './wallet-door.ts'

export interface ExchangeOptions {
  readonly member: string
  readonly replica: Replica
  readonly journal: Journal
  readonly vault: Vault
  readonly surroundings: Surroundings
  /** The member itself and its tenants. */
  readonly organisations: readonly Organisation[]
  /** Seed of the member's key with the scopes `sponsor` and `batches`. */
  readonly seed: Uint8Array
  /** Seed of the X-Wing key that the ledger names for this node. */
  readonly sealingSeed: Uint8Array
  /** 32 bytes, kept beside the journal's key: rows about patients are named under it. */
  readonly blindingKey: Uint8Array
  /** Opens the books of contracts on what the exchange has; without it, notes to them are refused. */
  readonly openBooks?: (parts: BookParts) => BookDoor
}

/** `refusal`: of the book that a wallet spoke to. */
type HandledRefusal = WalletRefusal | { readonly type: 'book-refused'; readonly refusal: string }

/** Notes that wait for their turn; beyond these a sender is not heard, and sends again. */
const queuedNotesMax = 10_000

export class Exchange {
  readonly batches: Batches
  readonly custody: Custody
  readonly custodian: Custodian
  readonly receipts: Receipts
  readonly requester: Requester
  readonly mailboxes: Mailboxes
  readonly outbox: Outbox
  readonly corrections: Corrections
  readonly cases: Cases
  readonly reviews: Reviews
  readonly door: WalletDoor
  readonly ownRecord: OwnRecord
  readonly pages: PublishedPages
  /** The member itself and its tenants; a tenant that joins is put in here, and whoever signs with another key from now on. */
  readonly organisations: Map<string, Organisation>
  private readonly leaving: Leaving
  private readonly desk: NoteDesk
  private readonly counts: Counts
  private readonly books: BookDoor | undefined
  private readonly earlier: EarlierAsks
  private readonly surroundings: Surroundings
  private tail: Promise<unknown> = Promise.resolve()
  private queued = 0
  private woken = false

  constructor(options: ExchangeOptions) {
    const { member, journal, vault, seed, sealingSeed } = options
    this.leaving = new Leaving(journal)
    const replica = this.leaving.replica(options.replica)
    const surroundings = this.leaving.surroundings(options.surroundings)
    this.surroundings = surroundings
    this.organisations = new Map(options.organisations.map((each) => [each.id, each]))
    const { organisations } = this
    const current = (): Uint8Array => organisations.get(member)?.seed ?? seed
    const blind = blindKeys(options.blindingKey)
    const chain = replica.chain.id
    this.desk = new NoteDesk({
      chain,
      member,
      get seed() {
        return current()
      },
      sealingSeed,
      state: () => replica.state,
      send: surroundings.send,
    })
    const { desk } = this
    this.batches = new Batches({
      journal,
      replica,
      surroundings,
      member,
      get seed() {
        return current()
      },
    })
    const { batches } = this
    this.outbox = new Outbox({ journal, desk, surroundings, chain })
    const { outbox } = this
    this.custody = new Custody({ journal, batches, vault, surroundings, blind })
    const { custody } = this
    this.receipts = new Receipts({ journal, replica, batches, custody, vault, outbox, surroundings, organisations })
    const { receipts } = this
    const selfAsserted = new SelfAsserted({ journal, blind })
    this.cases = new Cases({
      journal,
      replica,
      batches,
      custody,
      patientOfKey: (custodian, key) => this.custodian.patientOfKey(custodian, key),
      outbox,
      surroundings,
      organisations,
    })
    const { cases } = this
    this.earlier = new EarlierAsks({ journal, blind })
    const { earlier } = this
    this.reviews = new Reviews({ journal, batches, surroundings, custody, outbox })
    const { reviews } = this
    this.custodian = new Custodian({
      journal,
      replica,
      batches,
      custody,
      vault,
      receipts,
      selfAsserted,
      cases,
      reviews,
      desk,
      surroundings,
      organisations,
      blind,
    })
    const { custodian } = this
    this.ownRecord = new OwnRecord({ replica, batches, custody, custodian, vault, surroundings, organisations })
    this.requester = new Requester({ journal, replica, batches, outbox, desk, earlier, reviews, surroundings })
    this.pages = new PublishedPages({ journal, replica, batches, member })
    this.mailboxes = new Mailboxes({ journal, surroundings, chain })
    this.corrections = new Corrections({
      journal,
      replica,
      batches,
      custody,
      custodian,
      outbox,
      desk,
      surroundings,
      organisations,
      member,
      get seed() {
        return current()
      },
    })
    this.door = new WalletDoor({
      journal,
      replica,
      batches,
      custody,
      custodian,
      receipts,
      requester: this.requester,
      cases,
      vault,
      outbox,
      surroundings,
      organisations,
      blind,
    })
    this.counts = new Counts({
      replica,
      selfAsserted,
      surroundings,
      organisations,
      member,
      get seed() {
        return current()
      },
    })
    this.books = options.openBooks?.({
      member,
      journal,
      replica,
      outbox,
      surroundings,
      organisations,
      blind,
      get seed() {
        return current()
      },
    })
  }

  /** A sealed note from another member or a wallet. What a wallet brought is answered at once; members are answered by notes. */
  receive(sealed: Uint8Array): Promise<Result<void, NoteRefusal | HandledRefusal | { readonly type: 'node-busy' }>> {
    if (this.queued >= queuedNotesMax) return Promise.resolve(no({ type: 'node-busy' }))
    return this.turn(async () => {
      const opened = await this.desk.open(sealed)
      if (!opened.ok) return opened
      const answer = await this.handle(opened.value)
      await this.advance()
      return answer
    })
  }

  /** To be called when the replica has applied a block, and every fifty milliseconds or so. Calls that pile up are one turn. */
  async wake(): Promise<void> {
    if (this.woken) return
    this.woken = true
    await this.turn(() => {
      this.woken = false
      return this.advance()
    })
  }

  /** Resolves when every turn that was asked for has ended, and all that came of it is durable and has left. */
  async drained(): Promise<void> {
    await this.tail
    await this.durable()
  }

  /** Resolves when all that was written so far is durable: whoever shows what he read here waits for it. */
  durable(): Promise<void> {
    return this.leaving.left()
  }

  /** Runs something of this member's own people in turn: an import, an ask, a correction. */
  run<Value>(action: (exchange: Exchange) => Promise<Value> | Value): Promise<Value> {
    return this.turn(async () => {
      const value = await action(this)
      // What the action wrote is done. A fault in what follows comes again with the next wake, which reports it.
      await this.advance().catch(() => {})
      return value
    })
  }

  /** Opens a visit on the own word of an organisation that this node acts for; gives its random name. */
  goOnWithout(
    requester: string,
    known: readonly KnownThere[],
  ): Promise<Result<Uint8Array, VisitRefusal | { readonly type: 'requester-not-here' }>> {
    return this.turn(async () => {
      if (!this.organisations.has(requester)) return no({ type: 'requester-not-here' })
      const { now, random } = this.surroundings
      const visit = random(16)
      const evidence = ownWord({ requester, known, reference: toHex(visit), now: now(), random })
      const opened = this.requester.openVisit(visit, requester, evidence)
      await this.advance().catch(() => {})
      return opened.ok ? ok(visit) : opened
    })
  }

  /** The newest ask of the same patient before this one that brought something, and when it was made. */
  earlierThan(ask: Uint8Array): { readonly gathered: Gathered; readonly askedAt: number } | undefined {
    for (const { ask: before, askedAt } of this.earlier.earlierThan(ask)) {
      const gathered = this.requester.gathered(before)
      if (gathered?.sources.some(({ records }) => records.length > 0)) return { gathered, askedAt }
    }
    return undefined
  }

  /**
   * Takes records of one patient into custody; whoever received a version that they replace is told. An enrolled wallet
   * is sent the wrapping keys of segments and epochs that are new with them. Their leaves join a batch with the next
   * wake, so that an import fills its batches.
   */
  register(custodian: string, patient: string, records: readonly IncomingRecord[]): Promise<Registered> {
    return this.turn(async () => {
      const registered = this.custody.register(
        custodian,
        patient,
        records,
        (key, replaced) => this.corrections.changesFor(custodian, key, replaced).changes,
      )
      this.door.giveWrappingKeys(this.custody.patientKey(custodian, patient))
      return registered
    })
  }

  /** Notes and requests of own people that wait for their turn. */
  get notesWaiting(): number {
    return this.queued
  }

  /** Nothing is pending, in flight, unanswered, untold or unacknowledged. */
  get idle(): boolean {
    const { batches, custodian, requester, outbox, books } = this
    return batches.idle && custodian.idle && requester.idle && outbox.waiting === 0 && (books?.idle ?? true)
  }

  private async advance(): Promise<void> {
    this.batches.tick()
    await this.custodian.settle()
    await this.requester.tick()
    // Answers and receipts of this round join a batch at once, unless one is in flight.
    this.batches.tick()
    this.books?.tick()
    this.pages.tick()
    await this.outbox.tick()
    this.counts.tick()
  }

  private async handle(opened: OpenedNote): Promise<Result<void, HandledRefusal>> {
    if (opened.from === null) {
      const { note } = opened
      if (note.type !== 'book') return this.door.take(note)
      const taken = await this.books?.take(null, { id: null, ...note })
      return taken?.ok ? taken : no({ type: 'book-refused', refusal: taken?.reason.type ?? 'book-unknown' })
    }
    const { from, note } = opened
    switch (note.type) {
      case 'request':
        await this.custodian.request(from, note)
        break
      case 'answer':
        await this.requester.answer(from, note)
        break
      case 'refusal':
        this.requester.refusal(from, note)
        break
      case 'fetch': {
        const contents = this.custodian.contents(from, note)
        if (contents) await this.desk.tell(from, contents)
        break
      }
      case 'contents':
        await this.requester.contents(from, note)
        break
      case 'deposit':
        this.mailboxes.deposit(note)
        await this.desk.tell(from, { type: 'deposited', id: note.id })
        break
      case 'deposited':
        this.outbox.acknowledged(note.id)
        break
      case 'correction':
        await this.corrections.take(from, note)
        break
      case 'acknowledged':
        this.corrections.acknowledged(from, note)
        break
      case 'book':
        await this.bookNote(from, note)
        break
    }
    return ok()
  }

  private async bookNote(
    from: string,
    { id, contract, part }: Extract<MemberNote, { readonly type: 'book' }>,
  ): Promise<void> {
    if (part.type !== 'note') {
      this.outbox.acknowledged(id)
      if (part.type === 'refused') this.books?.refused(contract, id, part.code)
      return
    }
    const taken = (await this.books?.take(from, { id, contract, body: part.body })) ?? no({ type: 'book-unknown' })
    if (!taken.ok && taken.reason.type === notYet) return
    const answer = taken.ok ? { type: 'taken' as const } : { type: 'refused' as const, code: taken.reason.type }
    await this.desk.tell(from, { type: 'book', id, contract, part: answer })
  }

  /**
   * A failure of one turn reaches its caller and does not stop the next. Its caller hears of it when all that it wrote is
   * durable, and the next turn need not wait for that.
   */
  private async turn<Value>(action: () => Promise<Value>): Promise<Value> {
    this.queued++
    const run = this.tail.then(action)
    this.tail = run.then(
      () => this.queued--,
      () => this.queued--,
    )
    const value = await run
    await this.durable()
    return value
  }
}
