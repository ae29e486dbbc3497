/** When an item may be signed, move, be filled and end. */
import type { Rules } from '@plexus/kernel'
import { bindingRules } from './binding.ts'
import { choosingRules } from './choosing.ts'
import { dispensingRules } from './dispensing.ts'
import { endingRules } from './ending.ts'
import type { Event } from './events.ts'
import { holdingRules } from './holding.ts'
import type { Rejection } from './rejections.ts'
import { signingRules } from './signing.ts'
import type { state } from './state.ts'
import type { Transaction } from './transactions.ts'

export const rules: Rules<typeof state, Transaction, Event, Rejection> = {
  ...signingRules,
  ...choosingRules,
  ...holdingRules,
  ...dispensingRules,
  ...bindingRules,
  ...endingRules,
}
