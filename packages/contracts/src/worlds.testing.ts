/** The worlds of all contracts: `npm run new:contract` adds a line to the list. */
import { encode } from '@plexus/codec'
import { type Chain, foundChain, type RegisteredContract } from '@plexus/kernel'
import { contracts, directory, members } from './index.ts'
import { contractWorld as membersWorld } from './members/world.testing.ts'
import { contractWorld as notary } from './notary/world.testing.ts'
import { contractWorld as practitioners } from './practitioners/world.testing.ts'
import { binding } from './prescriptions/binder.testing.ts'
import { contractWorld as prescriptions } from './prescriptions/world.testing.ts'
import { contractWorld as rebates } from './rebates/world.testing.ts'
import { contractWorld as releases } from './releases/world.testing.ts'
import { contractWorld as supply } from './supply/world.testing.ts'
import type { Cast, ContractWorld } from './world.testing.ts'

const worlds: Readonly<Record<string, ContractWorld>> = {
  members: membersWorld,
  notary,
  practitioners,
  prescriptions,
  rebates,
  supply,
  releases,
}

/** A contract under test, and the world that its folder brings. */
export interface Subject {
  readonly contract: RegisteredContract
  readonly world: ContractWorld
}

/** Every contract of the network, under the limits of its world where it brings some. */
export const subjects: readonly Subject[] = contracts.map((contract) => {
  const world = worlds[contract.name]
  if (!world) throw new Error(`${contract.name} has no world in worlds.testing.ts`)
  return { contract: world.limited ?? contract, world }
})

/** What stands beside them in tests alone, to ask what only contracts may. */
export const helpers: readonly Subject[] = [binding]

const startDay = 20_000
const secondsPerDay = 86_400

/** Contracts that no network has from its first block on: the founding activates them. */
function activated(of: readonly Subject[]) {
  const standing = directory.versionsAt({ get: () => undefined, entries: () => [] }, 0)
  return of
    .filter(({ contract }) => !standing.has(contract.name))
    .map(({ contract: { name, version } }) => ({
      contract: members.name,
      event: encode(members.event, { type: 'contract-activated', contract: name, version, height: 0 }),
    }))
}

/** Of these subjects, by the number of the cast's members: a founding is the same for all histories. */
const chains = new WeakMap<readonly Subject[], Map<number, Chain>>()

/** A chain whose genesis holds what every world founds. */
export function chainOf(of: readonly Subject[], cast: Cast): Chain {
  const known = chains.get(of) ?? new Map<number, Chain>()
  chains.set(of, known)
  const chain = known.get(cast.members.length) ?? makeChain(of, cast)
  known.set(cast.members.length, chain)
  return chain
}

function makeChain(of: readonly Subject[], cast: Cast): Chain {
  return foundChain({
    name: 'test',
    time: startDay * secondsPerDay,
    engine: { type: 'local', sequencer: new Uint8Array(32) },
    founding: [
      ...activated(of),
      ...of.flatMap(({ contract, world }) =>
        (world.founding?.(cast) ?? []).map((event) => ({
          contract: contract.name,
          event: encode(contract.event, event),
        })),
      ),
      ...of.flatMap(({ world }) =>
        (world.beside?.() ?? []).map(({ contract, event }) => ({
          contract: contract.name,
          event: encode(contract.event, event),
        })),
      ),
    ],
  })
}
