import { lengthPrefixed, no, ok, type Result, utf8 } from '@plexus/codec'
import { openAead, sealAead } from '@plexus/crypto'

/** Length of a record version's id, in bytes: random, so that it says nothing and never repeats. */
export const recordIdBytes = 16
/** AES-256-GCM (NIST SP 800-38D) adds one tag and no padding. */
export const recordOverheadBytes = 16

/**
 * A nonce may repeat only under different keys, and a data key seals exactly one record version, once: it is drawn in
 * the same function that seals, so the fixed nonce is used once per key (NIST SP 800-38D §8).
 */
const onlyNonce = new Uint8Array(12)
const label = utf8('plexus/v1/record')

/** What a record's ciphertext is bound to besides its key. */
export interface RecordContext {
  readonly custodian: string
  /** The record version's id, 16 bytes. */
  readonly record: Uint8Array
  readonly contentType: string
}

/** Seals one record version under a key that has sealed nothing before and will seal nothing after. */
export function sealRecord(
  context: RecordContext & { readonly key: Uint8Array; readonly plaintext: Uint8Array },
): Uint8Array {
  return sealAead({ key: context.key, nonce: onlyNonce, plaintext: context.plaintext, context: recordAad(context) })
}

/**
 * Opens one record version with a released data key; the receiver's side as well as the custodian's.
 *
 * AES-GCM does not commit to its key: who knows two keys can make one ciphertext that opens under both, to different
 * bytes. So a receiver first compares the ciphertext with `ciphertextHash`, and what this returns with `plaintextHash`,
 * both of the committed record-version statement. Without them this function shows only that the maker knew the key.
 */
export function openRecord(
  sealed: RecordContext & { readonly key: Uint8Array; readonly ciphertext: Uint8Array },
): Result<Uint8Array, { readonly type: 'verification-failed' }> {
  if (sealed.ciphertext.length < recordOverheadBytes) return no({ type: 'verification-failed' })
  const plaintext = openAead({
    key: sealed.key,
    nonce: onlyNonce,
    sealed: sealed.ciphertext,
    context: recordAad(sealed),
  })
  return plaintext === undefined ? no({ type: 'verification-failed' }) : ok(plaintext)
}

function recordAad({ custodian, record, contentType }: RecordContext): Uint8Array {
  return lengthPrefixed(label, utf8(custodian), record, utf8(contentType))
}
