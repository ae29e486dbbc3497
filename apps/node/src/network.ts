/** The members of one process, on either engine: all of a network, or one of them. Each has a folder, a replica and a vault of its own. */
import { encode, no, ok, type Result, type Schema } from '@plexus/codec'
import type { RandomBytes } from '@plexus/crypto'
import {
  type EngineEvent,
  fetchLightBlock,
  type LightBlockAnswers,
  readLightQuestion,
  type SubmitAnswer,
  startVerifierPool,
  type VerifierPool,
} from '@plexus/engine'
import { type Chain, sealEnvelope, type Variant } from '@plexus/kernel'
import type { Peers } from '@plexus/peers'
import {
  type Belief,
  type BeliefParts,
  beliefIn,
  type FetchLightBlock,
  headerBeliefIn,
  type ReadState,
  readingSource,
  stateReader,
} from '@plexus/sdk'
import { type CometOrderRefusal, type CometPlaces, startCometOrder } from './comet-order.ts'
import { type OrderParts, startEmbeddedOrder } from './embedded-order.ts'
import { type ForkWatch, watchForks } from './fork-watch.ts'
import { type Founding, foundNetwork } from './founding.ts'
import { answerName, type Measures } from './measures.ts'
import { type DurableWrite, MemberNode, type NodeRefusal } from './member-node.ts'
import type { Order } from './order.ts'
import { addressOf, openPeerDoor, type PeerDoorRefusal, transportOf } from './peer-door.ts'
import type { EngineReadings } from './readings.ts'
import { type BlocksLost, catchUpOrder, markLedgerWentBack } from './restored-order.ts'
import { schedule } from './schedule.ts'
import { stateAnswersOf } from './wallet-port.ts'
import { answerRelayed, type WalletAnswer, type WalletAsk, WalletRelay } from './wallet-relay.ts'

/** An envelope of the demonstration's own people. */
const envelopeSeconds = 300

export interface ProcessParts {
  readonly data: string
  readonly random: RandomBytes
  /** Seconds since 1970, with fractions. */
  readonly now: () => number
  readonly onFailure: (member: string | null, error: unknown) => void
  readonly observe?: (member: string, what: string, seconds?: number) => void
  /** Told of writes, answers and verifications, for metrics. */
  readonly measures?: Measures
  /** What becomes of the engine beside a member. */
  readonly onEngineEvent?: (member: string, event: EngineEvent) => void
  readonly faults?: Faults
}

/** A network whose members all run in this process. */
export interface NetworkParts extends ProcessParts {
  readonly founding: Founding
}

/** Which part of a network runs in this process. */
export interface Here {
  readonly chain: Chain
  readonly members: readonly string[]
  /** The member whose key orders, on the embedded engine. */
  readonly sequencer: string | null
  readonly places?: CometPlaces
  /** Where the only member answers, while its own replica does not say so yet. */
  readonly address?: string
  /** Heights between two snapshots, the same at all members; as the program has it, unless told. */
  readonly snapshotEvery?: number | undefined
}

/** What a test does to a running network; the product hands in nothing. */
export interface Faults {
  /** How a sealed note travels: it may come late, twice or never. Without it, notes come in a later turn. */
  readonly carry?: (from: string, to: string, note: Uint8Array, deliver: () => void) => void
  /** A member's own clock where it is not `now`. */
  readonly clockOf?: (member: string) => number
  readonly durable?: (member: string) => DurableWrite
}

/** Between two looks at what waits; most is moved by notes and blocks. */
const tickMilliseconds = 50

export type NetworkRefusal =
  | ((BlocksLost | NodeRefusal | PeerDoorRefusal) & { readonly member: string })
  | CometOrderRefusal
  /** The folder holds a network that was founded on another engine. */
  | { readonly type: 'other-engine'; readonly came: string; readonly expected: string }

/** The verifier threads, counted. */
function countedPool(
  verifiers: VerifierPool,
  measures: Measures | undefined,
): Pick<VerifierPool, 'verify' | 'waiting'> {
  return {
    async verify(envelopes) {
      const held = await verifiers.verify(envelopes)
      measures?.pooled(envelopes.length, held.filter((each) => !each).length)
      return held
    },
    get waiting() {
      return verifiers.waiting
    },
  }
}

export class Network {
  readonly chain: Chain
  readonly nodes: ReadonlyMap<string, MemberNode>
  private readonly order: Order
  private readonly verifiers: VerifierPool
  private readonly parts: ProcessParts
  private readonly timer: NodeJS.Timeout
  /** Of the members that have an address of their own. */
  private readonly doors: ReadonlyMap<string, Peers>
  private readonly walletRelay: WalletRelay | undefined
  private readonly watches: readonly ForkWatch[]
  private closed = false

