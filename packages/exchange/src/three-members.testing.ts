/**
 * Three members whose blocks and notes wait for the test: a clinic that asks, a hospital that keeps charts and a board
 * that keeps mailboxes. Everything in it is real but the disk of the journal, the wire and the clock.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode, equalBytes, no, ok, type Schema, utf8 } from '@plexus/codec'
import { members, type NetworkPolicy, practitioners } from '@plexus/contracts'
import { publicKeyOf, sign } from '@plexus/crypto'
import {
  assembleEnvelope,
  type Chain,
  headerHash,
  headerMessage,
  readBody,
  sealEnvelope,
  signBody,
  transactionsRoot,
  viewOf,
} from '@plexus/kernel'
import type { Emergency } from '@plexus/policy'
import { createWallet, type NodePort, WalletClient } from '@plexus/sdk'
import { openDiskBlobStore, openKeyStore, openVault, type Vault } from '@plexus/vault'
import type { IncomingRecord } from './custody-rows.ts'
import { Exchange } from './exchange.ts'
import {
  board,
  clinic,
  clinicianSeed,
  engineSeed,
  founded,
  hospital,
  memberSeed,
  names,
  npi,
  patient,
  sealingSeed,
  seedOf,
  startsAt,
  ward,
} from './founding.testing.ts'
import { type MemberNote, memberNote, NoteDesk } from './notes.ts'
import { HandDrivenReplica, JournalInMemory, type SealedBlock } from './replica.testing.ts'

const secondsPerBlock = 2
const visitSeconds = 3_600

const folders: string[] = []

/** Whoever makes worlds ends with this. */
export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

/** Bytes that differ from call to call and are the same in every run. */
function seededRandom(name: string) {
  let drawn = 0
  return (length: number): Uint8Array => {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += 32) bytes.set(seedOf(`${name} ${drawn++}`).subarray(0, length - at), at)
    return bytes
  }
}

interface Node {
  readonly member: string
  readonly replica: HandDrivenReplica
  readonly journal: JournalInMemory
  readonly vault: Vault
  /** Seconds that its clock is ahead. */
  ahead: number
  exchange: Exchange
}

/** A note on the wire, which is nowhere until the test delivers it. */
export interface Travelling {
  readonly from: string
  readonly to: string
  readonly sealed: Uint8Array
}

export class World {
  readonly chain: Chain
  readonly nodes: ReadonlyMap<string, Node>
  readonly wire: Travelling[] = []
  readonly random = seededRandom('world')
  time = startsAt
  /** Wallets' notes to these members do not arrive. */
  lost: (to: string) => boolean = () => false
  /** Whether members have seen two ledgers. */
  inDoubt = false
  private previous = new Uint8Array(32)
  private readonly blocks: SealedBlock[] = []

  private constructor(chain: Chain) {
    this.chain = chain
    this.nodes = new Map(names.map((member) => [member, this.open(member)]))
  }

  static async start(parameters: Partial<NetworkPolicy['parameters']> = {}): Promise<World> {
    const world = new World(await founded(parameters))
    const validUntil = startsAt + 31_557_600
    const key = publicKeyOf(clinicianSeed)
    world.submit(board, practitioners, { type: 'attest-licence', npi, jurisdiction: 'MA', validUntil })
    world.submit(clinic, practitioners, { type: 'attest-role', npi, organisation: clinic, role: 'physician', key })
    world.block()
    return world
  }

  private open(member: string): Node {
    const folder = mkdtempSync(join(tmpdir(), 'plexus-exchange-'))
    folders.push(folder)
    const random = seededRandom(`vault ${member}`)
    const keys = openKeyStore({ folder: join(folder, 'keys'), masterKey: seedOf(`master ${member}`), random })
    if (!keys.ok) throw new Error(keys.reason.type)
    const blobs = openDiskBlobStore({ folder: join(folder, 'blobs') })
    const parts = {
      member,
      replica: new HandDrivenReplica(this.chain),
      journal: new JournalInMemory(),
      vault: openVault({ blobs, keys: keys.value, random }),
      ahead: 0,
    }
    const node = { ...parts, exchange: undefined as never as Exchange }
    node.exchange = this.exchangeOf(node)
    return node
  }

  private exchangeOf(node: Omit<Node, 'exchange'>): Exchange {
    const { member, replica, journal, vault } = node
    const own = member === hospital ? [member, ward] : [member]
    return new Exchange({
      member,
      replica,
      journal,
      vault,
      surroundings: {
        now: () => this.time + node.ahead,
        random: this.random,
        send: (to, sealed) => void this.wire.push({ from: member, to, sealed }),
        ledgerInDoubt: () => this.inDoubt,
      },
      organisations: own.map((id) => ({ id, seed: memberSeed(id) })),
      seed: memberSeed(member),
      sealingSeed: sealingSeed(member),
      blindingKey: seedOf(`blinding ${member}`),
    })
  }

