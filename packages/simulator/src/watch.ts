/** Opens every note that leaves a node, reads every durable write, and holds both against the rules of the design. */
import { decode, equalBytes, toHex, utf8 } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { openSealed, sha256 } from '@plexus/crypto'
import { type IncomingRecord, type JournalChange, type MemberNote, memberNote, statementsIn } from '@plexus/exchange'
import { type Opening, openingLeadsTo, type StateReader, viewOf } from '@plexus/kernel'
import {
  type IntentContent,
  intent,
  noteBytesMax,
  noteFrame,
  noteInfo,
  noticeBytesMax,
  noticeInfo,
  notice as noticeSchema,
  type Receipt,
  receipt,
  receiptBundle,
} from '@plexus/policy'
import { AnswersTaken } from './answers-taken.ts'
import { type Again, decideAgain } from './decide-again.ts'
import type { SimulatedNode } from './node.ts'
import type { World } from './world.ts'

export interface Asked {
  readonly intent: Opening
  readonly evidence: readonly Opening[]
  readonly content: IntentContent
}

/** A receipt as its custodian wrote it. */
export interface WrittenReceipt {
  readonly hash: string
  readonly node: string
  readonly statement: Uint8Array
  readonly receipt: Receipt
}

interface Leaving {
  readonly from: SimulatedNode
  readonly to: string
  readonly sealed: Uint8Array
  /** What the sender's replica had applied. */
  readonly height: number
  /** Receipts whose notice stood in the sender's outbox. */
  readonly duties: (statement: Uint8Array) => boolean
}

export class Watch {
  /** Every intent that was put to somebody. */
  readonly asked = new Map<string, Asked>()
  readonly receipts: WrittenReceipt[] = []
  /** Intents on which something was released, as the journals say, with the receipt. */
  readonly released = new Map<string, string>()
  readonly voided = new Set<string>()
  /** Intents whose answer the requester took, with the patient's second notice in the same write. */
  readonly taken = new AnswersTaken()
  /** Receipts by intent of which an answer left. */
  readonly answeredWith = new Map<string, Set<string>>()
  /** Deposits of notices by receipt: the box, and the name of the deposit. */
  private readonly deposits = new Map<string, { readonly keeper: string; readonly name: string }[]>()
  /** Receipts on which a cheating node released although the head was closed. */
  readonly staleAnswers: string[] = []
  private readonly answers = new Map<string, string>()
  /** Answers as they left, as whoever listens may put them again. */
  readonly answerNotes: { readonly from: string; readonly to: string; readonly sealed: Uint8Array }[] = []
  /** Patients asked for on self-asserted evidence: by custodian, requester and day, then by patient, the clinicians. */
  readonly selfAsserted = new Map<string, Map<string, Set<string>>>()
  /** Called when a receipt was written and when an answer left: for whoever wants to come in between. */
  readonly onReceipt: ((node: SimulatedNode, written: WrittenReceipt) => void)[] = []
  readonly onRequest: ((from: string, to: string, intent: string, asked: Asked) => void)[] = []
  readonly onAnswer: ((node: SimulatedNode, intent: string, receipt: Receipt) => void)[] = []
  /** The last request for each intent, as it may be put again. */
  readonly requests = new Map<string, { readonly from: string; readonly to: string; readonly sealed: Uint8Array }>()
  /** Senders and intents of which nothing may come back. */
  readonly neverAnswered = new Set<string>()
  /** Whose record a plaintext is: by custodian and the hash of the bytes that were brought. */
  private readonly charts = new Map<string, string>()
  private readonly world: World
  private leaving: Leaving[] = []
  /** The decision of the receipt that is being written: it counts for the day once the write has taken effect. */
  private beingWritten: Again | undefined

  constructor(world: World) {
    this.world = world
  }

  registered(custodian: string, patient: string, records: readonly IncomingRecord[]): void {
    for (const each of records) this.charts.set(`${custodian} ${toHex(sha256(each.bytes))}`, patient)
  }

  ownerOf(custodian: string, plaintext: Uint8Array): string | undefined {
    return this.charts.get(`${custodian} ${toHex(sha256(plaintext))}`)
  }

  get chain(): Uint8Array {
    return this.world.founding.chain.id
  }

