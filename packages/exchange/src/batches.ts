/**
 * Commitments: each statement becomes a leaf, leaves wait for a batch, and a batch's root goes to the ledger in one
 * envelope. What is not full waits until no batch is in flight, and then travels together; full batches go out at once,
 * several if need be. A batch is durable before it is submitted, and submitted again byte for byte until the replica has
 * applied it or its envelope ended.
 */
import { encode, no, ok, type Result, toHex } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { type MerkleTree, merkleTreeOfPacked, statementHash } from '@plexus/crypto'
import { batchLeavesMax, type Opening, sealEnvelope, viewOf } from '@plexus/kernel'
import {
  batchRow,
  type FlightRow,
  flightRow,
  type GroupPlace,
  groupPlaceRow,
  leafBytes,
  leavesRow,
  nextRow,
  sizeClasses,
} from './batch-rows.ts'
import { bounded } from './bounded.ts'
import type { Journal, JournalChange, Replica, Surroundings } from './ports.ts'
import { groupRow, type LeafPlace, leafPlace, OpenGroup, StatementGroup } from './statement-groups.ts'
import { sequenceKey, tableOf } from './tables.ts'

/** An envelope of a batch lives this long; then the same root goes out under a new one. */
const envelopeSeconds = 300

/** While a batch is in flight it is offered again this often: the engine may have lost it. */
const resubmitSeconds = 2

/** Full batches that wait for their block at once: what a block every tenth of a second carries at 160 batches a second. */
const batchesInFlightMax = 16
/** Leaves that a producer in bulk may have waiting besides: the next flight. What is committed singly is never held up. */
const waitingLeavesMax = 16 * batchLeavesMax
const retryAfterSeconds = 1

/** Trees of recent batches, whose paths are asked for together: a quarter of a megabyte each at most. */
const treesKeptMax = 64
/** Groups of statements that are opened together: a registration's, which is some hundred kilobytes. */
const groupsKeptMax = 8
/** Heights and places of groups, roots of batches, others' too, and places by hash: some megabytes each. */
const lookupsKeptMax = 16_384

const nextKey = 'next'

export interface CommittedBatch {
  /** The member whose envelope carried the root. */
  readonly member: string
  readonly height: number
}

/** A batch on its way, and when it was submitted last by this process. */
interface Flight extends FlightRow {
  readonly submittedAt: number
}

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

