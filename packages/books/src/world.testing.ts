/**
 * Members whose blocks and notes wait for the test: a clinic that prescribes, two pharmacies and a board, or those that a
 * test names. Everything in it is real but the disk of the journal, the wire and the clock.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode, fromHex, toHex, utf8 } from '@plexus/codec'
import { contracts, directory, members, practitioners, prescriptions, rebates, supply } from '@plexus/contracts'
import { generateSealingKey, publicKeyOf, sha256 } from '@plexus/crypto'
import { Exchange, type Journal, type JournalChange, type Replica } from '@plexus/exchange'
import {
  createMachine,
  type EventRecord,
  foundChain,
  type Machine,
  memoryLedger,
  type Outcome,
  readEnvelope,
} from '@plexus/kernel'
import { openDiskBlobStore, openKeyStore, openVault } from '@plexus/vault'
import { Books } from './books.ts'
import { PrescriptionsBook } from './prescriptions/book.ts'
import { RebatesBook } from './rebates/book.ts'
import { SupplyBook } from './supply/book.ts'

const startsAt = 1_795_000_000
const secondsPerBlock = 2
export const npis = ['1003000126', '1245319599', '1234567893'] as const
export const memberNames = ['board', 'clinic', 'pharmacy-1', 'pharmacy-2'] as const
export type MemberName = (typeof memberNames)[number] | 'maker' | 'wholesaler'

export const seedOf = (name: string): Uint8Array => sha256(utf8(name))

/** Bytes that differ from call to call and are the same in every run. */
function seededRandom(name: string) {
  let drawn = 0
  return (length: number): Uint8Array => {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += 32) bytes.set(seedOf(`${name} ${drawn++}`).subarray(0, length - at), at)
    return bytes
  }
}

/** Tables that outlive the exchange which wrote them. */
class JournalInMemory implements Journal {
  private readonly tables = new Map<string, Map<string, Uint8Array>>()

  get(table: string, key: string): Uint8Array | undefined {
    return this.tables.get(table)?.get(key)
  }

  entries(table: string, { after = '', prefix = '', limit = Number.MAX_SAFE_INTEGER } = {}) {
    return [...(this.tables.get(table) ?? [])]
      .filter(([key]) => key.startsWith(prefix) && key > after)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
  }

  write(changes: readonly JournalChange[]): void {
    for (const { table, key, value } of changes) {
      const rows = this.tables.get(table) ?? new Map<string, Uint8Array>()
      this.tables.set(table, rows)
      if (value) rows.set(key, value)
      else rows.delete(key)
    }
  }

  append(changes: readonly JournalChange[]): void {
    this.write(changes)
  }

  durable(): undefined {
    return undefined
  }

  /** Every byte of it. */
  held(): string {
    return [...this.tables].flatMap(([, rows]) => [...rows].map(([key, value]) => `${key} ${toHex(value)}`)).join('\n')
  }
}

interface Node {
  readonly journal: JournalInMemory
  readonly replica: Replica
  readonly apply: (time: number, transactions: readonly Uint8Array[]) => void
  readonly outcomes: Map<string, { readonly height: number; readonly outcome: Outcome }>
  readonly events: EventRecord[]
  exchange: Exchange
  books: Books
  prescriptions: PrescriptionsBook
  rebates: RebatesBook
  supply: SupplyBook
}

type Chain = Machine['chain']

/** What was done; a refusal is not what the test is about. */
export function must<Value>(
  made: { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly reason: unknown },
): Value {
  if (!made.ok) throw new Error(JSON.stringify(made.reason))
  return made.value
}

export class World {
  readonly chain: Chain
  time = startsAt
  readonly wire: { readonly from: string; readonly to: string; readonly sealed: Uint8Array }[] = []
  /** Envelopes on their way to a block, in the order in which they were submitted. */
  readonly pool: Uint8Array[] = []
  readonly blocks: (readonly Uint8Array[])[] = []
  /** Envelopes of a member do not reach the engine. */
  lost: (member: string) => boolean = () => false
  private readonly folders: string[] = []
  private readonly nodes = new Map<string, Node>()
  private readonly random = seededRandom('world')

