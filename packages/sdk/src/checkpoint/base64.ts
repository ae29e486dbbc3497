/** Base 64 as signed notes write it: RFC 4648 §4, with padding. */
import { parseBase64Url, toBase64Url } from '@plexus/codec'

export function toBase64(bytes: Uint8Array): string {
  const text = toBase64Url(bytes).replaceAll('-', '+').replaceAll('_', '/')
  return text.padEnd(4 * Math.ceil(text.length / 4), '=')
}

/** Bytes of padded base 64, or undefined; leftover bits must be zero (RFC 4648 §3.5), so that one value has one text. */
export function parseBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  return parseBase64Url(text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'))
}
