/** One member's node: its replica, vault, journal and exchange, opened from one folder that no other process may hold. */
import { join } from 'node:path'
import type { LedgerProofs } from '@plexus/books'
import { no, ok, type Result, type Schema, toHex } from '@plexus/codec'
import { directory } from '@plexus/contracts'
import { publicKeyOf, type RandomBytes } from '@plexus/crypto'
import type { Replica as LedgerReplica, LedgerView, LocalMember, SnapshotPort, VerifierPool } from '@plexus/engine'
import { Exchange, type Organisation, type Replica } from '@plexus/exchange'
import type { Chain, Envelope, Machine, Refusal } from '@plexus/kernel'
import { type Journal, type LedgerStore, type Lock, lockDirectory, openJournal, openLedgerStore } from '@plexus/store'
import { openDiskBlobStore, openKeyStore, openVault, type Vault } from '@plexus/vault'
import { Checkpoints } from './checkpoints.ts'
import { captureTables } from './epcis/captures.ts'
import { repositoryTables } from './epcis/journal-repository.ts'
import { namedQueryTable } from './epcis/named-queries.ts'
import { forksFolder, type Layout, layoutOf, makeFolders, secretOf, secretsNamed } from './layout.ts'
import { answerName, type Measures, timedWrites } from './measures.ts'
import { type NodeBooks, openNodeBooks } from './node-books.ts'
import { type NodeReplica, nodeReplica } from './node-replica.ts'
import { Recovery } from './recovery.ts'
import { restoredMark } from './restored-mark.ts'
import { sealingUnder } from './sealing.ts'
import { openNodeLedger } from './snapshot-ledger.ts'
import { StandingForks } from './standing-forks.ts'

export interface NodeParts {
  readonly chain: Chain
  readonly data: string
  readonly member: string
  readonly random: RandomBytes
  readonly now: () => number
  /** Heights between two snapshots of the ledger, on CometBFT; the same at all members. */
  readonly snapshotEvery?: number | undefined
  /** To another member's node; loss is normal. */
  readonly send: (to: string, note: Uint8Array, mayLeave?: () => boolean) => void
  readonly observe?: (what: string, seconds?: number) => void
  readonly measures?: Measures
  /** Calls back once; the answer cancels. */
  readonly schedule: (callback: () => void, milliseconds: number) => () => void
  /** A part of the node has stopped for good. */
  readonly onFailure: (error: Error) => void
  /** Told of each table of the journal and of what its rows are, for whoever checks a data directory. */
  readonly declareTable?: (table: string, rows: Schema<unknown>) => void
  /** Threads that verify; a node on CometBFT needs them. */
  readonly pool?: Pick<VerifierPool, 'verify'>
  /** Runs one durable write of ledger, journal or vault under a name, so that a test can fail or end there. */
  readonly durable?: DurableWrite
}

/** The product hands in none: then a write is only run. */
export type DurableWrite = <Value>(what: string, write: () => Value) => Value

export type NodeRefusal = { readonly type: 'directory-in-use' } | { readonly type: 'wrong-master-key' }

/** Replicas prove states. The log of the key that orders is read for blocks alone: it keeps no past that nobody asks for. */
const sequencerProofHeights = 1

/** A node before its replica is attached to an engine. */
export class MemberNode {
  readonly member: string
  readonly layout: Layout
  readonly store: LedgerStore
  /** Of a node on CometBFT. */
  readonly snapshots: SnapshotPort | undefined
  readonly vault: Vault
  readonly journal: Journal
  readonly exchange: Exchange
  readonly books: NodeBooks
  readonly checkpoints: Checkpoints
  /** While one stands, no key is released. */
  readonly forks: StandingForks
  /** While it is shut, nothing of the exchange may run. Undefined for a member that was not restored. */
  readonly recovery: Recovery | undefined
  /** Notes that come now are not heard: whoever sent them keeps them. */
  isEnding = false
  private readonly parts: NodeParts
  private readonly ledger: NodeReplica
  private readonly organisations: Organisation[]
  private readonly closers: (() => void)[]
  private own: { readonly seed: Uint8Array; readonly key: string }
  private engine: Pick<LocalMember, 'offer'> | undefined
  private sequencer: LedgerStore | undefined

