/** A network of real nodes on one clock: what they say to each other is late, lost, doubled or cut off, and their power fails. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { contracts, directory } from '@plexus/contracts'
import {
  createSequencer,
  type LocalEngine,
  type LocalMember,
  type Replica,
  rememberSignatures,
  startLocalEngine,
} from '@plexus/engine'
import type { Exchange } from '@plexus/exchange'
import { createMachine } from '@plexus/kernel'
import type { Subject } from '@plexus/policy'
import { type Chance, chanceOf } from './chance.ts'
import { LedgerDisk } from './disk.ts'
import { beginsAt, type Founding, found } from './founding.ts'
import { type NodeHost, SimulatedNode } from './node.ts'
import { Patient } from './patient.ts'
import { People } from './people.ts'
import { type Plan, planOf } from './plan.ts'
import { Power, PowerCut } from './power.ts'
import { Timeline } from './timeline.ts'
import { RuleBroken, Trace } from './trace.ts'
import { Watch } from './watch.ts'

/** Between two looks of a node at what waits. */
const tickMilliseconds = 500
/** Nodes of one region. */
const noteMilliseconds = { least: 5, most: 40 } as const
/** A ceiling is met by asking for one patient more. */
const patientsInTightWorlds = 3
/** A wallet gives up on a node that is silent for this long. */
const triesMax = 240

export class World {
  readonly seed: number
  readonly chance: Chance
  readonly founding: Founding
  readonly plan: Plan
  readonly folder: string
  readonly timeline = new Timeline()
  readonly trace = new Trace()
  readonly people: People
  readonly watch: Watch
  readonly nodes = new Map<string, SimulatedNode>()
  readonly patients: readonly Patient[]
  readonly sequencerLedger = new LedgerDisk()
  /** App hashes by height, as the first ledger that committed each said. */
  private readonly appHashes: string[] = []
  private engine: LocalEngine | undefined
  private readonly network: Chance
  private readonly powers: Chance
  /** False after the healing: then nothing goes wrong any more. */
  faulty = true
  /** Pairs of nodes, in order of their names, between which nothing passes. */
  readonly cutPairs = new Set<string>()
  /** Members that wallets cannot reach. */
  readonly deafTo = new Set<string>()
  private readonly writesSeen = new Map<string, number>()
  private broken: unknown

  private constructor(seed: number, founding: Founding, plan: Plan) {
    this.seed = seed
    this.founding = founding
    this.plan = plan
    this.chance = chanceOf(seed)
    this.network = this.chance.stream('network')
    this.powers = this.chance.stream('power')
    this.folder = mkdtempSync(join(tmpdir(), 'plexus-simulator-'))
    this.people = new People(this.timeline, (error) => this.fail(error))
    this.watch = new Watch(this)
    for (const { id, charts } of founding.patients)
      for (const [custodian, records] of charts) this.watch.registered(custodian, id, records)
    this.patients = founding.patients.map((each) => new Patient(this, each, this.chance.stream(`patient ${each.id}`)))
    const host = this.host()
    for (const member of founding.members) {
      const ledger = new LedgerDisk()
      this.nodes.set(member.name, new SimulatedNode(member, host, this.chance.stream(`node ${member.name}`), ledger))
    }
  }

  static async of(seed: number): Promise<World> {
    const chance = chanceOf(seed)
    const plan = planOf(seed, chance.stream('plan'))
    const founding = await found(chance.stream('founding'), plan.policy, plan.isTight ? patientsInTightWorlds : 1)
    return new World(seed, founding, plan)
  }

  begin(): void {
    this.startEngine()
    for (const node of this.nodes.values()) {
      this.startNode(node)
      this.tick(node)
    }
  }

