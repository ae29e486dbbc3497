/** How a member seals the values of its journal. */
import { openAead, type RandomBytes, sealAead } from '@plexus/crypto'
import type { Sealing } from '@plexus/store'

const nonceBytes = 12

/** Values at rest: AES-256-GCM under a fresh nonce. One key seals far fewer than the 2^32 values of NIST SP 800-38D §8.3. */
export function sealingUnder(key: Uint8Array, random: RandomBytes): Sealing {
  const context = new Uint8Array(0)
  return {
    seal(plain) {
      const nonce = random(nonceBytes)
      const sealed = sealAead({ key, nonce, plaintext: plain, context })
      const joined = new Uint8Array(nonceBytes + sealed.length)
      joined.set(nonce)
      joined.set(sealed, nonceBytes)
      return joined
    },
    open: (bytes) => openAead({ key, nonce: bytes.slice(0, nonceBytes), sealed: bytes.slice(nonceBytes), context }),
  }
}
