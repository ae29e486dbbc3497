/** Runs the sequencer and the members' processes as an operator would: what dies is started again, what is damaged is repaired first. */
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { contracts, directory } from '@plexus/contracts'
import {
  createSequencer,
  type LocalEngine,
  type Replica,
  rememberSignatures,
  type Sequencer,
  startLocalEngine,
} from '@plexus/engine'
import { createMachine } from '@plexus/kernel'
import type { Chance } from './chance.ts'
import { flipWrappedKey } from './key-file.ts'
import type { SimulatedNode } from './node.ts'
import { Damaged, Power, PowerCut, WriteFailed, type WriteFate } from './power.ts'
import type { World } from './world.ts'

const flipKeyProbability = 0.1
/** A disk that is full for longer is the business of people. */
const sequencerDiskFull = { least: 500, most: 8_000 } as const

export class Supervisor {
  private readonly world: World
  private readonly powers: Chance
  private engine: LocalEngine | undefined
  private sequencer: Sequencer | undefined
  /** App hashes by height, as the first ledger that committed each said. */
  private readonly appHashes: string[] = []
  private readonly writesSeen = new Map<string, number>()
  /** Milliseconds of the world: until then the sequencer's disk is full. */
  sequencerDiskFullUntil = 0
  /** Seconds by which the sequencer's clock is off. */
  sequencerSkewSeconds = 0

  constructor(world: World) {
    this.world = world
    this.powers = world.chance.stream('power')
  }

  begin(): void {
    if (!this.startSequencer()) return // who starts it again starts the nodes
    for (const node of this.world.nodes.values()) this.startNode(node)
  }

  close(): void {
    this.engine?.stop()
    for (const node of this.world.nodes.values()) node.stop()
  }

  /** Envelopes that wait for a block. */
  get waiting(): number {
    return this.sequencer?.waiting() ?? 0
  }

  /** Ends a process from outside, between two writes. */
  crash(node: SimulatedNode, downMilliseconds: number): void {
    if (!node.isUp) return
    this.world.tell(`${node.name} loses its power`)
    this.world.fault('crash between writes')
    node.powerOff()
    this.downFor(node, downMilliseconds)
  }

  /** What a node's turn threw: true when it is the business of who runs the node, and not a fault of the product. */
  took(node: SimulatedNode, error: unknown): boolean {
    if (error instanceof PowerCut || error instanceof WriteFailed) return true
    if (!(error instanceof Damaged)) return false
    if (!node.isUp) return true
    this.world.tell(`${node.name} stops: ${error.message} is damaged`)
    this.world.count('damage met, and the node stopped')
    node.powerOff()
    this.downFor(node, this.powers.between(1_000, 20_000))
    return true
  }

  fateOf(node: SimulatedNode | null, kind: string): WriteFate | undefined {
    const { world } = this
    const seen = (this.writesSeen.get(kind) ?? 0) + 1
    this.writesSeen.set(kind, seen)
    if (!world.faulty) return undefined
    const { now } = world.timeline
    if (now < (node?.diskFullUntil ?? this.sequencerDiskFullUntil)) {
      world.fault('disk full: a write refused')
      return 'failed'
    }
    if (node && now < node.diskSlowUntil) {
      node.busyUntil = Math.max(now, node.busyUntil) + this.powers.between(50, 1_500)
      world.fault('disk slow: a write waited for')
    }
    const planned = world.plan.writes.find((each) => each.kind === kind && each.nth === seen)
    if (planned) return planned.fate
    if (!this.powers.happens(world.plan.writeFaultProbability)) return undefined
    return this.powers.pick(['after', 'before', 'failed', 'failed-done'])
  }

  onFate(node: SimulatedNode, kind: string, fate: WriteFate): void {
    const isFull = this.world.timeline.now < node.diskFullUntil
    if (!isFull) this.heard(node.name, kind, fate)
    if (fate === 'failed' && (isFull || this.powers.happens(0.5))) return
    // Whoever cannot know whether a write happened ends; the disk says so at the next start.
    if (fate === 'failed-done') node.powerOff()
    if (fate === 'failed') this.world.timeline.after(0, () => node.powerOff())
    this.downFor(node, this.powers.between(200, 20_000))
  }

  private heard(who: string, kind: string, fate: WriteFate): void {
    this.world.tell(`${who}: ${kind} ${fate}`)
    this.world.fault(`write ${fate}: ${kind}`)
  }

  private downFor(node: SimulatedNode, milliseconds: number): void {
    const { world } = this
    world.timeline.after(0, () => {
      this.engine?.detach(node.name)
      node.stop()
    })
    world.timeline.after(Math.max(1, milliseconds), () => this.restart(node))
  }

  /** Ends a process in good order and starts it again at once, as for a new key. */
  renew(node: SimulatedNode): void {
    node.powerOff()
    this.downFor(node, 1)
  }

