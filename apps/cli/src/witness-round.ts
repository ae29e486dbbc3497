/**
 * One look of a witness at all its logs: each against its own past, then one against another, and only then signatures.
 * An alarm stands on notes that logs signed themselves; it is kept on disk before the log is stopped.
 */
import { equalBytes, type Result } from '@plexus/codec'
import {
  type CheckpointRefusal,
  type NoteKey,
  type OpenedCheckpoint,
  openCheckpoint,
  openTiles,
  parseNoteKey,
  readCheckpoint,
  readNote,
  readOrigin,
  type TileTree,
  tilePath,
  tilesForGrowth,
  writeNote,
} from '@plexus/sdk'
import { LogReader } from './log-reader.ts'
import type { AlarmKind, WitnessedLog, WitnessState } from './witness-state.ts'

/** A log as the operator names it: `key` when it came with the address. */
export interface LogAddress {
  readonly url: string
  readonly key: NoteKey | undefined
}

export type Report =
  | {
      readonly type: 'cosigned'
      readonly origin: string
      readonly size: number
      readonly before: number | null
      readonly taken: boolean | null
    }
  | { readonly type: 'unchanged'; readonly origin: string; readonly size: number }
  /** Nothing can be said about it now: no alarm, and no cosignature. */
  | { readonly type: 'unavailable'; readonly origin: string | null; readonly url: string; readonly says: string }
  | {
      readonly type: 'alarm'
      readonly origin: string
      readonly why: AlarmKind
      readonly says: string
      readonly evidence: string
    }
  | {
      readonly type: 'halted'
      readonly origin: string
      readonly why: AlarmKind
      readonly at: number
      readonly evidence: string
    }

/** A checkpoint that is signed by its log and has grown from what this witness cosigned. */
interface Looked {
  readonly log: WitnessedLog
  readonly checkpoint: OpenedCheckpoint
  /** None for a log that does not answer now: its last checkpoint must fit into the others' all the same. */
  readonly reader: LogReader | undefined
}

export interface RoundParts {
  readonly state: WitnessState
  /** Seconds since 1970. */
  readonly now: () => number
  /** Whether cosignatures are handed back to the logs. */
  readonly post: boolean
}

export async function witnessRound(parts: RoundParts, addresses: readonly LogAddress[]): Promise<readonly Report[]> {
  return new Round(parts).run(addresses)
}

class Round {
  private readonly parts: RoundParts
  private readonly reports: Report[] = []
  private readonly seen = new Set<string>()

  constructor(parts: RoundParts) {
    this.parts = parts
  }

  async run(addresses: readonly LogAddress[]): Promise<readonly Report[]> {
    const looked = (await Promise.all(addresses.map((address) => this.look(address)))).flatMap((each) => each ?? [])
    const chains = new Set(looked.map(({ log }) => chainOf(log.origin)))
    for (const chain of chains) {
      const together = looked.filter(({ log }) => chainOf(log.origin) === chain)
      for (const { log, checkpoint, reader } of await this.compare(together)) {
        if (reader) await this.cosign(log, checkpoint, reader)
      }
    }
    return this.reports
  }

  /** Fetches a log's checkpoint, and checks it against the log's own key and past. */
  private async look({ url, key }: LogAddress): Promise<Looked | undefined> {
    const { state } = this.parts
    const reader = new LogReader(url)
    const known = state.logs.find((log) => log.url === url)
    if (known?.halted) return this.tellHalted(known)
    let bytes = await reader.checkpoint()
    if (!bytes.ok) return this.away(known, url, `${bytes.reason.path}: ${bytes.reason.says}`)
    const log = known ?? (await this.meet(reader, bytes.value, key))
    if (!log) return undefined
    if (this.seen.has(log.origin)) return this.refuse(log, url, 'the log is named twice')
    this.seen.add(log.origin)
    if (log.halted) return this.tellHalted(log)
    let opened = openCheckpoint(bytes.value, log.key)
    // Once more before anything is said against the log: an answer may have been torn on its way.
    if (!opened.ok) {
      bytes = await reader.checkpoint()
      if (!bytes.ok) return this.away(log, url, `${bytes.reason.path}: ${bytes.reason.says}`)
      opened = openCheckpoint(bytes.value, log.key)
    }
    if (!opened.ok) {
      if (!speaksAgainst(opened.reason)) return this.away(log, url, `checkpoint: ${opened.reason.type}`)
      const says = 'The checkpoint that is served there was not signed by the key of this log.'
      this.alarm('signature', [log], says, evidence(log.last?.note, bytes.value))
      return undefined
    }
    return this.grown({ log, checkpoint: opened.value, reader }, bytes.value)
  }

