/** Random access to what `sealChunked` made: only the chunks that a range touches are read, and each is authenticated. */
import { concatBytes, no, ok, type Result } from '@plexus/codec'
import { platform } from '#platform'
import {
  type ChunkCipher,
  type ChunkedInput,
  type ChunkedRefusal,
  chunkLength,
  committedKey,
  headerLength,
  plaintextLengthOf,
  sealedChunkLength,
} from './chunked-aead.ts'
import type { Platform } from './platform/platform.ts'

/** One MiB a read: what stands between two reads of a far store is a round trip. */
const chunksPerRead = 64
/** What a range may hold at once; more goes through `stream`. */
const rangeBytesMax = 64 * 1024 * 1024

/** Exactly `length` sealed bytes from `offset`; undefined, or fewer, when they do not reach that far. */
export type ReadSealed = (offset: number, length: number) => Promise<Uint8Array | undefined>

/**
 * A text that is opened where it is looked at. Ranges are half-open, in bytes of plaintext; one that goes beyond
 * `length` or backwards is a mistake of the caller and throws.
 */
export interface ChunkedReader {
  /** Of the plaintext: the last chunk is authentic and stands where this length says. */
  readonly length: number
  /** At most 64 MiB. */
  range(from: number, to: number): Promise<Result<Uint8Array, ChunkedRefusal>>
  /** The same in pieces of at most one MiB; a refusal is the last thing that it gives. */
  stream(from: number, to: number): AsyncGenerator<Result<Uint8Array, ChunkedRefusal>, void, void>
}

/**
 * Reads header and last chunk: refused are another key or context, and a length that is not that of the text. A range
 * shows that its bytes were sealed at this place of this text, not that bytes outside it are whole.
 */
export async function openChunkedReader(
  input: ChunkedInput & { readonly sealedLength: number; readonly read: ReadSealed },
): Promise<Result<ChunkedReader, ChunkedRefusal>> {
  return openChunkedReaderOn(platform, input)
}

export async function openChunkedReaderOn(
  on: Platform,
  { key, context, sealedLength, read }: ChunkedInput & { readonly sealedLength: number; readonly read: ReadSealed },
): Promise<Result<ChunkedReader, ChunkedRefusal>> {
  const length = plaintextLengthOf(sealedLength)
  if (!length.ok) return length
  const header = await read(0, headerLength)
  if (header?.length !== headerLength) return no({ type: 'truncated' })
  const cipher = committedKey(on, { key, context, header })
  if (!cipher.ok) return cipher
  const reader = new Reader({ length: length.value, sealedLength, cipher: cipher.value, read })
  const lastChunk = Math.floor(length.value / chunkLength)
  const last = await reader.chunks(lastChunk, lastChunk)
  return last.ok ? ok(reader) : last
}

class Reader implements ChunkedReader {
  readonly length: number
  readonly #sealedLength: number
  readonly #cipher: ChunkCipher
  readonly #read: ReadSealed

  constructor(parts: { length: number; sealedLength: number; cipher: ChunkCipher; read: ReadSealed }) {
    this.length = parts.length
    this.#sealedLength = parts.sealedLength
    this.#cipher = parts.cipher
    this.#read = parts.read
  }

  async range(from: number, to: number): Promise<Result<Uint8Array, ChunkedRefusal>> {
    if (to - from > rangeBytesMax) throw new RangeError(`a range has at most ${rangeBytesMax} bytes`)
    const pieces: Uint8Array[] = []
    for await (const piece of this.stream(from, to)) {
      if (!piece.ok) return piece
      pieces.push(piece.value)
    }
    return ok(concatBytes(...pieces))
  }

  async *stream(from: number, to: number): AsyncGenerator<Result<Uint8Array, ChunkedRefusal>, void, void> {
    if (!(Number.isSafeInteger(from) && Number.isSafeInteger(to) && 0 <= from && from <= to && to <= this.length)) {
      throw new RangeError(`a range lies within 0 and ${this.length}`)
    }
    for (let at = from; at < to; ) {
      const first = Math.floor(at / chunkLength)
      const last = Math.min(first + chunksPerRead - 1, Math.floor((to - 1) / chunkLength))
      const opened = await this.chunks(first, last)
      if (!opened.ok) return yield opened
      const start = first * chunkLength
      const end = Math.min(to, start + opened.value.length)
      yield ok(opened.value.subarray(at - start, end - start))
      at = end
    }
  }

  async chunks(first: number, last: number): Promise<Result<Uint8Array, ChunkedRefusal>> {
    const offset = headerLength + first * sealedChunkLength
    const length = Math.min((last - first + 1) * sealedChunkLength, this.#sealedLength - offset)
    const sealed = await this.#read(offset, length)
    return sealed?.length === length ? this.#cipher.open(first, sealed) : no({ type: 'truncated' })
  }
}
