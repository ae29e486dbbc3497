/**
 * What goes wrong by itself: lines and ways are cut, nodes lose their power, clocks step and drift, disks are full, slow
 * or flip bits, wallets are away.
 */
import type { Chance } from './chance.ts'
import type { SimulatedNode } from './node.ts'
import type { World } from './world.ts'

/** A clock that loses or gains so much of a second in each. */
const driftMost = 0.05
const flapsMost = 6

export class Faults {
  private readonly world: World
  private readonly chance: Chance

  constructor(world: World) {
    this.world = world
    this.chance = world.chance.stream('faults')
  }

  something(): void {
    const { world, chance } = this
    const node = chance.pick([...world.nodes.values()])
    const faults = [
      () => this.cutLine(node.name),
      () => this.flappingLine(node.name),
      () => this.slowLine(node.name),
      () => world.supervisor.crash(node, chance.between(200, 40_000)),
      () => this.skew(node),
      () => this.drift(node),
      () => this.sequencerClock(),
      () => this.cutPair(),
      () => this.oneWay(),
      () => this.partition(),
      () => this.diskFull(node),
      () => this.diskSlow(node),
      () => this.flipJournal(node),
      () => this.flipLedger(node),
      () => this.flipBlob(node),
      () => this.walletAway(),
      () => this.replayAnswer(),
    ]
    chance.pick(faults)()
  }

  private slowLine(name: string): void {
    const { world, chance } = this
    world.linkOf(world.node(name))?.setDelay(chance.between(100, 4_000))
    world.fault('line slow')
  }

  private cutLine(name: string, seconds = this.chance.between(1, 90)): void {
    const { world } = this
    const node = world.node(name)
    world.linkOf(node)?.cut()
    world.tell(`the line of ${name} is cut`)
    world.fault('line cut')
    world.timeline.after(seconds * 1000, () => world.linkOf(node)?.heal())
  }

  private flappingLine(name: string): void {
    for (let flap = this.chance.between(2, flapsMost); flap > 0; flap--)
      this.world.timeline.after(flap * 3_000, () => {
        if (this.world.faulty) this.cutLine(name, this.chance.between(1, 2))
      })
    this.world.fault('line flapping')
  }

  /** A step of a few seconds, or of up to an hour, either way. */
  private skew(node: SimulatedNode): void {
    const { world, chance } = this
    const off = chance.happens(0.5) ? chance.between(2, 14) : chance.between(20, 3600)
    node.skewSeconds = chance.happens(0.5) ? off : -off
    world.tell(`the clock of ${node.name} is off by ${node.skewSeconds} s`)
    world.fault('clock stepped')
    world.timeline.after(chance.between(10, 60) * 1000, () => {
      node.skewSeconds = 0
    })
  }

  private drift(node: SimulatedNode): void {
    const { world, chance } = this
    node.drift = { rate: (driftMost * chance.between(-10, 10)) / 10, since: world.now }
    world.fault('clock drifting')
    world.timeline.after(chance.between(30, 120) * 1000, () => {
      node.drift = { rate: 0, since: 0 }
    })
  }

  /**
   * The clock of the key that orders, back by up to an hour or forward by less than an envelope lives: time on the ledger
   * stands still meanwhile, since it never goes back.
   */
  private sequencerClock(): void {
    const { world, chance } = this
    const { supervisor } = world
    supervisor.sequencerSkewSeconds = chance.happens(0.5) ? -chance.between(2, 3600) : chance.between(2, 40)
    world.tell(`the sequencer's clock is off by ${supervisor.sequencerSkewSeconds} s`)
    world.fault('clock of the sequencer stepped')
    world.timeline.after(chance.between(5, 30) * 1000, () => {
      supervisor.sequencerSkewSeconds = 0
    })
  }

  private cutFor(ways: readonly string[], seconds: number): void {
    const { world } = this
    for (const way of ways) world.cutWays.add(way)
    world.timeline.after(seconds * 1000, () => {
      for (const way of ways) world.cutWays.delete(way)
    })
  }

  private cutPair(): void {
    const { world, chance } = this
    const names = [...world.nodes.keys()]
    const [a, b] = [chance.pick(names), chance.pick(names)]
    this.cutFor([`${a} ${b}`, `${b} ${a}`], chance.between(1, 60))
    world.fault('pair cut')
  }

