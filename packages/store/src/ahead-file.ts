/**
 * One file that is written ahead of LMDB: one write and one fdatasync into a file whose room is taken already, where an
 * LMDB commit costs two. A record counts when its hash fits. Several may be written before the disk is waited for: each
 * says up to where everything was durable when it was written, so that one which a power cut took is told from damage.
 */
import {
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readSync,
  statSync,
  writeSync,
  writevSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { decode, encode, equalBytes, object, bytes as someBytes, uint } from '@plexus/codec'
import { sha256OfParts } from './history.ts'
import { StoreError, storeErrorOf } from './store-error.ts'
import { syncPath } from './sync-path.ts'

/** Records begin at multiples of this: a write never shares a page with what is durable already. */
const pageBytes = 4096
/** So much of the file is filled ahead, since a write into room that is there needs no change of the file's own data. */
const roomStepBytes = 256 * 1024
/** The largest block that a replica takes, with all that follows from it. */
const recordBytesMax = 512 * 1024 * 1024

const magic = Buffer.from('plxblk01', 'latin1')
const hashLength = 32
/** Magic, number, from where on nothing need be durable, length of the payload, and the hash over these and the payload. */
const headLength = magic.length + 3 * 8 + hashLength

const fileHead = object({ chain: someBytes({ length: hashLength }), version: uint() })
const version = 3

export interface AheadRecord {
  /** Of a ledger's block its height; of a journal's write how many were before it. */
  readonly number: number
  /** All numbers below were durable when this was written. */
  readonly durableBelow: number
  readonly payload: Uint8Array
}

/** A record and its place in the file. */
export interface PlacedRecord extends AheadRecord {
  readonly at: number
}

export interface AheadFile {
  /** What stands whole here above `number`, in order, with gaps where one is missing: read once, after opening. */
  recover(number: number): Iterable<PlacedRecord>
  /** This one counts: the next is written behind it. */
  keep(record: PlacedRecord): void
  /** This one does not count, whoever reads the file again. */
  drop(record: PlacedRecord): void
  /** Throws a StoreError `write-failed` when the disk refuses; nothing of the record counts then. */
  append(record: AheadRecord): void
  /** What was appended is durable on return. Throws a StoreError `write-failed`: then nothing is written here any more. */
  sync(): void
  /** As `sync`, while others go on. */
  syncBeside(): Promise<void>
  /** Bytes that the next `restart` sets free. */
  readonly usedBytes: number
  /** Nothing in it counts any more: the next record is written at the beginning. */
  restart(): void
  close(): void
}

export function openAheadFile(path: string, chain: Uint8Array): AheadFile {
  const file = guarded(path, () => openOrMake(path, chain))
  let end = pageBytes
  let room = statSync(path).size
  /** Why nothing can be written any more: it is not known what the disk holds. */
  let failed: unknown
  /** Whether something was appended since a wait for the disk began, and how many such waits have not ended. */
  let isBehind = false
  let waits = 0
  let closed = false

  function* recover(number: number): Iterable<PlacedRecord> {
    let newest = number
    for (let at = pageBytes; at < room; ) {
      const found = readRecord(file, at, room)
      if (found && found.number > newest) {
        newest = found.number
        yield { ...found, at }
      }
      at += found ? lengthOf(found) : pageBytes
    }
  }

  function checkWritable(): void {
    if (failed) throw new StoreError('write-failed', `${path}: an earlier write failed`, { cause: failed })
  }

  function append(record: AheadRecord): void {
    checkWritable()
    const { payload } = record
    const head = headOf(record)
    const length = lengthOf(record)
    guarded(path, () => {
      takeRoom(end + length)
      try {
        writeParts(file, [head, payload, pageOfZeros.subarray(0, length - headLength - payload.length)], end)
      } catch (error) {
        // Part of it may stand there: it must not count when the file is read again.
        voidRecord(end, error)
        throw error
      }
    })
    end += length
    isBehind = true
  }

  function sync(): void {
    checkWritable()
    if (!isBehind && waits === 0) return
    isBehind = false
    guarded(path, () => {
      try {
        fdatasyncSync(file)
      } catch (error) {
        // The kernel may have dropped the pages: nothing is known of this file from now on.
        failed = error
        throw error
      }
    })
  }

  async function syncBeside(): Promise<void> {
    checkWritable()
    if (!isBehind) return
    isBehind = false
    waits += 1
    const error = await new Promise<unknown>((resolve) => fdatasync(file, resolve))
    waits -= 1
    // Whoever closed it has seen to what stands in it.
    if (!error || closed) return
    failed = error
    throw storeErrorOf(systemError(error), path)
  }

  function voidRecord(at: number, cause: unknown): void {
    try {
      writeAll(file, Buffer.alloc(headLength), at)
      fdatasyncSync(file)
    } catch {
      failed = cause
    }
  }

  /** A disk that has no room to spare may still have enough for the record itself. */
  function takeRoom(needed: number): void {
    if (needed <= room) return
    const wanted = Math.ceil(needed / roomStepBytes) * roomStepBytes
    try {
      writeAll(file, Buffer.alloc(wanted - room), room)
      fsyncSync(file)
      room = wanted
    } catch {
      room = Math.max(room, needed)
    }
  }

  return {
    recover,
    keep: (record) => {
      end = record.at + lengthOf(record)
      // It was read, which does not say that a power cut would leave it.
      isBehind = true
    },
    drop: ({ at }) => voidRecord(at, undefined),
    append,
    sync,
    syncBeside,
    get usedBytes() {
      return end - pageBytes
    },
    restart() {
      end = pageBytes
    },
    close() {
      closed = true
      closeSync(file)
    },
  }
}

function openOrMake(path: string, chain: Uint8Array): number {
  if (existsSync(path) && statSync(path).size > 0) {
    const file = openSync(path, 'r+')
    const head = Buffer.alloc(pageBytes)
    readSync(file, head, 0, pageBytes, 0)
    const length = head.readUInt32BE(0)
    const read = length < pageBytes ? decode(fileHead, new Uint8Array(head.subarray(4, 4 + length))) : undefined
    const refused = !read?.ok
      ? new StoreError('damaged', `${path} is not written ahead of LMDB, or its beginning is torn`)
      : read.value.version !== version
        ? new StoreError('other-format', `${path} has format ${read.value.version}, this code reads ${version}`)
        : !equalBytes(read.value.chain, chain)
          ? new StoreError('other-content', `${path} belongs to another chain`)
          : undefined
    if (!refused) return file
    closeSync(file)
    throw refused
  }
  const file = openSync(path, 'w+', 0o600)
  const encoded = encode(fileHead, { chain, version })
  const head = Buffer.alloc(pageBytes)
  head.writeUInt32BE(encoded.length)
  head.set(encoded, 4)
  writeAll(file, head, 0)
  fsyncSync(file)
  syncPath(dirname(path))
  return file
}

/** The record that begins at `at`, or nothing when none does or it is not whole. */
function readRecord(file: number, at: number, size: number): AheadRecord | undefined {
  const head = Buffer.alloc(headLength)
  if (readSync(file, head, 0, headLength, at) < headLength || !head.subarray(0, magic.length).equals(magic))
    return undefined
  const [number, durableBelow, length] = [0, 8, 16].map((behind) => Number(head.readBigUInt64BE(magic.length + behind)))
  if (number === undefined || durableBelow === undefined || length === undefined) return undefined
  if (!Number.isSafeInteger(number) || length > recordBytesMax || at + headLength + length > size) return undefined
  const payload = new Uint8Array(length)
  if (readSync(file, payload, 0, length, at + headLength) < length) return undefined
  const stored = head.subarray(headLength - hashLength)
  return equalBytes(new Uint8Array(stored), recordHash(head, payload)) ? { number, durableBelow, payload } : undefined
}

function headOf({ number, durableBelow, payload }: AheadRecord): Buffer {
  const head = Buffer.alloc(headLength)
  magic.copy(head)
  for (const [index, value] of [number, durableBelow, payload.length].entries())
    head.writeBigUInt64BE(BigInt(value), magic.length + 8 * index)
  head.set(recordHash(head, payload), headLength - hashLength)
  return head
}

/** Of a record and what fills its last page. */
const lengthOf = ({ payload }: AheadRecord): number => paged(headLength + payload.length)

const recordHash = (head: Uint8Array, payload: Uint8Array): Uint8Array =>
  sha256OfParts(head.subarray(0, headLength - hashLength), payload)

const paged = (length: number): number => Math.ceil(length / pageBytes) * pageBytes

const pageOfZeros = new Uint8Array(pageBytes)

/** All of them in one call, unless the system takes only some. */
function writeParts(file: number, parts: readonly Uint8Array[], at: number): void {
  const taken = writevSync(file, parts, at)
  let behind = 0
  for (const part of parts) {
    const from = Math.min(part.length, Math.max(0, taken - behind))
    if (from < part.length) writeAll(file, part.subarray(from), at + behind + from)
    behind += part.length
  }
}

function writeAll(file: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, at + done)
}

function guarded<Value>(path: string, action: () => Value): Value {
  try {
    return action()
  } catch (error) {
    throw storeErrorOf(systemError(error), path)
  }
}

/** node:fs names errors by text and number, LMDB by number alone. */
function systemError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error
  const { errno } = error as { readonly errno?: unknown }
  return typeof errno === 'number' ? Object.assign(error, { code: -errno }) : error
}