  private constructor(chain: Chain, names: readonly MemberName[]) {
    this.chain = chain
    for (const member of names) this.nodes.set(member, this.begin(member))
  }

  static async start(names: readonly MemberName[] = memberNames): Promise<World> {
    const founding: { contract: string; event: Uint8Array }[] = []
    const say = <Event>(
      contract: { readonly name: string; readonly event: Parameters<typeof encode<Event>>[0] },
      event: Event,
    ) => founding.push({ contract: contract.name, event: encode(contract.event, event) })
    for (const member of names) {
      const { publicKey: sealingKey } = await generateSealingKey(seedOf(`sealing ${member}`))
      say(members, { type: 'member-founded', member, address: 'local:', sealingKey, owner: member })
      const key = publicKeyOf(seedOf(member))
      const boards = member === 'board' ? (['licensing-board'] as const) : []
      const scopes = ['batches', 'credentials', 'custodian', 'governance', ...boards, 'sponsor'] as const
      say(members, { type: 'key-registered', holder: member, key, scopes, next: null, height: 0 })
    }
    for (const npi of npis) {
      const key = publicKeyOf(seedOf(npi))
      say(practitioners, {
        type: 'licence-attested',
        npi,
        board: 'board',
        jurisdiction: 'CT',
        validUntil: startsAt * 2,
        height: 0,
      })
      for (const organisation of ['clinic', 'board', 'pharmacy-1', 'pharmacy-2'])
        say(practitioners, { type: 'role-attested', npi, organisation, role: 'prescriber', key, height: 0 })
    }
    for (const { name: contract, version } of [prescriptions, rebates, supply])
      say(members, { type: 'contract-activated', contract, version, height: 0 })
    const engine = { type: 'local' as const, sequencer: new Uint8Array(32) }
    return new World(foundChain({ name: 'books-tests', time: startsAt, engine, founding }), names)
  }

  node(member: MemberName): Node {
    const found = this.nodes.get(member)
    if (!found) throw new Error(`no member ${member}`)
    return found
  }

  /** A turn of a member's people, and what follows from it. */
  async atSupply<Value>(member: MemberName, act: (book: SupplyBook) => Value): Promise<Value> {
    const { exchange, supply } = this.node(member)
    const value = await exchange.run(() => act(supply))
    await this.settle()
    return value
  }

  /** The process ends and another begins on the same tables; what was in memory is gone. */
  restart(member: MemberName): void {
    const node = this.node(member)
    Object.assign(node, this.exchangeOn(member, node))
  }

  close(): void {
    for (const folder of this.folders) rmSync(folder, { recursive: true, force: true })
  }

  private begin(member: string): Node {
    const machine = createMachine({ chain: this.chain, contracts, directory })
    const ledger = memoryLedger(machine)
    const tip = () => {
      const found = ledger.reader.tip()
      if (!found) throw new Error('the ledger is not founded')
      return found
    }
    const outcomes: Node['outcomes'] = new Map()
    const events: EventRecord[] = []
    const parts = {
      journal: new JournalInMemory(),
      outcomes,
      events,
      replica: {
        chain: this.chain,
        state: ledger.reader,
        tip,
        submit: (envelope, refused) => {
          if (this.lost(member)) return
          const checked = machine.check(ledger.reader, envelope, this.time)
          if (checked.ok) this.pool.push(envelope)
          else refused?.(checked.reason)
        },
        block: () => undefined,
        stateProof: () => undefined,
      } satisfies Replica,
      apply: (time: number, transactions: readonly Uint8Array[]) => {
        const height = tip().height + 1
        const applied = machine.apply(ledger.reader, { height, time, transactions })
        ledger.commit(applied)
        events.push(...applied.events)
        for (const [index, bytes] of transactions.entries()) {
          const read = readEnvelope(bytes)
          const outcome = applied.outcomes[index]
          const id = read.ok ? toHex(read.value.id) : ''
          if (outcome && outcomes.get(id)?.outcome.code !== 0) outcomes.set(id, { height, outcome })
        }
      },
    }
    return { ...parts, ...this.exchangeOn(member, parts) }
  }

