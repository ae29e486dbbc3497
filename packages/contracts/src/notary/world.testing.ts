import { compareBytes } from '@plexus/codec'
import type { ContractWorld, Proposal, World } from '../world.testing.ts'
import type { NotaryTransaction } from './index.ts'
import { sizeClasses } from './transactions.ts'

const rootsMax = 12
/** Fewer than there are keys, so that a handle is met again. */
const handlesMax = 6

export const contractWorld: ContractWorld = {
  propose: (world) => world.random.pick([postBatch, openHandles, closeHandle])(world),
}

function postBatch(world: World): Proposal<NotaryTransaction> {
  const { random } = world
  const sponsor = world.someMember()
  return {
    transaction: {
      type: 'post-batch',
      root: new Uint8Array(32).fill(random.below(rootsMax)),
      leaves: random.oneIn(6) ? 15 : random.pick(sizeClasses),
    },
    sponsor,
    signers: world.keysOf(sponsor, 'batches').slice(0, 1),
  }
}

function openHandles(world: World): Proposal<NotaryTransaction> {
  const { random, identities } = world
  const some = identities.slice(0, handlesMax)
  const chosen = some.filter(() => random.oneIn(4)).map(({ handle }) => handle)
  const handles = chosen.length > 0 ? chosen : [random.pick(some).handle]
  return {
    transaction: { type: 'open-handles', handles: handles.sort(compareBytes) },
    sponsor: world.someMember(),
    signers: [],
  }
}

function closeHandle(world: World): Proposal<NotaryTransaction> {
  const { random } = world
  const owner = random.pick(world.identities.slice(0, handlesMax))
  return {
    transaction: { type: 'close-handle', handle: owner.handle },
    sponsor: world.someMember(),
    signers: [random.oneIn(6) ? random.pick(world.identities) : owner],
  }
}
