/** A step of the supply chain travels in a member's envelope; best one that is not concerned. */
import { type SupplyTransaction, supply } from '@plexus/contracts'
import { contractStep } from '../contract-step.ts'
import type { Frame, Share } from '../wallet/sponsored.ts'

/** As `contractStep`, for supply: the seeds of the one-time keys that the step asks for, a fill's among them. */
export function supplyStep(
  chain: Uint8Array,
  frame: Frame,
  transaction: SupplyTransaction,
  seeds: readonly Uint8Array[],
): { readonly body: Uint8Array; readonly shares: readonly Share[] } {
  return contractStep(chain, frame, supply, transaction, seeds)
}
