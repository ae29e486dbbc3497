/** The primitives of Node: OpenSSL through node:crypto, and HPKE over its native ML-KEM-768 and X25519. */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  hash,
  hkdfSync,
  type KeyObject,
  randomFillSync,
  sign,
  verify,
} from 'node:crypto'
import { concatBytes, fromHex } from '@plexus/codec'
import { KEM_MLKEM768_X25519 } from 'hpke'
import { oneShotHpke } from './one-shot-hpke.ts'
import { parsedSeeds } from './parsed-seeds.ts'
import type { Platform } from './platform.ts'
import { recentlyUsed } from './recently-used.ts'
import { streams } from './streams-node.ts'

/** RFC 8410 §4, §7: the DER that stands before a 32-byte Ed25519 public key, Ed25519 seed and X25519 private key. */
const ed25519PublicPrefix = fromHex('302a300506032b6570032100')
const ed25519PrivatePrefix = fromHex('302e020100300506032b657004220420')
const x25519PrivatePrefix = fromHex('302e020100300506032b656e04220420')
/** RFC 9935 §6: the DER that stands before a 64-byte ML-KEM-768 seed. */
const mlKem768SeedPrefix = fromHex('3054020100300b060960864801650304040204428040')

const tagLength = 16
const mlKem768SeedLength = 64
const mlKem768PublicKeyLength = 1184
const x25519PublicKeyLength = 32
const xWingSeedsLength = 96

/** Every member and thousands of professionals fit, at about one kilobyte each; one-time keys pass through. */
const verifyKeysMax = 4096

/** Small draws come from a pool: a call into the generator costs more than the bytes. What was drawn is wiped. */
const poolLength = 8192
const pooledDrawMax = 256
const pool = new Uint8Array(poolLength)
let drawn = poolLength

function drawRandom(length: number): Uint8Array {
  if (length > pooledDrawMax) return randomFillSync(new Uint8Array(length))
  if (drawn + length > poolLength) {
    randomFillSync(pool)
    drawn = 0
  }
  const bytes = pool.slice(drawn, drawn + length)
  pool.fill(0, drawn, drawn + length)
  drawn += length
  return bytes
}

// A symmetric key is handed over as a KeyObject: Node 24 looks at bare bytes by a road that costs 10 µs a call, which
// doubles the price of sealing a short text and trebles that of an HMAC (measured).
export const platform: Platform = {
  ...streams,
  name: 'node',
  randomBytes: drawRandom,
  sha256: (bytes) => fromLatin1(hash('sha256', bytes, 'binary')),
  sha256Into: (bytes, target, at) => writeLatin1(hash('sha256', bytes, 'binary'), target, at),
  sha512: (bytes) => fromLatin1(hash('sha512', bytes, 'binary')),
  hmacSha256: (key, message) =>
    key.length <= hmacBlockLength && message.length <= shortMessageMax
      ? shortHmac(key, message)
      : plain(createHmac('sha256', createSecretKey(key)).update(message).digest()),
  hkdfSha256: ({ secret, salt, info, length }) => new Uint8Array(hkdfSync('sha256', secret, salt, info, length)),

  ed25519PublicKey(seed) {
    const known = ed25519PrivateKey(seed)
    known.publicKey ??= lastBytes(createPublicKey(known.key).export({ type: 'spki', format: 'der' }), 32)
    return known.publicKey.slice()
  },
  ed25519Sign: (seed, message) => plain(sign(null, message, ed25519PrivateKey(seed).key)),
  ed25519Verify: (publicKey, message, signature) => verify(null, message, verifyKey(publicKey), signature),

  aes256GcmSeal({ key, nonce, text, context }) {
    const cipher = createCipheriv('aes-256-gcm', createSecretKey(key), nonce, { authTagLength: tagLength })
    cipher.setAAD(context)
    const ciphertext = cipher.update(text)
    cipher.final() // GCM holds nothing back, but only now is the tag known
    return concatBytes(ciphertext, cipher.getAuthTag())
  },
  aes256GcmOpen({ key, nonce, text, context }) {
    const cipher = createDecipheriv('aes-256-gcm', createSecretKey(key), nonce, { authTagLength: tagLength })
    cipher.setAAD(context)
    cipher.setAuthTag(text.subarray(text.length - tagLength))
    const plaintext = cipher.update(text.subarray(0, text.length - tagLength))
    try {
      cipher.final()
    } catch {
      return undefined // the tag does not fit: nothing of the plaintext may leave
    }
    return plain(plaintext)
  },

  xWingPublicKey(seed) {
    // draft-connolly-cfrg-xwing-kem §5.2: SHAKE256 stretches the seed into the seeds of both parts.
    const seeds = createHash('shake256', { outputLength: xWingSeedsLength }).update(seed).digest()
    const lattice = derPrivateKey(mlKem768SeedPrefix, seeds.subarray(0, mlKem768SeedLength))
    const curve = derPrivateKey(x25519PrivatePrefix, seeds.subarray(mlKem768SeedLength))
    return concatBytes(
      lastBytes(createPublicKey(lattice).export({ type: 'spki', format: 'der' }), mlKem768PublicKeyLength),
      lastBytes(createPublicKey(curve).export({ type: 'spki', format: 'der' }), x25519PublicKeyLength),
    )
  },
  hpke: oneShotHpke(KEM_MLKEM768_X25519),
}

