/** How an organisation stands among the others. */
import type { Context, View } from '@plexus/kernel'
import { hostOf, isActive } from './queries.ts'
import type { state } from './state.ts'

type MembersView = View<typeof state>

/** Whether a member is active, and no other is. */
export function isLastActive({ members }: MembersView, member: string): boolean {
  for (const [id, { status }] of members.entries()) if (status === 'active' && id !== member) return false
  return members.get(member)?.status === 'active'
}

/** Whether custody can go there: an active organisation of another member, which itself stays. */
export function successorFits(state: MembersView, successor: string, leavingHost: string): boolean {
  const host = hostOf(state, successor)
  if (host === undefined || host === leavingHost || !isActive(state, successor)) return false
  return [host, successor].every((each) => !state.leavings.get(each) && !state.successions.get(each))
}

/** The custodian's own key, or its host's, with the scope custodian. */
export function custodySigned({ signers, sponsor }: Context, custodian: string): boolean {
  return signers.some(
    ({ holder, scopes }) => (holder === sponsor || holder === custodian) && scopes.includes('custodian'),
  )
}
