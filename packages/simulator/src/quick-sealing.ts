/**
 * A stand-in for HPKE over X-Wing: the same lengths, the same refusals, no secrecy. Who knows a public key can open what
 * was sealed to it, so this exists in the simulator alone, and nothing hands it to a node outside of it.
 *
 * In its place stand a hash of public key, encapsulation and purpose, and the real AES-256-GCM: another seed, another
 * purpose, another context and any flipped bit are refused as the real one refuses them.
 */
import { concatBytes } from '@plexus/codec'
import { generateSealingKey, openAead, sealAead, sha256, systemRandom } from '@plexus/crypto'

interface Sealing {
  readonly publicKey: Uint8Array
  readonly info: Uint8Array
  readonly context: Uint8Array
  readonly plaintext: Uint8Array
}

interface Opening {
  readonly seed: Uint8Array
  readonly info: Uint8Array
  readonly context: Uint8Array
  readonly encapsulated: Uint8Array
  readonly ciphertext: Uint8Array
}

type Opened = { readonly type: 'opened'; readonly plaintext: Uint8Array } | { readonly type: 'not-authentic' }

const encapsulatedLength = 1120
/** Enough that no two messages have one key. */
const drawnLength = 32
/** Every key is used for one message. */
const nonce = new Uint8Array(12)
/** What the platform of `@plexus/crypto` asks for, under the name by which it asks. */
export function oneShotHpke(): {
  seal(input: Sealing): Promise<Uint8Array>
  open(input: Opening): Promise<Opened>
} {
  return {
    async seal({ publicKey, info, context, plaintext }) {
      const encapsulated = new Uint8Array(encapsulatedLength)
      encapsulated.set(systemRandom(drawnLength))
      const key = keyOf(publicKey, encapsulated, info)
      return concatBytes(encapsulated, sealAead({ key, nonce, plaintext, context }))
    },
    async open({ seed, info, context, encapsulated, ciphertext }) {
      const { publicKey } = await generateSealingKey(seed)
      const key = keyOf(publicKey, encapsulated, info)
      const plaintext = openAead({ key, nonce, sealed: ciphertext, context })
      return plaintext ? { type: 'opened', plaintext } : { type: 'not-authentic' }
    },
  }
}

const keyOf = (publicKey: Uint8Array, encapsulated: Uint8Array, info: Uint8Array): Uint8Array =>
  sha256(concatBytes(sha256(publicKey), sha256(encapsulated), info))
