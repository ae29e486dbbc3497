/**
 * One request, one closing of the head under which it would be granted, and every order in which they can meet at the
 * real key release agent. A history is a list of steps; what comes of it is held against INV-R1, INV-R2 and INV-R3.
 */
import { bytes, decode, equalBytes, toHex, utf8 } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import { assembleEnvelope, openingLeadsTo, readBody, signBody, viewOf } from '@plexus/kernel'
import { noteFrame, receipt, type WalletNote } from '@plexus/policy'
import { changeDirectives, closeHandleBody } from '@plexus/sdk'
import type { Vault } from '@plexus/vault'
import { BranchingLedger, BranchingReplica } from './branching-ledger.testing.ts'
import { releaseInfo } from './custodian.ts'
import { Exchange } from './exchange.ts'
import { ForkedJournal, rowsOf } from './forked-journal.testing.ts'
import { board, clinic, hospital, memberSeed, sealingSeed, seedOf } from './founding.testing.ts'
import { type MemberNote, memberNote } from './notes.ts'
import type { JournalChange } from './ports.ts'
import type { SealedBlock } from './replica.testing.ts'
import { recordOf, World } from './three-members.testing.ts'

const secondsPerBlock = 2
const noteBytesMax = 1024 * 1024
const envelopeSeconds = 300

/**
 * What can happen next: the patient hands in the closing, the request arrives (again), the agent looks around, a block
 * with everything that waits is applied, the successor of the directives arrives, the process is killed and restarted.
 */
export type Step = 'block' | 'close' | 'request' | 'restart' | 'successor' | 'wake'

/** In the middle of which seal a block with the closing is applied; null: between steps only. */
export type Middle = 'answer' | 'release'

export interface End {
  /** Sentences about what must not be; empty when all rules held. */
  readonly broken: readonly string[]
  /** What left for the clinic, in order: `answer`, or the code of a refusal. */
  readonly told: readonly string[]
  readonly released: boolean
  /** Whether such a seal was made, so that something could happen in the middle of it. */
  readonly sealed: Readonly<Record<Middle, boolean>>
}

export interface Scene {
  readonly ledger: BranchingLedger
  readonly rows: ReturnType<typeof rowsOf>
  readonly vault: Vault
  readonly time: number
  /** The envelope that commits the intent; it waits when a history begins. */
  readonly intent: Uint8Array
  readonly request: Extract<MemberNote, { type: 'request' }>
  readonly closing: Uint8Array
  readonly successor: WalletNote
}

/** A hospital that keeps a chart, its patient with head 1 in force and a spare, and a clinic that is about to ask. */
export async function prepare(): Promise<Scene> {
  const world = await World.start()
  await world.register([recordOf('a'), recordOf('b')])
  const client = await world.enrolled()
  const visit = await world.checkedIn(client)
  await world.ask(visit)
  const { replica, journal, vault } = world.node(hospital)
  const { time } = world
  const [intent] = world.node(clinic).replica.submitted
  const blocks: SealedBlock[] = []
  for (let height = 1; height <= replica.tip().height; height++) blocks.push(replica.block(height) as SealedBlock)
  const rows = rowsOf(journal.writes)
  world.block(hospital)
  await world.exchange(clinic).wake()
  const request = (await world.intercept(hospital)).find((note) => note.type === 'request')
  if (!intent || !request) throw new Error('the clinic asked nothing')

  const changed = changeDirectives(client.wallet, { custodian: hospital, directives: [], now: time })
  if (!changed.ok) throw new Error(`no change of directives: ${changed.reason.type}`)
  const { wallet, close, note } = changed.value
  const frame = { sponsor: board, sponsorKey: publicKeyOf(memberSeed(board)), nonce: seedOf('close').slice(0, 16) }
  const asked = { ...frame, validUntil: time + envelopeSeconds, custodian: hospital, version: close.version }
  const closing = closeHandleBody(wallet, asked)
  if (!closing.ok) throw new Error(`no closing: ${closing.reason.type}`)
  const { body, share } = closing.value
  const read = readBody(body)
  if (!read.ok) throw new Error('the closing does not read')
  const signatures = read.value.signers.map((key) =>
    equalBytes(key, share.key) ? share.signature : signBody(world.chain.id, body, memberSeed(board)),
  )
  return {
    ledger: new BranchingLedger(world.chain, blocks),
    rows,
    vault,
    time,
    intent,
    request,
    closing: assembleEnvelope(body, signatures),
    successor: note,
  }
}