  private constructor(
    { parts, chain, nodes }: Pick<OrderParts, 'chain' | 'nodes'> & { readonly parts: ProcessParts },
    order: Order,
    verifiers: VerifierPool,
    { doors, watches }: { readonly doors: ReadonlyMap<string, Peers>; readonly watches: readonly ForkWatch[] },
  ) {
    this.doors = doors
    this.watches = watches
    this.parts = parts
    this.chain = chain
    this.nodes = nodes
    this.order = order
    const [speaker] = doors.keys()
    const { store, layout } = speaker === undefined ? {} : (nodes.get(speaker) ?? {})
    const { random, now } = parts
    if (store && layout)
      this.walletRelay = new WalletRelay({ ...transportOf(store, layout, random), random, now, schedule })
    this.verifiers = verifiers
    for (const [name, node] of nodes) {
      node.attach(order.member(name))
      // In a turn of its own: whoever waits for this block is answered first.
      node.replica.onApplied(() => schedule(() => this.wake(node), 0))
    }
    this.timer = setInterval(() => {
      for (const node of nodes.values()) this.wake(node)
    }, tickMilliseconds)
  }

  /** Founds the network where that was not done yet, and runs all of it. */
  static async start(parts: NetworkParts): Promise<Result<Network, NetworkRefusal>> {
    const { engine, members } = parts.founding
    const chain = await foundNetwork(parts.data, parts.founding, parts)
    if (chain.genesis.engine.type !== engine.type)
      return no({ type: 'other-engine', came: chain.genesis.engine.type, expected: engine.type })
    return Network.open(parts, { chain, members, sequencer: engine.type === 'local' ? engine.sequencer : null })
  }

  static async open(parts: ProcessParts, here: Here): Promise<Result<Network, NetworkRefusal>> {
    const { chain, members, sequencer } = here
    markLedgerWentBack(parts.data, here)
    const verifiers = startVerifierPool()
    const pool = countedPool(verifiers, parts.measures)
    const nodes = new Map<string, MemberNode>()
    const inboxes = new Map<string, MemberNode>()
    const doors = new Map<string, Peers>()
    for (const member of members) {
      const { now, faults } = parts
      const durable = faults?.durable?.(member)
      const opened = MemberNode.open({
        chain,
        data: parts.data,
        member,
        snapshotEvery: here.snapshotEvery,
        random: parts.random,
        now: () => faults?.clockOf?.(member) ?? now(),
        send(to, note, mayLeave) {
          // Never in the sender's own turn: a node is told as a network tells it, later.
          const deliver = () => {
            const door = doors.get(member)
            const own = nodes.get(member)
            if (door && own && to !== member && addressOf(own.store, to) !== 'local:') {
              door.send(to, note, mayLeave)
              return
            }
            setImmediate(() => {
              if (mayLeave?.() === false) return
              const receiver = inboxes.get(to)
              // A note that is not heard comes again: its sender keeps it until it is acknowledged.
              if (!receiver || receiver.isEnding || receiver.recovery?.shut) return
              receiver.exchange.receive(note).catch((error) => parts.onFailure(to, error))
            })
          }
          if (faults?.carry) faults.carry(member, to, note, deliver)
          else deliver()
        },
        observe: (what, seconds) => parts.observe?.(member, what, seconds),
        ...(parts.measures && { measures: parts.measures }),
        pool,
        schedule,
        onFailure: (error) => parts.onFailure(member, error),
        ...(durable && { durable }),
      })
      if (!opened.ok) {
        for (const node of nodes.values()) node.close()
        await verifiers.close()
        return no({ ...opened.reason, member })
      }
      nodes.set(member, opened.value)
    }
    for (const [member, node] of nodes) inboxes.set(member, node)
    const lost = sequencer === null ? null : catchUpOrder(nodes, sequencer)
    if (lost && sequencer !== null) {
      for (const node of nodes.values()) node.close()
      await verifiers.close()
      return no({ ...lost, member: sequencer })
    }
    const orderParts = { parts, chain, nodes, pool, schedule }
    const order =
      sequencer === null
        ? await startCometOrder(orderParts, here.places)
        : ok(startEmbeddedOrder(orderParts, sequencer))
    if (!order.ok) {
      for (const node of nodes.values()) node.close()
      await verifiers.close()
      return order
    }
    // The ledger says where each answers: an engine that begins brings its first state.
    for (const [member, node] of nodes) {
      const door = await openPeerDoor(node, {
        ...(here.address !== undefined && { address: here.address }),
        async answer(question) {
          const read = readLightQuestion(question)
          return read.ok ? order.value.askLight(member, read.value) : undefined
        },
        answerWallet: (asked) => answerRelayed(node, asked),
        random: parts.random,
        now: parts.now,
        schedule,
        observe: (what, seconds) => parts.observe?.(member, what, seconds),
        onFailure: (error) => parts.onFailure(member, error),
      })
      if (!door.ok) {
        await order.value.stop()
        for (const each of doors.values()) await each.close()
        for (const each of nodes.values()) each.close()
        await verifiers.close()
        return no({ ...door.reason, member })
      }
      if (door.value) doors.set(member, door.value)
    }
    const watches = (sequencer === null ? [...doors.keys()] : []).map((member) =>
      watchForks(nodes.get(member) as MemberNode, {
        own: (question) => order.value.askLight(member, question),
        random: parts.random,
        now: parts.now,
        schedule,
        observe: (what) => parts.observe?.(member, what),
        onFailure: (error) => parts.onFailure(member, error),
      }),
    )
    return ok(new Network(orderParts, order.value, verifiers, { doors, watches }))
  }

