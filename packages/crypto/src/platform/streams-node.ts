import { createCipheriv, createDecipheriv, createHash, createHmac, createSecretKey } from 'node:crypto'
import { release } from '../release.ts'
import type { StreamPrimitives } from './streams.ts'

const tagLength = 16
const options = { authTagLength: tagLength }

export const streams: StreamPrimitives = {
  hmacSha512: (key, message) => new Uint8Array(createHmac('sha512', createSecretKey(key)).update(message).digest()),

  aes256GcmKeyed(bytes) {
    // A KeyObject: bare bytes would halve the rate at chunks of 16 KiB (measured).
    const key = createSecretKey(bytes)
    return {
      seal(nonce, text, target, at) {
        const cipher = createCipheriv('aes-256-gcm', key, nonce, options)
        const ciphertext = cipher.update(text)
        target.set(ciphertext, at)
        release(ciphertext)
        cipher.final() // GCM holds nothing back, but only now is the tag known
        target.set(cipher.getAuthTag(), at + text.length)
      },
      open(nonce, sealed, target, at) {
        const end = sealed.length - tagLength
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, options)
        decipher.setAuthTag(sealed.subarray(end))
        const text = decipher.update(sealed.subarray(0, end))
        try {
          decipher.final()
        } catch {
          return false // the tag does not fit: nothing of the plaintext may leave
        }
        target.set(text, at)
        release(text)
        return true
      },
    }
  },

  runningSha256() {
    const hash = createHash('sha256')
    return {
      update(bytes) {
        hash.update(bytes)
      },
      digest: () => new Uint8Array(hash.digest()),
    }
  },
}
