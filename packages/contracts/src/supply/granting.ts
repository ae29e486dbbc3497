/** When an authority may license trading partners, without saying which. */
import { no, ok, toHex } from '@plexus/codec'
import { sponsorSigned } from '../scopes.ts'
import type { SupplyRules } from './standing.ts'

export const grantingRules: Pick<SupplyRules, 'grant-keys' | 'withdraw-keys'> = {
  'grant-keys'({ grants }, { role, root, leaves, validUntil }, context) {
    if (!sponsorSigned(context, 'licensing-board')) return no({ type: 'scope-missing', scope: 'licensing-board' })
    if (grants.get(toHex(root))) return no({ type: 'grant-known' })
    const { time, height, sponsor: authority } = context
    if (time >= validUntil) return no({ type: 'grant-over', validUntil, time })
    return ok({ events: [{ type: 'keys-granted', authority, role, root, leaves, validUntil, height }] })
  },

  'withdraw-keys'({ grants }, { grant, keys }, context) {
    if (!sponsorSigned(context, 'licensing-board')) return no({ type: 'scope-missing', scope: 'licensing-board' })
    const known = grants.get(toHex(grant))
    if (!known) return no({ type: 'grant-unknown' })
    if (known.authority !== context.sponsor) return no({ type: 'not-its-authority', authority: known.authority })
    return ok({ events: [{ type: 'keys-withdrawn', grant, keys, height: context.height }] })
  },
}
