/**
 * Ed25519 (RFC 8032) in a strict profile, so that no two verifiers can disagree on a signature, whatever the signer
 * does: A and R canonical and not of small order, S < L, no cofactor, R compared as bytes. Each rule is there because
 * verifiers in use differ on what it refuses: Node 20 accepts an R of small order where Node 24 does not (measured).
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { fromHex, no, ok, type Result, toHex } from '@plexus/codec'
import { platform } from '#platform'
import { expectLength } from './lengths.ts'
import type { Platform } from './platform/platform.ts'

const seedLength = 32
const publicKeyLength = 32
const signatureLength = 64

/** Why a public key is not taken. */
export type KeyRefusal =
  | { readonly type: 'key-length'; readonly expected: number; readonly came: number }
  | { readonly type: 'key-not-canonical' }
  | { readonly type: 'key-small-order' }
  | { readonly type: 'key-not-on-curve' }
  | { readonly type: 'key-torsion' }

/** The 32-byte public key of a 32-byte seed (RFC 8032 §5.1.5). Throws when the seed has another length. */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  expectLength(seed, seedLength, 'seed')
  return platform.ed25519PublicKey(seed)
}

/** 64 bytes, R ‖ S (RFC 8032 §5.1.6): the same for the same seed and message. Throws on a seed of another length. */
export function sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  expectLength(seed, seedLength, 'seed')
  return platform.ed25519Sign(seed, message)
}

/**
 * Whether the signature is good under the strict profile. The key need only pass `checkOneTimeKey`, which is checked
 * here; that a long-lived key also passes `checkLongLivedKey` is checked once, where it is registered.
 */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return verifyOn(platform, publicKey, message, signature)
}

export function verifyOn(on: Platform, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== signatureLength || !checkOneTimeKey(publicKey).ok) return false
  if (!isBelow(signature.subarray(32), groupOrder)) return false
  if (encodingRefusal(signature.subarray(0, 32))) return false
  return on.ed25519Verify(publicKey, message, signature)
}

/**
 * For a key that will be used again and again: canonical, a point of the curve, in the subgroup of prime order, not
 * the identity. About a millisecond, so ask where the key is registered, not for each signature.
 */
export function checkLongLivedKey(publicKey: Uint8Array): Result<void, KeyRefusal> {
  const cheap = checkOneTimeKey(publicKey)
  if (!cheap.ok) return cheap
  const point = decodedPoint(publicKey)
  if (!point) return no({ type: 'key-not-on-curve' })
  if (!point.isTorsionFree()) return no({ type: 'key-torsion' })
  return ok()
}

/**
 * For a key that signs for one object only: 32 bytes, canonical (RFC 8032 §5.1.3), not of small order. Microseconds;
 * it suffices because every verifier here works without the cofactor. A key off the curve passes and verifies nothing.
 */
export function checkOneTimeKey(publicKey: Uint8Array): Result<void, KeyRefusal> {
  if (publicKey.length !== publicKeyLength) {
    return no({ type: 'key-length', expected: publicKeyLength, came: publicKey.length })
  }
  const reason = encodingRefusal(publicKey)
  return reason ? no(reason) : ok()
}

const fieldPrime = fromHex('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')
const groupOrder = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')

/** The y coordinates of the eight points of small order, without the sign of x, and the order of their points. */
const smallOrders: ReadonlyMap<string, number> = new Map([
  ['0100000000000000000000000000000000000000000000000000000000000000', 1],
  ['ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 2],
  ['0000000000000000000000000000000000000000000000000000000000000000', 4],
  ['26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 8],
  ['c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 8],
])

/** The rule for 32 bytes that stand for a point, be it A or R. Whether there is such a point is not asked. */
function encodingRefusal(encoding: Uint8Array): KeyRefusal | undefined {
  const y = Uint8Array.from(encoding)
  y[31] = (encoding[31] as number) & 0x7f
  if (!isBelow(y, fieldPrime)) return { type: 'key-not-canonical' }
  const order = smallOrders.get(toHex(y))
  if (order === undefined) return undefined
  // Where x is 0 there is no second square root, and the sign bit must be clear (RFC 8032 §5.1.3 step 4).
  if (order <= 2 && encoding[31] !== y[31]) return { type: 'key-not-canonical' }
  return { type: 'key-small-order' }
}

/** Compares little-endian numbers of 32 bytes. They are public, so the time may depend on them. */
function isBelow(bytes: Uint8Array, limit: Uint8Array): boolean {
  for (let index = 31; index >= 0; index--) {
    const difference = (bytes[index] as number) - (limit[index] as number)
    if (difference !== 0) return difference < 0
  }
  return false
}

function decodedPoint(publicKey: Uint8Array) {
  try {
    return ed25519.Point.fromBytes(publicKey, false)
  } catch {
    return undefined
  }
}
