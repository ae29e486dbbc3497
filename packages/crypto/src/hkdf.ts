import { concatBytes } from '@plexus/codec'
import { platform } from '#platform'
import type { HkdfInput, Platform } from './platform/platform.ts'

/** RFC 5869 §2.3: at most 255 blocks of the hash. */
const outputLengthMax = 255 * 32
/** What node:crypto takes; our labels are a few dozen bytes. */
const infoLengthMax = 1024

/**
 * HKDF-SHA-256 (RFC 5869): `length` bytes, 1 to 8,160, for one purpose named by `info` (at most 1,024 bytes).
 * An empty salt stands for 32 zero bytes (§2.2). Throws on a length outside these limits.
 */
export function hkdf(input: HkdfInput): Uint8Array {
  return hkdfOn(platform, input)
}

/**
 * As `hkdf` with a length of 32, for many keys of one secret: what is extracted (§2.2) is extracted once. `salt` is not empty;
 * `info` has at most 1,024 bytes, or it throws.
 */
export function hkdfKeys({ secret, salt }: Pick<HkdfInput, 'salt' | 'secret'>): (info: Uint8Array) => Uint8Array {
  const extracted = platform.hmacSha256(salt, secret)
  return (info) => {
    if (info.length > infoLengthMax) throw new RangeError(`info: expected at most ${infoLengthMax} bytes`)
    // §2.3: the first block is all there is to expand.
    return platform.hmacSha256(extracted, concatBytes(info, firstBlock))
  }
}

const firstBlock = Uint8Array.of(1)

export function hkdfOn(on: Platform, input: HkdfInput): Uint8Array {
  const { length, info } = input
  if (!Number.isInteger(length) || length < 1 || length > outputLengthMax) {
    throw new RangeError(`length: expected 1 to ${outputLengthMax}, came ${length}`)
  }
  if (info.length > infoLengthMax) {
    throw new RangeError(`info: expected at most ${infoLengthMax} bytes, came ${info.length}`)
  }
  return on.hkdfSha256(input)
}
