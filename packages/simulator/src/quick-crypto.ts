/**
 * Makes the cryptography of this process cheaper for worlds, and changes one answer of it: HPKE is the stand-in of
 * `quick-sealing.ts`. Keys and verifications depend on their input alone, so they are computed once and remembered; the six
 * replicas of a process would otherwise verify each header six times.
 */
import { createPrivateKey, sign } from 'node:crypto'
import { fromHex } from '@plexus/codec'
import { oneShotHpke } from './quick-sealing.ts'

/** What `@plexus/crypto` asks of a platform, as far as it is replaced. */
export interface Primitives {
  xWingPublicKey(seed: Uint8Array): Uint8Array
  ed25519PublicKey(seed: Uint8Array): Uint8Array
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** A world brings about some thousands of each; those of many worlds are forgotten together. */
const rememberedMax = 20_000
/** RFC 8410 §7: the DER that stands before an Ed25519 seed. */
const privatePrefix = fromHex('302e020100300506032b657004220420')

/** To be called before the first world of a process that runs nothing else. */
export async function quickCrypto(): Promise<void> {
  const platform = await platformOfCrypto()
  Object.assign(platform, quickPrimitives(platform), { hpke: oneShotHpke() })
}

/** The primitives under `@plexus/crypto` in this process. */
export async function platformOfCrypto(): Promise<Primitives> {
  const at = new URL('platform/node.ts', import.meta.resolve('@plexus/crypto'))
  const { platform } = (await import(at.href)) as { readonly platform: Primitives }
  return platform
}

/** The same functions, each computed once per input, and a seed parsed once for all that it signs. */
export function quickPrimitives({ ed25519PublicKey, ed25519Verify, xWingPublicKey }: Primitives): Primitives {
  const publicKey = remembered(ed25519PublicKey)
  const sealingKey = remembered(xWingPublicKey)
  const privateKey = remembered((seed) =>
    createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' }),
  )
  return {
    // Copies, since whoever is given bytes may write into them.
    ed25519PublicKey: (seed) => publicKey(seed).slice(),
    ed25519Sign: (seed, message) => Uint8Array.from(sign(null, message, privateKey(seed))),
    ed25519Verify: remembered(ed25519Verify),
    xWingPublicKey: (seed) => sealingKey(seed).slice(),
  }
}

function remembered<Parts extends readonly Uint8Array[], Value>(
  compute: (...parts: Parts) => Value,
): (...parts: Parts) => Value {
  const known = new Map<string, Value>()
  return (...parts) => {
    // Of all parts but one the length is fixed, so that no two inputs have one name.
    const name = parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.length).toString('latin1')).join('')
    const before = known.get(name)
    if (before !== undefined) return before
    const value = compute(...parts)
    if (known.size >= rememberedMax) known.clear()
    known.set(name, value)
    return value
  }
}