  /** First contact: the key comes with the address, or is taken from the log and pinned. */
  private async meet(
    reader: LogReader,
    bytes: Uint8Array,
    given: NoteKey | undefined,
  ): Promise<WitnessedLog | undefined> {
    const note = readNote(bytes)
    const checkpoint = note.ok ? readCheckpoint(note.value.text) : note
    if (!checkpoint.ok) return this.refuse(undefined, reader.url, `checkpoint: ${checkpoint.reason.type}`)
    const { origin } = checkpoint.value
    if (!readOrigin(origin)) return this.refuse(undefined, reader.url, 'the log is not one of a member')
    const known = this.parts.state.log(origin)
    if (known) return this.parts.state.follow(origin, reader.url, known.key)
    const served = given ? undefined : await reader.verifierKey()
    const key = given ?? (served?.ok ? parseNoteKey(new TextDecoder().decode(served.value).trim()) : undefined)
    if (key?.type !== 'log' || key.name !== origin)
      return this.refuse(undefined, reader.url, 'vkey: not the key of this log')
    if (!openCheckpoint(bytes, key).ok) return this.refuse(undefined, reader.url, 'checkpoint: not signed by that key')
    return this.parts.state.follow(origin, reader.url, key)
  }

  /** RFC 6962 §2.1.2, by tiles: the tree that was cosigned must be the beginning of this one. */
  private async grown(looked: Looked, bytes: Uint8Array): Promise<Looked | undefined> {
    const { log, checkpoint, reader } = looked
    const { size, root } = checkpoint
    const last = log.last?.checkpoint
    const both = evidence(log.last?.note, bytes)
    if (last && size < last.size) {
      this.alarm('shrunk', [log], `The log had ${last.size} blocks and shows ${size}.`, both)
      return undefined
    }
    if (last && size === last.size) {
      if (equalBytes(root, last.root)) return looked
      this.alarm('other-root', [log], `The log has signed two roots for ${size} blocks.`, both)
      return undefined
    }
    const before = last?.size ?? 0
    const tree = await this.tree(looked, reader as LogReader, [before])
    if (!tree) return asOf(log)
    if (!last || equalBytes(tree.tree.rootAt(before), last.root)) return looked
    const says = `The first ${before} of the ${size} blocks that the log shows are not those that it signed before.`
    this.alarm('rewritten', [log], says, new Map([...both, ...tree.files]))
    return undefined
  }

  /** The tree of a checkpoint with what it takes to show its earlier roots; tiles that do not fit are asked for twice. */
  private async tree({ log, checkpoint }: Looked, reader: LogReader, sizes: readonly number[]) {
    const wanted = [...sizes, 0].flatMap((size) => tilesForGrowth(size, checkpoint.size))
    const ids = [...new Map(wanted.map((id) => [tilePath(id), id])).values()]
    let read: Result<TileTree, { readonly type: string }> | undefined
    let tiles: ReadonlyMap<string, Uint8Array> = new Map()
    for (let attempt = 0; attempt < 2 && !read?.ok; attempt++) {
      const got = await reader.tiles(ids)
      if (!got.ok) {
        this.refuse(log, reader.url, `${got.reason.path}: ${got.reason.says}`)
        return undefined
      }
      tiles = got.value
      read = openTiles(checkpoint, ids, tiles)
    }
    const files = new Map([...tiles].map(([path, bytes]) => [`tiles/${path}`, bytes] as const))
    if (read?.ok) return { tree: read.value, files }
    const says = `The tiles that the log serves do not make the root that it signed for ${checkpoint.size} blocks.`
    const both = evidence(log.last?.note, writeNote(checkpoint.note))
    this.alarm('tiles', [log], says, new Map([...both, ...files]))
    return undefined
  }

