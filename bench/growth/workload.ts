/** Suite `growth`: what a ledger and a journal that grow do to the rate of writing, the time of a proof and a restart. */
import type { Figure, Outcome, RunOptions, Suite } from '../suite.ts'
import { growthOfHandles, type HandlesAt } from './handles.ts'
import { growthOfLeaves, type LeavesGrowth } from './leaves.ts'

const full = {
  leaves: { sizes: [100_000, 1_000_000, 10_000_000], windows: 5, windowLeaves: 50 * 4_096, proofs: 1_000 },
  handles: { sizes: [100_000, 300_000, 1_000_000], windows: 5, blocks: 10, blockTransactions: 1_000 },
}
const tiny = {
  leaves: { sizes: [4_096, 3 * 4_096], windows: 1, windowLeaves: 4_096, proofs: 20 },
  handles: { sizes: [2_000, 6_000], windows: 1, blocks: 2, blockTransactions: 50 },
}
const leavesShareMin = 0.8
const handlesShareMin = 0.5
const restartSecondsPerMillionMax = 10

export const suite: Suite = {
  name: 'growth',
  claim:
    'Statements committed a second and one of them proven at 10 million, against 100 thousand; transactions a second that open a handle, state root included and durable, at a million open ones, against 100 thousand; and the time from opening what lies on the disk until one more write is durable.',
  nonClaim:
    'Nothing about the signatures of the handles, which cost the same at every size and would hide what does not. Nothing about more than fits into the memory of this machine: pages that were just written are in its cache.',
  oneCore: false,
  run,
}

async function run({ small, tell }: RunOptions): Promise<Outcome> {
  const sizes = small ? tiny : full
  const leaves = await growthOfLeaves({ ...sizes.leaves, tell })
  const handles = growthOfHandles({ ...sizes.handles, tell })
  return {
    figures: [...ofLeaves(leaves), ...ofHandles(handles)],
    checked: { leaves: leaves.at.map((each) => each.leaves), handles: handles.map((each) => each.handles) },
  }
}

function ofLeaves({ at, restartSeconds, restartLeaves }: LeavesGrowth): readonly Figure[] {
  const [first, last] = [at[0], at.at(-1)]
  if (!first || !last) throw new Error('nothing was measured')
  return [
    ...at.flatMap(({ leaves, writesPerSecond, proofSeconds }) => [
      { name: `committed at ${leaves} statements`, value: writesPerSecond, unit: 'leaves/s' },
      { name: `one proof found, made and checked at ${leaves}`, value: 1000 * proofSeconds, unit: 'ms' },
    ]),
    {
      name: `rate at ${last.leaves} statements of that at ${first.leaves}`,
      value: last.writesPerSecond / first.writesPerSecond,
      unit: 'of it',
      target: { type: 'at-least', value: leavesShareMin },
    },
    {
      name: `proofs a second at ${last.leaves} statements of those at ${first.leaves}`,
      value: first.proofSeconds / last.proofSeconds,
      unit: 'of them',
      target: { type: 'at-least', value: leavesShareMin },
    },
    { name: `network and journal open again at ${restartLeaves} statements`, value: restartSeconds, unit: 's' },
    {
      name: 'the same for a million statements',
      value: restartSeconds / (restartLeaves / 1e6),
      unit: 's',
      target: { type: 'below', value: restartSecondsPerMillionMax },
    },
  ]
}

function ofHandles(at: readonly HandlesAt[]): readonly Figure[] {
  const [first, last] = [at[0], at.at(-1)]
  if (!first || !last) throw new Error('nothing was measured')
  const millions = last.handles / 1e6
  return [
    ...at.map(({ handles, writesPerSecond }) => ({
      name: `opened at ${handles} open handles, no signatures`,
      value: writesPerSecond,
      unit: 'transactions/s',
    })),
    {
      name: `rate at ${last.handles} handles of that at ${first.handles}`,
      value: last.writesPerSecond / first.writesPerSecond,
      unit: 'of it',
      target: { type: 'at-least', value: handlesShareMin },
    },
    ...(['restartSeconds', 'restartAfterCrashSeconds'] as const).map((which) => ({
      name: `ledger open again, for a million handles, ${which === 'restartSeconds' ? 'as it was closed' : 'after a crash'}`,
      value: last[which] / millions,
      unit: 's',
      target: { type: 'below', value: restartSecondsPerMillionMax } as const,
    })),
  ]
}
