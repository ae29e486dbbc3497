/** Several members in one process, on either engine. Each has a folder, a replica and a vault of its own. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode, type Infer, no, ok, type Result, type Schema } from '@plexus/codec'
import { defaultPolicy, members, type NetworkPolicy } from '@plexus/contracts'
import { generateSealingKey, handleOf, publicKeyOf, type RandomBytes } from '@plexus/crypto'
import { type LightBlockAnswers, type SubmitAnswer, startVerifierPool, type VerifierPool } from '@plexus/engine'
import { type Chain, foundChain, type Genesis, readGenesis, sealEnvelope, type Variant } from '@plexus/kernel'
import type { Peers } from '@plexus/peers'
import { type Belief, beliefIn, type FetchLightBlock, readLightBlock } from '@plexus/sdk'
import { writeDurably } from '@plexus/store'
import { type CometOrderRefusal, startCometOrder, validatorSecret } from './comet-order.ts'
import { type OrderParts, startEmbeddedOrder } from './embedded-order.ts'
import { layoutOf, makeFolders, secretOf } from './layout.ts'
import { answerName, type Measures } from './measures.ts'
import { type DurableWrite, MemberNode, type NodeRefusal } from './member-node.ts'
import type { Order } from './order.ts'
import { addressOf, openPeerDoor, type PeerDoorRefusal } from './peer-door.ts'
import type { EngineReadings } from './readings.ts'
import { type BlocksLost, catchUpOrder, markLedgerWentBack } from './restored-order.ts'

/** Scopes of a founding member's key; the board attests licences besides. */
const memberScopes = ['batches', 'credentials', 'custodian', 'governance', 'sponsor'] as const

/** Of each founding validator: equals. */
const validatorPower = 10

/** An envelope of the demonstration's own people. */
const envelopeSeconds = 300

/** Who orders the blocks: the key of one member, or the votes of those that validate. */
export type FoundingEngine =
  | { readonly type: 'local'; readonly sequencer: string }
  | { readonly type: 'cometbft'; readonly validators: readonly string[] }

/** What a network of the demonstration consists of. */
export interface Founding {
  readonly name: string
  readonly members: readonly string[]
  /** The member that attests licences. */
  readonly board: string
  readonly engine: FoundingEngine
  /** Where members answer, `plexus://HOST:PORT`; without one a member runs with the others in one process, `local:`. */
  readonly addresses?: Readonly<Record<string, string>>
  /** Where the policy differs from the usual one. */
  readonly parameters?: Partial<NetworkPolicy['parameters']>
}

export interface NetworkParts {
  readonly data: string
  readonly founding: Founding
  readonly random: RandomBytes
  /** Seconds since 1970, with fractions. */
  readonly now: () => number
  readonly onFailure: (member: string | null, error: unknown) => void
  readonly observe?: (member: string, what: string, seconds?: number) => void
  /** Told of writes, answers and verifications, for metrics. */
  readonly measures?: Measures
  readonly faults?: Faults
}

/** What a test does to a running network; the product hands in nothing. */
export interface Faults {
  /** How a sealed note travels: it may come late, twice or never. Without it, notes come in a later turn. */
  readonly carry?: (from: string, to: string, note: Uint8Array, deliver: () => void) => void
  /** A member's own clock where it is not `now`. */
  readonly clockOf?: (member: string) => number
  readonly durable?: (member: string) => DurableWrite
}

const genesisFile = 'genesis.cbor'
/** Between two looks at what waits; most is moved by notes and blocks. */
const tickMilliseconds = 50

/** The chain that was founded in a folder; undefined in an empty one. */
export function foundedChain(data: string): Chain | undefined {
  const path = join(data, genesisFile)
  if (!existsSync(path)) return undefined
  const read = readGenesis(new Uint8Array(readFileSync(path)))
  if (!read.ok)
    throw new Error(`${path} is not a genesis document: expected ${read.reason.expected}, came ${read.reason.came}`)
  return read.value
}

/** Founds the network in an empty folder, or reads what was founded there. Every member's first keys are made here. */
async function foundNetwork({
  data,
  founding,
  random,
  now,
}: Pick<NetworkParts, 'data' | 'founding' | 'now' | 'random'>): Promise<Chain> {
  const found = foundedChain(data)
  if (found) return found
  const events: { contract: string; event: Uint8Array }[] = []
  const add = (event: Parameters<typeof encodeEvent>[0]) =>
    events.push({ contract: members.name, event: encodeEvent(event) })
  for (const member of founding.members) {
    const layout = layoutOf(data, member)
    makeFolders(layout)
    const { publicKey } = await generateSealingKey(secretOf(layout, 'sealing', random))
    add({
      type: 'member-founded',
      member,
      address: founding.addresses?.[member] ?? 'local:',
      sealingKey: publicKey,
      owner: member,
    })
    const scopes = member === founding.board ? [...memberScopes, 'licensing-board' as const].sort() : [...memberScopes]
    add({
      type: 'key-registered',
      holder: member,
      key: publicKeyOf(secretOf(layout, 'member', random)),
      scopes,
      // The next key is made now and used only to rotate: whoever steals the first one does not have it.
      next: handleOf(publicKeyOf(secretOf(layout, 'member-next', random))),
      height: 0,
    })
    add({
      type: 'key-registered',
      holder: member,
      key: publicKeyOf(secretOf(layout, 'transport', random)),
      scopes: ['transport'],
      next: handleOf(publicKeyOf(secretOf(layout, 'transport-next', random))),
      height: 0,
    })
  }
  const parameters = { ...defaultPolicy.parameters, ...founding.parameters }
  add({ type: 'policy-set', ...defaultPolicy, parameters })
  const { engine } = founding
  if (engine.type === 'cometbft')
    for (const member of engine.validators) {
      const key = publicKeyOf(secretOf(layoutOf(data, member), validatorSecret, random))
      add({ type: 'validator-set', member, key, power: validatorPower, height: 0 })
    }
  const genesis: Genesis = {
    name: founding.name,
    time: Math.floor(now()),
    engine:
      engine.type === 'cometbft'
        ? { type: 'cometbft' }
        : { type: 'local', sequencer: publicKeyOf(secretOf(layoutOf(data, engine.sequencer), 'sequencer', random)) },
    founding: events,
  }
  const chain = foundChain(genesis)
  writeDurably(join(data, genesisFile), chain.bytes, 0o644)
  return chain
}