// A string instead of a Buffer: two to three times as fast for one small input (measured), because each Buffer brings a
// backing store outside the heap, while 32 bytes fit into the array object itself.
function fromLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  writeLatin1(text, bytes, 0)
  return bytes
}

function writeLatin1(text: string, target: Uint8Array, at: number): void {
  for (let index = 0; index < text.length; index++) target[at + index] = text.charCodeAt(index)
}

/** FIPS 180-4 §1: the block of SHA-256. */
const hmacBlockLength = 64
/** Leaves, chain heads and blinded keys are far shorter; from about here on OpenSSL's own HMAC costs the same. */
const shortMessageMax = 1024
const innerScratch = new Uint8Array(hmacBlockLength + shortMessageMax)
const outerScratch = new Uint8Array(hmacBlockLength + 32)

/** RFC 2104 §2 as its two hashes: a third of the price of an HMAC object, which two calls across the border make (measured). */
function shortHmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  for (let index = 0; index < hmacBlockLength; index++) {
    const byte = key[index] ?? 0
    innerScratch[index] = byte ^ 0x36
    outerScratch[index] = byte ^ 0x5c
  }
  innerScratch.set(message, hmacBlockLength)
  const inner = innerScratch.subarray(0, hmacBlockLength + message.length)
  writeLatin1(hash('sha256', inner, 'binary'), outerScratch, hmacBlockLength)
  const code = fromLatin1(hash('sha256', outerScratch, 'binary'))
  // The pads are the key.
  inner.fill(0)
  outerScratch.fill(0)
  return code
}

/** A Uint8Array over the same bytes: Buffer overrides `slice` and others, and would behave otherwise in a browser. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

function lastBytes(buffer: Buffer, length: number): Uint8Array {
  return new Uint8Array(buffer.subarray(buffer.length - length))
}

function derPrivateKey(prefix: Uint8Array, key: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([prefix, key]), format: 'der', type: 'pkcs8' })
}

interface SigningKey {
  readonly key: KeyObject
  /** Worked out when it is asked for. */
  publicKey: Uint8Array | undefined
}

/** Parsing works the public key out, which costs five times what a signature does (measured). */
const ed25519PrivateKey = parsedSeeds<SigningKey>(
  (seed) => ({ key: derPrivateKey(ed25519PrivatePrefix, seed), publicKey: undefined }),
  (seed) => hash('sha256', seed, 'binary'),
)

/** A key that is parsed already verifies 1.4 times as fast. */
const verifyKeys = recentlyUsed<KeyObject>(verifyKeysMax)

function verifyKey(publicKey: Uint8Array): KeyObject {
  const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString('latin1')
  return verifyKeys(name, () =>
    createPublicKey({ key: Buffer.concat([ed25519PublicPrefix, publicKey]), format: 'der', type: 'spki' }),
  )
}
