/** When a fill bears a discount, when another takes its place, and when it bears none any more. */
import { no, ok } from '@plexus/codec'
import { call } from '@plexus/kernel'
import { prescriptions } from '../prescriptions/index.ts'
import { supply } from '../supply/index.ts'
import { groupOf } from './programmes.ts'
import { accrualBy, bindFill, type RebatesRules, signedBy, someKnown, standingOn, unbindFill } from './standing.ts'
import { spentKey, standing } from './state.ts'

export const accruingRules: Pick<RebatesRules, 'accrue' | 'displace' | 'withdraw' | 'reverse-fill'> = {
  // Whoever has the tag's key has the record of dispensing. Rivals meet at the tag, before anything is paid.
  accrue(state, { handle, tag, programme, payer, content }, context) {
    if (!signedBy(context, tag)) return no({ type: 'not-its-key', of: 'tag' })
    const group = groupOf[programme]
    if (state.spent.get(spentKey(tag, group))) return no({ type: 'exclusivity-spent', group })
    if (someKnown(state, handle, payer)) return no({ type: 'key-known' })
    const { height } = context
    return ok({
      events: [{ type: 'accrued', handle, tag, programme, payer, content, height }],
      // A fill that was reversed, or never was, is not bound, and nothing accrues on it.
      calls: standingOn(state, tag).length === 0 ? [bindFill(tag)] : [],
    })
  },

  displace(state, { handle, from, programme, payer, content, record }, context) {
    const found = accrualBy(state, from, { by: ['tag', 'payer'], from: standing }, context)
    if (!found.ok) return found
    const { tag, programme: before } = found.value
    if (programme === before || groupOf[programme] !== groupOf[before])
      return no({ type: 'not-displaced-by', programme })
    if (someKnown(state, handle, payer)) return no({ type: 'key-known' })
    const { height } = context
    return ok({
      events: [
        { type: 'reversed', handle: from, ending: 'displaced', record, height },
        { type: 'accrued', handle, tag, programme, payer, content, height },
      ],
    })
  },

  withdraw(state, { handle, record }, context) {
    const found = accrualBy(state, handle, { by: ['claimant'], from: standing }, context)
    if (!found.ok) return found
    const { tag } = found.value
    return ok({
      events: [{ type: 'reversed', handle, ending: 'withdrawn', record, height: context.height }],
      calls: standingOn(state, tag).length === 1 ? [unbindFill(tag)] : [],
    })
  },

  // Who may take a fill back is for the contract that keeps it to say.
  'reverse-fill'(state, { tag, record, through }, { height }) {
    const all = standingOn(state, tag)
    if (all.length === 0) return no({ type: 'nothing-accrued' })
    return ok({
      events: all.map(
        (handle) => ({ type: 'reversed', handle, ending: 'fill-reversed', record: null, height }) as const,
      ),
      calls: [
        unbindFill(tag),
        through === 'supply'
          ? call(supply, { type: 'return-to-stock', tag, record })
          : call(prescriptions, { type: 'reverse-fill', tag, record }),
      ],
    })
  },
}
