/** A network of few members on real disks, with real keys, and the people who use it. A test drives it and closes it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode, type Schema, toHex } from '@plexus/codec'
import { practitioners } from '@plexus/contracts'
import { generateSealingKey, publicKeyOf, sign, signedBytes, systemRandom } from '@plexus/crypto'
import { type Gathered, type IncomingRecord, type MemberNote, memberNote, NoteDesk } from '@plexus/exchange'
import type { Variant } from '@plexus/kernel'
import { type Evidence, type IntentContent, intent, intentContent, type Purpose, statementTypes } from '@plexus/policy'
import { createWallet, type Look, type NodePort, WalletClient, whoLooked } from '@plexus/sdk'
import { mintNpi } from '../src/demonstration.ts'
import { secretOf } from '../src/layout.ts'
import type { MemberNode } from '../src/member-node.ts'
import { type Faults, Network, type NetworkParts } from '../src/network.ts'
import { walletPort } from '../src/wallet-port.ts'

/** Attests licences, keeps mailboxes and sponsors wallets: no custodian of anybody. */
export const board = 'state-board'
export const hospitals = ['hospital-1', 'hospital-2'] as const
export const clinic = 'clinic-1'

/** On a loaded machine a step takes a second or two; one that takes this long hangs. */
const stepSecondsMax = 100
const visitSeconds = 8 * 3600
/** `PLEXUS_ENGINE=cometbft`: the same tests, with CometBFT beside each member. */
const engineAsked = process.env['PLEXUS_ENGINE'] === 'cometbft' ? 'cometbft' : 'local'
const licenceSeconds = 2 * 31_557_600

export interface Clinician {
  readonly npi: string
  readonly seed: Uint8Array
  readonly organisation: string
}

export interface WorldOptions {
  readonly members?: readonly string[]
  /** An existing data directory is gone on with, and not removed at the end. */
  readonly data?: string
  readonly faults?: Omit<Faults, 'carry'>
  /** Where members answer each other; in process where none is given. */
  readonly addresses?: Readonly<Record<string, string>>
  readonly observe?: NetworkParts['observe']
  readonly engine?: 'cometbft' | 'local'
}

export class World {
  readonly network: Network
  readonly data: string
  /** Seconds that all clocks are ahead of the machine's. */
  clock: { ahead: number }
  /** Failures of turns and of the engine, by member. */
  readonly failures: { readonly member: string | null; readonly error: unknown }[]
  /** How a note travels: a test puts its own here. */
  readonly wire: { carry: NonNullable<Faults['carry']> }
  private readonly temporary: boolean

  private constructor(parts: Pick<World, 'clock' | 'data' | 'failures' | 'network' | 'wire'> & { temporary: boolean }) {
    this.network = parts.network
    this.data = parts.data
    this.clock = parts.clock
    this.failures = parts.failures
    this.wire = parts.wire
    this.temporary = parts.temporary
  }

  static async start(options: WorldOptions = {}): Promise<World> {
    const data = options.data ?? mkdtempSync(join(tmpdir(), 'plexus-world-'))
    const clock = { ahead: 0 }
    const failures: World['failures'] = []
    const wire: World['wire'] = { carry: (_from, _to, _note, deliver) => deliver() }
    const members = [clinic, ...(options.members ?? hospitals), board]
    const started = await Network.start({
      data,
      founding: {
        name: 'plexus-conformance',
        members,
        board,
        engine:
          (options.engine ?? engineAsked) === 'cometbft'
            ? { type: 'cometbft', validators: members }
            : { type: 'local', sequencer: board },
        ...(options.addresses && { addresses: options.addresses }),
      },
      random: systemRandom,
      now: () => Date.now() / 1000 + clock.ahead,
      onFailure: (member, error) => failures.push({ member, error }),
      ...(options.observe && { observe: options.observe }),
      faults: { ...options.faults, carry: (...all) => wire.carry(...all) },
    })
    if (!started.ok) throw new Error(`the network did not start: ${started.reason.type}`)
    return new World({ network: started.value, data, clock, failures, wire, temporary: options.data === undefined })
  }