  private oneWay(): void {
    const { world, chance } = this
    const names = [...world.nodes.keys()]
    this.cutFor([`${chance.pick(names)} ${chance.pick(names)}`], chance.between(1, 60))
    world.fault('one way cut')
  }

  /** Two parts that do not hear each other, the sequencer with the first. */
  private partition(): void {
    const { world, chance } = this
    const names = [...world.nodes.keys()]
    const away = chance.some(names).slice(0, Math.max(1, names.length >> 1))
    const ways = names
      .filter((each) => !away.includes(each))
      .flatMap((here) => away.flatMap((there) => [`${here} ${there}`, `${there} ${here}`]))
    const seconds = chance.between(5, 60)
    this.cutFor(ways, seconds)
    for (const name of away) this.cutLine(name, seconds)
    world.tell(`${away.join(', ')} cut off from the others`)
    world.fault('partition')
  }

  private diskFull(node: SimulatedNode): void {
    const { world, chance } = this
    const until = world.timeline.now + chance.between(1, 30) * 1000
    if (chance.happens(0.8)) node.diskFullUntil = until
    else world.supervisor.sequencerDiskFullUntil = until
    world.tell(`the disk of ${world.supervisor.sequencerDiskFullUntil === until ? 'the sequencer' : node.name} is full`)
    world.fault('disk full')
  }

  private diskSlow(node: SimulatedNode): void {
    const { world, chance } = this
    node.diskSlowUntil = world.timeline.now + chance.between(5, 60) * 1000
    world.linkOf(node)?.setDelay(chance.between(200, 2_000))
    world.tell(`the disk of ${node.name} is slow`)
    world.fault('disk slow')
  }

  private flipJournal(node: SimulatedNode): void {
    const table = node.journalDisk.flip(this.chance.below)
    if (table === undefined) return
    this.world.tell(`a bit flips in the journal of ${node.name}`)
    this.world.fault('bit flipped in a journal')
  }

  private flipLedger(node: SimulatedNode): void {
    if (node.ledger.height < 0) return
    const what = node.ledger.flip(this.chance.below)
    this.world.tell(`a bit flips in a ${what} of the ledger of ${node.name}`)
    this.world.fault(`bit flipped in a ${what} of a ledger`)
  }

  private flipBlob(node: SimulatedNode): void {
    if (node.blobDisk.flip(this.chance.below) === undefined) return
    this.world.tell(`a bit flips in the vault of ${node.name}`)
    this.world.fault('bit flipped in a vault')
  }

  /** The telephone is off: nothing is sent from it, and nothing is fetched. */
  private walletAway(): void {
    const { world, chance } = this
    const patient = chance.pick(world.patients)
    // Some come back only when all is healed.
    const seconds = chance.happens(0.25) ? world.plan.faultySeconds : chance.between(20, 150)
    patient.awayUntil = world.timeline.now + seconds * 1000
    world.tell(`the wallet of ${patient.number} is away`)
    world.fault('wallet away')
  }

  /** Whoever listens on the way puts an old answer again: to whom it was meant for, and to another. */
  private replayAnswer(): void {
    const { world, chance } = this
    if (world.watch.answerNotes.length === 0) return
    const { from, to, sealed } = chance.pick(world.watch.answerNotes)
    world.carry(from, to, sealed, 1)
    world.carry(from, chance.pick([...world.nodes.keys()]), sealed, 2)
    world.fault('old answer replayed')
  }

  /** Everything is as it should be, from now on. */
  heal(): void {
    const { world } = this
    world.faulty = false
    world.cutWays.clear()
    world.deafTo.clear()
    world.supervisor.sequencerDiskFullUntil = 0
    world.supervisor.sequencerSkewSeconds = 0
    for (const patient of world.patients) patient.awayUntil = 0
    for (const node of world.nodes.values()) {
      node.skewSeconds = 0
      node.drift = { rate: 0, since: 0 }
      node.diskFullUntil = 0
      node.diskSlowUntil = 0
      if (node.isDamaged) world.supervisor.repair(node)
      world.linkOf(node)?.setDelay(3)
      world.linkOf(node)?.heal()
    }
    world.tell('everything is healed')
  }
}
