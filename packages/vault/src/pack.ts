import { concatBytes, equalBytes, no, ok, type Result, utf8 } from '@plexus/codec'
import { recordIdBytes, recordOverheadBytes } from './record.ts'

/**
 * A pack is one object with the sealed records of one batch: a file and a sync per record would cost more than the rest
 * of an import. Its index names the records by their random ids, so that a folder of packs can be checked without a key:
 *
 *     "plexus-pack" ‖ 0x01 ‖ count (4) ‖ count × ( record id (16) ‖ ciphertext length (4) ‖ SHA-256 (32) ) ‖ ciphertexts
 *
 * Numbers are big-endian. A pack says neither which patients nor which content types it holds.
 */
export interface PackedRecord {
  readonly record: Uint8Array
  readonly ciphertextHash: Uint8Array
  readonly offset: number
  /** Of the ciphertext, in bytes. */
  readonly length: number
}

/** One batch of the ledger has as many leaves, so a larger pack would never be committed at once. */
export const recordsPerPackMax = 4_096
/** A study's images are separate instances; a document longer than this is stored in parts by its owner. */
export const recordBytesMax = 64 * 1024 * 1024
/** A pack is built in memory, beside the batch it is made of. */
export const packBytesMax = 256 * 1024 * 1024

const magic = concatBytes(utf8('plexus-pack'), new Uint8Array([1]))
const hashBytes = 32
const lengthBytes = 4
const headBytes = magic.length + lengthBytes
const indexEntryBytes = recordIdBytes + lengthBytes + hashBytes

export function writePack(
  sealed: readonly {
    readonly record: Uint8Array
    readonly ciphertext: Uint8Array
    readonly ciphertextHash: Uint8Array
  }[],
): { readonly bytes: Uint8Array; readonly packed: readonly PackedRecord[] } {
  if (sealed.length > recordsPerPackMax) throw new RangeError(`a pack has at most ${recordsPerPackMax} records`)
  let size = headBytes + sealed.length * indexEntryBytes
  let offset = size
  for (const { ciphertext } of sealed) size += ciphertext.length
  if (size > packBytesMax) throw new RangeError(`a pack has at most ${packBytesMax} bytes`)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  bytes.set(magic)
  view.setUint32(magic.length, sealed.length)
  let indexAt = headBytes
  const packed: PackedRecord[] = []
  for (const { record, ciphertext, ciphertextHash } of sealed) {
    bytes.set(record, indexAt)
    view.setUint32(indexAt + recordIdBytes, ciphertext.length)
    bytes.set(ciphertextHash, indexAt + recordIdBytes + lengthBytes)
    bytes.set(ciphertext, offset)
    packed.push({ record, ciphertextHash, offset, length: ciphertext.length })
    indexAt += indexEntryBytes
    offset += ciphertext.length
  }
  return { bytes, packed }
}

/** Reads a pack's index. It is not trusted: it tells where ciphertexts should lie, and their hashes are still compared. */
export function readPackIndex(
  read: (offset: number, length: number) => Uint8Array | undefined,
): Result<readonly PackedRecord[], { readonly type: 'not-a-pack' }> {
  const head = read(0, headBytes)
  if (head === undefined || !equalBytes(head.subarray(0, magic.length), magic)) return no({ type: 'not-a-pack' })
  const count = uint32At(head, magic.length)
  if (count > recordsPerPackMax) return no({ type: 'not-a-pack' })
  const index = read(headBytes, count * indexEntryBytes)
  if (index === undefined) return no({ type: 'not-a-pack' })
  const packed: PackedRecord[] = []
  let offset = headBytes + index.length
  for (let at = 0; at < index.length; at += indexEntryBytes) {
    const length = uint32At(index, at + recordIdBytes)
    if (length > recordBytesMax + recordOverheadBytes) return no({ type: 'not-a-pack' })
    packed.push({
      record: index.slice(at, at + recordIdBytes),
      ciphertextHash: index.slice(at + recordIdBytes + lengthBytes, at + indexEntryBytes),
      offset,
      length,
    })
    offset += length
  }
  return ok(packed)
}

function uint32At(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset)
}