  private constructor(parts: NodeParts, opened: Opened) {
    this.parts = parts
    const { chain, member, random, now, send } = parts
    this.member = member
    this.layout = opened.layout
    this.vault = opened.vault
    this.journal = opened.journal
    this.store = opened.store
    this.snapshots = opened.snapshots
    this.closers = opened.closers
    this.own = ownKey(this.layout, random)
    this.ledger = nodeReplica({
      chain,
      store: this.store,
      member,
      pool: parts.pool,
      onVerified: (signatures) => parts.measures?.verified(member, signatures),
    })
    const mark = restoredMark(this.layout.root)
    this.recovery =
      mark && new Recovery({ mark, member, root: this.layout.root, store: this.store, journal: this.journal, now })
    this.organisations = organisationsOf(this.layout, member, this.seed, random)
    const journal = { ...this.journal, ...(parts.declareTable && { declare: parts.declareTable }) }
    captureTables(journal)
    repositoryTables(journal)
    namedQueryTable(journal)
    this.forks = new StandingForks(forksFolder(this.layout))
    const shelves: NodeBooks[] = []
    this.exchange = new Exchange({
      member,
      replica: this.replicaPort(),
      journal,
      vault: this.vault,
      surroundings: {
        now,
        random,
        send,
        ledgerInDoubt: () => this.forks.stand,
        ...(parts.observe && { observe: parts.observe }),
      },
      organisations: this.organisations,
      seed: this.seed,
      sealingSeed: secretOf(this.layout, 'sealing', random),
      blindingKey: secretOf(this.layout, 'blinding', random),
      openBooks: (parts) => {
        const books = openNodeBooks(parts, {
          outcomeOf: (id, validUntil) => this.replica.applied(id, validUntil),
          eventsAfter: (after, limit) => this.store.events(after, limit),
        })
        shelves.push(books)
        return books.shelf
      },
    })
    const [books] = shelves
    if (!books) throw new Error('the exchange opened no books')
    this.books = books
    this.checkpoints = new Checkpoints({
      folder: this.layout.checkpoints,
      chain: chain.id,
      member,
      seed: secretOf(this.layout, 'log', random),
      ledger: this.store,
      now,
      schedule: parts.schedule,
      onContradiction: parts.onFailure,
      ...(parts.observe && { observe: parts.observe }),
    })
    this.replica.onApplied(() => {
      this.followRotation()
      this.wakeLog()
    })
  }

  /** Ends what goes on by itself, and hears nothing more; before `close`. */
  async settle(): Promise<void> {
    this.isEnding = true
    await this.exchange.drained()
    await this.checkpoints.stop()
  }

  static open(parts: NodeParts): Result<MemberNode, NodeRefusal> {
    const opened = open(parts)
    return opened.ok ? ok(new MemberNode(parts, opened.value)) : opened
  }

  get chain(): Chain {
    return this.parts.chain
  }

  /** Of the key that signs for this member. */
  get seed(): Uint8Array {
    return this.own.seed
  }

  /** Public key of the node's signing key, which the ledger knows. */
  get publicKey(): Uint8Array {
    return publicKeyOf(this.seed)
  }

  get machine(): Machine {
    return this.ledger.machine
  }

  get replica(): LedgerView {
    return this.ledger.replica
  }

  /** On the embedded engine alone. */
  get embeddedReplica(): LedgerReplica {
    if (this.ledger.type !== 'local') throw new Error('this chain is not ordered by the embedded engine')
    return this.ledger.replica
  }

  /** On CometBFT alone. */
  get cometReplica(): Extract<NodeReplica, { readonly type: 'cometbft' }> {
    if (this.ledger.type !== 'cometbft') throw new Error('this chain is not ordered by CometBFT')
    return this.ledger
  }

  /** That threads of this very process found all signatures of the envelope good. */
  learn(envelope: Envelope): void {
    if (this.ledger.type === 'local') this.ledger.signatures.learn(envelope)
  }

  attach(engine: Pick<LocalMember, 'offer'>): void {
    this.engine = engine
    this.wakeLog()
  }

  /** A replica that was put back may be behind what its log signed before: it signs again when it is surely ahead. */
  private wakeLog(): void {
    const recovering = this.recovery?.state.type
    if (recovering === 'catching-up' || recovering === 'settling') return
    this.checkpoints.wake()
  }

  /** The ledger revokes a key that is rotated; its successor is put in the file of the first, and signs from then on. */
  private followRotation(): void {
    if (directory.holderOf(this.store, this.own.key)) return
    const found = ownKey(this.layout, this.parts.random)
    if (found.key === this.own.key || directory.holderOf(this.store, found.key)?.holder !== this.member) return
    this.own = found
    this.exchange.organisations.set(this.member, { id: this.member, seed: found.seed })
  }

  /** Takes on a tenant: an organisation without a node of its own. The ledger must be told by `register-tenant`. */
  host(tenant: string): Organisation {
    const known = this.organisations.find(({ id }) => id === tenant)
    if (known) return known
    const organisation = { id: tenant, seed: secretOf(this.layout, `tenant-${tenant}`, this.parts.random) }
    this.organisations.push(organisation)
    this.exchange.organisations.set(tenant, organisation)
    return organisation
  }

  /** The signing seed of a clinician whom this member employs, kept by the node until the clinician holds it. */
  clinicianSeed(npi: string): Uint8Array {
    return secretOf(this.layout, `clinician-${npi}`, this.parts.random)
  }

