/** A network of real nodes on one clock: what they say to each other is late, lost, doubled or cut off, and their power fails. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type LocalMember, rememberSignatures, type SubmitAnswer } from '@plexus/engine'
import type { Exchange, IncomingRecord } from '@plexus/exchange'
import type { Subject } from '@plexus/policy'
import { type Chance, chanceOf } from './chance.ts'
import { LedgerDisk } from './disk.ts'
import { beginsAt, type Founding, found } from './founding.ts'
import { type NodeHost, SimulatedNode } from './node.ts'
import { Patient } from './patient.ts'
import { People } from './people.ts'
import { type Plan, planOf } from './plan.ts'
import { Supervisor } from './supervisor.ts'
import { Timeline } from './timeline.ts'
import { RuleBroken, Trace } from './trace.ts'
import { Watch } from './watch.ts'

/** Between two looks of a node at what waits. */
const tickMilliseconds = 500
/** Nodes of one region. */
const noteMilliseconds = { least: 5, most: 40 } as const
/** A ceiling is met by asking for one patient more. */
const patientsInTightWorlds = 3
/** In four minutes some dozens of people bring about a few hundred of each. */
const envelopesMax = 500
const notesMax = 1_000
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
  readonly supervisor: Supervisor
  private readonly network: Chance
  /** False after the healing: then nothing goes wrong any more. */
  faulty = true
  /** Ways from one node to another on which nothing passes: `from to`. */
  readonly cutWays = new Set<string>()
  /** Members that wallets cannot reach. */
  readonly deafTo = new Set<string>()
  /** Notes that have left and not arrived. */
  underWay = 0
  /** The tenant that is no part of the founding has joined. */
  tenantJoined = false
  private broken: unknown

  private constructor(seed: number, founding: Founding, plan: Plan, scratch: string) {
    this.seed = seed
    this.founding = founding
    this.plan = plan
    this.chance = chanceOf(seed)
    this.network = this.chance.stream('network')
    this.supervisor = new Supervisor(this)
    this.folder = mkdtempSync(join(scratch, 'plexus-simulator-'))
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

  /** Its key stores lie in a folder of `scratch` until it is closed. */
  static async of(seed: number, scratch: string): Promise<World> {
    const chance = chanceOf(seed)
    const plan = planOf(seed, chance.stream('plan'))
    const founding = await found(
      chance.stream('founding'),
      plan.policy,
      plan.isTight ? patientsInTightWorlds : 1,
      plan.tenantJoins,
    )
    return new World(seed, founding, plan, scratch)
  }

  begin(): void {
    this.supervisor.begin()
    for (const node of this.nodes.values()) this.tick(node)
  }

  close(): void {
    this.supervisor.close()
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

  /** Something that went wrong by the plan of the seed. */
  fault(what: string): void {
    this.trace.count(`fault: ${what}`)
  }

  /** Seconds since 1970 on a node's own clock. */
  clockOf(node: SimulatedNode): number {
    const { rate, since } = node.drift
    return this.now + node.skewSeconds + rate * (this.now - since)
  }

  /** From outside a turn: what a node's process says now; undefined when it is down, or finds damage and stops. */
  ask<Value>(node: SimulatedNode, action: (exchange: Exchange) => Value): Value | undefined {
    if (!node.isUp) return undefined
    try {
      return action(node.exchange)
    } catch (error) {
      if (!this.supervisor.took(node, error)) throw error
      return undefined
    }
  }

  /** From outside a turn: false when the node is down, or finds damage and stops; then nobody will hear of the envelope. */
  offer(node: SimulatedNode, envelope: Uint8Array, told: (answer: SubmitAnswer) => void): boolean {
    const { member } = node
    if (!member) return false
    try {
      member.offer(envelope, told)
      return true
    } catch (error) {
      if (!this.supervisor.took(node, error)) throw error
      return false
    }
  }

  /** The first broken rule ends the run. */
  fail(error: unknown): void {
    this.broken ??= error
  }

  require(held: boolean, rule: string): void {
    this.trace.check(rule)
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
      this.holdQueues()
      if (done()) return true
    }
  }

  /** What waits anywhere stays far below what a world of this size can bring about. */
  private holdQueues(): void {
    this.require(
      this.supervisor.waiting <= envelopesMax,
      `queues: ${this.supervisor.waiting} envelopes wait for a block`,
    )
    for (const { name, journalDisk } of this.nodes.values()) {
      const notes = journalDisk.count('outbox')
      this.require(notes <= notesMax, `queues: ${notes} notes wait in the outbox of ${name}`)
    }
  }

  /** Something of a node's own turn. A process that dies in it is no failure of the world; anything else is. */
  async turn(node: SimulatedNode, action: (exchange: Exchange) => Promise<void>): Promise<void> {
    if (!node.isUp) return
    try {
      await action(node.exchange)
    } catch (error) {
      if (!this.supervisor.took(node, error)) this.fail(error)
    }
  }

  /** In a node's turn, as soon as its disk lets it. */
  private whenFree(node: SimulatedNode, milliseconds: number, action: () => Promise<void>): void {
    this.timeline.after(milliseconds, async () => {
      const wait = node.busyUntil - this.timeline.now
      if (wait <= 0) await action()
      else this.whenFree(node, wait, action)
    })
  }

  /** From a task: what the people at a node do there; undefined when its power failed meanwhile. */
  at<Value>(node: SimulatedNode, action: (exchange: Exchange) => Promise<Value> | Value): Promise<Value | undefined> {
    return this.people.wait((resume) => {
      this.whenFree(node, this.network.between(noteMilliseconds.least, noteMilliseconds.most), async () => {
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

  /** From a task: records come into custody, however often it takes. */
  async bring(custodian: string, patient: string, records: readonly IncomingRecord[]): Promise<void> {
    const node = this.hostOf(custodian)
    const brought = await this.atLast(node, ({ custody }) => {
      const registered = custody.register(custodian, patient, records)
      return { registered, versions: custody.versions(custody.patientKey(custodian, patient)) }
    })
    for (const { record } of brought?.versions ?? []) node.recordsSealed.push(record)
  }

  private host(): NodeHost {
    return {
      chain: this.founding.chain,
      folder: this.folder,
      // One memory for all: a world with a verification per node would only be slower.
      signaturesHold: rememberSignatures(),
      now: (node) => this.clockOf(node),
      fateOf: (node, kind) => this.supervisor.fateOf(node, kind),
      onFate: (node, kind, fate) => this.supervisor.onFate(node, kind, fate),
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

  private tick(node: SimulatedNode): void {
    const again = async (): Promise<void> => {
      this.whenFree(node, tickMilliseconds, again)
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
        this.fault('note lost')
        continue
      }
      if (copy > 0) this.fault('note doubled')
      if (late > 0) this.fault('note late')
      const changed = this.faulty && this.network.happens(this.plan.corruption)
      this.carry(from.name, to, changed ? this.corrupted(sealed) : sealed, delay + late)
    }
  }

  /** Brings a note, once, unless the way is cut when it arrives. */
  carry(from: string, to: string, sealed: Uint8Array, milliseconds: number): void {
    const node = this.node(to)
    this.underWay++
    this.whenFree(node, milliseconds, async () => {
      this.underWay--
      if (this.cutWays.has(`${from} ${to}`)) return
      await this.turn(node, async (exchange) => {
        await exchange.receive(sealed)
      })
    })
  }

  private corrupted(sealed: Uint8Array): Uint8Array {
    const changed = sealed.slice()
    const at = this.network.below(changed.length)
    changed[at] = (changed[at] as number) ^ (1 << this.network.below(8))
    this.fault('note with a flipped bit')
    return changed
  }
}
