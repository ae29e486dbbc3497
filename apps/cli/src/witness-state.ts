/**
 * What a witness must not forget, in a folder of its own: its key, the newest checkpoint of each log that it cosigned,
 * and which logs it has stopped cosigning. Each change is durable before anybody hears of it.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromUtf8, toHex, utf8 } from '@plexus/codec'
import {
  cosignNote,
  type NoteKey,
  noteKeyOf,
  type OpenedCheckpoint,
  openCheckpoint,
  parseNoteKey,
  readOrigin,
  writeNote,
  writeNoteKey,
} from '@plexus/sdk'
import { lockDirectory, writeDurably } from '@plexus/store'
import { Refused } from './screen.ts'

/** Why a log is not cosigned any more. */
const alarmKinds = ['other-root', 'rewritten', 'shrunk', 'signature', 'split-view', 'tiles'] as const
export type AlarmKind = (typeof alarmKinds)[number]

export interface Halted {
  readonly why: AlarmKind
  /** Seconds since 1970. */
  readonly at: number
  /** Folder under `evidence`. */
  readonly evidence: string
}

export interface WitnessedLog {
  /** Origin and name of the log's key. */
  readonly origin: string
  readonly url: string
  /** Pinned at first contact. */
  readonly key: NoteKey
  /** The newest that this witness cosigned, and the note with its line. */
  readonly last: { readonly checkpoint: OpenedCheckpoint; readonly note: Uint8Array } | undefined
  readonly halted: Halted | undefined
}

/** A file that becomes durable whole; a test can make it fail. */
export type WriteFile = (path: string, content: Uint8Array | string) => void

/** One witness follows the members of a few networks. */
export const logsMax = 256

export class WitnessState {
  readonly folder: string
  readonly key: NoteKey
  private readonly seed: Uint8Array
  private readonly write: WriteFile
  private readonly release: () => void
  private readonly known = new Map<string, WitnessedLog>()

  private constructor(folder: string, { name, seed }: Named, write: WriteFile, release: () => void) {
    this.folder = folder
    this.seed = seed
    this.write = write
    this.release = release
    this.key = noteKeyOf('witness', { name, seed })
  }

  /** Opens or founds the folder; its key is made at the first run, and keeps the name that it then got. */
  static open(folder: string, name: string | undefined, write: WriteFile = writeDurably): WitnessState {
    const lock = lockDirectory(folder)
    if (!lock.ok)
      throw new Refused('directory-in-use', `${folder} is in use by another witness.`, 'End that one first.')
    try {
      const state = new WitnessState(folder, keyIn(folder, name, write), write, () => lock.value.release())
      for (const file of filesIn(join(folder, 'logs'))) state.load(file)
      // A crash may have come between the state and the file that others read.
      for (const log of state.logs) state.publish(log)
      return state
    } catch (error) {
      lock.value.release()
      throw error
    }
  }

  get logs(): readonly WitnessedLog[] {
    return [...this.known.values()]
  }

  log(origin: string): WitnessedLog | undefined {
    return this.known.get(origin)
  }

  /** The log at first contact, or at another address than before. */
  follow(origin: string, url: string, key: NoteKey): WitnessedLog {
    const before = this.known.get(origin)
    if (before && before.url === url) return before
    if (!before && this.known.size >= logsMax)
      throw new Refused('too-many-logs', `This witness follows ${logsMax} logs.`, 'Give each network its own witness.')
    return this.keep({ origin, url, key, last: before?.last, halted: before?.halted })
  }

  /** Cosigns: durable in the state before the file that others read. The time never goes back. */
  cosign(log: WitnessedLog, checkpoint: OpenedCheckpoint, now: number): Uint8Array {
    const { last, halted } = this.known.get(log.origin) ?? log
    if (halted || (last && checkpoint.size <= last.checkpoint.size))
      throw new Error('a halted log, or a tree that is not larger, is not cosigned')
    const own = last?.checkpoint.signatures.find((each) => each.type === 'witness')
    const time = Math.max(now, own?.type === 'witness' ? own.time : 0)
    const { text, signatures } = checkpoint.note
    const logsOwn = signatures.filter(({ name }) => name === log.origin)
    const note = writeNote({
      text,
      signatures: [...logsOwn.slice(0, 1), cosignNote(text, { name: this.key.name, seed: this.seed, time })],
    })
    this.publish(this.keep({ ...log, last: { checkpoint: this.openOwn(note, log.key), note } }))
    return note
  }

  /** Stops cosigning a log, for good. */
  halt(origin: string, halted: Halted): void {
    const log = this.known.get(origin)
    if (log) this.keep({ ...log, halted })
  }