/** Told in the middle of each seal; the platform of the exploration calls it. */
export interface Seals {
  of: (info: Uint8Array, plaintext: Uint8Array) => void
}

/** Lives through one history, and then lets the world come to rest: blocks, looks around, and the request once more. */
export async function live(scene: Scene, history: readonly Step[], seals: Seals, middle?: Middle): Promise<End> {
  const life = new Life(scene, middle)
  seals.of = (info, plaintext) => life.seal(info, plaintext)
  for (const step of history) await life.step(step)
  for (const step of ['close', 'block', 'wake', 'block', 'wake', 'request'] as const) await life.step(step)
  return life.end
}

class Life {
  private readonly scene: Scene
  private readonly middle: Middle | undefined
  private readonly replica: BranchingReplica
  private readonly journal: ForkedJournal
  private readonly waiting: Uint8Array[] = []
  private readonly broken: string[] = []
  private readonly told: string[] = []
  private readonly sealed = { release: false, answer: false }
  private readonly bytesOfAnswers = new Set<string>()
  private exchange: Exchange
  private drawn = 0
  private releases = 0
  private closed = false
  private closedAt = Number.POSITIVE_INFINITY

  constructor(scene: Scene, middle: Middle | undefined) {
    this.scene = scene
    this.middle = middle
    this.replica = new BranchingReplica(scene.ledger, (envelope) => this.handIn(envelope))
    this.journal = new ForkedJournal(scene.rows, (changes) => this.wrote(changes))
    this.handIn(scene.intent)
    this.exchange = this.start()
  }

  get end(): End {
    return { broken: this.broken, told: this.told, released: this.releases > 0, sealed: this.sealed }
  }

  async step(step: Step): Promise<void> {
    switch (step) {
      case 'block':
        return this.block()
      case 'close':
        return this.close()
      case 'request':
        await this.exchange.custodian.request(clinic, this.scene.request)
        return this.advance()
      case 'restart':
        this.exchange = this.start()
        return
      case 'successor':
        this.exchange.door.take(this.scene.successor)
        return this.advance()
      case 'wake':
        return this.advance()
    }
  }

  /** As a turn of the exchange, without what takes no part in a release: requester, outbox and counts. */
  private async advance(): Promise<void> {
    const { batches, custodian } = this.exchange
    batches.tick()
    await custodian.settle()
    batches.tick()
  }

  /** In the middle of a seal the sealer waits, and blocks may come. */
  seal(info: Uint8Array, plaintext: Uint8Array): void {
    const isRelease = equalBytes(info, utf8(releaseInfo))
    const kind = isRelease ? 'release' : this.noteIn(plaintext)?.type === 'answer' ? 'answer' : undefined
    if (!kind) return
    const isFirst = !this.sealed[kind]
    this.sealed[kind] = true
    if (this.middle !== kind || !isFirst) return
    this.close()
    this.block()
  }

  /** The note to the clinic in a frame, if it is an answer. */
  private noteIn(frame: Uint8Array): Extract<MemberNote, { type: 'answer' | 'refusal' }> | undefined {
    const read = decode(noteFrame, frame, noteBytesMax)
    if (!read.ok || read.value.to !== clinic) return undefined
    const note = decode(memberNote, read.value.body, noteBytesMax)
    return note.ok && (note.value.type === 'answer' || note.value.type === 'refusal') ? note.value : undefined
  }