  /** The ledger as the sequencer has it: what every replica comes to. */
  get ledger(): StateReader {
    const { sequencerLedger } = this.world
    return { get: (key) => sequencerLedger.get(key), entries: (prefix) => sequencerLedger.entries(prefix) }
  }

  leaves(from: SimulatedNode, to: string, sealed: Uint8Array): void {
    // The outbox as it is at this instant: afterwards the notice may have been acknowledged and dropped.
    const rows = ['outbox', 'bundles-kept'].flatMap((table) => from.journalDisk.entries(table).map(([, row]) => row))
    const duties = (statement: Uint8Array): boolean =>
      rows.some((row) => Buffer.from(row).includes(Buffer.from(statement)))
    this.leaving.push({ from, to, sealed, height: from.ledger.height, duties })
  }

  /** Opens what left in the last event. The opener holds the receivers' seeds, which no node does. */
  async inspect(): Promise<void> {
    const leaving = this.leaving
    this.leaving = []
    for (const each of leaving) {
      const { sealed, to } = each
      const seed = this.world.node(to).founded.sealingSeed
      const opened = await openSealed({ seed, info: utf8(noteInfo), context: this.chain, sealed })
      if (!opened.ok) throw new Error('a note that left does not open')
      const frame = decode(noteFrame, opened.value, noteBytesMax)
      if (!frame.ok || frame.value.from.type !== 'member')
        throw new Error('a note that left is not a frame of a member')
      const note = decode(memberNote, frame.value.body, noteBytesMax)
      if (!note.ok) throw new Error('a note that left does not decode')
      this.world.count(`note ${note.value.type}`)
      await this.judge(each, note.value, frame.value.body)
    }
  }

  private async judge(leaving: Leaving, note: MemberNote, body: Uint8Array): Promise<void> {
    const { from, to } = leaving
    // A custodian that releases by hand answers whoever asks.
    if (note.type === 'answer' || note.type === 'refusal')
      this.world.require(
        from.dishonesty !== undefined || !this.neverAnswered.has(`${to} ${toHex(note.intent)}`),
        `asked by who may not: ${from.name} answered ${to} on an intent that is not its own, or not of this chain`,
      )
    if (note.type === 'request') this.tookRequest(leaving, note)
    else if (note.type === 'answer') this.judgeAnswer(leaving, note, body)
    else if (note.type === 'refusal') {
      if (note.receipt === null) this.world.count(`no receipt: ${note.code}`)
      if (note.code === 'head-closed' && this.released.has(toHex(note.intent))) this.world.count('head closed after')
      this.world.tell(`${from.name} refuses ${to} ${toHex(note.intent).slice(0, 8)}: ${note.code}`)
    } else if (note.type === 'deposit') await this.tookDeposit(to, note)
  }

  private tookRequest({ from, to, sealed }: Leaving, note: Extract<MemberNote, { type: 'request' }>): void {
    const led = openingLeadsTo(this.chain, note.intent)
    const read = decode(intent, note.intent.statement)
    if (!led || !read.ok) throw new Error('a request that left does not hold an intent')
    const key = toHex(led.hash)
    if (!this.asked.has(key)) this.world.tell(`${from.name} asks ${to} ${key.slice(0, 8)}`)
    this.asked.set(key, { intent: note.intent, evidence: note.evidence, content: read.value.content })
    this.requests.set(key, { from: from.name, to, sealed })
    for (const each of this.onRequest) each(from.name, to, key, { ...note, content: read.value.content })
  }

  /** The statement hash that an opening shows, when it leads to anything. */
  hashOf(opening: Opening): Uint8Array | undefined {
    return openingLeadsTo(this.chain, opening)?.hash
  }

