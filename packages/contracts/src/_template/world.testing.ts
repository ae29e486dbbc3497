import type { ContractWorld } from '../world.testing.ts'
import type { IdentifierTransaction } from './index.ts'

/** Few, so that steps meet each other. */
const keys = ['a-1', 'b-2', 'c-3'] as const

export const contractWorld: ContractWorld = {
  propose(world) {
    const key = world.random.pick(keys)
    const transactions: readonly IdentifierTransaction[] = [
      { type: 'enter', key },
      { type: 'withdraw', key },
    ]
    return { transaction: world.random.pick(transactions), sponsor: world.someMember(), signers: [] }
  },
}
