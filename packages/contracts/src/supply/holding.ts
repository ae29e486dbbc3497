/** When something is held back, found illegitimate, and gone for good. */
import { no, ok, type Result, toHex } from '@plexus/codec'
import type { Context } from '@plexus/kernel'
import type { Rejection } from './rejections.ts'
import {
  firstKnown,
  heldParcel,
  licensed,
  notGood,
  type SupplyRules,
  type SupplyView,
  signedBy,
  traders,
} from './standing.ts'
import { endings, type Incident } from './state.ts'
import type { Ending } from './values.ts'

/** FD&C Act, section 582(b)(4)(B)(ii), (c)(4)(B)(ii), (d)(4)(B)(ii): not later than 24 hours after it was determined. */
export const noticeSeconds = 24 * 3_600

/** What leaves as good goods, and so is neither held back nor recalled nor expired. */
const goodEndings: readonly Ending[] = ['exported', 'transformed']

export const holdingRules: Pick<SupplyRules, 'end' | 'quarantine' | 'clear' | 'report' | 'notify'> = {
  end(state, { tag, as, record }, context) {
    const found = heldParcel(state, tag, context)
    if (!found.ok) return found
    const stays = goodEndings.includes(as) ? notGood(state, found.value, context) : undefined
    if (stays) return no(stays)
    if (found.value.hold === 'illegitimate' && as !== 'destroyed') return no({ type: 'on-hold' })
    return ok({ events: [{ type: 'ended', tag, as, record, height: context.height }] })
  },

  quarantine(state, { tag, record }, context) {
    const found = heldParcel(state, tag, context)
    if (!found.ok) return found
    if (found.value.hold !== null) return no({ type: 'on-hold' })
    return ok({ events: [{ type: 'quarantined', tag, record, height: context.height }] })
  },

  clear(state, { tag, record }, context) {
    const found = heldParcel(state, tag, context)
    if (!found.ok) return found
    const { hold, lots } = found.value
    if (!lots.every((lot) => signedBy(context, lot))) return no({ type: 'not-its-key', of: 'lot' })
    if (hold === 'illegitimate') return no({ type: 'on-hold' })
    if (hold === null) return no({ type: 'not-on-hold' })
    return ok({ events: [{ type: 'cleared', tag, record, height: context.height }] })
  },

  report(state, { incident, tag, record, licence }, context) {
    if (!signedBy(context, incident)) return no({ type: 'not-its-key', of: 'incident' })
    const found =
      licence === null ? ownFound(state, tag, context) : licensed(state, incident, licence, traders, context)
    if (!found.ok) return found
    const known = firstKnown(state, [incident])
    if (known) return no(known)
    const { time, height } = context
    return ok({
      events: [
        {
          type: 'reported',
          incident,
          tag,
          found: licence === null ? 'own' : foundBehind(state, tag),
          record,
          grant: licence?.grant ?? null,
          noticeDueAt: time + noticeSeconds,
          height,
        },
      ],
    })
  },

  // Late is late, and said all the same.
  notify({ incidents }, { incident, notice }, context) {
    const known = incidents.get(toHex(incident))
    if (!known) return no({ type: 'incident-unknown' })
    if (known.notice !== null) return no({ type: 'already-notified' })
    if (!signedBy(context, incident)) return no({ type: 'not-its-key', of: 'incident' })
    return ok({ events: [{ type: 'notified', incident, notice, height: context.height }] })
  },
}

function ownFound(state: SupplyView, tag: Uint8Array, context: Context): Result<void, Rejection> {
  const found = heldParcel(state, tag, context)
  if (!found.ok) return found
  return found.value.hold === 'illegitimate' ? no({ type: 'on-hold' }) : ok()
}

/** Two things cannot carry one label: what is here is not the one that stands there. */
function foundBehind({ parcels }: SupplyView, tag: Uint8Array): Incident['found'] {
  const known = parcels.get(toHex(tag))
  if (!known) return 'unknown'
  return endings.includes(known.status) ? 'ended' : 'elsewhere'
}
