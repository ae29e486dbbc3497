/** What long texts need of a platform: a key that is prepared once for many chunks, and a hash of what passes by. */
export interface StreamPrimitives {
  /** RFC 2104 over SHA-512. 64 bytes. */
  hmacSha512(key: Uint8Array, message: Uint8Array): Uint8Array
  /** AES-256-GCM without additional data. */
  aes256GcmKeyed(key: Uint8Array): KeyedAesGcm
  runningSha256(): RunningHash
}

export interface KeyedAesGcm {
  /** Writes ciphertext ‖ tag of `text` into `target` at `at`. */
  seal(nonce: Uint8Array, text: Uint8Array, target: Uint8Array, at: number): void
  /** Writes the plaintext into `target` at `at`, or nothing and says no when the tag does not fit. */
  open(nonce: Uint8Array, sealed: Uint8Array, target: Uint8Array, at: number): boolean
}

/** A hash of bytes that come piece by piece. */
export interface RunningHash {
  update(bytes: Uint8Array): void
  /** Once, at the end. */
  digest(): Uint8Array
}