  private judgeAnswer(leaving: Leaving, note: Extract<MemberNote, { type: 'answer' }>, body: Uint8Array): void {
    const { world } = this
    const { from, to, height } = leaving
    const key = toHex(note.intent)
    const asked = this.asked.get(key)
    const led = openingLeadsTo(this.chain, note.receipt)
    const read = decode(receipt, note.receipt.statement)
    if (!asked || !led || !read.ok) throw new Error('an answer that left holds no receipt of an intent that was asked')
    const told = read.value
    const honest = from.dishonesty === undefined
    world.tell(
      `${from.name} answers ${to} ${key.slice(0, 8)} with ${note.records.length} records at ${note.note.content.height}`,
    )
    world.count('answer')

    const intentAt = this.heightOf(asked.intent)
    const receiptAt = this.heightOf(note.receipt)
    const isCommitted = honest || receiptAt !== undefined
    this.taken.left(key, note.receipt.statement, isCommitted)
    if (!isCommitted) return
    world.require(
      intentAt !== undefined &&
        receiptAt !== undefined &&
        intentAt <= height &&
        receiptAt <= height &&
        intentAt < receiptAt,
      `INV-R1: ${from.name} let keys leave at height ${height}, intent committed at ${intentAt}, receipt at ${receiptAt}`,
    )
    const decidedAt = note.note.content.height
    world.require(
      receiptAt !== undefined && decidedAt >= receiptAt && decidedAt <= height,
      `release note: ${from.name} says that it decided last at ${decidedAt}, outside ${receiptAt} to ${height}`,
    )
    const decidedTime = world.sequencerLedger.block(decidedAt)?.time ?? 0
    world.require(
      !honest || decidedTime <= asked.content.expiresAt,
      `expiry: ${from.name} decided at ${decidedAt} on an intent that had ended by the ledger's time`,
    )
    const closedAt = this.closingOf(told)
    if (honest)
      world.require(
        closedAt === undefined || closedAt > height,
        `INV-R2: ${from.name} answered at height ${height} under head ${told.headVersion}, closed at ${closedAt}`,
      )
    else if (closedAt !== undefined && closedAt <= decidedAt) this.staleAnswers.push(toHex(led.hash))

    const bytesHash = toHex(sha256(body))
    const before = this.answers.get(key)
    if (honest)
      world.require(
        before === undefined || before === bytesHash,
        `INV-R3: ${from.name} answered one intent twice with different bytes`,
      )
    if (before !== undefined) world.count('answer repeated')
    this.answers.set(key, bytesHash)
    this.answeredWith.set(key, (this.answeredWith.get(key) ?? new Set()).add(toHex(led.hash)))

    if (honest)
      world.require(
        leaving.duties(note.receipt.statement) || this.delivered(toHex(led.hash)),
        `INV-R4: an answer left ${from.name}, and its notice is neither in the outbox nor in the mailbox`,
      )
    this.answerNotes.push({ from: from.name, to, sealed: leaving.sealed })
    for (const each of this.onAnswer) each(from, key, told)
  }

  /** The height at which the head of a receipt was closed, if it was: by the wallet's own derivation, not by the custodian's word. */
  private closingOf(told: Receipt): number | undefined {
    if (told.headVersion === null || !told.mailbox) return undefined
    const handle = this.world.patientByMailbox(told.mailbox.address)?.handle(told.custodian, told.headVersion)
    const known = handle && notary.queries.handle(viewOf(notary, this.ledger), toHex(handle))
    return known?.closed ?? undefined
  }

  heightOf(opening: Opening): number | undefined {
    const led = openingLeadsTo(this.chain, opening)
    return led && notary.queries.batch(viewOf(notary, this.ledger), toHex(led.root))?.height
  }

  private async tookDeposit(keeper: string, note: Extract<MemberNote, { type: 'deposit' }>): Promise<void> {
    const found = this.world.patientByMailbox(note.address)
    if (!found) throw new Error('a notice was deposited for nobody')
    const name = `${toHex(note.address)}/${toHex(note.id)}`
    const opened = await openSealed({
      seed: found.noticeSeed(note.address),
      info: utf8(noticeInfo),
      context: this.chain,
      sealed: note.sealed,
    })
    const read = opened.ok ? decode(noticeSchema, opened.value, noticeBytesMax) : undefined
    if (!read?.ok) throw new Error('a deposited notice does not open')
    if (read.value.type !== 'access') return
    const bundle = decode(receiptBundle, read.value.bundle, noticeBytesMax)
    const led = bundle.ok ? openingLeadsTo(this.chain, bundle.value.receipt.opening) : undefined
    if (!led) throw new Error('a notice shows no receipt')
    const key = toHex(led.hash)
    const known = this.deposits.get(key) ?? []
    if (!known.some((each) => each.name === name)) this.deposits.set(key, [...known, { keeper, name }])
  }

  private delivered(receiptHash: string): boolean {
    return (this.deposits.get(receiptHash) ?? []).some(
      ({ keeper, name }) => this.world.node(keeper).journalDisk.get('mailbox-deposits', name) !== undefined,
    )
  }

