/** A step of an item travels in a member's envelope: whoever has the one-time key composes and signs, the sponsor adds its share. */
import { encode } from '@plexus/codec'
import { type PrescriptionsTransaction, prescriptions } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import { composeBody, signBody } from '@plexus/kernel'
import type { Frame, Share } from '../wallet/sponsored.ts'

/**
 * The body of a step and the shares of the keys that move it (Ed25519 seeds of 32 bytes; none for `expire`). The sponsor
 * signs the same body, and `assembleEnvelope` puts all shares together.
 */
export function prescriptionStep(
  chain: Uint8Array,
  { sponsor, sponsorKey, nonce, validUntil }: Frame,
  transaction: PrescriptionsTransaction,
  seeds: readonly Uint8Array[],
): { readonly body: Uint8Array; readonly shares: readonly Share[] } {
  const keys = seeds.map((seed) => ({ seed, key: publicKeyOf(seed) }))
  const body = composeBody({
    chain,
    sponsor,
    nonce,
    validUntil,
    contract: prescriptions.name,
    transaction: encode(prescriptions.transaction, transaction),
    signers: [sponsorKey, ...keys.map(({ key }) => key)],
  })
  return { body, shares: keys.map(({ seed, key }) => ({ key, signature: signBody(chain, body, seed) })) }
}
