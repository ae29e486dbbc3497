/** What shall go wrong in a world. Seeds take turns, so that any hundred in a row meet every fault of every write, and every lie. */
import type { NetworkPolicy } from '@plexus/contracts'
import type { Chance } from './chance.ts'
import { type WriteFate, writeFates } from './power.ts'
import { type WriteKind, writeKinds } from './write-kinds.ts'

export const cheats = [
  'answers-twice',
  'flipped-ciphertext',
  'forked-chain',
  'omitted-notice',
  'omitted-receipt',
  'silent-release',
  'stale-head',
  'swapped-ciphertext',
  'unconfirmed-requester',
] as const
export type Cheat = (typeof cheats)[number]

export interface Plan {
  readonly policy: Partial<NetworkPolicy['parameters']> & { readonly profile: NetworkPolicy['profile'] }
  /** What becomes of the nth write of this kind in the world. */
  readonly writes: readonly { readonly kind: WriteKind; readonly fate: WriteFate; readonly nth: number }[]
  /** That any other durable write goes wrong. */
  readonly writeFaultProbability: number
  readonly loss: number
  readonly corruption: number
  readonly duplication: number
  readonly lateness: number
  readonly cheat: Cheat | null
  /** How long people act and things go wrong. */
  readonly faultySeconds: number
  /** Ceilings for self-asserted requests are so low that they are met. */
  readonly isTight: boolean
  readonly actions: number
  /** Faults that no write brings about. */
  readonly faults: number
  /** A tenant joins in the middle. */
  readonly tenantJoins: boolean
  /** A key is replaced in the middle. */
  readonly rotates: boolean
  /** The members vote on another policy in the middle. */
  readonly votes: boolean
}

const writeFaultsPerWorld = 5
/** Days in a real network: here what was decided comes into force while the world is still young. */
const votingDelaySeconds = 20
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
/** A torn write needs a format that can be torn: journal, ledger and key store are whole or absent by their ports. */
const points = writeKinds.flatMap((kind) =>
  writeFates.filter((fate) => fate !== 'torn' || kind === 'vault-pack').map((fate) => ({ kind, fate })),
)
/** Writes that few worlds make at all: each world tries its luck with one of them besides. */
const rare = (['correction-received', 'own-staff', 'void'] as const).flatMap((kind) =>
  (['before', 'after', 'failed', 'failed-done'] as const).map((fate) => ({ kind, fate })),
)
const faultsPerWorld = 8

export function planOf(seed: number, chance: Chance): Plan {
  const calm = seed % 10 === 0
  const writes = Array.from({ length: writeFaultsPerWorld }, (_, index) => {
    const point = points[
      (seed + index * Math.ceil(points.length / writeFaultsPerWorld)) % points.length
    ] as (typeof points)[number]
    return { ...point, nth: chance.between(1, frequent.get(point.kind) ?? 1) }
  })
  const isTight = seed % 5 === 2
  return {
    policy: {
      profile: seed % 7 === 3 ? 'opt-in' : 'us',
      intentSecondsMax: chance.pick([20, 40, 60]),
      votingDelaySeconds,
      ...(isTight && {
        selfAssertedPatientsPerDayMax: chance.between(1, 2),
        selfAssertedPatientsPerClinicianPerDayMax: chance.between(1, 2),
      }),
    },
    writes: calm ? [] : [...writes, { ...(rare[seed % rare.length] as (typeof rare)[number]), nth: 1 }],
    writeFaultProbability: calm ? 0 : chance.pick([0, 0.001, 0.003]),
    loss: calm ? 0 : chance.pick([0, 0.02, 0.15]),
    duplication: calm ? 0 : chance.pick([0, 0.05, 0.3]),
    corruption: calm ? 0 : chance.pick([0, 0.01, 0.05]),
    lateness: calm ? 0 : chance.pick([0, 0.05, 0.2]),
    cheat: seed % 2 === 1 ? (cheats[((seed - 1) / 2) % cheats.length] as Cheat) : null,
    faultySeconds: 240,
    isTight,
    actions: chance.between(18, 30),
    faults: calm ? 0 : faultsPerWorld,
    tenantJoins: seed % 4 === 1,
    rotates: seed % 3 === 1,
    votes: seed % 4 === 3,
  }
}