  readonly now = (): number => Date.now() / 1000 + this.clock.ahead

  node(member: string): MemberNode {
    return this.network.node(member)
  }

  async close(): Promise<void> {
    await this.network.close()
    if (this.temporary) rmSync(this.data, { recursive: true, force: true })
  }

  async until(ready: () => boolean, what: string): Promise<void> {
    // Real seconds: the clocks of the world may jump while something is waited for.
    const end = Date.now() + stepSecondsMax * 1000
    while (!ready()) {
      if (Date.now() > end) throw new Error(`waited ${stepSecondsMax} s for ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  /** Submits a transaction; a test that expects a refusal reads the answer. */
  async submit<Tx extends Variant>(
    member: string,
    contract: { readonly name: string; readonly transaction: Schema<Tx> },
    transaction: Tx,
  ): Promise<number> {
    const answer = await this.network.submit(member, contract, transaction)
    if (!answer.ok) throw new Error(`${transaction.type} was not taken: ${answer.reason.type}`)
    const { height, outcome } = answer.value
    if (outcome.code !== 0) throw new Error(`the ledger refused ${transaction.type}: ${outcome.space} ${outcome.code}`)
    await this.until(
      () => [...this.network.nodes.values()].every(({ store }) => (store.tip()?.height ?? 0) >= height),
      'every replica to apply a transaction',
    )
    return height
  }

  async employ(organisation: string = clinic): Promise<Clinician> {
    const npi = mintNpi(systemRandom)
    const seed = this.node(organisation).clinicianSeed(npi)
    const validUntil = Math.floor(this.now()) + licenceSeconds
    await this.submit(board, practitioners, { type: 'attest-licence', npi, jurisdiction: 'MA', validUntil })
    const role = 'emergency-physician'
    await this.submit(organisation, practitioners, {
      type: 'attest-role',
      npi,
      organisation,
      role,
      key: publicKeyOf(seed),
    })
    return { npi, seed, organisation }
  }

  /** Takes resources into custody, as an import does, and waits for their commitment. */
  async register(custodian: string, patient: string, records: readonly IncomingRecord[]): Promise<void> {
    await this.node(custodian).exchange.run(({ custody }) => custody.register(custodian, patient, records))
    await this.settled()
  }

  /** The patient's wallet, enrolled with codes that were handed over in person. */
  async enrol(
    patient: string,
    custodians: readonly string[],
    changed: (usual: NodePort) => Partial<NodePort> = () => ({}),
  ): Promise<WalletClient> {
    const usual = walletPort(this.network, board, this.now)
    const client = new WalletClient({
      wallet: createWallet({ chain: this.network.chain, root: systemRandom(32), random: systemRandom }),
      port: { ...usual, ...changed(usual) },
      believe: this.network.beliefAt(board),
    })
    for (const custodian of custodians) {
      const code = await this.node(custodian).exchange.run(({ door }) => door.issueCode(custodian, patient))
      must(await client.enrol(custodian, code, board), 'enrolment')
    }
    return client
  }

  /** A wallet that knew this network before it was started again. */
  carryOn({ wallet, taken }: WalletClient): WalletClient {
    const port = walletPort(this.network, board, this.now)
    return new WalletClient({ wallet, taken, port, believe: this.network.beliefAt(board) })
  }

  async checkIn(client: WalletClient, requester: string, custodians: readonly string[]): Promise<Uint8Array> {
    const visit = systemRandom(16)
    must(await client.checkIn(requester, visit, custodians, visitSeconds), 'check-in')
    await this.visitReady(requester, visit)
    return visit
  }

  /** A visit on evidence that is handed in as it is. */
  async visit(requester: string, brought: readonly Evidence[]): Promise<Uint8Array> {
    const visit = systemRandom(16)
    const opened = await this.node(requester).exchange.run((exchange) =>
      exchange.requester.openVisit(visit, requester, brought),
    )
    must(opened, 'a visit')
    await this.visitReady(requester, visit)
    return visit
  }

  private visitReady(requester: string, visit: Uint8Array): Promise<void> {
    return this.until(
      () => this.node(requester).exchange.requester.visitReady(visit),
      'the evidence of a visit to be committed',
    )
  }

  /** What the asker alone can say: the patient is here, named by the custodian's own record number. */
  selfAsserted(requester: string, custodian: string, number: string): Evidence {
    const madeAt = Math.floor(this.now())
    const content = {
      type: 'self-asserted' as const,
      id: systemRandom(16),
      custodian,
      requester,
      subject: { type: 'record-number' as const, number },
      kind: 'encounter' as const,
      reference: toHex(systemRandom(8)),
      madeAt,
      validUntil: madeAt + visitSeconds,
    }
    return { content, signatures: [] }
  }

  async startAsk(
    visit: Uint8Array,
    clinician: Clinician,
    purpose: Purpose = 'TREAT',
    types: readonly string[] = [],
  ): Promise<Uint8Array> {
    const node = this.node(clinician.organisation)
    const { npi, seed } = clinician
    const asked = await node.exchange.run(({ requester }) =>
      requester.ask({ visit, clinician: { npi, seed }, purpose, emergency: null, types }),
    )
    if (!asked.ok) throw new Error(`the ask was refused: ${asked.reason.type}`)
    return asked.value
  }

  async ask(
    visit: Uint8Array,
    clinician: Clinician,
    purpose: Purpose = 'TREAT',
    types: readonly string[] = [],
  ): Promise<Gathered> {
    return this.ended(clinician.organisation, await this.startAsk(visit, clinician, purpose, types))
  }

  /** What an ask brought, once every custodian has answered. */
  async ended(organisation: string, ask: Uint8Array): Promise<Gathered> {
    const { requester } = this.node(organisation).exchange
    await this.until(() => requester.settled(ask), 'every custodian to answer')
    const found = requester.gathered(ask)
    if (!found) throw new Error('the ask is not in the journal')
    return found
  }

  /** Nothing waits: all is committed, told, acknowledged, and every replica has it. */
  async settled(): Promise<void> {
    const nodes = [...this.network.nodes.values()]
    await this.until(() => nodes.every(({ exchange }) => exchange.idle), 'all nodes to be idle')
    const top = Math.max(...nodes.map(({ store }) => store.tip()?.height ?? 0))
    await this.until(() => nodes.every(({ store }) => (store.tip()?.height ?? 0) >= top), 'the replicas to agree')
  }

  /** What the patient sees, once `ready` holds. */
  async looks(client: WalletClient, ready: (looks: readonly Look[]) => boolean): Promise<readonly Look[]> {
    const end = Date.now() + stepSecondsMax * 1000
    for (;;) {
      must(await client.fetch(), 'fetching the mailbox')
      const looks = whoLooked(client.wallet.state)
      if (ready(looks)) return looks
      if (Date.now() > end) throw new Error('the patient did not see what was waited for')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  // What only a node can do that does not keep to the protocol.

  /** Commits statements in one batch of a member, whatever they say, and gives their hashes. */
  async commit(
    member: string,
    statements: readonly { readonly type: string; readonly statement: Uint8Array }[],
  ): Promise<readonly Uint8Array[]> {
    const node = this.node(member)
    const hashes = await node.exchange.run(({ batches }) => {
      const committed = statements.map(({ type, statement }) => batches.commit(type, statement))
      node.journal.write(committed.flatMap(({ changes }) => [...changes]))
      return committed.map(({ hash }) => hash)
    })
    await this.until(
      () => hashes.every((hash) => node.exchange.batches.committedAt(hash) !== undefined),
      'statements to be committed',
    )
    return hashes
  }

  /** Something to commit, so that a block comes at once; it is not waited for. */
  async beginPadding(member: string): Promise<void> {
    const { journal, exchange } = this.node(member)
    const { type, statement } = padding()
    await exchange.run(({ batches }) => journal.write(batches.commit(type, statement).changes))
  }

  async intentOf(
    clinician: Clinician,
    custodian: string,
    evidenceHashes: readonly Uint8Array[],
    changed: Partial<IntentContent> = {},
    chain: Uint8Array = this.network.chain.id,
  ): Promise<{ readonly type: string; readonly statement: Uint8Array }> {
    const madeAt = Math.floor(this.now())
    const content: IntentContent = {
      id: systemRandom(16),
      requester: clinician.organisation,
      custodian,
      clinician: { npi: clinician.npi, organisation: clinician.organisation },
      purpose: 'TREAT',
      emergency: null,
      evidence: evidenceHashes,
      types: [],
      sessionKey: (await generateSealingKey(systemRandom(32))).publicKey,
      madeAt,
      expiresAt: madeAt + 300,
      ...changed,
    }
    const signature = sign(clinician.seed, signedBytes(statementTypes.intent, chain, encode(intentContent, content)))
    const statement = encode(intent, { content, clinician: { key: publicKeyOf(clinician.seed), signature } })
    return { type: statementTypes.intent, statement }
  }

  desk(member: string): NoteDesk {
    const { layout, store, seed } = this.node(member)
    return new NoteDesk({
      chain: this.network.chain.id,
      member,
      seed,
      sealingSeed: secretOf(layout, 'sealing', systemRandom),
      state: () => store,
      send: () => {},
    })
  }

  /** Opens a note on the wire, as only its receiver can. */
  async read(to: string, note: Uint8Array): Promise<MemberNote> {
    const opened = await this.desk(to).open(note)
    if (!opened.ok || opened.value.from === null) throw new Error('a note on the wire does not open')
    return opened.value.note
  }

  /** Sends a note of a member past its own exchange, and gives the notes that come back from the receiver for it. */
  async say(from: string, to: string, note: MemberNote, answers = 1): Promise<readonly MemberNote[]> {
    const sealed = await this.desk(from).seal(to, encode(memberNote, note))
    if (!sealed) throw new Error('the receiver is no member')
    const before = this.wire.carry
    const heard: Uint8Array[] = []
    this.wire.carry = (sender, receiver, bytes, deliver) => {
      if (sender === to && receiver === from) heard.push(bytes)
      else before(sender, receiver, bytes, deliver)
    }
    try {
      const taken = await this.node(to).exchange.receive(sealed)
      if (!taken.ok) throw new Error(`the note was not taken: ${taken.reason.type}`)
      if (answers > 0) await this.until(() => heard.length >= answers, 'an answer')
      else await this.rounds(to, 4)
      return await Promise.all(heard.map((bytes) => this.read(from, bytes)))
    } finally {
      this.wire.carry = before
    }
  }

  /** The request of a committed intent, with whatever evidence is opened. */
  request(member: string, intentHash: Uint8Array, evidenceHashes: readonly Uint8Array[]): MemberNote {
    const { batches } = this.node(member).exchange
    const opened = [intentHash, ...evidenceHashes].map((hash) => {
      const found = batches.opening(hash)
      if (!found) throw new Error('a committed statement has no opening')
      return found
    })
    const [first, ...rest] = opened
    if (!first) throw new Error('a request needs an intent')
    return { type: 'request', intent: first, evidence: rest }
  }

  /** Lets a member apply blocks: two of them settle whatever it has decided. */
  async rounds(member: string, blocks: number): Promise<void> {
    for (let round = 0; round < blocks; round++) {
      await this.commit(member, [padding()])
    }
  }
}

export function padding(): { readonly type: string; readonly statement: Uint8Array } {
  return { type: 'padding', statement: systemRandom(32) }
}

export function must(
  result: { readonly ok: boolean; readonly reason?: { readonly type: string } },
  what: string,
): void {
  if (!result.ok) throw new Error(`${what} was refused: ${result.reason?.type ?? 'no reason'}`)
}
