/** A step of an object travels in a member's envelope: whoever has its one-time keys composes and signs, the sponsor adds its share. */
import { encode, type Schema } from '@plexus/codec'
import { publicKeyOf } from '@plexus/crypto'
import { composeBody, signBody, type Variant } from '@plexus/kernel'
import type { Frame, Share } from './wallet/sponsored.ts'

/**
 * The body of a contract's transaction and the shares of the keys that move it (Ed25519 seeds of 32 bytes). The sponsor signs
 * the same body, and `assembleEnvelope` puts all shares together.
 */
export function contractStep<Tx extends Variant>(
  chain: Uint8Array,
  { sponsor, sponsorKey, nonce, validUntil }: Frame,
  contract: { readonly name: string; readonly transaction: Schema<Tx> },
  transaction: Tx,
  seeds: readonly Uint8Array[],
): { readonly body: Uint8Array; readonly shares: readonly Share[] } {
  const keys = seeds.map((seed) => ({ seed, key: publicKeyOf(seed) }))
  const body = composeBody({
    chain,
    sponsor,
    nonce,
    validUntil,
    contract: contract.name,
    transaction: encode(contract.transaction, transaction),
    signers: [sponsorKey, ...keys.map(({ key }) => key)],
  })
  return { body, shares: keys.map(({ seed, key }) => ({ key, signature: signBody(chain, body, seed) })) }
}
