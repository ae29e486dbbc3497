/** The tag under which the ledger knows a unit or a package: to be computed by whoever has the label and its key alone. */
import { concatBytes, no, ok, type Result, utf8 } from '@plexus/codec'
import { hkdfKeys, hmacSha256 } from '@plexus/crypto'

const keyName = utf8('plexus/v1/supply-label\0')
const tagName = utf8('plexus/v1/supply-tag\0')

/** GTIN of 14 digits and serial (GS1 application identifiers 01 and 21), or SSCC of 18 digits (00). */
export type LabelIdentifier =
  | { readonly type: 'unit'; readonly gtin: string; readonly serial: string }
  | { readonly type: 'package'; readonly sscc: string }

export type LabelRefusal =
  | { readonly type: 'gtin-invalid' }
  | { readonly type: 'serial-invalid' }
  | { readonly type: 'sscc-invalid' }

/** Characters of GS1's set 82 (General Specifications, section 7.11), at most 20. */
const serialPattern = /^[!"%-?A-Z_a-z]{1,20}$/

/** The bytes that an identifier stands for, once its check digit is right: `01…21…` or `00…`, as on the label. */
function bytesOf(identifier: LabelIdentifier): Result<Uint8Array, LabelRefusal> {
  if (identifier.type === 'package')
    return hasCheckDigit(identifier.sscc, 18) ? ok(utf8(`00${identifier.sscc}`)) : no({ type: 'sscc-invalid' })
  if (!hasCheckDigit(identifier.gtin, 14)) return no({ type: 'gtin-invalid' })
  return serialPattern.test(identifier.serial)
    ? ok(utf8(`01${identifier.gtin}21${identifier.serial}`))
    : no({ type: 'serial-invalid' })
}

/**
 * The keys of labels, from the trace key of their lot (32 random bytes). A label's key travels with the goods, sealed to each
 * holder; the trace key goes to a regulator, and opens the labels of this lot alone.
 */
export function labelKeysOf({
  traceKey,
  chain,
}: {
  readonly traceKey: Uint8Array
  readonly chain: Uint8Array
}): (identifier: LabelIdentifier) => Result<Uint8Array, LabelRefusal> {
  const keyFor = hkdfKeys({ secret: traceKey, salt: chain })
  return (identifier) => {
    const bytes = bytesOf(identifier)
    return bytes.ok ? ok(keyFor(concatBytes(keyName, bytes.value))) : bytes
  }
}

/** HMAC-SHA-256 under the label's key: 32 bytes that tell nothing of a serial to whoever guesses it. */
export function tagOf(labelKey: Uint8Array, identifier: LabelIdentifier): Result<Uint8Array, LabelRefusal> {
  const bytes = bytesOf(identifier)
  return bytes.ok ? ok(hmacSha256(labelKey, concatBytes(tagName, bytes.value))) : bytes
}

/** GS1 General Specifications, section 7.9.1: from the right, digits weigh 3 and 1 in turn, and the sum ends in 0. */
function hasCheckDigit(text: string, length: number): boolean {
  if (text.length !== length || !/^[0-9]+$/.test(text)) return false
  const sum = [...text].reverse().reduce((total, digit, at) => total + Number(digit) * (at % 2 === 0 ? 1 : 3), 0)
  return sum % 10 === 0
}
