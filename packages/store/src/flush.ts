/**
 * When what waits goes to LMDB. Little goes at once. Much takes LMDB up to a second: it ages, and goes in a thread of its
 * own while writes go on into the other file ahead; only who fills that too before it is done waits for it.
 */
import type { ContentKind } from './environment.ts'
import { type Flusher, type Standing, startFlusher } from './flusher.ts'
import type { TableGroup } from './table-group.ts'
import type { WriteAhead } from './write-ahead.ts'

/** A start of the thread is worth it above this much in the file ahead. */
export const threadBytesMinDefault = 256 * 1024

/** What waits is several times as much as its blocks in the file ahead: at this pace it is handed over in half its time. */
const slicePerByte = 8
const sliceBytesMin = 1024 * 1024

/** While LMDB is held for whoever wants to read it: as much again as waits at full load, and some seconds of small blocks. */
const heldBytesMax = 64 * 1024 * 1024
const heldMax = 8_192

export interface FlushOptions {
  readonly directory: string
  readonly chain: Uint8Array
  readonly kind: ContentKind
  readonly tables: TableGroup
  /** None where nothing need survive: then everything goes at once. */
  readonly ahead: WriteAhead | undefined
  /** How much waits in the file ahead before it goes to LMDB. */
  readonly aheadBytesMax: number
  /** Many small ones take as long to be gone over after a crash as few large ones. */
  readonly waitingMax: number
  readonly threadBytesMin: number
}

export interface Flush {
  /** Before the next write goes ahead: sees to it that it finds room. Throws a StoreError when LMDB cannot be written. */
  makeRoom(): void
  /** The write was taken, with so many bytes of it. */
  took(bytes: number): void
  /**
   * Before the next write, all up to here is on its way to LMDB, and nothing behind it: `reached` hears when it is there. LMDB
   * stays so until `goOn` is called, or too much waits for it.
   */
  bring(reached: (goOn: () => void) => void): void
  close(): void
}

export function flushing(options: FlushOptions): Flush {
  const { directory, kind, chain, tables, ahead, aheadBytesMax, waitingMax, threadBytesMin } = options
  let flusher: Flusher | undefined
  /** Bytes that wait for LMDB where no file ahead counts them. */
  let waitingBytes = 0
  /** Who wants to hear of what is taken next to LMDB, and who of what is on its way. */
  let wanted: ((goOn: () => void) => void) | undefined
  let expected: typeof wanted
  /** For whom LMDB stays where it is. */
  let held: object | undefined

  function committed(): void {
    tables.forgetAged()
    ahead?.release()
    arrived()
  }

  function arrived(): void {
    const told = expected
    expected = undefined
    if (!told) return
    const hold = {}
    held = hold
    told(() => {
      if (held === hold) held = undefined
    })
  }

  function settle(): Standing {
    const standing = flusher?.settled() ?? 'idle'
    if (standing === 'committed') committed()
    return standing
  }

  function finish(): void {
    if (settle() !== 'under-way') return
    flusher?.finish()
    committed()
  }

  function flushAll(): void {
    tables.flush()
    ahead?.restart()
    waitingBytes = 0
  }

  function begin(): void {
    flusher ??= startFlusher({ directory, kind, chain, tables: tables.names })
    if (!tables.hasAged) {
      tables.age()
      ahead?.turn()
    }
    flusher.begin(tables.aged())
  }

  return {
    makeRoom() {
      // What failed in the thread is tried again, before more ages.
      if (settle() === 'idle' && tables.hasAged) begin()
      const used = ahead?.usedBytes ?? waitingBytes
      if (held && used < heldBytesMax && tables.waiting < heldMax) return
      held = undefined
      if (!wanted && used < aheadBytesMax && tables.waiting < waitingMax) return
      finish()
      expected = wanted
      wanted = undefined
      if (!ahead || used < threadBytesMin || !ahead.canTurn) {
        flushAll()
        arrived()
      } else begin()
    },
    took(bytes) {
      waitingBytes += bytes
      flusher?.advance(sliceBytesMin + slicePerByte * bytes)
    },
    bring(reached) {
      wanted = reached
    },
    close() {
      flusher?.close()
    },
  }
}
