import { gcm } from '@noble/ciphers/aes.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import type { StreamPrimitives } from './streams.ts'

export const streams: StreamPrimitives = {
  hmacSha512: (key, message) => hmac(sha512, key, message),

  aes256GcmKeyed(bytes) {
    const key = bytes.slice()
    return {
      seal(nonce, text, target, at) {
        target.set(gcm(key, nonce).encrypt(text), at)
      },
      open(nonce, sealed, target, at) {
        const cipher = gcm(key, nonce)
        let text: Uint8Array
        try {
          text = cipher.decrypt(sealed)
        } catch {
          return false // the tag does not fit; lengths were checked above this layer
        }
        target.set(text, at)
        return true
      },
    }
  },

  runningSha256() {
    const hash = sha256.create()
    return {
      update(bytes) {
        hash.update(bytes)
      },
      digest: () => hash.digest(),
    }
  },
}
