/**
 * Keys of notes: Ed25519 over the text (C2SP signed-note, type 1), and a witness's Ed25519 over text and time (C2SP
 * tlog-cosignature, type 4). One seed serves one type: the messages differ in form, and the types keep the ids apart.
 */
import { concatBytes, no, ok, type Result, utf8 } from '@plexus/codec'
import { checkLongLivedKey, publicKeyOf, sha256, sign, verify } from '@plexus/crypto'
import { parseBase64, toBase64 } from './base64.ts'
import { isKeyName, type NoteSignature, readKeyId, type SignedNote } from './signed-note.ts'

const typeBytes = { log: 0x01, witness: 0x04 } as const

export interface NoteKey {
  readonly type: keyof typeof typeBytes
  readonly name: string
  /** 32 bytes. */
  readonly publicKey: Uint8Array
}

/** A signature that holds; a witness's says when it was made, in seconds since 1970. */
export type HeldSignature =
  | { readonly type: 'log'; readonly name: string }
  | { readonly type: 'witness'; readonly name: string; readonly time: number }

export type SignatureRefusal =
  /** No known key signed. */
  | { readonly type: 'note-not-signed' }
  /** A known key's signature does not hold: the whole note is refused. */
  | { readonly type: 'note-signature-invalid'; readonly name: string }

const timeLength = 8
const signatureLength = 64

/** The key of a seed of 32 bytes. */
export function noteKeyOf(
  type: NoteKey['type'],
  { name, seed }: { readonly name: string; readonly seed: Uint8Array },
): NoteKey {
  return { type, name, publicKey: publicKeyOf(seed) }
}

/** The first four bytes of SHA-256(name ‖ newline ‖ type ‖ key), as a number. */
export function noteKeyId({ type, name, publicKey }: NoteKey): number {
  return readKeyId(sha256(concatBytes(utf8(`${name}\n`), encodedKey(type, publicKey))))
}

/** `NAME+ID+KEY`: the id in hexadecimal, the key with its type in base 64 (signed-note, "Verifier keys"). */
export function writeNoteKey(key: NoteKey): string {
  const id = noteKeyId(key).toString(16).padStart(8, '0')
  return `${key.name}+${id}+${toBase64(encodedKey(key.type, key.publicKey))}`
}

/** The key of such a text, or undefined: also when its id is not the key's, or the key is unfit for long use. */
export function parseNoteKey(text: string): NoteKey | undefined {
  const [name = '', , ...rest] = text.split('+')
  // Base 64 has pluses of its own.
  const encoded = rest.join('+')
  const bytes = parseBase64(encoded)
  if (!isKeyName(name) || bytes?.length !== 33) return undefined
  const type = bytes[0] === typeBytes.log ? 'log' : bytes[0] === typeBytes.witness ? 'witness' : undefined
  const publicKey = bytes.slice(1)
  if (!type || !checkLongLivedKey(publicKey).ok) return undefined
  const key: NoteKey = { type, name, publicKey }
  // The one written form: a text that names another id is a key that somebody changed.
  return writeNoteKey(key) === text ? key : undefined
}

/** A log's own signature. The same text gives the same bytes (RFC 8032). */
export function signNote(
  text: string,
  { name, seed }: { readonly name: string; readonly seed: Uint8Array },
): NoteSignature {
  const key = noteKeyOf('log', { name, seed })
  return { name, keyId: noteKeyId(key), signature: sign(seed, utf8(text)) }
}

/** A witness's statement that at `time` this was the largest tree of the log that it had seen, and all before fitted. */
export function cosignNote(
  text: string,
  { name, seed, time }: { readonly name: string; readonly seed: Uint8Array; readonly time: number },
): NoteSignature {
  if (!Number.isSafeInteger(time) || time < 0) throw new Error('the time is whole seconds since 1970')
  const key = noteKeyOf('witness', { name, seed })
  const signature = concatBytes(eightBytes(time), sign(seed, cosignedMessage(text, time)))
  return { name, keyId: noteKeyId(key), signature }
}

/**
 * Which of `keys` signed, in the order of `keys`. Signatures of other keys say nothing and are passed over; one that a
 * known key did not make refuses the note, whatever else it carries (signed-note, "Signatures").
 */
export function verifyNote(
  { text, signatures }: SignedNote,
  keys: readonly NoteKey[],
): Result<readonly HeldSignature[], SignatureRefusal> {
  const held: HeldSignature[] = []
  for (const key of keys) {
    const id = noteKeyId(key)
    let mine: HeldSignature | undefined
    for (const { name, keyId, signature } of signatures) {
      if (name !== key.name || keyId !== id) continue
      mine = heldBy(key, text, signature)
      if (!mine) return no({ type: 'note-signature-invalid', name })
    }
    if (mine) held.push(mine)
  }
  return held.length > 0 ? ok(held) : no({ type: 'note-not-signed' })
}

function heldBy({ type, name, publicKey }: NoteKey, text: string, signature: Uint8Array): HeldSignature | undefined {
  if (type === 'log') return verify(publicKey, utf8(text), signature) ? { type, name } : undefined
  if (signature.length !== timeLength + signatureLength) return undefined
  const time = readTime(signature)
  if (!Number.isSafeInteger(time)) return undefined
  return verify(publicKey, cosignedMessage(text, time), signature.slice(timeLength)) ? { type, name, time } : undefined
}

/** tlog-cosignature, "Ed25519 signed message". */
const cosignedMessage = (text: string, time: number): Uint8Array => utf8(`cosignature/v1\ntime ${time}\n${text}`)

const encodedKey = (type: NoteKey['type'], publicKey: Uint8Array): Uint8Array =>
  concatBytes(Uint8Array.of(typeBytes[type]), publicKey)

function eightBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(timeLength)
  let rest = value
  for (let index = timeLength - 1; index >= 0; index--) {
    bytes[index] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return bytes
}

function readTime(bytes: Uint8Array): number {
  let time = 0
  for (let index = 0; index < timeLength; index++) time = time * 256 + (bytes[index] as number)
  return time
}
