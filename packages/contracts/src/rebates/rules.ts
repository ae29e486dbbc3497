/** When terms hold, a fill bears a discount, and a discount is paid. */
import type { Rules } from '@plexus/kernel'
import { accruingRules } from './accruing.ts'
import { agreeingRules } from './agreeing.ts'
import { clearingRules } from './clearing.ts'
import type { Event } from './events.ts'
import type { Rejection } from './rejections.ts'
import type { state } from './state.ts'
import type { Transaction } from './transactions.ts'

export const rules: Rules<typeof state, Transaction, Event, Rejection> = {
  ...agreeingRules,
  ...accruingRules,
  ...clearingRules,
}
