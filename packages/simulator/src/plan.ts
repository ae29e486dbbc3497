/** What shall go wrong in a world. Seeds take turns, so that any fifty in a row meet every crash and every cheat. */
import type { NetworkPolicy } from '@plexus/contracts'
import type { Chance } from './chance.ts'
import type { CutMoment } from './power.ts'
import { type WriteKind, writeKinds } from './write-kinds.ts'

export const cheats = [
  'answers-twice',
  'flipped-ciphertext',
  'forked-chain',
  'omitted-receipt',
  'stale-head',
  'swapped-ciphertext',
] as const
export type Cheat = (typeof cheats)[number]

export interface Plan {
  readonly policy: Partial<NetworkPolicy['parameters']> & { readonly profile: NetworkPolicy['profile'] }
  /** At the nth write of this kind in the world, the power of its node fails. */
  readonly crashes: readonly { readonly kind: WriteKind; readonly moment: CutMoment; readonly nth: number }[]
  /** At any other durable write. */
  readonly crashProbability: number
  readonly loss: number
  readonly duplication: number
  readonly lateness: number
  readonly cheat: Cheat | null
  /** How long people act and things go wrong. */
  readonly faultySeconds: number
  /** Ceilings for self-asserted requests are so low that they are met. */
  readonly isTight: boolean
  readonly actions: number
}

const crashesPerWorld = 4
/** Writes that every world makes often, and about how often at least: the crash may come at any of them. */
const frequent: ReadonlyMap<WriteKind, number> = new Map([
  ['acknowledged', 15],
  ['batch-committed', 15],
  ['batch-formed', 15],
  ['block', 100],
  ['deposit', 15],
  ['receipt', 3],
  ['sequencer-block', 40],
  ['told', 3],
  ['vault-keys', 5],
])
const points = writeKinds.flatMap((kind) => (['after', 'before'] as const).map((moment) => ({ kind, moment })))

export function planOf(seed: number, chance: Chance): Plan {
  const calm = seed % 10 === 0
  const crashes = Array.from({ length: crashesPerWorld }, (_, index) => {
    const point = points[
      (seed + index * Math.ceil(points.length / crashesPerWorld)) % points.length
    ] as (typeof points)[number]
    return { ...point, nth: chance.between(1, frequent.get(point.kind) ?? 1) }
  })
  const isTight = seed % 5 === 2
  return {
    policy: {
      profile: seed % 7 === 3 ? 'opt-in' : 'us',
      intentSecondsMax: chance.pick([20, 40, 60]),
      ...(isTight && {
        selfAssertedPatientsPerDayMax: chance.between(1, 2),
        selfAssertedPatientsPerClinicianPerDayMax: chance.between(1, 2),
      }),
    },
    crashes: calm ? [] : crashes,
    crashProbability: calm ? 0 : chance.pick([0, 0.001, 0.003]),
    loss: calm ? 0 : chance.pick([0, 0.02, 0.15]),
    duplication: calm ? 0 : chance.pick([0, 0.05, 0.3]),
    lateness: calm ? 0 : chance.pick([0, 0.05, 0.2]),
    cheat: seed % 2 === 1 ? (cheats[((seed - 1) / 2) % cheats.length] as Cheat) : null,
    faultySeconds: 240,
    isTight,
    actions: chance.between(18, 30),
  }
}