function schedule(callback: () => void, milliseconds: number): () => void {
  // A timer takes a millisecond at least, and a click would wait for several of them.
  if (milliseconds === 0) {
    const turn = setImmediate(callback)
    return () => clearImmediate(turn)
  }
  const timer = setTimeout(callback, milliseconds)
  return () => clearTimeout(timer)
}

type MembersEvent = Infer<typeof members.event>
const encodeEvent = (event: MembersEvent): Uint8Array => encode(members.event, event)

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
  private readonly parts: NetworkParts
  private readonly timer: NodeJS.Timeout
  /** Of the members that have an address of their own. */
  private readonly doors: ReadonlyMap<string, Peers>
  private closed = false

  private constructor(
    { parts, chain, nodes }: Pick<OrderParts, 'chain' | 'nodes'> & { readonly parts: NetworkParts },
    order: Order,
    verifiers: VerifierPool,
    doors: ReadonlyMap<string, Peers>,
  ) {
    this.doors = doors
    this.parts = parts
    this.chain = chain
    this.nodes = nodes
    this.order = order
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

  static async start(parts: NetworkParts): Promise<Result<Network, NetworkRefusal>> {
    const chain = await foundNetwork(parts)
    const { engine } = parts.founding
    if (chain.genesis.engine.type !== engine.type)
      return no({ type: 'other-engine', came: chain.genesis.engine.type, expected: engine.type })
    markLedgerWentBack(parts)
    const verifiers = startVerifierPool()
    const pool = countedPool(verifiers, parts.measures)
    const nodes = new Map<string, MemberNode>()
    const inboxes = new Map<string, MemberNode>()
    const doors = new Map<string, Peers>()
    for (const member of parts.founding.members) {
      const { now, faults } = parts
      const durable = faults?.durable?.(member)
      const opened = MemberNode.open({
        chain,
        data: parts.data,
        member,
        random: parts.random,
        now: () => faults?.clockOf?.(member) ?? now(),
        send(to, note) {
          // Never in the sender's own turn: a node is told as a network tells it, later.
          const deliver = () => {
            const door = doors.get(member)
            const own = nodes.get(member)
            if (door && own && addressOf(own.store, to) !== 'local:') {
              door.send(to, note)
              return
            }
            setImmediate(() => {
              const receiver = inboxes.get(to)
              // A note that is not heard comes again: its sender keeps it until it is acknowledged.
              if (!receiver || receiver.recovery?.shut) return
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
    const lost = engine.type === 'local' ? catchUpOrder(nodes, engine.sequencer) : null
    if (lost && engine.type === 'local') {
      for (const node of nodes.values()) node.close()
      await verifiers.close()
      return no({ ...lost, member: engine.sequencer })
    }
    const orderParts = { parts, chain, nodes, pool, schedule }
    const order =
      engine.type === 'local' ? ok(startEmbeddedOrder(orderParts, engine.sequencer)) : await startCometOrder(orderParts)
    if (!order.ok) {
      for (const node of nodes.values()) node.close()
      await verifiers.close()
      return order
    }
    // The ledger says where each answers: an engine that begins brings its first state.
    for (const [member, node] of nodes) {
      const door = await openPeerDoor(node, {
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
    return ok(new Network(orderParts, order.value, verifiers, doors))
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

  /** What stands in the part of the engine that the members here share. */
  readings(): EngineReadings {
    return this.order.readings()
  }

  /** What a member's engine shows of a block to whoever verifies votes; undefined where none does. */
  lightBlock(member: string, height: number): Promise<LightBlockAnswers | undefined> {
    return this.order.lightBlock(member, height)
  }

  /** Why a wallet that asks this member believes its blocks: the other members here are its witnesses. */
  beliefAt(member: string): Belief {
    const source = (name: string): FetchLightBlock => {
      return async (height) => {
        const answers = await this.lightBlock(name, height)
        const read = answers && readLightBlock(answers)
        return read?.ok ? read.value : undefined
      }
    }
    const witnesses = [...this.nodes.keys()].filter((name) => name !== member).map(source)
    return beliefIn({ chain: this.chain, sources: { primary: source(member), witnesses }, now: this.parts.now })
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
