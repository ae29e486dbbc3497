import { contracts, directory } from '@plexus/contracts'
import { type Chain, createMachine, type Machine } from '@plexus/kernel'

/** The state machine of a chain with the contracts of this version: what every replica runs, and what a verifier replays. */
export function machineFor(chain: Chain): Machine {
  return createMachine({ chain, contracts, directory })
}
