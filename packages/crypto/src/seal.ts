/**
 * Sealing to one recipient: HPKE base mode (RFC 9180 §6.1) with X-Wing, that is ML-KEM-768 and X25519 together
 * (KEM 0x647a), HKDF-SHA-256 and AES-256-GCM. Asynchronous, because WebCrypto is.
 * Layout: suite byte 0x01 ‖ enc (1,120 bytes) ‖ ciphertext ‖ tag (16 bytes).
 */
import { concatBytes, equalBytes, fromHex, no, ok, type Result } from '@plexus/codec'
import { platform } from '#platform'
import { expectLength } from './lengths.ts'
import type { Platform } from './platform/platform.ts'

/** The one suite there is. A new suite takes a new number, and whoever does not know a number refuses it. */
const suiteXWing = 0x01
const seedLength = 32
const publicKeyLength = 1216
const encapsulatedLength = 1120
const tagLength = 16
const sealedLengthMin = 1 + encapsulatedLength + tagLength
/** Notes and wrapped keys are far smaller, records are sealed under data keys; it bounds memory for both sides. */
const plaintextLengthMax = 64 * 1024 * 1024
const sealedLengthMax = sealedLengthMin + plaintextLengthMax
/** RFC 9180 §7.2.1 asks for limits on what goes into the key schedule; ours are names and hashes. */
const infoLengthMax = 4096

export interface SealInput {
  /** 1,216 bytes that passed `checkSealingKey`. */
  readonly publicKey: Uint8Array
  /** What the message is for: part of the key schedule. */
  readonly info: Uint8Array
  /** What the message belongs to: authenticated with it, not kept in it. */
  readonly context: Uint8Array
  readonly plaintext: Uint8Array
}

export interface OpenInput {
  /** 32 bytes: the X-Wing secret key. */
  readonly seed: Uint8Array
  readonly info: Uint8Array
  readonly context: Uint8Array
  readonly sealed: Uint8Array
}

/** Why a sealed message was not opened, first reason first. Which of key, info, context or bytes is wrong cannot be told. */
export type SealRefusal =
  | { readonly type: 'suite-unknown'; readonly came: number | null }
  | { readonly type: 'sealed-too-short'; readonly lengthMin: number; readonly came: number }
  | { readonly type: 'sealed-too-long'; readonly lengthMax: number; readonly came: number }
  | { readonly type: 'encapsulation-invalid' }
  | { readonly type: 'not-authentic' }

/** Why a public key for sealing is not taken. */
export type SealingKeyRefusal =
  | { readonly type: 'key-length'; readonly expected: number; readonly came: number }
  | { readonly type: 'key-not-canonical' }
  | { readonly type: 'key-small-order' }

/** The public key, 1,216 bytes, whose secret key is the seed itself. Throws when the seed is not 32 bytes. */
export async function generateSealingKey(seed: Uint8Array): Promise<{ readonly publicKey: Uint8Array }> {
  expectLength(seed, seedLength, 'seed')
  return { publicKey: platform.xWingPublicKey(seed) }
}

/**
 * Seals one message. The encapsulation draws the system's randomness, so no two results are alike. Throws on a key
 * that `checkSealingKey` refuses, and on a message above 64 MiB.
 */
export async function sealTo(input: SealInput): Promise<Uint8Array> {
  return sealOn(platform, input)
}

/** The plaintext, or why there is none. Throws when the seed is not 32 bytes. */
export async function openSealed(input: OpenInput): Promise<Result<Uint8Array, SealRefusal>> {
  return openOn(platform, input)
}

export async function sealOn(on: Platform, input: SealInput): Promise<Uint8Array> {
  // Asked here, too: the KEM that browsers use would seal to a key whose ML-KEM half FIPS 203 §7.2 forbids.
  const key = checkSealingKey(input.publicKey)
  if (!key.ok) throw new RangeError(`publicKey: expected a checked key, came one refused as ${key.reason.type}`)
  if (input.info.length > infoLengthMax) throw new RangeError(`info: expected at most ${infoLengthMax} bytes`)
  if (input.plaintext.length > plaintextLengthMax) {
    throw new RangeError(`plaintext: expected at most ${plaintextLengthMax} bytes`)
  }
  return concatBytes(Uint8Array.of(suiteXWing), await on.hpke.seal(input))
}

export async function openOn(on: Platform, input: OpenInput): Promise<Result<Uint8Array, SealRefusal>> {
  const { seed, info, context, sealed } = input
  expectLength(seed, seedLength, 'seed')
  if (info.length > infoLengthMax) throw new RangeError(`info: expected at most ${infoLengthMax} bytes`)
  const suite = sealed[0]
  if (suite !== suiteXWing) return no({ type: 'suite-unknown', came: suite ?? null })
  if (sealed.length < sealedLengthMin) {
    return no({ type: 'sealed-too-short', lengthMin: sealedLengthMin, came: sealed.length })
  }
  if (sealed.length > sealedLengthMax) {
    return no({ type: 'sealed-too-long', lengthMax: sealedLengthMax, came: sealed.length })
  }
  const encapsulated = sealed.slice(1, 1 + encapsulatedLength)
  const ciphertext = sealed.slice(1 + encapsulatedLength)
  const opened = await on.hpke.open({ seed, info, context, encapsulated, ciphertext })
  return opened.type === 'opened' ? ok(opened.plaintext) : no({ type: opened.type })
}

const latticeLength = 1152
const latticeModulus = 3329
const curveOffset = 1184

/**
 * Whether a public key may be sealed to; ask where a key is first received. Its ML-KEM half must hold numbers below
 * the modulus only (FIPS 203 §7.2), its X25519 half must be canonical and not of small order (RFC 7748 §6.1).
 */
export function checkSealingKey(publicKey: Uint8Array): Result<void, SealingKeyRefusal> {
  if (publicKey.length !== publicKeyLength) {
    return no({ type: 'key-length', expected: publicKeyLength, came: publicKey.length })
  }
  for (let at = 0; at < latticeLength; at += 3) {
    const [low, middle, high] = publicKey.subarray(at, at + 3) as unknown as readonly [number, number, number]
    if ((low | ((middle & 15) << 8)) >= latticeModulus || ((middle >> 4) | (high << 4)) >= latticeModulus) {
      return no({ type: 'key-not-canonical' })
    }
  }
  const curve = publicKey.subarray(curveOffset)
  if (!isCanonicalCoordinate(curve)) return no({ type: 'key-not-canonical' })
  if (smallOrders.some((coordinate) => equalBytes(coordinate, curve))) return no({ type: 'key-small-order' })
  return ok()
}

/** The u coordinates below 2²⁵⁵ − 19 whose shared secret is zero for every secret key. */
const smallOrders = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map(fromHex)

/** Below 2²⁵⁵ − 19: only numbers from 0xed ff … ff 7f (little-endian) upwards are not. */
function isCanonicalCoordinate(bytes: Uint8Array): boolean {
  const top = bytes[31] as number
  if (top !== 0x7f) return top < 0x7f
  return (bytes[0] as number) < 0xed || bytes.subarray(1, 31).some((byte) => byte !== 0xff)
}
