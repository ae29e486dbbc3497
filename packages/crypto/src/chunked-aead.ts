/**
 * Sealing of texts too large to be held whole: Cobblestone-256 of the C2SP specification c2sp.org/chunked-encryption, that
 * is HKDF-Expand over SHA-512 (RFC 5869 §2.3) and AES-256-GCM (NIST SP 800-38D):
 *
 *     key (32) ‖ base nonce (12) ‖ commitment (32) =
 *         HKDF-Expand(input key, "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM" ‖ 0x00 ‖ salt (24) ‖ context)
 *     salt ‖ commitment ‖ chunk 0 ‖ chunk 1 ‖ … ‖ last chunk
 *
 * A chunk is 16 KiB of plaintext and a tag of 16 bytes, under the base nonce XOR its number. The last is always shorter
 * than the others, and may be empty: that is how an end is told from a cut.
 */
import { concatBytes, equalBytes, no, ok, type Result, utf8 } from '@plexus/codec'
import { platform } from '#platform'
import { expectLength } from './lengths.ts'
import type { Platform } from './platform/platform.ts'
import type { KeyedAesGcm } from './platform/streams.ts'

const keyLength = 32
const nonceLength = 12
const commitmentLength = 32
const saltLength = 24
const tagLength = 16
const prefix = concatBytes(utf8('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM'), Uint8Array.of(0))

export const headerLength = saltLength + commitmentLength
export const chunkLength = 16 * 1024
export const sealedChunkLength = chunkLength + tagLength
/** The specification's bound, "Message chunking": 4 PiB. Beyond it nonces of one message would meet. */
const chunksMax = 2 ** 38
/** What leaves at once: large enough that a step of a stream costs nothing beside it, small enough to stay in a cache. */
const chunksPerPiece = 16

/** What both sides must know. */
export interface ChunkedInput {
  /** 32 bytes, uniformly random: nothing is extracted from it. It may seal many texts, each under a salt of its own. */
  readonly key: Uint8Array
  /** What the text belongs to: bound to it, not kept in it. */
  readonly context: Uint8Array
}

/** Why sealed bytes were not opened. Which of key, context and header is wrong cannot be told. */
export type ChunkedRefusal =
  | { readonly type: 'commitment-mismatch' }
  | { readonly type: 'chunk-not-authentic'; readonly chunk: number }
  /** The bytes end in a header, in a tag, or behind a full chunk. */
  | { readonly type: 'truncated' }
  | { readonly type: 'too-long' }

/** The length of the sealed bytes of so many bytes of plaintext. */
export function sealedLengthOf(plaintextLength: number): number {
  return headerLength + plaintextLength + tagLength * (Math.floor(plaintextLength / chunkLength) + 1)
}

/** The length of the plaintext that so many sealed bytes hold, if they are what they seem. */
export function plaintextLengthOf(sealedLength: number): Result<number, ChunkedRefusal> {
  const body = sealedLength - headerLength
  if (body < tagLength) return no({ type: 'truncated' })
  const fullChunks = Math.floor(body / sealedChunkLength)
  if (fullChunks >= chunksMax) return no({ type: 'too-long' })
  const last = body % sealedChunkLength
  return last < tagLength ? no({ type: 'truncated' }) : ok(fullChunks * chunkLength + last - tagLength)
}

/**
 * Seals what comes, in pieces of any length, and gives pieces of at most 256 KiB as they are asked for; it holds one of
 * them and one chunk. `salt`: 24 bytes, random, never twice with one key. Throws when key or salt has another length.
 */
export function sealChunked(
  input: ChunkedInput & { readonly salt: Uint8Array },
  plaintext: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  return sealChunkedOn(platform, input, plaintext)
}

/**
 * Opens what comes, in pieces of any length. Each piece it gives was authenticated; a refusal is the last thing that it
 * gives. Pieces without a refusal at the end are the whole text: whoever acts on a piece before the end must be ready to
 * undo it. Throws when the key has another length.
 */
