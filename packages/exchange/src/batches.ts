/**
 * Commitments: each statement becomes a leaf, leaves wait for a batch, and a batch's root goes to the ledger in one
 * envelope. One batch is in flight; it is durable before it is submitted, and submitted again byte for byte until the
 * replica has applied it or its envelope ended.
 */
import { bytes, encode, list, object, option, text, toHex, uint } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { leafOf, merkleLeafHash, merkleNodeHash, publicKeyOf, statementHash } from '@plexus/crypto'
import { batchLeavesMax, type Opening, sealEnvelope, viewOf } from '@plexus/kernel'
import type { Journal, JournalChange, Replica, Surroundings } from './ports.ts'
import { sequenceKey, tableOf } from './tables.ts'

/** Leaf counts are rounded up to these, with padding that nobody can tell from statements. */
export const sizeClasses = [16, 64, 256, 1024, 4096] as const

/** An envelope of a batch lives this long; then the same root goes out under a new one. */
const envelopeSeconds = 300

/** While a batch is in flight it is offered again this often: the engine may have lost it. */
const resubmitSeconds = 2

/** Trees of recent batches, whose paths are asked for together. */
const treesKeptMax = 64
/** Heights of statements, which a decision asks for once per record: a few charts' worth, some ten megabytes. */
const committedKeptMax = 100_000
/** Roots of others' batches that were looked up. */
const batchesKeptMax = 4_096

const hash = bytes({ length: 32 })
const statementRow = object({ type: text({ max: 30 }), statement: bytes({ max: 1024 * 1024 }), leafKey: hash })
/** The leaf beside the statement's hash: a batch is formed without reading its statements again. */
const pendingRow = object({ hash, leaf: hash })
const placeRow = object({ root: hash, index: uint() })
const batchRow = object({
  leaves: list(hash, { max: batchLeavesMax }),
  envelope: bytes({ max: 8192 }),
  validUntil: uint(),
  height: option(uint()),
})
const inFlightKey = 'in-flight'

export interface CommittedBatch {
  /** The member whose envelope carried the root. */
  readonly member: string
  readonly height: number
}

