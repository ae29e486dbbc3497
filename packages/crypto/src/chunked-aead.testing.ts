/** Cobblestone-256 once more, straight from the specification and over WebCrypto: what the product is compared with. */
import { concatBytes, utf8 } from '@plexus/codec'

const { subtle } = globalThis.crypto

export interface Message {
  readonly key: Uint8Array<ArrayBuffer>
  readonly context: Uint8Array
  readonly salt: Uint8Array
}

/** Key, base nonce and commitment of a message. */
export async function derived({ key, context, salt }: Message) {
  const info = concatBytes(utf8('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM'), Uint8Array.of(0), salt, context)
  const hmacKey = await subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-512' }, false, ['sign'])
  const block = async (...parts: Uint8Array[]) =>
    new Uint8Array(await subtle.sign('HMAC', hmacKey, new Uint8Array(concatBytes(...parts))))
  const first = await block(info, Uint8Array.of(1))
  const second = await block(first, info, Uint8Array.of(2))
  const stream = concatBytes(first, second)
  return { key: stream.slice(0, 32), baseNonce: stream.slice(32, 44), commitment: stream.slice(44, 76) }
}

/** One chunk, whatever its number. */
export async function sealedChunk(message: Message, chunk: bigint, plaintext: Uint8Array): Promise<Uint8Array> {
  const { key, baseNonce } = await derived(message)
  const nonce = Uint8Array.from(baseNonce, (byte, at) => byte ^ Number((chunk >> BigInt(8 * (11 - at))) & 0xffn))
  const aesKey = await subtle.importKey('raw', new Uint8Array(key), 'AES-GCM', false, ['encrypt'])
  return new Uint8Array(await subtle.encrypt({ name: 'AES-GCM', iv: nonce }, aesKey, new Uint8Array(plaintext)))
}

/** A whole text. */
export async function sealedText(message: Message, plaintext: Uint8Array): Promise<Uint8Array> {
  const parts = [message.salt, (await derived(message)).commitment]
  for (let chunk = 0; chunk <= Math.floor(plaintext.length / 16_384); chunk++) {
    parts.push(await sealedChunk(message, BigInt(chunk), plaintext.subarray(chunk * 16_384, (chunk + 1) * 16_384)))
  }
  return concatBytes(...parts)
}

/** The plaintexts of the vectors and of the tests. */
export function sampleText(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (31 * index + 7) % 251)
}

/** The same bytes in pieces of these lengths, over and over; empty pieces come in between. */
export function* inPieces(bytes: Uint8Array, ...lengths: readonly number[]): Iterable<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? bytes.length
    yield bytes.subarray(at, at + length)
    yield new Uint8Array(0)
    at += length
  }
}

export async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = []
  for await (const item of items) list.push(item)
  return list
}