  node(member: string): MemberNode {
    const found = this.nodes.get(member)
    if (!found) throw new Error(`no member ${member} runs here`)
    return found
  }

  /** Submits a transaction of a member, signed by its own key and by others besides; answers when its own replica has it. */
  submit<Tx extends Variant>(
    member: string,
    contract: { readonly name: string; readonly transaction: Schema<Tx> },
    transaction: Tx,
    seeds: readonly Uint8Array[] = [],
  ): Promise<SubmitAnswer> {
    const node = this.node(member)
    const envelope = sealEnvelope(
      {
        chain: this.chain.id,
        sponsor: member,
        nonce: this.parts.random(16),
        validUntil: Math.floor(this.parts.now()) + envelopeSeconds,
        contract: contract.name,
        transaction: encode(contract.transaction, transaction),
      },
      [node.seed, ...seeds],
    )
    return this.submitEnvelope(member, envelope)
  }

  async submitEnvelope(member: string, envelope: Uint8Array): Promise<SubmitAnswer> {
    const { measures, now } = this.parts
    const from = now()
    const answer = await this.order.member(member).submit(envelope)
    measures?.submitted(member, answerName(answer), now() - from)
    return answer
  }

  /** Whether a member that does not run here answers wallets through one that does. */
  reaches(member: string): boolean {
    const [speaker] = this.doors.keys()
    const address = speaker === undefined ? undefined : addressOf(this.node(speaker).store, member)
    return !this.nodes.has(member) && address !== undefined && address !== 'local:'
  }

  /** What a member that runs elsewhere answers a wallet; only where `reaches` says that it can be asked. */
  async askForWallet(member: string, asked: WalletAsk): Promise<WalletAnswer> {
    if (!this.walletRelay) throw new Error(`${member} is not reached from here`)
    return this.walletRelay.ask(member, asked)
  }

  /** What stands in the part of the engine that the members here share. */
  readings(): EngineReadings {
    return this.order.readings()
  }

  /** Whether the engine of a member takes envelopes now. */
  isUp(member: string): boolean {
    return this.order.isUp(member)
  }

  /** What a member's engine shows of a block to whoever verifies votes; undefined where none does. */
  lightBlock(member: string, height: number): Promise<LightBlockAnswers | undefined> {
    return fetchLightBlock((question) => this.order.askLight(member, question), height)
  }

  /** Why a wallet that asks this member believes its blocks: the other members here are its witnesses. */
  beliefAt(member: string): Belief {
    return beliefIn(this.beliefParts(member))
  }

  /** How a wallet reads this member's state, and why it believes what it reads. */
  readStateAt(member: string): ReadState {
    const { store } = this.node(member)
    const headers = headerBeliefIn(this.beliefParts(member))
    return stateReader({ chain: this.chain, answers: stateAnswersOf(store), headers })
  }

  private beliefParts(member: string): BeliefParts {
    const source = (name: string): FetchLightBlock => readingSource((height) => this.lightBlock(name, height))
    const witnesses = [...this.nodes.keys()].filter((name) => name !== member).map(source)
    return { chain: this.chain, sources: { primary: source(member), witnesses }, now: this.parts.now }
  }

  /** Resolves when `ready` says so, looking after each block and tick; rejects after `seconds`. */
  async until(ready: () => boolean, seconds: number, what: string): Promise<void> {
    const end = this.parts.now() + seconds
    while (!ready()) {
      if (this.parts.now() > end) throw new Error(`waited ${seconds} s for ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    clearInterval(this.timer)
    for (const watch of this.watches) watch.stop()
    await this.order.stop()
    for (const door of this.doors.values()) await door.close()
    // Turns that are under way end before the files are closed.
    for (const node of this.nodes.values()) await node.settle()
    for (const node of this.nodes.values()) node.close()
    await this.verifiers.close()
  }

  private wake(node: MemberNode): void {
    if (this.closed) return
    node.recovery?.look()
    if (node.recovery?.shut) return
    node.exchange.wake().catch((error) => this.parts.onFailure(node.member, error))
  }
}
