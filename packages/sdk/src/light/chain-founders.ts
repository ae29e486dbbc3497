/** What a light client may take from our own genesis document: who validates first, and on which state. */
import { members } from '@plexus/contracts'
import { type Chain, chainNameOf, memoryLedger, viewOf } from '@plexus/kernel'
import { machineFor } from '../machine.ts'
import type { LightGenesis } from './trusted-block.ts'

/** Founds the ledger in memory and reads off what the application told CometBFT when the chain began. */
export function lightGenesisOf(chain: Chain): LightGenesis {
  const { reader } = memoryLedger(machineFor(chain))
  const tip = reader.tip()
  if (!tip) throw new Error('a founded ledger has no tip')
  return {
    chainName: chainNameOf(chain),
    height: 1,
    appHash: tip.appHash,
    validators: members.queries
      .validatorSet(viewOf(members, reader))
      .map(({ key, power }) => ({ key, power: BigInt(power) })),
  }
}