export class Batches {
  private readonly journal: Journal
  private readonly replica: Replica
  private readonly surroundings: Surroundings
  private readonly member: string
  private readonly seed: Uint8Array
  private readonly groups
  private readonly byHash
  private readonly pending
  private readonly places
  private readonly batches
  private readonly inFlight
  private readonly next
  private readonly keptTrees = bounded<number, MerkleTree>(treesKeptMax)
  private readonly keptGroups = bounded<number, StatementGroup>(groupsKeptMax)
  private readonly heights = bounded<number, number>(lookupsKeptMax)
  private readonly roots = bounded<string, CommittedBatch>(lookupsKeptMax)
  private readonly known = bounded<string, LeafPlace>(lookupsKeptMax)
  private readonly standing = bounded<number, GroupPlace>(lookupsKeptMax)
  private readonly flights = new Map<number, Flight>()
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
    this.seed = parts.seed
    this.groups = tableOf(parts.journal, 'statements', groupRow)
    this.byHash = tableOf(parts.journal, 'statement-places', leafPlace)
    this.pending = tableOf(parts.journal, 'leaves-pending', leavesRow)
    this.places = tableOf(parts.journal, 'leaf-places', groupPlaceRow)
    this.batches = tableOf(parts.journal, 'batches', batchRow)
    this.inFlight = tableOf(parts.journal, 'batch-in-flight', flightRow)
    this.next = tableOf(parts.journal, 'batches-next', nextRow)
    this.load()
  }

  /** Makes a leaf of one statement, which is found by its hash. It is committed to once the changes are written. */
  commit(
    type: string,
    statement: Uint8Array,
  ): { readonly hash: Uint8Array; readonly changes: readonly JournalChange[] } {
    const gathering = this.gather()
    const { hash: hashed, place } = gathering.add(type, statement)
    return { hash: hashed, changes: [...gathering.changes(), this.byHash.put(toHex(hashed), place)] }
  }

  /** Statements that become durable in one write and stand together, in as few rows as may be. */
  gather(): Gathering {
    const open: OpenGroup[] = []
    let made = false
    return {
      add: (type, statement) => {
        if (made) throw new Error('a statement was added to what was made already')
        let last = open.at(-1)
        if (!last?.takes(type)) {
          last = new OpenGroup(this.nextGroup++)
          open.push(last)
        }
        const hashed = statementHash(type, this.replica.chain.id, statement)
        return { hash: hashed, place: last.add(type, statement, hashed) }
      },
      changes: () => {
        made = true
        return open.flatMap((each) => {
          const { row, leaves } = each.pack(this.surroundings.random)
          this.waitingAtMost += leaves.length / leafBytes
          const key = sequenceKey(each.number)
          return [this.groups.put(key, row), this.pending.put(key, leaves)]
        })
      },
    }
  }

  /**
   * Takes many statements of one type in at once, and forms what full batches there are: durable when it returns.
   * Refused when more wait than the ledger has taken; then nothing was taken.
   */
  addMany(type: string, statements: readonly Uint8Array[]): Result<readonly GroupRun[], LeavesWaiting> {
    if (this.waitingAtMost + statements.length > waitingLeavesMax)
      return no({ type: 'leaves-waiting', retryAfterSeconds })
    if (!this.loaded) this.load()
    const gathering = this.gather()
    const counts = new Map<number, number>()
    for (const each of statements) {
      const { group, index } = gathering.add(type, each).place
      counts.set(group, index + 1)
    }
    this.write(gathering.changes())
    this.form()
    return ok([...counts].map(([group, count]) => ({ group, count })))
  }

  /** Where a root stands on this member's own replica. */
  find(root: Uint8Array): CommittedBatch | undefined {
    const key = toHex(root)
    return this.roots.get(key) ?? this.roots.keep(key, this.lookUp(key))
  }

  private lookUp(root: string): CommittedBatch | undefined {
    const found = notary.queries.batch(viewOf(notary, this.replica.state), root)
    return found && { member: found.member, height: found.height }
  }

  /** The height at which one of this member's own statements was committed, once it is. */
  committedAt(of: LeafPlace | Uint8Array): number | undefined {
    const group = this.placeOf(of)?.group
    if (group === undefined) return undefined
    const known = this.heights.get(group)
    if (known !== undefined) return known
    const stands = this.placeOfGroup(group)
    return this.heights.keep(group, stands && this.find(stands.root)?.height)
  }

  /** One of this member's own statements, by its hash if it was committed alone, by its place in any case. */
  statement(of: LeafPlace | Uint8Array): Uint8Array | undefined {
    const place = this.placeOf(of)
    return place && this.group(place.group)?.at(place.index).statement
  }

  /** The opening of one of this member's own statements; it has one as soon as its batch is formed. */
  opening(of: LeafPlace | Uint8Array): Opening | undefined {
    const place = this.placeOf(of)
    const stands = place && this.placeOfGroup(place.group)
    const group = stands && this.group(place.group)
    if (!group) return undefined
    const tree = this.tree(stands.batch)
    const index = stands.at + place.index
    return { ...group.at(place.index), index, size: tree.size, path: tree.path(index) }
  }

  /** Keeps what is in flight moving, and forms the batches that may go out. */
  tick(): void {
    if (!this.loaded) this.load()
    this.watch()
    this.form()
  }

  /** Whether anything waits to be committed. */
  get idle(): boolean {
    if (this.flights.size > 0) return false
    for (const _ of this.pending.entries({ limit: 1 })) return false
    return true
  }

  private load(): void {
    const next = this.next.get(nextKey)
    this.nextBatch = next?.batch ?? 0
    this.nextGroup = Math.max(this.nextGroup, next?.group ?? 0)
    this.waitingAtMost = 0
    for (const [key, leaves] of this.pending.entries()) {
      this.nextGroup = Math.max(this.nextGroup, Number(key) + 1)
      this.waitingAtMost += leaves.length / leafBytes
    }
    this.flights.clear()
    for (const [key, row] of this.inFlight.entries()) this.flights.set(Number(key), { ...row, submittedAt: 0 })
    this.loaded = true
  }

  private watch(): void {
    const now = this.surroundings.now()
    const { time } = this.replica.tip()
    const committed = [...this.flights].filter(([, { root }]) => this.find(root))
    if (committed.length > 0) this.write(committed.map(([batch]) => this.inFlight.drop(sequenceKey(batch))))
    for (const [batch] of committed) this.flights.delete(batch)
    for (const [batch, flight] of this.flights) {
      if (time > flight.validUntil) {
        const renewed = { ...flight, ...this.envelopeFor(flight.root, flight.leaves) }
        this.write([this.inFlight.put(sequenceKey(batch), renewed)])
        this.submit(batch, renewed, now)
      } else if (now - flight.submittedAt >= resubmitSeconds || now < flight.submittedAt)
        this.submit(batch, flight, now)
    }
  }

  private form(): void {
    const room = batchesInFlightMax - this.flights.size
    if (room <= 0 || this.waitingAtMost === 0 || (this.flights.size > 0 && this.waitingAtMost < batchLeavesMax)) return
    const formed = this.nextLoads(room).map((load, index) => this.batchOf(this.nextBatch + index, load))
    if (formed.length === 0) return
    const next = { group: this.nextGroup, batch: this.nextBatch + formed.length }
    this.write([...formed.flatMap(({ changes }) => changes), this.next.put(nextKey, next)])
    // Durable: the batches and their envelopes. A crash from here on submits the same bytes again.
    this.nextBatch = next.batch
    const now = this.surroundings.now()
    for (const { batch, tree, flight } of formed) {
      this.keptTrees.keep(batch, tree)
      this.submit(batch, flight, now)
    }
  }

  /** What goes into the next batches, oldest first: full ones, or a single one with all that waits. */
  private nextLoads(room: number): readonly (readonly Waiting[])[] {
    const loads: Waiting[][] = []
    let load: Waiting[] = []
    let filled = 0
    for (const [key, leaves] of this.pending.entries()) {
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

  private batchOf(batch: number, load: readonly Waiting[]) {
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
    const flight = { root, leaves: size, ...this.envelopeFor(root, size), submittedAt: 0 }
    const changes = [
      this.batches.put(sequenceKey(batch), { root, leaves }),
      this.inFlight.put(sequenceKey(batch), flight),
      ...load.map(({ key }, index) => this.places.put(key, { batch, at: starts[index] as number, root })),
      ...load.map(({ key }) => this.pending.drop(key)),
    ]
    return { batch, tree, flight, changes }
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
      [this.seed],
    )
    return { envelope, validUntil }
  }

  private placeOf(of: LeafPlace | Uint8Array): LeafPlace | undefined {
    if (!(of instanceof Uint8Array)) return of
    const key = toHex(of)
    return this.known.get(key) ?? this.known.keep(key, this.byHash.get(key))
  }

  private placeOfGroup(group: number): GroupPlace | undefined {
    return this.standing.get(group) ?? this.standing.keep(group, this.places.get(sequenceKey(group)))
  }

  private group(number: number): StatementGroup | undefined {
    const kept = this.keptGroups.get(number)
    if (kept) return kept
    const row = this.groups.get(sequenceKey(number))
    return this.keptGroups.keep(number, row && new StatementGroup(row))
  }

  private tree(batch: number): MerkleTree {
    const kept = this.keptTrees.get(batch)
    if (kept) return kept
    const row = this.batches.get(sequenceKey(batch))
    if (!row) throw new Error('a group names a batch that is not in the journal')
    const tree = merkleTreeOfPacked(row.leaves)
    this.keptTrees.keep(batch, tree)
    return tree
  }

  private write(changes: readonly JournalChange[]): void {
    this.loaded = false
    this.journal.write(changes)
    this.loaded = true
  }
}

interface Waiting {
  readonly key: string
  readonly leaves: Uint8Array
}
