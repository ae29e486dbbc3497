/** What can be looked up of terms, accruals, settlements and the fills on which something stands. */
import { toHex } from '@plexus/codec'
import type { View } from '@plexus/kernel'
import { type Group, groups } from './programmes.ts'
import { type Accrual, numbered, type Settlement, type state, type Terms, type TermsVersion } from './state.ts'

type RebatesView = View<typeof state>

export const queries = { terms, version, versionInForce, settlement, accrual, spentBy }

/** What is recorded of terms, by their handle in hexadecimal. */
function terms({ terms: all }: RebatesView, handle: string): Terms | undefined {
  return all.get(handle)
}

/** A version that both signed, by the terms' handle in hexadecimal and its number from 1. */
function version({ versions }: RebatesView, handle: string, number: number): TermsVersion | undefined {
  return versions.get(numbered(handle, number))
}

/**
 * The number of the version in force at an instant (seconds since 1970), as the ledger stands: of those whose period holds
 * it, the one that was signed last. Undefined: none, or the terms had ended.
 */
function versionInForce({ terms: all, versions }: RebatesView, handle: string, at: number): number | undefined {
  const known = all.get(handle)
  if (!known || (known.endsAt !== null && at >= known.endsAt)) return undefined
  for (let number = known.versions; number >= 1; number--) {
    const each = versions.get(numbered(handle, number))
    if (each && each.startsAt <= at && at < each.endsAt) return number
  }
  return undefined
}

/** A settlement of terms, by their handle in hexadecimal and its number from 1. */
function settlement({ settlements }: RebatesView, handle: string, number: number): Settlement | undefined {
  return settlements.get(numbered(handle, number))
}

/** What is recorded of an accrual, by its handle in hexadecimal. */
function accrual({ accruals }: RebatesView, handle: string): Accrual | undefined {
  return accruals.get(handle)
}

/** The handles, in hexadecimal, of the accruals that stand on a fill, by its tag in hexadecimal. */
function spentBy({ spent }: RebatesView, tag: string): Readonly<Partial<Record<Group, string>>> {
  const found: Partial<Record<Group, string>> = {}
  for (const group of groups) {
    const handle = spent.get(`${tag}/${group}`)
    if (handle) found[group] = toHex(handle)
  }
  return found
}
