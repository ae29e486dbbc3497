/** Notes: a text with signatures under it (C2SP signed-note). Whose they are, and whether they hold, is another question. */
import { concatBytes, fromUtf8, no, ok, type Result, utf8 } from '@plexus/codec'
import { parseBase64, toBase64 } from './base64.ts'

/** A checkpoint has some hundred bytes and a cosignature as many; sixteen post-quantum signatures would not fit. */
export const noteBytesMax = 16 * 1024
/** What signed-note asks every verifier to take, and more than a network has witnesses. */
export const noteSignaturesMax = 16

export interface NoteSignature {
  readonly name: string
  /** The first four bytes of a hash over name, type and key: it finds a key and proves nothing. */
  readonly keyId: number
  /** What stands after the key id, as its type says. */
  readonly signature: Uint8Array
}

export interface SignedNote {
  /** What is signed, its last newline included. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** Why bytes are not a note. `line` counts the signature lines from 1. */
export type NoteRefusal =
  | { readonly type: 'note-too-large'; readonly bytesMax: number }
  | { readonly type: 'note-not-utf8' }
  | { readonly type: 'note-has-control-characters' }
  | { readonly type: 'note-has-no-signatures' }
  | { readonly type: 'note-has-too-many-signatures'; readonly signaturesMax: number }
  | { readonly type: 'note-signature-malformed'; readonly line: number }

// Em dash and space (signed-note, "Format").
const lineStart = '\u2014 '
const keyIdLength = 4

/** Reads a note in its one written form: base 64 has no leftover bits, so that no byte of a note is without meaning. */
export function readNote(bytes: Uint8Array): Result<SignedNote, NoteRefusal> {
  if (bytes.length > noteBytesMax) return no({ type: 'note-too-large', bytesMax: noteBytesMax })
  const whole = fromUtf8(bytes)
  if (whole === undefined) return no({ type: 'note-not-utf8' })
  for (let index = 0; index < whole.length; index++)
    if (whole.charCodeAt(index) < 0x20 && whole[index] !== '\n') return no({ type: 'note-has-control-characters' })
  // The last empty line parts text and signatures; the text may have empty lines of its own.
  const blank = whole.lastIndexOf('\n\n')
  if (blank < 0 || blank + 2 === whole.length || !whole.endsWith('\n')) return no({ type: 'note-has-no-signatures' })
  const lines = whole.slice(blank + 2, -1).split('\n')
  if (lines.length > noteSignaturesMax)
    return no({ type: 'note-has-too-many-signatures', signaturesMax: noteSignaturesMax })
  const signatures: NoteSignature[] = []
  for (const [index, line] of lines.entries()) {
    const signature = readSignatureLine(line)
    if (!signature) return no({ type: 'note-signature-malformed', line: index + 1 })
    signatures.push(signature)
  }
  return ok({ text: whole.slice(0, blank + 1), signatures })
}

/** The bytes of a note. Throws when a part of it could not be read again. */
export function writeNote({ text, signatures }: SignedNote): Uint8Array {
  const lines = signatures.map(({ name, keyId, signature }) => {
    if (!isKeyName(name)) throw new Error('a key name is not empty and has no spaces and no plus')
    return `${lineStart}${name} ${toBase64(concatBytes(fourBytes(keyId), signature))}\n`
  })
  const bytes = utf8(`${text}\n${lines.join('')}`)
  const read = readNote(bytes)
  if (!read.ok || read.value.text !== text) throw new Error('the text is not one of a note')
  return bytes
}

/** Not empty, without Unicode spaces and without a plus (signed-note, "Format"). */
export function isKeyName(name: string): boolean {
  return name !== '' && !/[\s\u0085+]/u.test(name)
}

function readSignatureLine(line: string): NoteSignature | undefined {
  if (!line.startsWith(lineStart)) return undefined
  const [name = '', encoded = '', ...more] = line.slice(lineStart.length).split(' ')
  const bytes = parseBase64(encoded)
  if (!isKeyName(name) || !bytes || bytes.length <= keyIdLength || more.length > 0) return undefined
  return { name, keyId: readKeyId(bytes), signature: bytes.slice(keyIdLength) }
}

/** Big-endian. */
export function readKeyId(bytes: Uint8Array): number {
  let id = 0
  for (let index = 0; index < keyIdLength; index++) id = id * 256 + (bytes[index] as number)
  return id
}

function fourBytes(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
}
