/** When a custodian may post how many requests came on evidence of the asker's own making. */
import { no, ok } from '@plexus/codec'
import type { View } from '@plexus/kernel'
import { hostOf, policy } from './queries.ts'
import type { MembersRules } from './rule-table.ts'
import { custodySigned } from './standing.ts'
import { dayKey, dayOfKey, type state } from './state.ts'

/** Counts are rounded up to multiples of this, so that a single request of one patient does not show. */
const countStep = 5
const secondsPerDay = 86_400

export const countRules: Pick<MembersRules, 'post-self-asserted-counts'> = {
  'post-self-asserted-counts'(state, { custodian, day, counts }, context) {
    const { sponsor, time, height } = context
    if (!custodySigned(context, custodian)) return no({ type: 'scope-missing', scope: 'custodian' })
    if (hostOf(state, custodian) !== sponsor) return no({ type: 'not-hosted', organisation: custodian })
    const today = Math.floor(time / secondsPerDay)
    if (day >= today) return no({ type: 'day-not-over', day, today })
    const oldest = Math.max(0, today - policy(state).parameters.selfAssertedWindowDays)
    if (day < oldest) return no({ type: 'day-too-old', day, oldest })
    if (state.postings.get(`${dayKey(day)}/${custodian}`)) return no({ type: 'counts-already-posted', custodian, day })
    const ragged = counts.find(({ requests }) => requests === 0 || requests % countStep !== 0)
    if (ragged) return no({ type: 'count-not-rounded', asker: ragged.asker })
    const stranger = counts.find(({ asker }) => !hostOf(state, asker))
    if (stranger) return no({ type: 'asker-unknown', asker: stranger.asker })
    const posted = { type: 'self-asserted-counts-posted', custodian, day, counts, height } as const
    if (!keepsOlderThan(state, oldest)) return ok({ events: [posted] })
    return ok({ events: [{ type: 'self-asserted-counts-forgotten', before: oldest }, posted] })
  },
}

/** Days sort first, so the first entry is the oldest. */
function keepsOlderThan({ postings }: View<typeof state>, day: number): boolean {
  for (const [key] of postings.entries()) return dayOfKey(key) < day
  return false
}
