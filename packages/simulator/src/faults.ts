/** What goes wrong by itself: lines are cut, nodes lose their power, clocks are off, pairs of nodes do not hear each other. */
import type { Chance } from './chance.ts'
import type { World } from './world.ts'

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
      () => this.slowLine(node.name),
      () => world.crash(node, chance.between(200, 40_000)),
      () => this.skew(node.name),
      () => this.cutPair(),
    ]
    chance.pick(faults)()
  }

  private slowLine(name: string): void {
    const { world, chance } = this
    world.linkOf(world.node(name))?.setDelay(chance.between(100, 4_000))
    world.count('line slow')
  }

  private cutLine(name: string): void {
    const { world, chance } = this
    const node = world.node(name)
    world.linkOf(node)?.cut()
    world.tell(`the line of ${name} is cut`)
    world.count('line cut')
    world.timeline.after(chance.between(1, 90) * 1000, () => world.linkOf(node)?.heal())
  }

  /** A few seconds, or up to an hour, either way. */
  private skew(name: string): void {
    const { world, chance } = this
    const node = world.node(name)
    const off = chance.happens(0.5) ? chance.between(2, 14) : chance.between(20, 3600)
    world.skew(node, chance.happens(0.5) ? off : -off)
    world.timeline.after(chance.between(10, 60) * 1000, () => world.skew(node, 0))
  }

  private cutPair(): void {
    const { world, chance } = this
    const names = [...world.nodes.keys()]
    const pair = [chance.pick(names), chance.pick(names)].sort().join(' ')
    world.cutPairs.add(pair)
    world.count('pair cut')
    world.timeline.after(chance.between(1, 60) * 1000, () => void world.cutPairs.delete(pair))
  }

  /** Everything is as it should be, from now on. */
  heal(): void {
    const { world } = this
    world.faulty = false
    world.cutPairs.clear()
    world.deafTo.clear()
    for (const node of world.nodes.values()) {
      if (node.skewSeconds !== 0) world.skew(node, 0)
      world.linkOf(node)?.setDelay(3)
      world.linkOf(node)?.heal()
    }
    world.tell('everything is healed')
  }
}