  private start(): Exchange {
    return new Exchange({
      member: hospital,
      replica: this.replica,
      journal: this.journal,
      vault: this.scene.vault,
      surroundings: {
        now: () => this.now,
        random: (length) => this.random(length),
        send: (to, note) => this.sent(to, note),
      },
      organisations: [{ id: hospital, seed: memberSeed(hospital) }],
      seed: memberSeed(hospital),
      sealingSeed: sealingSeed(hospital),
      blindingKey: seedOf(`blinding ${hospital}`),
    })
  }

  private random(length: number): Uint8Array {
    const made = new Uint8Array(length)
    for (let at = 0; at < length; at += 32)
      made.set(seedOf(`life ${this.drawn++}`).subarray(0, Math.min(32, length - at)), at)
    return made
  }

  private get now(): number {
    return Math.max(this.scene.time, this.replica.tip().time)
  }

  private handIn(envelope: Uint8Array): void {
    if (!this.waiting.some((each) => equalBytes(each, envelope))) this.waiting.push(envelope)
  }

  private close(): void {
    if (this.closed) return
    this.closed = true
    this.handIn(this.scene.closing)
  }

  private block(): void {
    const transactions = this.waiting.splice(0)
    this.replica.place = this.scene.ledger.next(this.replica.place, transactions, this.now + secondsPerBlock)
    const at = transactions.findIndex((each) => equalBytes(each, this.scene.closing))
    if (at < 0) return
    if (this.replica.place.applied.outcomes[at]?.code !== 0) this.broken.push('the closing was not accepted')
    this.closedAt = this.replica.tip().height
  }

  /** Every durable write: a release in it is judged at the height of the replica in this very moment. */
  private wrote(changes: readonly JournalChange[]): void {
    if (!changes.some(({ table, value }) => table === 'releases' && value)) return
    this.releases++
    if (this.releases > 1) this.broken.push('INV-R3: released twice')
    const row = changes.find(({ table, value }) => table === 'request-answers' && value)?.value
    const body = row && decode(bytes({ max: noteBytesMax }), row, noteBytesMax)
    const note = body?.ok ? decode(memberNote, body.value, noteBytesMax) : undefined
    if (!note?.ok || note.value.type !== 'answer') this.broken.push('a release is written without its answer')
    else this.judge(note.value, 'released')
  }

  private sent(to: string, sealed: Uint8Array): void {
    if (to !== clinic) return
    // What the exploration's platform seals lies open behind suite and encapsulation.
    const note = this.noteIn(sealed.subarray(1 + 1120, sealed.length - 16))
    if (!note) return
    this.told.push(note.type === 'answer' ? 'answer' : note.code)
    if (note.type !== 'answer') return
    if (this.releases === 0) this.broken.push('an answer left that was not released')
    this.bytesOfAnswers.add(toHex(note.release))
    if (this.bytesOfAnswers.size > 1) this.broken.push('INV-R3: two releases of one intent')
    this.judge(note, 'sent')
  }

  private judge(answer: Extract<MemberNote, { type: 'answer' }>, what: string): void {
    const { height } = this.replica.tip()
    const read = decode(receipt, answer.receipt.statement)
    const version = read.ok ? read.value.headVersion : null
    if (version !== 1 && version !== 2) this.broken.push('a receipt under no head')
    if (version === 1 && height >= this.closedAt)
      this.broken.push(`INV-R2: ${what} at ${height} under a head that was closed at ${this.closedAt}`)
    if (version === 1 && answer.note.content.height >= this.closedAt)
      this.broken.push('INV-R2: the release note names a height at which the head was closed')
    for (const opening of [answer.receipt, this.scene.request.intent]) {
      const root = openingLeadsTo(this.scene.ledger.chain.id, opening)?.root
      if (!root || !notary.queries.batch(viewOf(notary, this.replica.state), toHex(root)))
        this.broken.push(`INV-R1: ${what} before its ${opening.type} was committed`)
    }
  }
}
