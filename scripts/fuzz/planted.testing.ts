/** Decoders with faults that a fuzzer must find: counted like the real ones, read by nobody else. */

/** Six bytes that nothing stands for in the source: to guess them at once takes 2^48 attempts, one by one 6 × 256. */
export function opensWith(bytes: Uint8Array): string {
  const sum = (bytes[0] ?? 0) * 3 + 1
  if (sum % 256 !== 0x76) return 'first'
  if (((bytes[1] ?? 0) ^ 0x5a) !== 0x2c) return 'second'
  if (((bytes[2] ?? 0) + (bytes[1] ?? 0)) % 256 !== 0xe9) return 'third'
  if (((bytes[3] ?? 0) ^ (bytes[0] ?? 0)) !== 0x91) return 'fourth'
  if (((bytes[4] ?? 0) * 5) % 256 !== 0x47) return 'fifth'
  if (((bytes[5] ?? 0) ^ (bytes[4] ?? 0)) !== 0xd3) return 'sixth'
  throw new Error('open')
}

/** Length-prefixed parts; it trusts the last length, so that some bytes make it run past the end. */
export function parts(bytes: Uint8Array): readonly Uint8Array[] {
  const found: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at] ?? 0
    if (length === 0xff && found.length >= 2) new Uint8Array(bytes.length - at - length)
    if (at + 1 + length > bytes.length) return []
    found.push(bytes.subarray(at + 1, at + 1 + length))
    at += 1 + length
  }
  return found
}

/** A flag that has two forms: the first bit alone counts, so other bytes say the same. */
export function flags(bytes: Uint8Array): readonly boolean[] {
  return Array.from(bytes, (byte) => (byte & 1) === 1)
}

/** Believes the count that stands in front, whatever follows. */
export function slowly(bytes: Uint8Array): number {
  const count = bytes[0] === 0xff ? 90_000_000 : (bytes[0] ?? 0)
  let sum = 0
  for (let index = 0; index < count; index++) sum += bytes[index] ?? 0
  return sum
}
