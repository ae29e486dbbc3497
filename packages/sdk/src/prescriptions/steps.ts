/** A step of an item travels in a member's envelope: whoever has the one-time key composes and signs, the sponsor adds its share. */
import { type PrescriptionsTransaction, prescriptions } from '@plexus/contracts'
import { contractStep } from '../contract-step.ts'
import type { Frame, Share } from '../wallet/sponsored.ts'

/** As `contractStep`, for prescriptions: one seed a step, and none for `expire`. */
export function prescriptionStep(
  chain: Uint8Array,
  frame: Frame,
  transaction: PrescriptionsTransaction,
  seeds: readonly Uint8Array[],
): { readonly body: Uint8Array; readonly shares: readonly Share[] } {
  return contractStep(chain, frame, prescriptions, transaction, seeds)
}