  close(): void {
    this.engine?.stop()
    for (const node of this.nodes.values()) node.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Seconds since 1970, as they are. */
  get now(): number {
    return beginsAt + this.timeline.now / 1000
  }

  node(name: string): SimulatedNode {
    const found = this.nodes.get(name)
    if (!found) throw new Error(`no node ${name}`)
    return found
  }

  /** The node that acts for an organisation. */
  hostOf(organisation: string): SimulatedNode {
    for (const node of this.nodes.values()) if (node.organisations.some(({ id }) => id === organisation)) return node
    throw new Error(`nobody hosts ${organisation}`)
  }

  patientByMailbox(address: Uint8Array): Patient | undefined {
    return this.patients.find((each) => each.ownsMailbox(address))
  }

  /** The one patient whom all subjects name at a custodian: by an enrolled key, or by the custodian's own number. */
  patientNamed(custodian: string, subjects: readonly Subject[]): string | undefined {
    const named = new Set(subjects.map((subject) => this.patients.find((each) => each.isNamed(custodian, subject))?.id))
    return named.size === 1 ? [...named][0] : undefined
  }

  linkOf(node: SimulatedNode): LocalMember['link'] | undefined {
    return node.member?.link
  }

  tell(says: string): void {
    this.trace.line(this.timeline.now, says)
  }

  count(what: string): void {
    this.trace.count(what)
  }

  /** The first broken rule ends the run. */
  fail(error: unknown): void {
    this.broken ??= error
  }

  require(held: boolean, rule: string): void {
    if (!held) throw new RuleBroken(rule)
  }

  /** Runs everything up to that many milliseconds, or until `done`, which is asked now and then. */
  async run(until: number, done: () => boolean = () => false): Promise<boolean> {
    let lookedAt = this.timeline.now
    for (;;) {
      const action = this.timeline.next(until)
      if (!action) return done()
      await action()
      await this.people.quiet()
      await this.watch.inspect()
      if (this.broken !== undefined) throw this.broken
      if (this.timeline.now < lookedAt + tickMilliseconds) continue
      lookedAt = this.timeline.now
      if (done()) return true
    }
  }

  /** Something of a node's own turn. A process that dies in it is no failure of the world; anything else is. */
  async turn(node: SimulatedNode, action: (exchange: Exchange) => Promise<void>): Promise<void> {
    if (!node.isUp) return
    try {
      await action(node.exchange)
    } catch (error) {
      if (!(error instanceof PowerCut)) this.fail(error)
    }
  }

  /** From a task: what the people at a node do there; undefined when its power failed meanwhile. */
  at<Value>(node: SimulatedNode, action: (exchange: Exchange) => Promise<Value> | Value): Promise<Value | undefined> {
    return this.people.wait((resume) => {
      this.timeline.after(this.network.between(noteMilliseconds.least, noteMilliseconds.most), async () => {
        let value: Value | undefined
        await this.turn(node, async (exchange) => {
          value = await exchange.run(action)
        })
        resume(value)
      })
    })
  }

  /** From a task: again and again, until a node is up and through with it. */
  async atLast<Value>(
    node: SimulatedNode,
    action: (exchange: Exchange) => Promise<Value> | Value,
  ): Promise<Value | undefined> {
    for (let attempt = 0; attempt < triesMax; attempt++) {
      const value = await this.at(node, action)
      if (value !== undefined) return value
      await this.people.pause(1)
    }
    return undefined
  }

  /** Ends a process from outside, between two writes. */
  crash(node: SimulatedNode, downMilliseconds: number): void {
    if (!node.isUp) return
    this.tell(`${node.name} loses its power`)
    this.count('crash between writes')
    node.powerOff()
    this.downFor(node, downMilliseconds)
  }

  skew(node: SimulatedNode, seconds: number): void {
    node.skewSeconds = seconds
    this.tell(`the clock of ${node.name} is off by ${seconds} s`)
    if (seconds !== 0) this.count('clock off')
  }

  private host(): NodeHost {
    return {
      chain: this.founding.chain,
      folder: this.folder,
      // One memory for all: a world with a verification per node would only be slower.
      signaturesHold: rememberSignatures(),
      now: (node) => this.now + node.skewSeconds,
      cutAt: (_node, kind) => this.cutAt(kind),
      onCut: (node, kind, moment) => {
        this.tell(`${node.name} loses its power ${moment} ${kind}`)
        this.count(`crash ${moment} ${kind}`)
        this.downFor(node, this.powers.between(200, 20_000))
      },
      send: (from, to, sealed) => this.send(from, to, sealed),
      beforeWrite: (node, kind, changes) => this.watch.beforeWrite(node, kind, changes),
      afterWrite: (node, kind, changes) => this.watch.afterWrite(node, kind, changes),
      onLookup: (_node, table) => this.onLookup(table),
    }
  }

  /** Whoever looks up a request may soon wait for cryptography: now and then blocks come meanwhile. */
  private onLookup(table: string): void {
    if (table !== 'requests' || !this.network.happens(0.2)) return
    queueMicrotask(() => {
      try {
        this.timeline.engineAhead(300)
      } catch (error) {
        this.fail(error)
      }
    })
  }

  private cutAt(kind: string): 'after' | 'before' | undefined {
    const seen = (this.writesSeen.get(kind) ?? 0) + 1
    this.writesSeen.set(kind, seen)
    if (!this.faulty) return undefined
    const planned = this.plan.crashes.find((each) => each.kind === kind && each.nth === seen)
    if (planned) return planned.moment
    if (!this.powers.happens(this.plan.crashProbability)) return undefined
    return this.powers.happens(0.5) ? 'after' : 'before'
  }

  private downFor(node: SimulatedNode, milliseconds: number): void {
    this.timeline.after(0, () => {
      this.engine?.detach(node.name)
      node.stop()
    })
    const restart = (): void => {
      if (!this.engine) this.timeline.after(1000, restart)
      else if (!node.isUp) {
        this.tell(`${node.name} starts again`)
        this.startNode(node)
      }
    }
    this.timeline.after(Math.max(1, milliseconds), restart)
  }

  private startNode(node: SimulatedNode): void {
    const { engine } = this
    if (!engine) throw new Error('no engine to join')
    try {
      node.start((replica) => {
        this.follow(node, replica)
        return engine.attach(replica)
      })
    } catch (error) {
      // It died while it started; whoever cut its power starts it again.
      if (!(error instanceof PowerCut)) throw error
    }
  }

  private follow(node: SimulatedNode, replica: Replica): void {
    replica.onApplied(({ height }) => {
      const own = node.tipHex
      this.require(
        own === this.appHashes[height],
        `agreement: ${node.name} has another state at height ${height} than the first that applied it`,
      )
      this.timeline.after(1, () => this.turn(node, (exchange) => exchange.wake()))
    })
  }

  private startEngine(): void {
    const power = new Power({
      cutAt: (kind) => this.cutAt(kind),
      onCut: (kind, moment) => {
        this.tell(`the sequencer loses its power ${moment} ${kind}`)
        this.count(`crash ${moment} ${kind}`)
      },
    })
    const store = this.sequencerLedger.under(power, 'sequencer-block')
    const machine = createMachine({
      chain: this.founding.chain,
      contracts,
      directory,
      signaturesHold: rememberSignatures(),
    })
    this.engine = startLocalEngine({
      sequencer: createSequencer({
        machine,
        store: {
          ...store,
          commit: (applied, header) => {
            // Said first: after a crash right behind the write the block stands all the same.
            const hash = toHex(applied.tip.appHash)
            const { height } = applied.tip
            store.commit(applied, header)
            this.appHashes[height] = hash
            if (applied.transactions.length > 0)
              this.tell(`block ${height} with ${applied.transactions.length}, ${hash.slice(0, 12)}`)
          },
        },
        seed: this.founding.sequencerSeed,
      }),
      replicas: [],
      clock: { now: () => this.now },
      schedule: (callback, milliseconds) => this.timeline.ofEngine(milliseconds, callback),
      onFailure: (member, error) => {
        if (!(error instanceof PowerCut)) this.fail(error)
        else if (member === null) this.timeline.after(0, () => this.sequencerDown())
      },
      delayMilliseconds: 3,
    })
  }

  /** Blocks that were durable stand; everybody joins the engine anew. */
  private sequencerDown(): void {
    this.engine = undefined
    for (const node of this.nodes.values()) if (node.isUp) node.powerOff()
    this.timeline.after(this.powers.between(500, 8_000), () => {
      this.tell('the sequencer starts again')
      const top = this.sequencerLedger.height
      this.appHashes[top] = toHex(this.sequencerLedger.tipHash)
      this.startEngine()
      for (const node of this.nodes.values()) {
        if (node.isUp) continue
        node.stop()
        this.startNode(node)
      }
    })
  }

  private tick(node: SimulatedNode): void {
    const again = async (): Promise<void> => {
      this.timeline.after(tickMilliseconds, again)
      await this.turn(node, (exchange) => exchange.wake())
    }
    this.timeline.after(this.network.between(1, tickMilliseconds), again)
  }

  /** A note on its way, one that a member made by hand included. */
  send(from: SimulatedNode, to: string, sealed: Uint8Array): void {
    this.watch.leaves(from, to, sealed)
    const copies = this.faulty && this.network.happens(this.plan.duplication) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const delay = this.network.between(noteMilliseconds.least, noteMilliseconds.most)
      const late = this.faulty && this.network.happens(this.plan.lateness) ? this.network.between(100, 30_000) : 0
      if (this.faulty && this.network.happens(this.plan.loss)) {
        this.count('note lost')
        continue
      }
      if (copy > 0) this.count('note doubled')
      if (late > 0) this.count('note late')
      this.carry(from.name, to, sealed, delay + late)
    }
  }

  /** Brings a note, once, unless the way is cut when it arrives. */
  carry(from: string, to: string, sealed: Uint8Array, milliseconds: number): void {
    this.timeline.after(milliseconds, () => {
      if (this.cutPairs.has([from, to].sort().join(' '))) return
      return this.turn(this.node(to), async (exchange) => {
        await exchange.receive(sealed)
      })
    })
  }
}