  private exchangeOn(
    member: string,
    { journal, replica, outcomes, events }: Pick<Node, 'events' | 'journal' | 'outcomes' | 'replica'>,
  ) {
    const folder = mkdtempSync(join(tmpdir(), 'plexus-books-'))
    this.folders.push(folder)
    const random = seededRandom(`${member} ${this.folders.length}`)
    const keys = openKeyStore({ folder: join(folder, 'keys'), masterKey: seedOf('master'), random })
    if (!keys.ok) throw new Error(keys.reason.type)
    const opened: Pick<Node, 'books' | 'prescriptions' | 'rebates' | 'supply'>[] = []
    const exchange = new Exchange({
      member,
      replica,
      journal,
      vault: openVault({ blobs: openDiskBlobStore({ folder: join(folder, 'blobs') }), keys: keys.value, random }),
      surroundings: {
        now: () => this.time,
        random: this.random,
        send: (to, sealed) => void this.wire.push({ from: member, to, sealed }),
      },
      organisations: [{ id: member, seed: seedOf(member) }],
      seed: seedOf(member),
      sealingSeed: seedOf(`sealing ${member}`),
      blindingKey: seedOf(`blinding ${member}`),
      openBooks: (parts) => {
        const books = new Books(parts, { outcomeOf: (id) => outcomes.get(toHex(id)) })
        const book = books.open(prescriptions.name, (desk) => new PrescriptionsBook(desk))
        const told = {
          eventsAfter: (after: number, limit: number) =>
            events.filter(({ sequence }) => sequence > after).slice(0, limit),
          fills: book.dispenser,
        }
        opened.push({
          books,
          prescriptions: book,
          rebates: books.open(rebates.name, (desk) => new RebatesBook(desk)),
          supply: books.open(supply.name, (desk) => new SupplyBook(desk, told)),
        })
        return books
      },
    })
    const [first] = opened
    if (!first) throw new Error('the exchange opened no books')
    return { exchange, ...first }
  }

  /** All that waits, in one block, on every replica but those behind. */
  block(...behind: readonly MemberName[]): void {
    this.time += secondsPerBlock
    this.blocks.push(this.pool.splice(0))
    for (const member of this.nodes.keys() as Iterable<MemberName>) if (!behind.includes(member)) this.catchUp(member)
  }

  catchUp(member: MemberName): void {
    const node = this.node(member)
    for (let { height } = node.replica.tip(); height < this.blocks.length; height++)
      node.apply(startsAt + (height + 1) * secondsPerBlock, this.blocks[height] ?? [])
  }

  async deliver(): Promise<void> {
    for (const { to, sealed } of this.wire.splice(0)) await this.node(to as MemberName).exchange.receive(sealed)
  }

  async wake(): Promise<void> {
    for (const { exchange } of this.nodes.values()) await exchange.wake()
  }

  /** Blocks and notes until nothing waits. */
  async settle(rounds = 12): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      await this.wake()
      while (this.wire.length > 0) await this.deliver()
      if (this.pool.length === 0 && [...this.nodes.values()].every(({ exchange }) => exchange.idle)) return
      this.block()
    }
    throw new Error('the world does not come to rest')
  }

  /** A step of a member's people, to its end. */
  async done(
    member: MemberName,
    act: (
      book: PrescriptionsBook,
    ) =>
      | { readonly ok: true; readonly value: { readonly step: string } }
      | { readonly ok: false; readonly reason: { readonly type: string } },
  ): Promise<string> {
    const made = await this.node(member).exchange.run(() => act(this.node(member).prescriptions))
    if (!made.ok) return made.reason.type
    await this.settle()
    const outcome = await this.node(member).books.outcome(made.value.step)
    return outcome.type === 'refused' ? outcome.reason : outcome.type
  }
}

export const handleIn = (made: { readonly handles: readonly string[] }): Uint8Array => fromHex(made.handles[0] ?? '')
