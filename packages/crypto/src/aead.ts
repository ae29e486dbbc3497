import { platform } from '#platform'
import { expectLength } from './lengths.ts'
import type { Platform } from './platform/platform.ts'

const keyLength = 32
const nonceLength = 12
const tagLength = 16

export interface AeadSealInput {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** 12 bytes, never twice with one key: GCM loses secrecy and authenticity with a second use. */
  readonly nonce: Uint8Array
  readonly plaintext: Uint8Array
  /** Authenticated, not kept: who opens must know it. */
  readonly context: Uint8Array
}

export interface AeadOpenInput {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** 12 bytes. */
  readonly nonce: Uint8Array
  /** Ciphertext ‖ tag, as `sealAead` gives it. */
  readonly sealed: Uint8Array
  readonly context: Uint8Array
}

/**
 * AES-256-GCM (NIST SP 800-38D): ciphertext ‖ 16-byte tag. The standard's limit of 2³⁶ − 32 bytes lies above what a
 * Uint8Array holds. Throws when key or nonce has the wrong length.
 */
export function sealAead(input: AeadSealInput): Uint8Array {
  return sealAeadOn(platform, input)
}

/** The plaintext, or undefined when key, nonce, context or any bit of `sealed` is not the one it was sealed with. */
export function openAead(input: AeadOpenInput): Uint8Array | undefined {
  return openAeadOn(platform, input)
}

export function sealAeadOn(on: Platform, { key, nonce, plaintext, context }: AeadSealInput): Uint8Array {
  expectLength(key, keyLength, 'key')
  expectLength(nonce, nonceLength, 'nonce')
  return on.aes256GcmSeal({ key, nonce, text: plaintext, context })
}

export function openAeadOn(on: Platform, { key, nonce, sealed, context }: AeadOpenInput): Uint8Array | undefined {
  expectLength(key, keyLength, 'key')
  expectLength(nonce, nonceLength, 'nonce')
  if (sealed.length < tagLength) return undefined
  return on.aes256GcmOpen({ key, nonce, text: sealed, context })
}