export function openChunked(
  input: ChunkedInput,
  sealed: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Result<Uint8Array, ChunkedRefusal>, void, void> {
  return openChunkedOn(platform, input, sealed)
}

export async function* sealChunkedOn(
  on: Platform,
  { key, context, salt }: ChunkedInput & { readonly salt: Uint8Array },
  plaintext: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const { cipher, commitment } = messageKey(on, { key, context, salt })
  yield concatBytes(salt, commitment)
  const held = new Gathered(chunkLength)
  let chunk = 0
  try {
    for await (const piece of plaintext) {
      let rest = piece
      if (held.length > 0) {
        rest = held.take(rest)
        if (held.length < chunkLength) continue
        yield cipher.seal(chunk, held.bytes)
        chunk += 1
        held.empty()
      }
      while (rest.length >= chunkLength) {
        const count = Math.min(Math.floor(rest.length / chunkLength), chunksPerPiece)
        yield cipher.seal(chunk, rest.subarray(0, count * chunkLength))
        chunk += count
        rest = rest.subarray(count * chunkLength)
      }
      held.take(rest)
    }
    yield cipher.seal(chunk, held.bytes)
  } finally {
    held.wipe()
  }
}

export async function* openChunkedOn(
  on: Platform,
  { key, context }: ChunkedInput,
  sealed: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Result<Uint8Array, ChunkedRefusal>, void, void> {
  expectLength(key, keyLength, 'key')
  const header = new Gathered(headerLength)
  const held = new Gathered(sealedChunkLength)
  let cipher: ChunkCipher | undefined
  let chunk = 0
  for await (const piece of sealed) {
    let rest = piece
    if (!cipher) {
      rest = header.take(rest)
      if (header.length < headerLength) continue
      const opened = committedKey(on, { key, context, header: header.bytes })
      if (!opened.ok) return yield opened
      cipher = opened.value
    }
    if (held.length > 0) {
      rest = held.take(rest)
      if (held.length < sealedChunkLength) continue
      const opened = cipher.open(chunk, held.bytes)
      yield opened
      if (!opened.ok) return
      chunk += 1
      held.empty()
    }
    while (rest.length >= sealedChunkLength) {
      const count = Math.min(Math.floor(rest.length / sealedChunkLength), chunksPerPiece)
      const opened = cipher.open(chunk, rest.subarray(0, count * sealedChunkLength))
      yield opened
      if (!opened.ok) return
      chunk += count
      rest = rest.subarray(count * sealedChunkLength)
    }
    held.take(rest)
  }
  // What is held is shorter than a full chunk, as the last one must be.
  yield cipher && held.length >= tagLength ? cipher.open(chunk, held.bytes) : no({ type: 'truncated' })
}

/** The keys of one message, once the commitment in its header was found to be theirs. `header`: 56 bytes. */
export function committedKey(
  on: Platform,
  { key, context, header }: ChunkedInput & { readonly header: Uint8Array },
): Result<ChunkCipher, ChunkedRefusal> {
  const { cipher, commitment } = messageKey(on, { key, context, salt: header.subarray(0, saltLength) })
  return equalBytes(commitment, header.subarray(saltLength)) ? ok(cipher) : no({ type: 'commitment-mismatch' })
}

function messageKey(on: Platform, { key, context, salt }: ChunkedInput & { readonly salt: Uint8Array }) {
  expectLength(key, keyLength, 'key')
  expectLength(salt, saltLength, 'salt')
  const derived = expand(on, key, concatBytes(prefix, salt, context), keyLength + nonceLength + commitmentLength)
  const cipher = new ChunkCipher(
    on.aes256GcmKeyed(derived.subarray(0, keyLength)),
    derived.slice(keyLength, keyLength + nonceLength),
  )
  const commitment = derived.slice(keyLength + nonceLength)
  derived.fill(0)
  return { cipher, commitment }
}

/**
 * RFC 5869 §2.3 over SHA-512: T(n) = HMAC(PRK, T(n − 1) ‖ info ‖ n), and T(0) is empty. Not noble's, which insists on a
 * key of the hash's length; the specification takes one of the cipher's.
 */
function expand(on: Platform, secret: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const expanded = new Uint8Array(length)
  let block: Uint8Array = new Uint8Array(0)
  for (let at = 0, count = 1; at < length; at += block.length, count++) {
    block = on.hmacSha512(secret, concatBytes(block, info, Uint8Array.of(count)))
    expanded.set(block.subarray(0, length - at), at)
  }
  return expanded
}

/** Seals and opens chunks of one message, several at a time. */
export class ChunkCipher {
  readonly #cipher: KeyedAesGcm
  readonly #baseNonce: Uint8Array

  constructor(cipher: KeyedAesGcm, baseNonce: Uint8Array) {
    this.#cipher = cipher
    this.#baseNonce = baseNonce
  }

  /** Whole chunks from number `first` on, or one that is shorter. */
  seal(first: number, plaintext: Uint8Array): Uint8Array {
    const count = Math.max(1, Math.ceil(plaintext.length / chunkLength))
    const sealed = new Uint8Array(plaintext.length + count * tagLength)
    for (let index = 0; index < count; index++) {
      const text = plaintext.subarray(index * chunkLength, (index + 1) * chunkLength)
      this.#cipher.seal(this.#nonce(first + index), text, sealed, index * sealedChunkLength)
    }
    return sealed
  }

  /** All that was given, or the first chunk that is not authentic; the last may be shorter, and has a tag at least. */
  open(first: number, sealed: Uint8Array): Result<Uint8Array, ChunkedRefusal> {
    const count = Math.ceil(sealed.length / sealedChunkLength)
    const plaintext = new Uint8Array(sealed.length - count * tagLength)
    for (let index = 0; index < count; index++) {
      const chunk = sealed.subarray(index * sealedChunkLength, (index + 1) * sealedChunkLength)
      if (!this.#cipher.open(this.#nonce(first + index), chunk, plaintext, index * chunkLength)) {
        return no({ type: 'chunk-not-authentic', chunk: first + index })
      }
    }
    return ok(plaintext)
  }

  /** The specification, "AEAD usage": the number, big-endian, into the last bytes; 38 bits reach into five of them. */
  #nonce(chunk: number): Uint8Array {
    if (chunk >= chunksMax) throw new RangeError(`a text has at most ${chunksMax} chunks`)
    const nonce = this.#baseNonce.slice()
    const view = new DataView(nonce.buffer)
    view.setUint8(7, view.getUint8(7) ^ Math.floor(chunk / 2 ** 32))
    view.setUint32(8, (view.getUint32(8) ^ (chunk % 2 ** 32)) >>> 0)
    return nonce
  }
}

/** Bytes that are gathered until there are enough of them. */
class Gathered {
  readonly #room: Uint8Array
  length = 0

  constructor(capacity: number) {
    this.#room = new Uint8Array(capacity)
  }

  get bytes(): Uint8Array {
    return this.#room.subarray(0, this.length)
  }

  /** Takes as much as there is room for, and gives back the rest. */
  take(bytes: Uint8Array): Uint8Array {
    const count = Math.min(bytes.length, this.#room.length - this.length)
    this.#room.set(bytes.subarray(0, count), this.length)
    this.length += count
    return bytes.subarray(count)
  }

  empty(): void {
    this.length = 0
  }

  wipe(): void {
    this.#room.fill(0)
  }
}
