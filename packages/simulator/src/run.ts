/** One seed: a world is founded, lives through its faults, is healed, and is judged. */
import { tmpdir } from 'node:os'
import { Actions } from './actions.ts'
import { beginCheat, type CheatRecord } from './cheats.ts'
import { converge, judgeEnding } from './ending.ts'
import { judgeLedgers, judgeLiveness } from './ending-ledger.ts'
import { Faults } from './faults.ts'
import { forge, forgeries } from './forgeries.ts'
import { Membership } from './membership.ts'
import { provoke } from './provocations.ts'
import { World } from './world.ts'

export interface Outcome {
  readonly seed: number
  /** The broken rule in a sentence, or what was thrown; null when all rules held. */
  readonly broken: string | null
  /** The last lines of the trace. */
  readonly lines: readonly string[]
  /** How often what happened. */
  readonly counts: ReadonlyMap<string, number>
  /** Of the whole trace: the same for every run of the seed. */
  readonly hash: string
  /** Simulated seconds. */
  readonly seconds: number
  readonly height: number
}

/** Wallets enrol before anything goes wrong with people, though nodes may fail already. */
const settlingInSeconds = 12
const forgeriesPerWorld = 2
const manyPerWorld = 3

/** Key stores of the world's nodes lie under `scratch` while it lives. */
export async function simulate(seed: number, scratch: string = tmpdir()): Promise<Outcome> {
  const world = await World.of(seed, scratch)
  let broken: string | null = null
  try {
    await live(world)
  } catch (error) {
    broken =
      error instanceof Error ? (error.name === 'RuleBroken' ? error.message : `thrown: ${error.stack}`) : String(error)
  }
  world.close()
  return {
    seed,
    broken,
    lines: world.trace.last,
    counts: world.trace.counts,
    hash: world.trace.hash,
    seconds: world.timeline.now / 1000,
    height: world.sequencerLedger.height,
  }
}

async function live(world: World): Promise<void> {
  const { plan, timeline } = world
  const chance = world.chance.stream('life')
  const actions = new Actions(world)
  const faults = new Faults(world)
  const whenever = (): number => chance.between(settlingInSeconds * 1000, plan.faultySeconds * 1000)
  world.begin()
  provoke(world, actions)
  actions.begin()
  for (let each = 0; each < plan.actions; each++) timeline.after(whenever(), () => actions.something())
  if (plan.isTight)
    for (let each = 0; each < manyPerWorld; each++) timeline.after(whenever(), () => actions.askForMany())
  // A forgery needs a check-in and two blocks.
  for (let each = 0; each < forgeriesPerWorld; each++) {
    const forgery = forgeries[(world.seed * forgeriesPerWorld + each) % forgeries.length]
    if (forgery) timeline.after(whenever(), () => forge(world, chance, forgery))
  }
  const membership = new Membership(world, actions)
  if (plan.tenantJoins) timeline.after(chance.between(5, 60) * 1000, () => membership.join())
  if (plan.rotates) timeline.after(chance.between(30, 150) * 1000, () => membership.rotate())
  if (plan.votes) timeline.after(chance.between(20, 120) * 1000, () => membership.vote())
  for (let each = 0; each < plan.faults; each++) timeline.after(whenever(), () => faults.something())
  let cheat: CheatRecord | undefined
  const kind = plan.cheat
  if (kind)
    timeline.after(chance.between(20, 60) * 1000, () => {
      cheat = beginCheat(world, actions, kind)
    })
  await world.run(plan.faultySeconds * 1000)
  faults.heal()
  await judgeLiveness(world)
  await converge(world)
  judgeLedgers(world)
  judgeEnding(world, cheat)
}
