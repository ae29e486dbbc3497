/** What happens to a network on a bad day, drawn from a seed: one trouble after another, each healed before the next. */
import type { Member, Part } from './member.ts'

export interface Fault {
  readonly what: 'kill' | 'pause' | 'restart'
  readonly part: Part
  readonly victims: readonly Member[]
  /** Until it is healed. */
  readonly milliseconds: number
}

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
const millisecondsMin = 500
const millisecondsSpread = 4_500
/** Once in so many, more than a third of the members at once: no block may come then, and all goes on afterwards. */
const haltOnceIn = 6

export function drawFault(draw: Draw, members: readonly Member[]): Fault {
  const bearable = Math.floor((members.length - 1) / 3)
  const count = draw(haltOnceIn) === 0 ? bearable + 1 : 1 + draw(Math.max(1, bearable))
  const left = [...members]
  const victims: Member[] = []
  while (victims.length < count) victims.push(...left.splice(draw(left.length), 1))
  const kinds = ['kill', 'pause', 'restart'] as const
  return {
    what: kinds[draw(kinds.length)] ?? 'kill',
    part: parts[draw(parts.length)] ?? 'both',
    victims,
    milliseconds: millisecondsMin + draw(millisecondsSpread),
  }
}

/** Resolves when it is healed: every victim runs again. */
export async function suffer({ what, part, victims, milliseconds }: Fault): Promise<void> {
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))
  if (what === 'pause') {
    for (const victim of victims) victim.signal(part, 'SIGSTOP')
    await pause()
    for (const victim of victims) victim.signal(part, 'SIGCONT')
    return
  }
  if (what === 'restart') {
    const ended = await Promise.all(victims.map((victim) => victim.stop()))
    if (ended.includes(false)) throw new Error('a node that was asked to end did not end well')
  } else await Promise.all(victims.map((victim) => victim.kill(part)))
  await pause()
  // An engine that was killed is started anew by its node.
  if (what === 'restart' || part !== 'engine') await Promise.all(victims.map((victim) => victim.start()))
}

export const sayFault = ({ what, part, victims, milliseconds }: Fault): string =>
  `${what}${what === 'restart' ? '' : ` ${part}`} of ${victims.map(({ name }) => name).join(', ')}, ${(milliseconds / 1000).toFixed(1)} s`
