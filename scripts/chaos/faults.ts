/** What happens to a network on a bad day, drawn from a seed: one trouble after another, each healed before the next. */
import type { Links, Pair } from './links.ts'
import type { Member, Part } from './member.ts'

interface OfMembers {
  readonly victims: readonly Member[]
}
interface OfLinks {
  readonly pairs: readonly Pair[]
}

export type Fault = {
  /** Until it is healed. */
  readonly milliseconds: number
} & (
  | ({ readonly what: 'kill' | 'pause'; readonly part: Part } & OfMembers)
  | ({ readonly what: 'restart' } & OfMembers)
  /** The engine ends at one of its own fail points, again and again, until it is started without. */
  | ({ readonly what: 'fail-point'; readonly point: number } & OfMembers)
  /** Votes against whatever is proposed, and proposes what nobody may. */
  | ({ readonly what: 'contrary' } & OfMembers)
  | ({ readonly what: 'part-half' | 'part-one' | 'part-ring' } & OfLinks)
  | ({ readonly what: 'slow'; readonly later: number } & OfLinks)
)

/** A whole number from 0 to `count - 1`. */
export type Draw = (count: number) => number

/** mulberry32: the same faults for the same seed, on every machine. */
export function drawFrom(seed: number): Draw {
  let state = seed | 0
  return (count) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % count
  }
}

const parts = ['app', 'engine', 'both'] as const
const kinds = [
  'kill',
  'kill',
  'pause',
  'pause',
  'restart',
  'fail-point',
  'contrary',
  'part-half',
  'part-one',
  'part-ring',
  'slow',
] as const satisfies readonly Fault['what'][]
const millisecondsMin = 500
const millisecondsSpread = 4_500
/** Once in so many, more than a third of the members at once: no block may come then, and all goes on afterwards. */
const haltOnceIn = 6
/** From across the street to around the world. */
const laterMin = 20
const laterSpread = 280
/** A block passes about a dozen: the first blocks after a start (CometBFT `libs/fail`). */
const failPoints = 36

export function drawFault(draw: Draw, members: readonly Member[]): Fault {
  const bearable = Math.max(1, Math.floor((members.length - 1) / 3))
  const some = (count: number): readonly Member[] => shuffled(draw, members).slice(0, count)
  const what = kinds[draw(kinds.length)] ?? 'kill'
  const milliseconds = millisecondsMin + draw(millisecondsSpread)
  switch (what) {
    case 'fail-point':
      return { what, point: draw(failPoints), victims: some(1), milliseconds }
    case 'contrary':
      return { what, victims: some(1), milliseconds }
    case 'part-half':
    case 'part-one':
    case 'part-ring': {
      const names = shuffled(draw, members).map(({ name }) => name)
      return { what, pairs: cutIn(what, names), milliseconds }
    }
    case 'slow': {
      const [victim] = some(1)
      const pairs = pairsOf(members.map(({ name }) => name)).filter((pair) => victim && pair.includes(victim.name))
      return { what, later: laterMin + draw(laterSpread), pairs, milliseconds }
    }
    default: {
      const victims = some(draw(haltOnceIn) === 0 ? bearable + 1 : 1 + draw(bearable))
      return what === 'restart'
        ? { what, victims, milliseconds }
        : { what, part: parts[draw(parts.length)] ?? 'both', victims, milliseconds }
    }
  }
}

export function shuffled<Item>(draw: Draw, items: readonly Item[]): readonly Item[] {
  const left = [...items]
  return items.flatMap(() => left.splice(draw(left.length), 1))
}

const pairsOf = (names: readonly string[]): readonly Pair[] =>
  names.flatMap((one, at) => names.slice(at + 1).map((other): Pair => [one, other]))

/** Which roads are cut so that two halves, one and the rest, or a ring of neighbours are left. */
export function cutIn(shape: 'part-half' | 'part-one' | 'part-ring', names: readonly string[]): readonly Pair[] {
  const count = names.length
  const apart = (one: string, other: string): boolean => {
    const [low = 0, high = 0] = [names.indexOf(one), names.indexOf(other)].sort((a, b) => a - b)
    if (shape === 'part-ring') return high - low !== 1 && high - low !== count - 1
    const first = shape === 'part-one' ? 1 : Math.floor(count / 2)
    return low < first && high >= first
  }
  return pairsOf(names).filter(([one, other]) => apart(one, other))
}

/** Resolves when it is healed: every victim runs again, and every road is whole. */
export async function suffer(fault: Fault, links: Links): Promise<void> {
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, fault.milliseconds))
  switch (fault.what) {
    case 'pause':
      for (const victim of fault.victims) victim.signal(fault.part, 'SIGSTOP')
      await pause()
      for (const victim of fault.victims) victim.signal(fault.part, 'SIGCONT')
      return
    case 'restart':
      await endWell(fault.victims)
      await pause()
      await Promise.all(fault.victims.map((victim) => victim.start()))
      return
    case 'kill':
      await Promise.all(fault.victims.map((victim) => victim.kill(fault.part)))
      await pause()
      // An engine that was killed is started anew by its node.
      if (fault.part !== 'engine') await Promise.all(fault.victims.map((victim) => victim.start()))
      return
    case 'fail-point':
    case 'contrary': {
      const { victims } = fault
      await endWell(victims)
      const patch = fault.what === 'contrary' ? { contrary: true } : { failPoint: fault.point }
      await Promise.all(victims.map((victim) => victim.start(patch)))
      await pause()
      await endWell(victims)
      await Promise.all(victims.map((victim) => victim.start()))
      return
    }
    case 'slow':
      links.slow(fault.pairs, fault.later)
      await pause()
      links.mend()
      return
    default:
      links.cut(fault.pairs)
      await pause()
      links.mend()
  }
}

async function endWell(victims: readonly Member[]): Promise<void> {
  const ended = await Promise.all(victims.map((victim) => victim.stop()))
  if (ended.includes(false)) throw new Error('a node that was asked to end did not end well')
}

export function sayFault(fault: Fault): string {
  const seconds = `${(fault.milliseconds / 1000).toFixed(1)} s`
  if (fault.what === 'slow') return `${fault.later} ms between ${sayPairs(fault.pairs)}, ${seconds}`
  if ('pairs' in fault) return `${fault.what}: nothing between ${sayPairs(fault.pairs)}, ${seconds}`
  const names = fault.victims.map(({ name }) => name).join(', ')
  const how = fault.what === 'fail-point' ? ` ${fault.point}` : 'part' in fault ? ` ${fault.part}` : ''
  return `${fault.what}${how} of ${names}, ${seconds}`
}

const sayPairs = (pairs: readonly Pair[]): string => pairs.map((pair) => pair.join(' and ')).join(', ')
