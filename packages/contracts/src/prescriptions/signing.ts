/** When items may be signed. */
import { no, ok, toHex } from '@plexus/codec'
import { call } from '@plexus/kernel'
import { members } from '../members/index.ts'
import { practitioners } from '../practitioners/index.ts'
import { sponsorSigned } from '../scopes.ts'
import { dayAt } from './days.ts'
import { lastDayOf, limitsOf } from './limits.ts'
import type { Rejection } from './rejections.ts'
import { isKnown, type PrescriptionsRules, type PrescriptionsView } from './standing.ts'
import type { SignedItem } from './transactions.ts'

/** What was signed while the network could not be reached is signed here within a week. */
const issuedDaysAgoMax = 7

export const signingRules: Pick<PrescriptionsRules, 'sign-items'> = {
  /**
   * That each prescriber's licence and role are active now, and for controlled items the registration too, is asked of
   * `practitioners` (21 CFR 1306.03(a)); that the sponsor answers for the organisation, of `members`.
   */
  'sign-items'(state, { organisation, registrar, prescribers, dayLagMinutes, items }, context) {
    if (!sponsorSigned(context, 'batches')) return no({ type: 'scope-missing', scope: 'batches' })
    const controlled = items.some(({ limits }) => limitsOf[limits].registration)
    if ((controlled && registrar === null) || registrar === organisation) return no({ type: 'registrar-missing' })
    const repeated = firstRepeated(state, items)
    if (repeated) return no({ type: 'handle-known', handle: toHex(repeated) })
    const today = dayAt(context.time, { lagMinutes: dayLagMinutes })
    for (const item of items) {
      const broken = brokenTerm(item, today)
      if (broken) return no(broken)
    }
    return ok({
      events: [
        { type: 'items-signed', organisation, registrar, prescribers, dayLagMinutes, items, height: context.height },
      ],
      calls: [
        call(members, { type: 'require-hosted', organisation }),
        call(practitioners, { type: 'require-standing', organisation, npis: prescribers }),
        ...(registrar === null
          ? []
          : [call(practitioners, { type: 'require-standing', organisation: registrar, npis: prescribers })]),
      ],
    })
  },
}

/** The first handle or patient's key that is known, or stands twice among these. */
function firstRepeated(state: PrescriptionsView, items: readonly SignedItem[]): Uint8Array | undefined {
  const here = new Set<string>()
  for (const { handle, patient } of items)
    for (const hash of [handle, patient]) {
      if (here.has(toHex(hash)) || isKnown(state, hash)) return hash
      here.add(toHex(hash))
    }
  return undefined
}

function brokenTerm(
  { limits, issuedDay, firstDay, lastDay, refills }: SignedItem,
  today: number,
): Rejection | undefined {
  if (issuedDay > today || issuedDay + issuedDaysAgoMax < today) return { type: 'issued-day-wrong', issuedDay, today }
  const { refillsMax } = limitsOf[limits]
  if (refills > refillsMax) return { type: 'too-many-refills', limits, max: refillsMax }
  if (firstDay < issuedDay || lastDay < firstDay) return { type: 'days-out-of-order' }
  const latestDay = lastDayOf(limits, issuedDay)
  return lastDay > latestDay ? { type: 'ends-too-late', limits, latestDay } : undefined
}
