/** The primitives of a browser, synchronous, from noble; HPKE takes its KEM from noble and its AEAD from WebCrypto. */
import { gcm } from '@noble/ciphers/aes.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { ml_kem768_x25519 } from '@noble/post-quantum/hybrid.js'
import { KEM_MLKEM768_X25519 } from '@panva/hpke-noble'
import { concatBytes, equalBytes } from '@plexus/codec'
import { oneShotHpke } from './one-shot-hpke.ts'
import type { Platform } from './platform.ts'
import { streams } from './streams-browser.ts'

/** Web Cryptography API §10.1.1: getRandomValues refuses more at once. */
const randomBytesPerCall = 65_536

const { Point } = ed25519

export const platform: Platform = {
  ...streams,
  name: 'browser',
  randomBytes(length) {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += randomBytesPerCall) {
      globalThis.crypto.getRandomValues(bytes.subarray(at, at + randomBytesPerCall))
    }
    return bytes
  },
  sha256: (bytes) => sha256(bytes),
  sha256Into: (bytes, target, at) => target.set(sha256(bytes), at),
  sha512: (bytes) => sha512(bytes),
  hmacSha256: (key, message) => hmac(sha256, key, message),
  hkdfSha256: ({ secret, salt, info, length }) => hkdf(sha256, secret, salt, info, length),

  ed25519PublicKey: (seed) => ed25519.getPublicKey(seed),
  ed25519Sign: (seed, message) => ed25519.sign(message, seed),
  // Points rather than noble's `verify`, which multiplies by the cofactor and so accepts more than OpenSSL does.
  ed25519Verify(publicKey, message, signature) {
    const point = decodedPoint(publicKey)
    if (!point) return false
    const commitment = signature.subarray(0, 32)
    const response = littleEndian(signature.subarray(32))
    const challenge = Point.Fn.create(littleEndian(sha512(concatBytes(commitment, publicKey, message))))
    const expected = Point.BASE.multiplyUnsafe(response).subtract(point.multiplyUnsafe(challenge))
    return equalBytes(expected.toBytes(), commitment)
  },

  aes256GcmSeal: ({ key, nonce, text, context }) => gcm(key, nonce, context).encrypt(text),
  aes256GcmOpen({ key, nonce, text, context }) {
    const cipher = gcm(key, nonce, context)
    try {
      return cipher.decrypt(text)
    } catch {
      return undefined // the tag does not fit; lengths were checked above this layer
    }
  },

  xWingPublicKey: (seed) => ml_kem768_x25519.keygen(seed).publicKey,
  hpke: oneShotHpke(KEM_MLKEM768_X25519),
}

function decodedPoint(publicKey: Uint8Array) {
  try {
    return Point.fromBytes(publicKey, false)
  } catch {
    return undefined // no point of the curve has this encoding
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let index = bytes.length - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[index] as number)
  return value
}