  /** The log of the key that orders the blocks, opened at first use; apart from this member's own replica. */
  get sequencerStore(): LedgerStore {
    if (this.sequencer) return this.sequencer
    const store = openLedgerStore(join(this.layout.root, 'sequencer'), {
      chain: this.parts.chain.id,
      proofHeights: sequencerProofHeights,
    })
    this.closers.push(() => store.close())
    const { durable, measures } = this.parts
    this.sequencer = watchedLedger(store, 'sequencer', timedWrites(this.member, measures, durable))
    return this.sequencer
  }

  close(): void {
    for (const close of this.closers.toReversed()) close()
  }

  private offer(envelope: Uint8Array, refused?: (refusal: Refusal) => void): void {
    const { measures, now } = this.parts
    const from = now()
    this.engine?.offer(envelope, (answer) => {
      measures?.submitted(this.member, answerName(answer), now() - from)
      if (!answer.ok && answer.reason.type === 'refused') refused?.(answer.reason)
    })
  }

  private replicaPort(): Replica {
    const { store } = this
    const { replica } = this.ledger
    return {
      chain: this.parts.chain,
      state: store,
      tip() {
        const tip = store.tip()
        if (!tip) throw new Error('the replica has no genesis')
        return tip
      },
      submit: (envelope, refused) => this.offer(envelope, refused),
      block(height) {
        const block = store.block(height)
        const header = replica.headerAt(height)
        return block && header && { transactions: block.transactions, header }
      },
      stateProof: (height, key) => store.proveStateAt(height, key),
    }
  }

  /** What the own replica proves of a lot. */
  ledgerProofs(): LedgerProofs {
    const { store } = this
    const { replica } = this.ledger
    return {
      stateProof: (height, key) => store.proveStateAt(height, key),
      block(height) {
        const block = store.block(height)
        const header = replica.headerAt(height)
        return block && header && { transactions: block.transactions, outcomes: block.outcomes, header }
      },
      proveBlock: (height, size) => store.proveBlock(height, size),
    }
  }
}

interface Opened {
  readonly layout: Layout
  readonly store: LedgerStore
  readonly snapshots: SnapshotPort | undefined
  readonly journal: Journal
  readonly vault: Vault
  readonly closers: (() => void)[]
}

function open(parts: NodeParts): Result<Opened, NodeRefusal> {
  const { chain, data, member, random } = parts
  const durable = timedWrites(member, parts.measures, parts.durable)
  const layout = layoutOf(data, member)
  makeFolders(layout)
  const lock: Result<Lock, { readonly type: 'directory-in-use' }> = lockDirectory(layout.root)
  if (!lock.ok) return lock
  const closers = [() => lock.value.release()]
  const keys = openKeyStore({
    folder: join(layout.keys, 'store'),
    masterKey: secretOf(layout, 'master', random),
    random,
    ...(durable && { step: durable }),
  })
  if (!keys.ok) {
    lock.value.release()
    return no({ type: 'wrong-master-key' })
  }
  closers.push(() => keys.value.close())
  const ledger = openNodeLedger(layout, chain, parts.snapshotEvery)
  const store = watchedLedger(ledger.store, 'ledger', durable)
  closers.push(() => store.close())
  const sealing = sealingUnder(secretOf(layout, 'journal', random), random)
  const journal = watchedJournal(openJournal(layout.exchange, { sealing }), parts)
  closers.push(() => journal.close())
  const blobs = openDiskBlobStore({ folder: layout.vault, ...(durable && { step: durable }) })
  const vault = openVault({ blobs, keys: keys.value, random })
  return ok({ layout, store, snapshots: ledger.snapshots, journal, vault, closers })
}

function watchedLedger(store: LedgerStore, what: string, durable: DurableWrite | undefined): LedgerStore {
  if (!durable) return store
  return { ...store, commit: (applied, header) => durable(what, () => store.commit(applied, header)) }
}

function watchedJournal(journal: Journal, { member, measures, durable: step }: NodeParts): Journal {
  const durable = timedWrites(member, measures, step)
  if (!durable) return journal
  return {
    ...journal,
    write: (changes) => durable('journal', () => journal.write(changes)),
    append: (changes) => (step ? step('journal', () => journal.append(changes)) : journal.append(changes)),
    durable() {
      const waited = journal.durable()
      const from = performance.now()
      return waited?.finally(() => measures?.wrote(member, 'journal', (performance.now() - from) / 1000))
    },
  }
}

function ownKey(layout: Layout, random: RandomBytes): { readonly seed: Uint8Array; readonly key: string } {
  const seed = secretOf(layout, 'member', random)
  return { seed, key: toHex(publicKeyOf(seed)) }
}

function organisationsOf(layout: Layout, member: string, seed: Uint8Array, random: RandomBytes): Organisation[] {
  const tenants = secretsNamed(layout, 'tenant-').map((name) => ({
    id: name.slice('tenant-'.length),
    seed: secretOf(layout, name, random),
  }))
  return [{ id: member, seed }, ...tenants]
}
