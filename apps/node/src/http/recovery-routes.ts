/** A member that was put back from a backup: what it knows of what it missed, and an operator who takes that on. */
import { z } from 'zod'
import type { RecoveryState } from '../recovery.ts'
import { problem } from './problem.ts'
import { json, memberRoute, type Route } from './route.ts'

const over: RecoveryState = { type: 'over' }
const batchesMax = 1_000_000_000

export function recoveryRoutes(): readonly Route[] {
  return [
    memberRoute({
      method: 'GET',
      path: '/recovery',
      id: 'recovery',
      summary: 'Whether a member that was put back from a backup has caught up, and what the backup missed',
      tag: 'staff',
      staff: true,
      whileRecovering: true,
      gives: 'The state; `behind` waits for an operator, `over` is also said of a member that was never restored.',
      handle: (_, { recovery }) => json(recovery?.state ?? over),
    }),
    memberRoute({
      method: 'POST',
      path: '/recovery/acknowledge',
      id: 'acknowledgeRecovery',
      summary: 'Takes on that what lies in so many batches is lost here: receipts go on above it, and the doors open',
      tag: 'staff',
      staff: true,
      whileRecovering: true,
      body: z.strictObject({
        batches: z
          .number({ error: 'a number of batches' })
          .int('a whole number')
          .min(1, 'at least 1')
          .max(batchesMax, `at most ${batchesMax}`),
      }),
      gives: 'The state afterwards.',
      refusals: ['recovery-differs', 'recovery-not-behind'],
      handle({ body: { batches } }, { recovery }) {
        const refused = recovery ? recovery.acknowledge(batches) : ({ type: 'recovery-not-behind' } as const)
        return refused ? problem(refused.type) : json(recovery?.state ?? over)
      },
    }),
  ]
}