  private restart(node: SimulatedNode): void {
    const { world } = this
    if (node.isUp) return
    if (!this.engine) {
      world.timeline.after(1000, () => this.restart(node))
      return
    }
    // This start was due from an earlier end, and the node died again at this instant: it is cleared away first, and the
    // end that is still to be cleared away brings a start of its own.
    if (node.hasProcess) return
    this.repair(node)
    const record = world.faulty ? this.flipKey(node) : undefined
    world.tell(`${node.name} starts again`)
    this.startNode(node)
    if (record && node.isUp)
      world.require(
        !node.vault.dataKey(record).ok,
        `key store: ${node.name} gives a data key of which a bit was flipped`,
      )
  }

  /** Between two processes, now and then, a bit flips in a wrapped data key of a record. */
  private flipKey(node: SimulatedNode): Uint8Array | undefined {
    if (node.recordsSealed.length === 0 || !this.powers.happens(flipKeyProbability)) return undefined
    const record = this.powers.pick(node.recordsSealed)
    if (!flipWrappedKey(join(this.world.folder, node.name), record, this.powers.below)) return undefined
    this.world.fault('bit flipped in a key store')
    return record
  }

  /** The journal from the mirror of its medium, the ledger from whoever has at least as much of it. */
  repair(node: SimulatedNode): void {
    node.journalDisk.repair()
    if (!node.ledger.isDamaged) return
    const ledgers = [...this.world.nodes.values()].map(({ ledger }) => ledger)
    const peer = ledgers.find((each) => !each.isDamaged && each.height >= node.ledger.height)
    node.ledger.copyFrom(peer ?? this.world.sequencerLedger)
    this.world.count('ledger copied from a peer')
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
      // It died while it started. Whoever cut its power starts it again; a disk that only refused is tried again.
      if (!this.took(node, error)) throw error
      if (error instanceof PowerCut) return
      node.stop()
      this.world.timeline.after(1000, () => this.restart(node))
    }
  }

  private follow(node: SimulatedNode, replica: Replica): void {
    const { world } = this
    replica.onApplied(({ height }) => {
      const own = node.tipHex
      world.require(
        own === this.appHashes[height],
        `agreement: ${node.name} has another state at height ${height} than the first that applied it`,
      )
      world.timeline.after(1, () => world.turn(node, (exchange) => exchange.wake()))
    })
  }

  /** False when its disk did not let it. */
  private startSequencer(): boolean {
    const { world } = this
    const { sequencerLedger, founding, timeline } = world
    const power = new Power({
      fateOf: (kind) => this.fateOf(null, kind),
      onFate: (kind, fate) => this.heard('the sequencer', kind, fate),
    })
    const store = sequencerLedger.under(power, 'sequencer-block')
    const { chain } = founding
    const machine = createMachine({ chain, contracts, directory, signaturesHold: rememberSignatures() })
    try {
      this.sequencer = createSequencer({
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
              world.tell(`block ${height} with ${applied.transactions.length}, ${hash.slice(0, 12)}`)
          },
        },
        seed: founding.sequencerSeed,
      })
    } catch (error) {
      if (!(error instanceof PowerCut || error instanceof WriteFailed)) throw error
      this.sequencerDown()
      return false
    }
    this.engine = startLocalEngine({
      sequencer: this.sequencer,
      replicas: [],
      clock: { now: () => world.now + this.sequencerSkewSeconds },
      schedule: (callback, milliseconds) => timeline.ofEngine(milliseconds, callback),
      onFailure: (member, error) => this.engineFailed(member, error),
      delayMilliseconds: 3,
    })
    return true
  }

  private engineFailed(member: string | null, error: unknown): void {
    const { world } = this
    if (member === null) {
      if (error instanceof PowerCut || error instanceof WriteFailed) world.timeline.after(0, () => this.sequencerDown())
      else world.fail(error)
      return
    }
    const node = world.node(member)
    if (!this.took(node, error)) world.fail(error)
    // A replica that cannot write has stopped, and a process that runs for one member ends with it.
    else if (error instanceof WriteFailed) {
      node.powerOff()
      this.downFor(node, this.powers.between(200, 20_000))
    }
  }

  /** Blocks that were durable stand; everybody joins the engine anew. */
  private sequencerDown(): void {
    const { world } = this
    this.engine = undefined
    this.sequencer = undefined
    for (const node of world.nodes.values()) if (node.isUp) node.powerOff()
    world.timeline.after(this.powers.between(sequencerDiskFull.least, sequencerDiskFull.most), () => {
      world.tell('the sequencer starts again')
      const top = world.sequencerLedger.height
      if (top >= 0) this.appHashes[top] = toHex(world.sequencerLedger.tipHash)
      if (!this.startSequencer()) return
      for (const node of world.nodes.values()) {
        if (node.isUp) continue
        node.stop()
        this.repair(node)
        this.startNode(node)
      }
    })
  }
}