  node(member: string): Node {
    const found = this.nodes.get(member)
    if (!found) throw new Error(`no member ${member}`)
    return found
  }

  /** The X-Wing key that the ledger names for a member's node. */
  sealingKeyOf(member: string): Uint8Array {
    const found = members.queries.member(viewOf(members, this.node(board).replica.state), member)
    if (!found) throw new Error(`no member ${member}`)
    return found.sealingKey
  }

  exchange(member: string): Exchange {
    return this.node(member).exchange
  }

  /** The process ends and another begins on the same tables; what was in memory is gone. */
  restart(member: string): Exchange {
    const node = this.node(member)
    node.journal.stopBefore = () => false
    node.exchange = this.exchangeOf(node)
    return node.exchange
  }

  // Blocks.

  submit<Transaction>(
    member: string,
    contract: { readonly name: string; readonly transaction: Schema<Transaction> },
    transaction: Transaction,
    besides: readonly Uint8Array[] = [],
  ): void {
    const validUntil = this.time + 300
    const content = { chain: this.chain.id, sponsor: member, nonce: this.random(16), validUntil }
    const bytes = encode(contract.transaction, transaction)
    const seeds = [memberSeed(member), ...besides]
    const envelope = sealEnvelope({ ...content, contract: contract.name, transaction: bytes }, seeds)
    this.node(member).replica.submit(envelope)
  }

  /** Orders what was handed in and signs the block; no replica has it yet. */
  order(): void {
    this.time += secondsPerBlock
    const transactions = [...this.nodes.values()].flatMap(({ replica }) => replica.submitted.splice(0))
    // Ordering needs the state before: the replica that is furthest runs it first.
    const furthest = [...this.nodes.values()].find(({ replica }) => replica.tip().height === this.blocks.length)
    if (!furthest) throw new Error('no replica has applied the block before')
    const header = {
      type: 'local' as const,
      chain: this.chain.id,
      height: this.blocks.length + 1,
      time: this.time,
      appHash: furthest.replica.tip().appHash,
      transactionsRoot: transactionsRoot(transactions),
      previous: this.previous,
    }
    this.previous = new Uint8Array(headerHash(header))
    this.blocks.push({ transactions, header: { header, signature: sign(engineSeed, headerMessage(header)) } })
  }

  /** One member's replica applies what it is behind; its exchange does nothing yet. */
  catchUp(member: string): void {
    const { replica } = this.node(member)
    for (const block of this.blocks.slice(replica.tip().height)) replica.apply(block)
  }

  /** A block that every replica applies, or every one but `behind`. */
  block(...behind: readonly string[]): void {
    this.order()
    for (const member of names) if (!behind.includes(member)) this.catchUp(member)
  }

  // Notes.

  /** Delivers what is on the wire to whoever `to` names, and to all without it. */
  async deliver(to?: string): Promise<void> {
    const due = this.wire.filter((each) => to === undefined || each.to === to)
    for (const each of due) this.wire.splice(this.wire.indexOf(each), 1)
    for (const each of due) await this.exchange(each.to).receive(each.sealed)
  }

  /** Takes notes off the wire and reads them, as only their receiver can. */
  async intercept(to: string): Promise<readonly MemberNote[]> {
    const taken = this.wire.filter((each) => each.to === to)
    for (const each of taken) this.wire.splice(this.wire.indexOf(each), 1)
    return Promise.all(taken.map(({ sealed }) => this.read(to, sealed)))
  }

  async read(to: string, sealed: Uint8Array): Promise<MemberNote> {
    const opened = await this.desk(to).open(sealed)
    if (!opened.ok || opened.value.from === null) throw new Error('a note on the wire does not open')
    return opened.value.note
  }

  desk(member: string): NoteDesk {
    const { replica } = this.node(member)
    return new NoteDesk({
      chain: this.chain.id,
      member,
      seed: memberSeed(member),
      sealingSeed: sealingSeed(member),
      state: () => replica.state,
      send: (to, sealed) => void this.wire.push({ from: member, to, sealed }),
    })
  }

  /** A note of a member's key that its own exchange never sent. */
  async say(from: string, to: string, note: MemberNote): Promise<void> {
    const sealed = await this.desk(from).seal(to, encode(memberNote, note))
    if (!sealed) throw new Error('the receiver is no member')
    const taken = await this.exchange(to).receive(sealed)
    if (!taken.ok) throw new Error(`the note was not taken: ${taken.reason.type}`)
  }