  /** An operator has decided: the log is followed again, from the checkpoint that was cosigned last. */
  resume(origin: string): boolean {
    const log = this.known.get(origin)
    if (!log?.halted) return false
    this.keep({ ...log, halted: undefined })
    return true
  }

  /** Contradicting notes with what belongs to them, before anything else is done about them. */
  keepEvidence(name: string, files: ReadonlyMap<string, Uint8Array | string>): string {
    let folder = name
    for (let more = 2; existsSync(join(this.folder, 'evidence', folder)); more++) folder = `${name}-${more}`
    for (const [path, content] of files) this.write(join(this.folder, 'evidence', folder, path), content)
    return folder
  }

  close(): void {
    this.release()
  }

  private keep(log: WitnessedLog): WitnessedLog {
    const { origin, url, key, last, halted } = log
    const kept = { url, vkey: writeNoteKey(key), note: last ? fromUtf8(last.note) : null, halted: halted ?? null }
    this.write(join(this.folder, 'logs', `${fileOf(origin)}.json`), `${JSON.stringify(kept, null, 2)}\n`)
    this.known.set(origin, log)
    return log
  }

  /** The note with this witness's line, for the log and for anybody: a pull file. */
  private publish({ origin, last }: WitnessedLog): void {
    if (!last) return
    const path = join(this.folder, 'cosigned', fileOf(origin))
    if (existsSync(path) && Buffer.from(last.note).equals(readFileSync(path))) return
    this.write(path, last.note)
  }

  /** What stands there was signed by the log and by this witness, or it is not taken: state is not guessed at. */
  private load(file: string): void {
    const path = join(this.folder, 'logs', file)
    const { url, vkey, note, halted } = fieldsIn(path)
    const key = typeof vkey === 'string' ? parseNoteKey(vkey) : undefined
    if (!key || typeof url !== 'string' || file !== `${fileOf(key.name)}.json`) throw damaged(path)
    const bytes = typeof note === 'string' ? utf8(note) : undefined
    const last = bytes && { checkpoint: this.openOwn(bytes, key), note: bytes }
    this.known.set(key.name, { origin: key.name, url, key, last, halted: haltedIn(halted, path) })
  }

  private openOwn(note: Uint8Array, log: NoteKey): OpenedCheckpoint {
    const opened = openCheckpoint(note, log, [this.key])
    if (!opened.ok || opened.value.signatures.length < 2) throw damaged(join(this.folder, 'logs'))
    return opened.value
  }
}

interface Named {
  readonly name: string
  readonly seed: Uint8Array
}

function keyIn(folder: string, name: string | undefined, write: WriteFile): Named {
  const secret = join(folder, 'witness.secret')
  const open = join(folder, 'vkey')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!existsSync(secret)) write(secret, new Uint8Array(randomBytes(32)))
  const seed = new Uint8Array(readFileSync(secret))
  if (seed.length !== 32) throw damaged(secret)
  if (!existsSync(open)) {
    // No address is known that would name it; its key does.
    const own =
      name ?? `plexus-witness/${toHex(noteKeyOf('witness', { name: 'witness', seed }).publicKey).slice(0, 16)}`
    if (/[\s+]/.test(own) || own === '')
      throw new Refused('witness-name', 'A name has no spaces and no plus.', 'Give one such as witness.example/w1.')
    write(open, `${writeNoteKey(noteKeyOf('witness', { name: own, seed }))}\n`)
  }
  const kept = parseNoteKey(readFileSync(open, 'utf8').trim())
  if (!kept || (name !== undefined && name !== kept.name))
    throw new Refused('witness-name', `The key in ${folder} has another name.`, 'A witness has one name for life.')
  if (writeNoteKey(noteKeyOf('witness', { name: kept.name, seed })) !== writeNoteKey(kept)) throw damaged(open)
  return { name: kept.name, seed }
}

/** `CHAIN-MEMBER`: an origin that was read has nothing that a file system would obey. */
function fileOf(origin: string): string {
  const log = readOrigin(origin)
  if (!log) throw new Error('only logs of members are followed')
  return `${toHex(log.chain)}-${log.member}`
}

function filesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
}

function fieldsIn(path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>
  } catch {
    // Said below.
  }
  throw damaged(path)
}

function haltedIn(value: unknown, path: string): Halted | undefined {
  if (value === null) return undefined
  const { why, at, evidence } = (typeof value === 'object' ? value : {}) as Partial<Halted>
  if (why === undefined || !alarmKinds.includes(why) || !Number.isSafeInteger(at) || typeof evidence !== 'string')
    throw damaged(path)
  return { why, at: Number(at), evidence }
}

function damaged(path: string): Refused {
  return new Refused(
    'state-damaged',
    `${path} is damaged, or not this witness's.`,
    'Restore the newest copy: with an older one this witness could cosign what contradicts it.',
  )
}