  beforeWrite(node: SimulatedNode, kind: string, changes: readonly JournalChange[]): void {
    this.beingWritten = undefined
    if (node.dishonesty || (kind !== 'receipt' && kind !== 'release')) return
    const key = changes.find(({ table, value }) => table === 'requests' && value)?.key
    const asked = key === undefined ? undefined : this.asked.get(key)
    // A node may hear of a request before the event in which it was sent has ended only from itself; that is looked at later.
    if (!key || !asked) return
    const again = decideAgain(this.world, node, asked)
    if (kind === 'receipt') this.sameAsReceipt(node, again, changes)
    else {
      const first = this.receipts.findLast(({ receipt: told }) => toHex(told.intent) === key)
      this.world.require(
        again.type === 'permit' || again.type === 'part',
        `policy: ${node.name} releases, and on the same facts the decision is ${again.type} ${again.code}`,
      )
      this.world.require(
        first !== undefined && equalBytes(first.receipt.recordsRoot, again.recordsRoot),
        `policy: ${node.name} releases other records than the decision names`,
      )
    }
  }

  private sameAsReceipt(node: SimulatedNode, again: Again, changes: readonly JournalChange[]): void {
    const written = this.receiptIn(node, changes)
    if (!written) throw new Error('a receipt was written without a statement')
    const { decision, recordsRoot } = written.receipt
    const same =
      decision.type === again.type &&
      (decision.type !== 'refuse' || decision.code === again.code) &&
      (decision.type !== 'part' || decision.reasons.join() === again.reasons.join()) &&
      equalBytes(recordsRoot, again.recordsRoot)
    const told = decision.type === 'refuse' ? `refuse ${decision.code}` : decision.type
    this.world.require(
      same,
      `policy: ${node.name} recorded ${told}, and on the same facts the decision is ${again.type} ${again.code}`,
    )
    this.beingWritten = again
  }

  afterWrite(node: SimulatedNode, kind: string, changes: readonly JournalChange[]): void {
    this.world.count(`write ${kind}`)
    this.beingWritten?.remember()
    this.beingWritten = undefined
    const written = ['receipt', 'void', 'own-staff'].includes(kind) ? this.receiptIn(node, changes) : undefined
    if (written) this.wrote(node, written)
    if (kind === 'answer') {
      const key = changes.find(({ table }) => table === 'intents-asked')?.key ?? ''
      this.world.require(!this.taken.has(key), `INV-R3: ${node.name} took two answers to one intent`)
      this.taken.took(key, changes)
    }
    if (kind !== 'release' && kind !== 'void') return
    const key = changes.find(({ table, value }) => table === 'requests' && value)?.key
    if (key === undefined) throw new Error(`a ${kind} without a request`)
    if (kind === 'void') this.voided.add(key)
    if (node.dishonesty) return
    this.world.require(
      !(this.voided.has(key) && this.released.has(key)) && !(kind === 'release' && this.released.has(key)),
      `INV-R3: ${node.name} released on an intent more than once, or voided it too`,
    )
    if (kind === 'release') this.released.set(key, node.name)
  }

  private wrote(node: SimulatedNode, written: WrittenReceipt): void {
    this.receipts.push(written)
    const { decision, custodian, number } = written.receipt
    const says =
      decision.type === 'refuse' || decision.type === 'void' ? `${decision.type}: ${decision.code}` : decision.type
    this.world.count(says)
    if (decision.type === 'part') for (const reason of decision.reasons) this.world.count(`part: ${reason}`)
    this.world.tell(`${custodian} receipt ${number} ${says} ${written.hash.slice(0, 8)}`)
    for (const each of this.onReceipt) each(node, written)
  }

  private receiptIn(node: SimulatedNode, changes: readonly JournalChange[]): WrittenReceipt | undefined {
    for (const { table, value } of changes) {
      const group = table === 'statements' && value ? statementsIn(this.world.founding.chain.id, value) : []
      for (const { type, statement, hash } of group) {
        const read = type === 'receipt' ? decode(receipt, statement) : undefined
        if (!read) continue
        if (!read.ok) throw new Error('a receipt that was written does not decode')
        return { hash: toHex(hash), node: node.name, statement, receipt: read.value }
      }
    }
    return undefined
  }
}
