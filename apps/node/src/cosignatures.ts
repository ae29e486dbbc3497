/**
 * Cosignatures that witnesses hand to a member for its checkpoints. They are published in `witnessed`, apart from
 * `checkpoint`: a log may have grown before the first witness has looked.
 */
import { no, ok, type Result } from '@plexus/codec'
import {
  type NoteKey,
  type NoteSignature,
  noteKeyId,
  noteSignaturesMax,
  parseNoteKey,
  readCheckpoint,
  readNote,
  type SignedNote,
  verifyNote,
  writeNote,
} from '@plexus/sdk'
import type { CheckpointFiles } from './checkpoint-files.ts'

export type CosignatureRefusal =
  | { readonly type: 'checkpoint-unknown' }
  | { readonly type: 'cosignature-malformed' }
  | { readonly type: 'cosignature-refused' }

/** The note must still be read by every verifier when all witnesses have signed. */
const witnessesMax = noteSignaturesMax - 1
/** Minutes of a quiet network, and about as many on a busy one: within them witnesses meet on one checkpoint. */
const recentMax = 64

interface Recent {
  readonly size: number
  readonly note: SignedNote
  readonly cosignatures: Map<string, NoteSignature>
}

export class Cosignatures {
  private readonly files: CheckpointFiles
  /** By text; the newest last. */
  private readonly recent = new Map<string, Recent>()
  private last: Promise<unknown> = Promise.resolve()

  constructor(files: CheckpointFiles) {
    this.files = files
  }

  /** From here on witnesses may cosign this checkpoint of ours. */
  add(note: SignedNote, size: number): void {
    if (this.recent.has(note.text)) return
    this.recent.set(note.text, { size, note, cosignatures: new Map() })
    for (const text of this.recent.keys()) {
      if (this.recent.size <= recentMax) break
      this.recent.delete(text)
    }
  }

  /** Takes a note with our text and cosignatures of configured witnesses, and publishes it durably: one at a time. */
  take(bytes: Uint8Array): Promise<Result<{ readonly size: number; readonly witnesses: number }, CosignatureRefusal>> {
    const taken = this.last.then(() => this.takeOne(bytes))
    this.last = taken.catch(() => {})
    return taken
  }

  private async takeOne(bytes: Uint8Array) {
    const note = readNote(bytes)
    if (!note.ok) return no({ type: 'cosignature-malformed' as const })
    const recent = this.recent.get(note.value.text)
    if (!recent) return no({ type: 'checkpoint-unknown' as const })
    const witnesses = await this.witnesses()
    if (!keep(recent, note.value, witnesses)) return no({ type: 'cosignature-refused' as const })
    // What was published before a restart is taken up again.
    const published = readNote((await this.files.read('witnessed')) ?? new Uint8Array(0))
    if (published.ok && published.value.text === recent.note.text)
      keep(
        recent,
        { ...published.value, signatures: [...published.value.signatures, ...note.value.signatures] },
        witnesses,
      )
    await this.publish()
    return ok({ size: recent.size, witnesses: recent.cosignatures.size })
  }

  /** Of the recent checkpoints the one with most cosignatures, and the newest of equals. */
  private async publish(): Promise<void> {
    let best: Recent | undefined
    for (const each of this.recent.values())
      if (each.cosignatures.size > 0 && each.cosignatures.size >= (best?.cosignatures.size ?? 0)) best = each
    if (!best) return
    const signatures = [...best.note.signatures, ...[...best.cosignatures.values()].slice(0, witnessesMax)]
    await this.files.write([{ path: 'witnessed', bytes: writeNote({ text: best.note.text, signatures }) }])
  }

  /** The operator's list, a verifier key a line: read each time, so that a change needs no restart. */
  private async witnesses(): Promise<readonly NoteKey[]> {
    const bytes = await this.files.read('witnesses')
    if (!bytes) return []
    const keys = new Map<string, NoteKey>()
    for (const line of Buffer.from(bytes).toString('utf8').split('\n')) {
      const key = parseNoteKey(line.trim())
      if (key?.type === 'witness' && keys.size < witnessesMax) keys.set(key.name, key)
    }
    return [...keys.values()]
  }
}

/** Whether a known witness signed, and none of the known ones' signatures is false: then theirs are kept. */
function keep({ cosignatures }: Recent, note: SignedNote, witnesses: readonly NoteKey[]): boolean {
  const held = verifyNote(note, witnesses)
  if (!held.ok) return false
  for (const { name } of held.value) {
    const id = witnesses.filter((each) => each.name === name).map(noteKeyId)[0]
    const signature = note.signatures.findLast((each) => each.name === name && each.keyId === id)
    if (signature) cosignatures.set(name, signature)
  }
  return true
}

/** The checkpoint as it is served: with its cosignatures when it is the one that witnesses have signed. */
export async function servedCheckpoint(files: CheckpointFiles): Promise<Uint8Array | undefined> {
  const bytes = await files.read('checkpoint')
  const witnessed = await files.read('witnessed')
  if (!bytes || !witnessed) return bytes
  const [own, theirs] = [readNote(bytes), readNote(witnessed)]
  const same = own.ok && theirs.ok && own.value.text === theirs.value.text && readCheckpoint(own.value.text).ok
  return same ? witnessed : bytes
}
