/**
 * Commitments: each statement becomes a leaf, leaves wait for a batch, and a batch's root goes to the ledger in one
 * envelope. What is not full waits until no batch is in flight, at a busy member for its time besides, and then travels
 * together; full batches go out at once, several if need be. A batch is written before it is submitted, and submitted
 * again byte for byte until the replica has applied it or its envelope ended.
 */
import { encode, equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { merkleTreeOfPacked, publicKeyOf, statementHash } from '@plexus/crypto'
import { batchLeavesMax, type Opening, readEnvelope, sealEnvelope } from '@plexus/kernel'
import type { Committed } from '@plexus/policy'
import { type BatchTables, batchTables, type FlightRow, nextKey, rowsFormat, sizeClasses } from './batch-rows.ts'
import { bounded } from './bounded.ts'
import { type CommittedBatch, Openings } from './openings.ts'
import { Pace } from './pace.ts'
import type { Journal, JournalChange, Replica, Surroundings } from './ports.ts'
import { type LeafPlace, OpenGroup } from './statement-groups.ts'
import { partKey, sequenceKey } from './tables.ts'
import { leafBytes, treeRowsOf } from './tree-rows.ts'

/** An envelope of a batch lives this long; then the same root goes out under a new one. */
const envelopeSeconds = 300

/** While a batch is in flight it is offered again this often: the engine may have lost it. */
const resubmitSeconds = 2

/** Full batches that wait for their block at once: what a block every tenth of a second carries at 160 batches a second. */
const batchesInFlightMax = 16
/** Leaves that a producer in bulk may have waiting besides: the next flight. What is committed singly is never held up. */
const waitingLeavesMax = 16 * batchLeavesMax
const retryAfterSeconds = 1

const proofsKeptMax = 32

/** Statements that were added in bulk: `count` of them stand in this group, in the order in which they were added. */
export interface GroupRun {
  readonly group: number
  readonly count: number
}

/** Too much waits already: come again. */
export type LeavesWaiting = { readonly type: 'leaves-waiting'; readonly retryAfterSeconds: number }

/** Statements on their way into one durable write of their owner. */
export interface Gathering {
  /** Makes a leaf of a statement. Whoever keeps the place needs no look-up by hash, and there is none for it. */
  add(type: string, statement: Uint8Array): { readonly hash: Uint8Array; readonly place: LeafPlace }
  /** What must be written, once: all are committed to then, and committed when their batch is. */
  changes(): readonly JournalChange[]
}

/** What shows that a batch is committed. */
export type BatchProof = Omit<Committed, 'opening'>

/** A batch on its way, and when it was submitted last by this process. */
interface Flight extends FlightRow {
  readonly submittedAt: number
}

/** The leaves of a group that have no place yet. */
interface Waiting {
  readonly key: string
  readonly leaves: Uint8Array
}

interface Formed {
  readonly batch: number
  readonly flight: Flight
  readonly changes: readonly JournalChange[]
}

export class Batches {
  /** Of batches whose statements are told of now, by what was asked for: some ten kilobytes each. */
  readonly proofs = bounded<string, BatchProof>(proofsKeptMax)
  private readonly journal: Journal
  private readonly replica: Replica
  private readonly surroundings: Surroundings
  private readonly member: string
  /** Asked at each envelope: a member that rotates its key goes on under the next one. */
  private readonly signer: { readonly seed: Uint8Array }
  /** The seed that is known to have signed all that is in flight. */
  private signedBy: Uint8Array | undefined
  private readonly tables: BatchTables
  private readonly openings: Openings
  private readonly flights = new Map<number, Flight>()
  /** Ends of flights that are not written yet: without them a restart finds the batch committed once more. */
  private landed: JournalChange[] = []
  private readonly pace = new Pace()
  private nextGroup = 0
  private nextBatch = 0
  /** Never less than what waits: what was made and never written counts until the next look. */
  private waitingAtMost = 0
  /** Whether what is kept in memory is what the journal says: a write that failed may have happened. */
  private loaded = false

  /** `seed`: of the member's key with the scopes `sponsor` and `batches`. */
  constructor(parts: {
    readonly journal: Journal
    readonly replica: Replica
    readonly surroundings: Surroundings
    readonly member: string
    readonly seed: Uint8Array
  }) {
    this.journal = parts.journal
    this.replica = parts.replica
    this.surroundings = parts.surroundings
    this.member = parts.member
    this.signer = parts
    this.tables = batchTables(parts.journal)
    this.openings = new Openings(this.tables, parts.replica)
    this.load()
  }

  /** Makes a leaf of one statement, which is found by its hash. It is committed to once the changes are written. */
  commit(
    type: string,
    statement: Uint8Array,
  ): { readonly hash: Uint8Array; readonly changes: readonly JournalChange[] } {
    const gathering = this.gather()
    const { hash, place } = gathering.add(type, statement)
    return { hash, changes: [...gathering.changes(), this.tables.byHash.put(toHex(hash), place)] }
  }

  /** Statements that become durable in one write and stand together, in as few rows as may be. */
  gather(): Gathering {
    const open: OpenGroup[] = []
    let made = false
    return {
      add: (type, statement) => {
        if (made) throw new Error('a statement was added to what was made already')
        return this.addTo(open, type, statement)
      },
      changes: () => {
        made = true
        const { rows, groups } = this.pack(open)
        return [...rows, ...this.waits(groups)]
      },
    }
  }

  /**
   * Takes many statements of one type in at once, and sends off what full batches there are: written when it returns.
   * Refused when more wait than the ledger has taken; then nothing was taken.
   */
  addMany(type: string, statements: readonly Uint8Array[]): Result<readonly GroupRun[], LeavesWaiting> {
    if (!this.loaded) this.load()
    if (this.waitingAtMost + statements.length > waitingLeavesMax)
      return no({ type: 'leaves-waiting', retryAfterSeconds })
    const open: OpenGroup[] = []
    for (const each of statements) this.addTo(open, type, each)
    const { rows, groups } = this.pack(open)
    // Where nothing waits, full groups need not: statements and batches are one write.
    const room = this.waitingAtMost === 0 ? batchesInFlightMax - this.flights.size : 0
    const partial = groups.findIndex(({ leaves }) => leaves.length < batchLeavesMax * leafBytes)
    const direct = groups.slice(0, Math.max(0, Math.min(room, partial === -1 ? groups.length : partial)))
    this.send(
      direct.map((group) => [group]),
      [...rows, ...this.waits(groups.slice(direct.length))],
    )
    this.form()
    return ok(groups.map(({ key, leaves }) => ({ group: Number(key), count: leaves.length / leafBytes })))
  }

  /** Where a root stands on this member's own replica. */
  find(root: Uint8Array): CommittedBatch | undefined {
    return this.openings.find(root)
  }

  /** The height at which one of this member's own statements was committed, once it is. */
  committedAt(of: LeafPlace | Uint8Array): number | undefined {
    return this.openings.committedAt(of)
  }

  /** One of this member's own statements, by its hash if it was committed alone, by its place in any case. */
  statement(of: LeafPlace | Uint8Array): Uint8Array | undefined {
    return this.openings.statement(of)
  }

  /** The opening of one of this member's own statements; it has one as soon as its batch is formed. */
  opening(of: LeafPlace | Uint8Array): Opening | undefined {
    return this.openings.opening(of)
  }

  /** Keeps what is in flight moving, and forms the batches that may go out. */
  tick(): void {
    if (!this.loaded) this.load()
    this.watch()
    this.form()
    if (this.landed.length > 0) this.write([])
  }

  /** Leaves that wait for a batch, never fewer than there are; and batches that wait for a block. */
  get waiting(): { readonly leaves: number; readonly batches: number } {
    return { leaves: this.waitingAtMost, batches: this.flights.size }
  }

  /** Whether anything waits to be committed. */
  get idle(): boolean {
    if (this.flights.size > 0) return false
    for (const _ of this.tables.pending.entries({ limit: 1 })) return false
    return true
  }

  private load(): void {
    const next = this.tables.next.get(nextKey)
    if (next && next.format !== rowsFormat)
      throw new Error(`the batches of the journal have format ${next.format}, this code reads ${rowsFormat}`)
    this.nextBatch = next?.batch ?? 0
    this.nextGroup = Math.max(this.nextGroup, next?.group ?? 0)
    this.waitingAtMost = 0
    for (const [key, leaves] of this.tables.pending.entries()) {
      this.nextGroup = Math.max(this.nextGroup, Number(key) + 1)
      this.waitingAtMost += leaves.length / leafBytes
    }
    this.landed = []
    this.flights.clear()
    for (const [key, row] of this.tables.inFlight.entries()) this.flights.set(Number(key), { ...row, submittedAt: 0 })
    this.signedBy = undefined
    this.loaded = true
  }

  private addTo(open: OpenGroup[], type: string, statement: Uint8Array) {
    let last = open.at(-1)
    if (!last?.takes(type)) {
      last = new OpenGroup(this.nextGroup++)
      open.push(last)
    }
    const hash = statementHash(type, this.replica.chain.id, statement)
    return { hash, place: last.add(type, statement, hash) }
  }

  private pack(open: readonly OpenGroup[]): { readonly rows: JournalChange[]; readonly groups: Waiting[] } {
    const rows: JournalChange[] = []
    const groups = open.map((each) => {
      const { rows: made, leaves } = each.pack(this.surroundings.random)
      for (const [at, row] of made) rows.push(this.tables.groups.put(at, row))
      return { key: sequenceKey(each.number), leaves }
    })
    return { rows, groups }
  }

  private waits(groups: readonly Waiting[]): readonly JournalChange[] {
    return groups.map(({ key, leaves }) => {
      this.waitingAtMost += leaves.length / leafBytes
      return this.tables.pending.put(key, leaves)
    })
  }

  private watch(): void {
    const now = this.surroundings.now()
    const { time } = this.replica.tip()
    const ownKey = this.signedBy === this.signer.seed ? undefined : publicKeyOf(this.signer.seed)
    for (const [batch, flight] of [...this.flights]) {
      if (this.find(flight.root)) {
        this.landed.push(this.tables.inFlight.drop(sequenceKey(batch)))
        this.flights.delete(batch)
      } else if (time > flight.validUntil || (ownKey && !isSignedBy(flight.envelope, ownKey))) {
        const renewed = { ...flight, ...this.envelopeFor(flight.root, flight.leaves) }
        this.write([this.tables.inFlight.put(sequenceKey(batch), renewed)])
        this.submit(batch, renewed, now)
      } else if (now - flight.submittedAt >= resubmitSeconds || now < flight.submittedAt)
        this.submit(batch, flight, now)
    }
    this.signedBy = this.signer.seed
  }

  private form(): void {
    const room = batchesInFlightMax - this.flights.size
    if (room <= 0 || this.waitingAtMost === 0) return
    const now = this.surroundings.now()
    if (this.waitingAtMost < batchLeavesMax && (this.flights.size > 0 || !this.pace.may(now))) return
    const loads = this.nextLoads(room)
    if (loads.length > 0) this.pace.took(now)
    this.send(
      loads,
      loads.flatMap((load) => load.map(({ key }) => this.tables.pending.drop(key))),
    )
  }

  /** What goes into the next batches, oldest first: full ones, or a single one with all that waits. */
  private nextLoads(room: number): readonly (readonly Waiting[])[] {
    const loads: Waiting[][] = []
    let load: Waiting[] = []
    let filled = 0
    for (const [key, leaves] of this.tables.pending.entries()) {
      const count = leaves.length / leafBytes
      if (filled + count > batchLeavesMax) {
        loads.push(load)
        this.waitingAtMost -= filled
        ;[load, filled] = [[], 0]
        if (loads.length === room) return loads
      }
      load.push({ key, leaves })
      filled += count
    }
    // Everything that waits was seen: the count is exact again.
    const alone = loads.length === 0 && this.flights.size === 0
    const goes = filled === batchLeavesMax || (alone && filled > 0)
    if (goes) loads.push(load)
    this.waitingAtMost = goes ? 0 : filled
    return loads
  }

  /** Writes batches, and whatever goes with them, and submits them. */
  private send(loads: readonly (readonly Waiting[])[], besides: readonly JournalChange[]): void {
    if (loads.length === 0 && besides.length === 0) return
    const formed = loads.map((load, index) => this.batchOf(this.nextBatch + index, load))
    const next = { format: rowsFormat, group: this.nextGroup, batch: this.nextBatch + formed.length }
    const numbers = formed.length > 0 ? [this.tables.next.put(nextKey, next)] : []
    this.write([...besides, ...formed.flatMap(({ changes }) => changes), ...numbers])
    // Written: the batches and their envelopes. A crash from here on submits the same bytes again.
    this.nextBatch = next.batch
    const now = this.surroundings.now()
    for (const { batch, flight } of formed) this.submit(batch, flight, now)
  }

  private batchOf(batch: number, load: readonly Waiting[]): Formed {
    const filled = load.reduce((sum, { leaves }) => sum + leaves.length, 0)
    const size = sizeClasses.find((each) => each * leafBytes >= filled) ?? batchLeavesMax
    const leaves = new Uint8Array(size * leafBytes)
    const starts: number[] = []
    let end = 0
    for (const each of load) {
      starts.push(end / leafBytes)
      leaves.set(each.leaves, end)
      end += each.leaves.length
    }
    leaves.set(this.surroundings.random(leaves.length - end), end)
    const tree = merkleTreeOfPacked(leaves)
    const root = tree.root.slice()
    const { upper, parts } = treeRowsOf(tree)
    const flight = { root, leaves: size, ...this.envelopeFor(root, size), submittedAt: 0 }
    const changes = [
      this.tables.batches.put(sequenceKey(batch), { root, leaves: size, nodes: upper }),
      ...parts.map((nodes, part) => this.tables.parts.put(partKey(batch, part), nodes)),
      this.tables.inFlight.put(sequenceKey(batch), flight),
      ...load.map(({ key }, index) => this.tables.places.put(key, { batch, at: starts[index] as number, root })),
    ]
    return { batch, flight, changes }
  }

  private submit(batch: number, flight: Flight, now: number): void {
    this.flights.set(batch, { ...flight, submittedAt: now })
    this.replica.submit(flight.envelope)
  }

  private envelopeFor(
    root: Uint8Array,
    leaves: number,
  ): { readonly envelope: Uint8Array; readonly validUntil: number } {
    const validUntil = this.replica.tip().time + envelopeSeconds
    const transaction = encode(notary.transaction, { type: 'post-batch', root, leaves })
    const envelope = sealEnvelope(
      {
        chain: this.replica.chain.id,
        sponsor: this.member,
        nonce: this.surroundings.random(16),
        validUntil,
        contract: notary.name,
        transaction,
      },
      [this.signer.seed],
    )
    return { envelope, validUntil }
  }

  private write(changes: readonly JournalChange[]): void {
    this.loaded = false
    this.journal.append([...this.landed, ...changes])
    this.landed = []
    this.loaded = true
  }
}

/** What an earlier key of the member signed is worth nothing once that key is revoked. */
function isSignedBy(envelope: Uint8Array, key: Uint8Array): boolean {
  const read = readEnvelope(envelope)
  return read.ok && read.value.body.signers.some((signer) => equalBytes(signer, key))
}
