import { equalBytes, lengthPrefixed, no, type Result, utf8 } from '@plexus/codec'
import {
  type ChunkedReader,
  type ChunkedRefusal,
  openChunked,
  openChunkedReader,
  type ReadSealed,
  runningSha256,
} from '@plexus/crypto'
import type { RecordContext } from './record.ts'

const label = utf8('plexus/v1/large-record')

/** What a large record's ciphertext is bound to besides its key; no small record has the same. */
export function largeRecordContext({ custodian, record, contentType }: RecordContext): Uint8Array {
  return lengthPrefixed(label, utf8(custodian), record, utf8(contentType))
}

/** What a receiver knows of a large record: its released data key, and what its statement says. */
export interface LargeRecordKey extends RecordContext {
  readonly key: Uint8Array
}

/** The ciphertext is authentic, but is not the one that was committed. */
export type CiphertextDiffers = { readonly type: 'ciphertext-differs' }

/**
 * Opens a whole large record as it comes; the receiver's side as well as the custodian's. `ciphertextHash` is that of the
 * committed record-version statement: since the ciphertext commits to its key, ciphertext and key fix the plaintext. What
 * it gives is authentic, but only the end without a refusal says that it is all, and the committed one.
 */
export async function* openLargeRecord({
  ciphertext,
  ciphertextHash,
  key,
  ...context
}: LargeRecordKey & {
  readonly ciphertext: AsyncIterable<Uint8Array>
  readonly ciphertextHash: Uint8Array
}): AsyncGenerator<Result<Uint8Array, ChunkedRefusal | CiphertextDiffers>, void, void> {
  const hash = runningSha256()
  const watched = passing(ciphertext, (piece) => hash.update(piece))
  for await (const piece of openChunked({ key, context: largeRecordContext(context) }, watched)) {
    yield piece
    if (!piece.ok) return
  }
  if (!equalBytes(hash.digest(), ciphertextHash)) yield no({ type: 'ciphertext-differs' })
}

/** Opens a large record at random places; `length`: that of its ciphertext, `read`: from where it lies. */
export function readLargeRecord({
  length,
  read,
  key,
  ...context
}: LargeRecordKey & { readonly length: number; readonly read: ReadSealed }): Promise<
  Result<ChunkedReader, ChunkedRefusal>
> {
  return openChunkedReader({ key, context: largeRecordContext(context), sealedLength: length, read })
}

/** The same pieces, each shown to `look` before it goes on. */
export async function* passing(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  look: (piece: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const piece of pieces) {
    look(piece)
    yield piece
  }
}
