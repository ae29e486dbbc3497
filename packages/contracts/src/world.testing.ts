/** The small world from which histories are drawn: few members, few keys, few ids, so that steps meet each other. */
import { createHash } from 'node:crypto'
import { toHex } from '@plexus/codec'
import {
  type Collections,
  type RegisteredContract,
  readEnvelope,
  type StateReader,
  sealEnvelope,
  type Variant,
  type View,
  viewOf,
} from '@plexus/kernel'
import { directory, type Scope } from './index.ts'

/** Seeded, so that a failure can be run again: mulberry32. */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed
  }

  private next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  below(limit: number): number {
    return this.next() % limit
  }

  oneIn(chances: number): boolean {
    return this.below(chances) === 0
  }

  pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new Error('nothing to pick from')
    return items[this.below(items.length)] as Item
  }
}

/** A key pair, and the handle that its key may move. */
export interface Identity {
  readonly seed: Uint8Array
  readonly key: Uint8Array
  readonly handle: Uint8Array
}

const made = new Map<number, Identity>()

/** The identity with this number, below 65,536: the same in every run. */
export function identityOf(number: number): Identity {
  const known = made.get(number) ?? makeIdentity(number)
  made.set(number, known)
  return known
}

function makeIdentity(number: number): Identity {
  const seed = new Uint8Array(32).fill(number & 255)
  seed[0] = (seed[0] as number) ^ (number >> 8)
  const envelope = readEnvelope(
    sealEnvelope(
      {
        chain: new Uint8Array(32),
        sponsor: 'nobody',
        nonce: new Uint8Array(16),
        validUntil: 0,
        contract: 'none',
        transaction: new Uint8Array(0),
      },
      [seed],
    ),
  )
  const key = envelope.ok ? envelope.value.body.signers[0] : undefined
  if (!key) throw new Error('an envelope of one key names no key')
  return { seed, key, handle: new Uint8Array(createHash('sha256').update(key).digest()) }
}

export const identities: readonly Identity[] = Array.from({ length: 48 }, (_, index) => identityOf(index + 1))
const identityKeys = identities.map(({ key }) => toHex(key))
const founders = ['alder', 'birch', 'cedar', 'elm', 'fir'] as const
const tenants = ['grove', 'heath', 'ivy', 'juniper'] as const
/** Who is no member at the founding, and may be admitted. */
const candidates = ['gale', 'hazel'] as const

/** The key that follows one of the founding: nobody else ever uses it. */
const successorsFrom = 24
export function successorOf(index: number): Identity {
  const found = identities[successorsFrom + index]
  if (!found) throw new Error('there is no successor of this key')
  return found
}

/** Who is there when a history begins. */
export interface Cast {
  readonly members: readonly string[]
  /** Two keys of each member: one that sponsors, and one for everything else. */
  readonly sponsorKeys: readonly Identity[]
  readonly officeKeys: readonly Identity[]
  /** Keys of licensing boards: of the first member, and of the second where there is one. */
  readonly boardKeys: readonly Identity[]
  /** Organisations that may be admitted, each with a key that does everything. */
  readonly candidates: readonly { readonly id: string; readonly identity: Identity }[]
}

export function castOf(size: number): Cast {
  return {
    members: founders.slice(0, size),
    sponsorKeys: identities.slice(0, size),
    officeKeys: identities.slice(5, 5 + size),
    boardKeys: identities.slice(10, 10 + Math.min(size, 2)),
    candidates: candidates.map((id, index) => ({ id, identity: identities[40 + index] as Identity })),
  }
}

/** What a generator of transactions may draw from at one step. */
export interface World extends Cast {
  readonly random: Random
  readonly time: number
  readonly height: number
  readonly state: StateReader
  readonly identities: readonly Identity[]
  /** Ids that are tenants, or may become tenants. */
  readonly tenants: readonly string[]
  /** Members, tenants, candidates, and one id that nobody has. */
  readonly organisations: readonly string[]
  view<State extends Collections>(contract: { readonly name: string; readonly state: State }): View<State>
  /** A member that could sponsor: mostly an active one, also of those that were admitted. */
  someMember(): string
  /** Keys that may sign now for this holder and scope. */
  keysOf(holder: string, scope: Scope): readonly Identity[]
}

export function worldAt(cast: Cast, random: Random, state: StateReader, at: { time: number; height: number }): World {
  // Read once a step, and only where somebody asks.
  let holders: readonly ReturnType<typeof directory.holderOf>[] | undefined
  return {
    ...cast,
    random,
    ...at,
    state,
    identities,
    tenants,
    organisations: [...cast.members, ...tenants, ...candidates, 'nobody'],
    view: (contract) => viewOf(contract, state),
    someMember() {
      const active = [...cast.members, ...candidates].filter((member) => directory.isActive(state, member))
      return random.pick(active.length === 0 || random.oneIn(8) ? cast.members : active)
    },
    keysOf(holder, scope) {
      holders ??= identityKeys.map((key) => directory.holderOf(state, key))
      return identities.filter((_, index) => {
        const known = holders?.[index]
        return known?.holder === holder && known.scopes.includes(scope)
      })
    },
  }
}

/** A transaction that could well be accepted. The history adds the sponsor's key, and now and then gets something wrong. */
export interface Proposal<Tx extends Variant = Variant> {
  readonly transaction: Tx
  readonly sponsor: string
  readonly signers: readonly Identity[]
}

/** What each contract brings to the test of all contracts, as `contractWorld` of its `world.testing.ts`. */
export interface ContractWorld {
  propose(world: World): Proposal
  /** What the contract holds before the first block, as its own events. */
  founding?(cast: Cast): readonly Variant[]
  /** What other contracts hold before the first block, so that there is something to refer to. */
  beside?(): readonly { readonly contract: Pick<RegisteredContract, 'name' | 'event'>; readonly event: Variant }[]
  /** How many histories are about it for each of its rejections, where two are too few. */
  readonly historiesPerRejection?: number
  /** The same contract under limits that a history can reach. */
  readonly limited?: RegisteredContract
}
