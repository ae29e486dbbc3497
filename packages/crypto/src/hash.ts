import { platform } from '#platform'

/** FIPS 180-4. 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return platform.sha256(bytes)
}

/** FIPS 180-4, written into `target` at `at`. */
export function sha256Into(bytes: Uint8Array, target: Uint8Array, at: number): void {
  platform.sha256Into(bytes, target, at)
}

/** FIPS 180-4. 64 bytes. */
export function sha512(bytes: Uint8Array): Uint8Array {
  return platform.sha512(bytes)
}

/** RFC 2104 over SHA-256. 32 bytes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return platform.hmacSha256(key, message)
}
