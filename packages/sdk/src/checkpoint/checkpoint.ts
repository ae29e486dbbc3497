/** Checkpoints (C2SP tlog-checkpoint): a log's name, how many leaves its tree has, and the RFC 6962 root over them. */
import { fromHex, no, ok, type Result, toHex } from '@plexus/codec'
import { parseBase64, toBase64 } from './base64.ts'
import { type HeldSignature, type NoteKey, type SignatureRefusal, verifyNote } from './note-keys.ts'
import { type NoteRefusal, readNote, type SignedNote } from './signed-note.ts'

export interface Checkpoint {
  readonly origin: string
  readonly size: number
  /** 32 bytes. */
  readonly root: Uint8Array
}

/** A checkpoint whose log signed it. */
export interface OpenedCheckpoint extends Checkpoint {
  readonly note: SignedNote
  /** Whose signatures hold, of the keys that were given. */
  readonly signatures: readonly HeldSignature[]
}

export type CheckpointRefusal =
  | NoteRefusal
  | SignatureRefusal
  | { readonly type: 'checkpoint-malformed'; readonly expected: string }
  | { readonly type: 'checkpoint-of-another-log'; readonly origin: string }

/** The log that a member keeps of one chain. */
export interface LogName {
  /** The chain's id: SHA-256 of its genesis document. */
  readonly chain: Uint8Array
  readonly member: string
}

const originPattern = /^plexus\/v1\/([0-9a-f]{64})\/([a-z][a-z0-9-]{0,38}[a-z0-9])$/

/** `plexus/v1/CHAIN/MEMBER`: no two logs of any networks share it. It is the name of the log's key as well. */
export function originOf({ chain, member }: LogName): string {
  const origin = `plexus/v1/${toHex(chain)}/${member}`
  if (!originPattern.test(origin)) throw new Error('a chain has an id of 32 bytes and members with an id of letters')
  return origin
}

export function readOrigin(origin: string): LogName | undefined {
  const [, chain, member] = originPattern.exec(origin) ?? []
  return chain === undefined || member === undefined ? undefined : { chain: fromHex(chain), member }
}

/** The text that the log signs: three lines, and none that witnesses could not audit. */
export function writeCheckpoint({ origin, size, root }: Checkpoint): string {
  const text = `${origin}\n${size}\n${toBase64(root)}\n`
  if (!readCheckpoint(text).ok) throw new Error('a checkpoint has an origin, a whole size and a root of 32 bytes')
  return text
}

/** Extension lines are refused: they are outside what anybody audits, and no log of ours has any. */
export function readCheckpoint(text: string): Result<Checkpoint, CheckpointRefusal> {
  const [origin = '', digits = '', encoded = '', end, ...more] = text.split('\n')
  if (end !== '' || more.length > 0) return malformed('three lines')
  if (origin === '') return malformed('an origin')
  const size = /^(?:0|[1-9]\d{0,15})$/.test(digits) ? Number(digits) : Number.NaN
  if (!Number.isSafeInteger(size)) return malformed('a size in decimal digits')
  const root = parseBase64(encoded)
  if (root?.length !== 32) return malformed('a root of 32 bytes in base 64')
  return ok({ origin, size, root })
}

function malformed(expected: string): Result<never, CheckpointRefusal> {
  return no({ type: 'checkpoint-malformed', expected })
}

/**
 * Opens what a log serves as its checkpoint: a note, of that log, with the log's signature. Signatures of `witnesses`
 * are checked and told; how many of them suffice is for the reader to say.
 */
export function openCheckpoint(
  bytes: Uint8Array,
  log: NoteKey,
  witnesses: readonly NoteKey[] = [],
): Result<OpenedCheckpoint, CheckpointRefusal> {
  const note = readNote(bytes)
  if (!note.ok) return note
  const checkpoint = readCheckpoint(note.value.text)
  if (!checkpoint.ok) return checkpoint
  if (checkpoint.value.origin !== log.name)
    return no({ type: 'checkpoint-of-another-log', origin: checkpoint.value.origin })
  const signed = verifyNote(note.value, [log])
  if (!signed.ok) return signed
  const all = verifyNote(note.value, [log, ...witnesses])
  if (!all.ok) return all
  return ok({ ...checkpoint.value, note: note.value, signatures: all.value })
}
