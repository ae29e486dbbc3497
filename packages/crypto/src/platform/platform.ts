import type { StreamPrimitives } from './streams.ts'

/** Gives `length` fresh bytes that nobody can foresee. It is handed in, so that a simulation can be replayed. */
export type RandomBytes = (length: number) => Uint8Array

/**
 * What differs between Node and a browser: who computes a primitive. The files above this interface check lengths and
 * rules; a platform computes, and both platforms give the same bytes for the same input.
 */
export interface Platform extends StreamPrimitives {
  readonly name: 'node' | 'browser'
  readonly randomBytes: RandomBytes
  sha256(bytes: Uint8Array): Uint8Array
  /** Writes the 32 bytes into `target` at `at`: what hashes by the million makes no array for each. */
  sha256Into(bytes: Uint8Array, target: Uint8Array, at: number): void
  sha512(bytes: Uint8Array): Uint8Array
  hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array
  hkdfSha256(input: HkdfInput): Uint8Array
  ed25519PublicKey(seed: Uint8Array): Uint8Array
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array
  /**
   * The equation enc([S]B − [k]A) = R, without cofactor and compared as bytes. It is asked only after the rules of
   * `ed25519.ts` have passed, because platforms disagree on inputs that those rules refuse.
   */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
  aes256GcmSeal(input: AesGcmInput): Uint8Array
  /** Undefined when the tag does not fit. `text` is ciphertext ‖ tag, at least the tag long. */
  aes256GcmOpen(input: AesGcmInput): Uint8Array | undefined
  /** The 1,216-byte public key of a 32-byte X-Wing seed. */
  xWingPublicKey(seed: Uint8Array): Uint8Array
  readonly hpke: OneShotHpke
}

export interface HkdfInput {
  readonly secret: Uint8Array
  readonly salt: Uint8Array
  readonly info: Uint8Array
  readonly length: number
}

interface AesGcmInput {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  readonly text: Uint8Array
  readonly context: Uint8Array
}

/** HPKE base mode, one message per context. */
export interface OneShotHpke {
  /** Gives enc ‖ ciphertext ‖ tag. */
  seal(input: HpkeSealInput): Promise<Uint8Array>
  open(input: HpkeOpenInput): Promise<HpkeOpened>
}

interface HpkeSealInput {
  readonly publicKey: Uint8Array
  readonly info: Uint8Array
  readonly context: Uint8Array
  readonly plaintext: Uint8Array
}

interface HpkeOpenInput {
  readonly seed: Uint8Array
  readonly info: Uint8Array
  readonly context: Uint8Array
  readonly encapsulated: Uint8Array
  readonly ciphertext: Uint8Array
}

export type HpkeOpened =
  | { readonly type: 'opened'; readonly plaintext: Uint8Array }
  | { readonly type: 'encapsulation-invalid' }
  | { readonly type: 'not-authentic' }
