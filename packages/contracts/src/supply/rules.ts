/** When lots may begin, and what is of them may be packed, move, be dispensed, held back and end. */
import { dispensingRules } from './dispensing.ts'
import { grantingRules } from './granting.ts'
import { holdingRules } from './holding.ts'
import { makingRules } from './making.ts'
import { movingRules } from './moving.ts'
import { type PackageLimits, packageLimits, packingRulesWithin } from './packing.ts'
import type { SupplyRules } from './standing.ts'

export function rulesWithin(limits: PackageLimits): SupplyRules {
  return {
    ...grantingRules,
    ...makingRules,
    ...movingRules,
    ...packingRulesWithin(limits),
    ...dispensingRules,
    ...holdingRules,
  }
}

export const rules = rulesWithin(packageLimits)