  /**
   * Members hold one chain, so the smaller tree of two members is the beginning of the larger. The logs fall into groups
   * that agree; one that more than half of all are in goes on, and every other log is stopped.
   */
  private async compare(looked: readonly Looked[]): Promise<readonly Looked[]> {
    const groups: { readonly head: Looked; readonly members: readonly Looked[]; readonly files: Evidence }[] = []
    let rest = [...looked].sort((a, b) => b.checkpoint.size - a.checkpoint.size)
    while (rest.length > 0) {
      const head = rest.find(({ reader }) => reader !== undefined)
      if (!head?.reader) break
      const smaller = rest.filter(({ checkpoint }) => checkpoint.size <= head.checkpoint.size)
      const tree = await this.tree(
        head,
        head.reader,
        smaller.map(({ checkpoint }) => checkpoint.size),
      )
      if (!tree) {
        // Its tiles cannot be read or do not fit, and that was told: what was cosigned of it is compared all the same.
        rest = rest.flatMap((each) => (each === head ? (asOf(head.log) ?? []) : each))
        continue
      }
      const members = smaller.filter(({ checkpoint: { size, root } }) => equalBytes(tree.tree.rootAt(size), root))
      groups.push({ head, members, files: tree.files })
      // What is larger than every log that answers, and does not answer itself, waits until it does.
      rest = smaller.filter((each) => !members.includes(each))
    }
    // What is left does not answer, and what it signed last fits into none of the logs that do.
    if (groups.length > 0)
      for (const head of rest) groups.push({ head, members: [head], files: new Map<string, Uint8Array>() })
    const [first, ...more] = groups.sort((a, b) => b.members.length - a.members.length)
    if (!first || more.length === 0) return first?.members ?? []
    const all = groups.reduce((sum, { members }) => sum + members.length, 0)
    const majority = first.members.length * 2 > all
    for (const [index, other] of more.entries()) {
      const [larger, smaller] =
        first.head.checkpoint.size >= other.head.checkpoint.size ? [first, other] : [other, first]
      const notes = evidence(writeNote(smaller.head.checkpoint.note), writeNote(larger.head.checkpoint.note))
      const says = `The first ${smaller.head.checkpoint.size} blocks of ${larger.head.log.origin} are not those of ${smaller.head.log.origin}.`
      const halted = [...other.members, ...(majority || index > 0 ? [] : first.members)].map(({ log }) => log)
      this.alarm('split-view', halted, says, new Map([...notes, ...larger.files]))
    }
    return majority ? first.members : []
  }

  private async cosign(log: WitnessedLog, checkpoint: OpenedCheckpoint, reader: LogReader): Promise<void> {
    const { state, now, post } = this.parts
    const { origin } = log
    const before = log.last?.checkpoint.size ?? null
    if (before === checkpoint.size) {
      this.reports.push({ type: 'unchanged', origin, size: before })
      return
    }
    const note = state.cosign(log, checkpoint, Math.floor(now()))
    const taken = post ? await reader.give(note) : null
    this.reports.push({ type: 'cosigned', origin, size: checkpoint.size, before, taken })
  }

  /** Evidence first, then the halt: what is stopped can be shown to have been stopped for a reason. */
  private alarm(why: AlarmKind, logs: readonly WitnessedLog[], says: string, files: Evidence): void {
    const { state, now } = this.parts
    const at = Math.floor(now())
    const [first] = logs
    const name = `${new Date(at * 1000).toISOString().replace(/[-:]|\.\d+/g, '')}-${why}-${readOrigin(first?.origin ?? '')?.member}`
    const told = { why, says, at, logs: logs.map(({ origin, url }) => ({ origin, url })) }
    const folder = state.keepEvidence(name, new Map([...files, ['alarm.json', `${JSON.stringify(told, null, 2)}\n`]]))
    for (const { origin } of logs) {
      state.halt(origin, { why, at, evidence: folder })
      this.reports.push({ type: 'alarm', origin, why, says, evidence: folder })
    }
  }

  private tellHalted({ origin, halted }: WitnessedLog): undefined {
    if (halted) this.reports.push({ type: 'halted', origin, ...halted })
    return undefined
  }

  private refuse(log: WitnessedLog | undefined, url: string, says: string): undefined {
    this.reports.push({ type: 'unavailable', origin: log?.origin ?? null, url, says })
    return undefined
  }

  /** What it signed last still counts against the others. */
  private away(log: WitnessedLog | undefined, url: string, says: string): Looked | undefined {
    this.refuse(log, url, says)
    return log && asOf(log)
  }
}

/** A log by what this witness cosigned of it, as long as it shows nothing newer that can be checked. */
function asOf(log: WitnessedLog): Looked | undefined {
  return log.last && { log, checkpoint: log.last.checkpoint, reader: undefined }
}

type Evidence = ReadonlyMap<string, Uint8Array | string>

/** Two notes that contradict each other; at first contact there is no earlier one. */
function evidence(first: Uint8Array | undefined, second: Uint8Array): Evidence {
  return new Map([...(first ? [['first.note', first] as const] : []), ['second.note', second] as const])
}

const chainOf = (origin: string): string => origin.slice(0, origin.lastIndexOf('/'))

/** Bytes that are no note at all are nobody's statement. A note under this log's name, or not under it, is. */
function speaksAgainst({ type }: CheckpointRefusal): boolean {
  return type === 'note-not-signed' || type === 'note-signature-invalid' || type === 'checkpoint-of-another-log'
}
