/** The worlds of all contracts: `npm run new:contract` adds a line to the list. */
import { encode } from '@plexus/codec'
import { type Chain, foundChain, type RegisteredContract } from '@plexus/kernel'
import { contracts } from './index.ts'
import { contractWorld as members } from './members/world.testing.ts'
import { contractWorld as notary } from './notary/world.testing.ts'
import { contractWorld as practitioners } from './practitioners/world.testing.ts'
import type { Cast, ContractWorld } from './world.testing.ts'

const worlds: Readonly<Record<string, ContractWorld>> = {
  members,
  notary,
  practitioners,
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

const startDay = 20_000
const secondsPerDay = 86_400

/** A chain whose genesis holds what every world founds. */
export function chainOf(of: readonly Subject[], cast: Cast): Chain {
  return foundChain({
    name: 'test',
    time: startDay * secondsPerDay,
    engine: { type: 'local', sequencer: new Uint8Array(32) },
    founding: of.flatMap(({ contract, world }) =>
      (world.founding?.(cast) ?? []).map((event) => ({
        contract: contract.name,
        event: encode(contract.event, event),
      })),
    ),
  })
}