export class Batches {
  private readonly journal: Journal
  private readonly replica: Replica
  private readonly surroundings: Surroundings
  private readonly member: string
  private readonly seed: Uint8Array
  private readonly pending
  private readonly statements
  private readonly places
  private readonly batches
  private readonly flight
  private readonly trees = new Map<string, readonly (readonly Uint8Array[])[]>()
  private readonly heights = new Map<string, CommittedBatch>()
  private readonly committed = new Map<string, number>()
  private nextPending: number
  private submittedAt = 0

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
    this.pending = tableOf(parts.journal, 'leaves-pending', pendingRow)
    this.statements = tableOf(parts.journal, 'statements', statementRow)
    this.places = tableOf(parts.journal, 'leaf-places', placeRow)
    this.batches = tableOf(parts.journal, 'batches', batchRow)
    this.flight = tableOf(parts.journal, 'batch-in-flight', hash)
    let last = 0
    for (const [key] of this.pending.entries()) last = Number(key)
    this.nextPending = last + 1
  }

  /** Makes a leaf of a statement. It is committed to once the changes are written, and committed when its batch is. */
  commit(
    type: string,
    statement: Uint8Array,
  ): { readonly hash: Uint8Array; readonly changes: readonly JournalChange[] } {
    const hashed = statementHash(type, this.replica.chain.id, statement)
    const leafKey = this.surroundings.random(32)
    return {
      hash: hashed,
      changes: [
        this.statements.put(toHex(hashed), { type, statement, leafKey }),
        this.pending.put(sequenceKey(this.nextPending++), { hash: hashed, leaf: leafOf(leafKey, hashed) }),
      ],
    }
  }

  /** Where a root stands on this member's own replica. */
  find(root: Uint8Array): CommittedBatch | undefined {
    const key = toHex(root)
    const known = this.heights.get(key)
    if (known) return known
    const found = notary.queries.batch(viewOf(notary, this.replica.state), key)
    if (!found) return undefined
    const batch = { member: found.member, height: found.height }
    if (this.heights.size >= batchesKeptMax) this.heights.clear()
    this.heights.set(key, batch)
    return batch
  }

  /** The height at which one of this member's own statements was committed, once it is. */
  committedAt(hashed: Uint8Array): number | undefined {
    const key = toHex(hashed)
    const known = this.committed.get(key)
    if (known !== undefined) return known
    const place = this.places.get(key)
    const height = place && this.find(place.root)?.height
    if (height === undefined) return undefined
    if (this.committed.size >= committedKeptMax) this.committed.clear()
    this.committed.set(key, height)
    return height
  }

  statement(hashed: Uint8Array): Uint8Array | undefined {
    return this.statements.get(toHex(hashed))?.statement
  }

  /** The opening of one of this member's own statements; it has one as soon as its batch is formed. */
  opening(hashed: Uint8Array): Opening | undefined {
    const key = toHex(hashed)
    const row = this.statements.get(key)
    const place = this.places.get(key)
    if (!row || !place) return undefined
    const levels = this.tree(place.root)
    const path: Uint8Array[] = []
    let at = place.index
    for (const level of levels) {
      if (level.length === 1) break
      path.push(level[at ^ 1] as Uint8Array)
      at >>= 1
    }
    return { ...row, index: place.index, size: (levels[0] as readonly Uint8Array[]).length, path }
  }

  /** Forms the next batch when none is in flight, and keeps the one in flight moving. True when a batch was found committed. */
  tick(): boolean {
    const root = this.flight.get(inFlightKey)
    if (root) return this.watch(root)
    this.form()
    return false
  }

  /** Whether anything waits to be committed. */
  get idle(): boolean {
    if (this.flight.get(inFlightKey)) return false
    for (const _ of this.pending.entries({ limit: 1 })) return false
    return true
  }

  private watch(root: Uint8Array): boolean {
    const row = this.batches.get(toHex(root))
    if (!row) throw new Error('the batch in flight is not in the journal')
    const found = this.find(root)
    if (found) {
      this.journal.write([
        this.batches.put(toHex(root), { ...row, height: found.height }),
        this.flight.drop(inFlightKey),
      ])
      this.form()
      return true
    }
    const now = this.surroundings.now()
    if (this.replica.tip().time > row.validUntil) {
      const { envelope, validUntil } = this.envelopeFor(root, row.leaves.length)
      this.journal.write([this.batches.put(toHex(root), { ...row, envelope, validUntil })])
      this.submit(envelope, now)
    } else if (now - this.submittedAt >= resubmitSeconds || now < this.submittedAt) this.submit(row.envelope, now)
    return false
  }

  private form(): void {
    const waiting = [...this.pending.entries({ limit: batchLeavesMax })]
    if (waiting.length === 0) return
    const size = sizeClasses.find((each) => each >= waiting.length) ?? batchLeavesMax
    const leaves = waiting.map(([, { leaf }]) => leaf)
    const noise = this.surroundings.random((size - leaves.length) * 32)
    for (let at = 0; at < noise.length; at += 32) leaves.push(noise.slice(at, at + 32))
    const levels = levelsOf(leaves)
    const root = (levels.at(-1) as readonly Uint8Array[])[0] as Uint8Array
    const { envelope, validUntil } = this.envelopeFor(root, size)
    this.journal.write([
      this.batches.put(toHex(root), { leaves, envelope, validUntil, height: null }),
      this.flight.put(inFlightKey, root),
      ...waiting.map(([, { hash: hashed }], index) => this.places.put(toHex(hashed), { root, index })),
      ...waiting.map(([key]) => this.pending.drop(key)),
    ])
    // Durable: the batch and its envelope. A crash from here on submits the same bytes again.
    this.keepTree(toHex(root), levels)
    this.submit(envelope, this.surroundings.now())
  }

  private submit(envelope: Uint8Array, now: number): void {
    this.submittedAt = now
    this.replica.submit(envelope)
  }

  private envelopeFor(
    root: Uint8Array,
    leaves: number,
  ): { readonly envelope: Uint8Array; readonly validUntil: number } {
    const validUntil = this.replica.tip().time + envelopeSeconds
    const transaction = encode(notary.transaction, {
      type: 'post-batch',
      root,
      leaves: leaves as (typeof sizeClasses)[number],
    })
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

  private tree(root: Uint8Array): readonly (readonly Uint8Array[])[] {
    const key = toHex(root)
    const kept = this.trees.get(key)
    if (kept) return kept
    const row = this.batches.get(key)
    if (!row) throw new Error('a leaf names a batch that is not in the journal')
    const levels = levelsOf(row.leaves)
    this.keepTree(key, levels)
    return levels
  }

  private keepTree(key: string, levels: readonly (readonly Uint8Array[])[]): void {
    if (this.trees.size >= treesKeptMax) this.trees.delete(this.trees.keys().next().value as string)
    this.trees.set(key, levels)
  }

  /** The member's key under which batches are posted, in hexadecimal. */
  get keyHex(): string {
    return toHex(publicKeyOf(this.seed))
  }
}

/** Sizes are powers of two, so every level is full (RFC 6962 §2.1). */
function levelsOf(leaves: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const levels = [leaves.map(merkleLeafHash)]
  for (let level = levels[0] as readonly Uint8Array[]; level.length > 1; ) {
    const above: Uint8Array[] = []
    for (let at = 0; at < level.length; at += 2)
      above.push(merkleNodeHash(level[at] as Uint8Array, level[at + 1] as Uint8Array))
    levels.push(above)
    level = above
  }
  return levels
}
