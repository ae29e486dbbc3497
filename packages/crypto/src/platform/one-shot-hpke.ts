import { concatBytes } from '@plexus/codec'
import { AEAD_AES_256_GCM, CipherSuite, DecapError, KDF_HKDF_SHA256, type KEMFactory, type Key, OpenError } from 'hpke'
import type { HpkeOpened, OneShotHpke } from './platform.ts'

/**
 * RFC 9180 §6.1, base mode, over the given KEM with HKDF-SHA-256 and AES-256-GCM of the platform's WebCrypto.
 * Every call sets up a context of its own and uses it for one message, so no nonce can ever be used twice.
 */
export function oneShotHpke<PlatformKey extends Key>(kem: KEMFactory<PlatformKey>): OneShotHpke {
  const suite = new CipherSuite(kem, KDF_HKDF_SHA256, AEAD_AES_256_GCM)
  return {
    async seal({ publicKey, info, context, plaintext }) {
      const recipient = await suite.DeserializePublicKey(publicKey)
      const { encapsulatedSecret, ciphertext } = await suite.Seal(recipient, plaintext, { aad: context, info })
      return concatBytes(encapsulatedSecret, ciphertext)
    },
    async open({ seed, info, context, encapsulated, ciphertext }): Promise<HpkeOpened> {
      const recipient = await suite.DeserializePrivateKey(seed)
      try {
        const plaintext = await suite.Open(recipient, encapsulated, ciphertext, { aad: context, info })
        return { type: 'opened', plaintext }
      } catch (error) {
        if (error instanceof DecapError) return { type: 'encapsulation-invalid' }
        if (error instanceof OpenError) return { type: 'not-authentic' }
        throw error
      }
    },
  }
}
