/**
 * A platform for explorations of a million short histories. Hashes, ciphers and derived keys are the real ones. A
 * signature is computed and verified by the real one once, and remembered. Sealing is not sealing: what is sealed lies
 * open in the right length, and whoever explores is told in the middle of each seal, where the real one waits.
 */
import { concatBytes, toHex } from '@plexus/codec'
import { platform as real } from './node.ts'
import type { Platform } from './platform.ts'

const encapsulatedLength = 1120
const tagLength = 16
/** Some hundred bytes each; when it is full it starts again. */
const rememberedMax = 200_000

/** Told with the HPKE `info` and the plaintext, after the sealer began to wait and before it goes on. */
export const inTheMiddle: { of: (info: Uint8Array, plaintext: Uint8Array) => void } = { of: () => {} }

export const platform: Platform = {
  ...real,
  ed25519PublicKey: remember((seed) => real.ed25519PublicKey(seed)),
  ed25519Sign: remember((seed, message) => real.ed25519Sign(seed as Uint8Array, message as Uint8Array)),
  ed25519Verify: remember((publicKey, message, signature) => real.ed25519Verify(publicKey, message, signature)),
  hpke: {
    async seal({ info, plaintext }) {
      await null
      inTheMiddle.of(info, plaintext)
      return concatBytes(new Uint8Array(encapsulatedLength), plaintext, new Uint8Array(tagLength))
    },
    open: async ({ ciphertext }) => ({
      type: 'opened',
      plaintext: ciphertext.slice(0, ciphertext.length - tagLength),
    }),
  },
}

/** The function, computed once for each list of arguments. */
function remember<Parameters extends readonly Uint8Array[], Value>(
  compute: (...all: Parameters) => Value,
): (...all: Parameters) => Value {
  const known = new Map<string, Value>()
  return (...all) => {
    const key = all.map(toHex).join(' ')
    const before = known.get(key)
    if (before !== undefined) return before
    const value = compute(...all)
    if (known.size >= rememberedMax) known.clear()
    known.set(key, value)
    return value
  }
}
