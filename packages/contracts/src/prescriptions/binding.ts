/** When another contract may hang something on a fill, so that the fill is not taken back alone. */
import { no, ok, toHex } from '@plexus/codec'
import type { PrescriptionsRules } from './standing.ts'

export const bindingRules: Pick<PrescriptionsRules, 'bind-fill' | 'unbind-fill'> = {
  'bind-fill'({ fills }, { tag }, { caller, height }) {
    if (caller === null) return no({ type: 'only-contracts' })
    const known = fills.get(toHex(tag))
    if (!known || known.reversed !== null) return no({ type: 'fill-unknown' })
    if (known.boundBy.includes(caller)) return no({ type: 'already-bound' })
    return ok({ events: [{ type: 'fill-bound', tag, by: caller, height }] })
  },

  'unbind-fill'({ fills }, { tag }, { caller, height }) {
    if (caller === null) return no({ type: 'only-contracts' })
    const known = fills.get(toHex(tag))
    if (!known) return no({ type: 'fill-unknown' })
    if (!known.boundBy.includes(caller)) return no({ type: 'not-bound' })
    return ok({ events: [{ type: 'fill-unbound', tag, by: caller, height }] })
  },
}