  /** Blocks and notes until nothing waits. */
  async settle(rounds = 12): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      for (const { exchange } of this.nodes.values()) await exchange.wake()
      while (this.wire.length > 0) await this.deliver()
      if ([...this.nodes.values()].every(({ exchange }) => exchange.idle)) return
      this.block()
    }
    throw new Error('the world does not come to rest')
  }

  // People.

  wallet(): WalletClient {
    const port: NodePort = {
      sponsor: async () => ({ member: board, key: publicKeyOf(memberSeed(board)) }),
      nodeOf: async (organisation) => {
        const member = organisation === ward ? hospital : organisation
        return ok({ member, sealingKey: this.sealingKeyOf(member) })
      },
      submit: async (body, shares) => {
        const read = readBody(body)
        if (!read.ok) return no({ type: 'body-malformed' })
        const signatures = read.value.signers.map(
          (key) =>
            shares.find((share) => equalBytes(share.key, key))?.signature ??
            signBody(this.chain.id, body, memberSeed(board)),
        )
        this.node(board).replica.submit(assembleEnvelope(body, signatures))
        this.block()
        return ok({ height: this.blocks.length })
      },
      deliver: async (member, sealed) => {
        if (this.lost(member)) return no({ type: 'lost' })
        const taken = await this.exchange(member).receive(sealed)
        return taken.ok ? ok() : no({ type: taken.reason.type })
      },
      mail: async (member, request) => {
        const page = this.exchange(member).mailboxes.fetch(request)
        return page.ok ? page : no({ type: page.reason.type })
      },
      now: () => this.time,
      pause: async () => this.block(),
    }
    const root = seedOf('wallet')
    return new WalletClient({ wallet: createWallet({ chain: this.chain, root, random: seededRandom('wallet') }), port })
  }

  /** A chart at the hospital, committed. */
  async register(records: readonly IncomingRecord[], custodian: string = hospital): Promise<void> {
    await this.exchange(hospital).run(({ custody }) => custody.register(custodian, patient, records))
    await this.settle()
  }

  /** The patient of a chart that is in custody, with a wallet, enrolled and with nothing left to be told. */
  async enrolled(custodians: readonly string[] = [hospital]): Promise<WalletClient> {
    const client = this.wallet()
    for (const custodian of custodians) {
      const code = await this.exchange(hospital).run(({ door }) => door.issueCode(custodian, patient))
      const done = await client.enrol(custodian, code, board)
      if (!done.ok) throw new Error(`enrolment: ${done.reason.type}`)
    }
    await this.settle()
    return client
  }

  /** Step 1, done: the patient's evidence is committed. */
  async checkedIn(client: WalletClient, custodians: readonly string[] = [hospital]): Promise<Uint8Array> {
    const visit = this.random(16)
    const done = await client.checkIn(clinic, visit, custodians, visitSeconds)
    if (!done.ok) throw new Error(`check-in: ${done.reason.type}`)
    await this.settle()
    return visit
  }

  /** A visit on the asker's own word, committed. */
  async selfAsserted(numbers: readonly string[]): Promise<readonly Uint8Array[]> {
    const visits: Uint8Array[] = []
    for (const number of numbers) {
      const opened = await this.exchange(clinic).goOnWithout(clinic, [{ custodian: hospital, number }])
      if (!opened.ok) throw new Error(`no visit: ${opened.reason.type}`)
      visits.push(opened.value)
    }
    await this.settle()
    return visits
  }

  /** Step 2: the ask is durable, and its intents are on their way to a block. */
  async ask(
    visit: Uint8Array,
    seed: Uint8Array = clinicianSeed,
    emergency: Emergency | null = null,
  ): Promise<Uint8Array> {
    const purpose = emergency ? 'ETREAT' : 'TREAT'
    const asked = await this.exchange(clinic).run(({ requester }) =>
      requester.ask({ visit, clinician: { npi, seed }, purpose, emergency, types: [] }),
    )
    if (!asked.ok) throw new Error(`the ask was refused: ${asked.reason.type}`)
    return asked.value
  }

  /** Steps 2 to 4 of an ask: the hospital has decided once, and its receipt waits for a block. */
  async decidedOnce(asked: Promise<Uint8Array>): Promise<Uint8Array> {
    const ask = await asked
    this.block()
    await this.exchange(clinic).wake()
    await this.deliver(hospital)
    return ask
  }
}

/** A record as an import brings it. */
export function recordOf(name: string, more: Partial<IncomingRecord> = {}): IncomingRecord {
  return {
    source: `Condition/${name}`,
    segment: 'general',
    resourceType: 'Condition',
    codes: [],
    contentType: 'application/fhir+json',
    bytes: utf8(`{"resourceType":"Condition","id":"${name}"}`),
    enteredInError: false,
    ...more,
  }
}
