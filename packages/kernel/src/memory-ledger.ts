/** A ledger in memory under the kernel's port: for simulations and tests, and gone with its process. */
import { toHex } from '@plexus/codec'
import type { AppliedBlock, LedgerReader, Tip } from './ledger.ts'
import type { Machine } from './machine.ts'
import { PastStates, type TreeState } from './past-states.ts'

export interface MemoryLedger {
  /** Always reads the newest block; a walk must end before the next block is committed. */
  readonly reader: LedgerReader
  /** The state after the block of this height: none is forgotten. */
  stateAt(height: number): TreeState | undefined
  /** Takes over what `machine.apply` answered for a block on this ledger's tip. */
  commit(applied: AppliedBlock): void
}

/** A founded ledger. */
export function memoryLedger(machine: Pick<Machine, 'found'>): MemoryLedger {
  const entries = new SortedEntries()
  const tiles = new Map<string, Uint8Array>()
  const past = new PastStates(0, {
    heightsMax: Number.MAX_SAFE_INTEGER,
    heightsMin: 1,
    bytesMax: Number.MAX_SAFE_INTEGER,
  })
  /** Ids in hexadecimal by the second at which the envelope ends. */
  const accepted = new Map<number, Set<string>>()
  let tip: Tip | undefined

  const commit = (applied: AppliedBlock): void => {
    if (applied.tip.height !== (tip === undefined ? 0 : tip.height + 1))
      throw new Error(`block ${applied.tip.height} does not follow ${tip?.height}`)
    if (applied.tip.height > 0)
      past.take(applied.tip.height, {
        tiles: applied.tiles,
        values: applied.changes.map(({ key }) => [key, entries.get(key) ?? null]),
      })
    for (const { key, value } of applied.changes) {
      if (value) entries.set(key, value)
      else entries.delete(key)
    }
    for (const { place, tile } of applied.tiles) {
      if (tile) tiles.set(place, tile)
      else tiles.delete(place)
    }
    for (const envelope of applied.envelopes) {
      if (!envelope.accepted) continue
      const ids = accepted.get(envelope.validUntil) ?? new Set()
      accepted.set(envelope.validUntil, ids.add(toHex(envelope.id)))
    }
    for (const end of accepted.keys()) if (end < applied.tip.time) accepted.delete(end)
    tip = applied.tip
  }
  commit(machine.found())

  const reader: LedgerReader = {
    get: (key) => entries.get(key),
    entries: (prefix) => entries.withPrefix(prefix),
    tile: (place) => tiles.get(place),
    wasAccepted: (id, validUntil) => accepted.get(validUntil)?.has(toHex(id)) ?? false,
    tip: () => tip,
  }
  return {
    reader,
    stateAt: (height) => past.at(height, reader),
    commit,
  }
}

/** Short enough that an insertion moves little, long enough that the list of runs stays short with a million keys. */
const runLengthMax = 512

/** Values by key, with the keys in rising order in runs. */
class SortedEntries {
  private readonly values = new Map<string, Uint8Array>()
  /** No run is empty, except the only one of an empty map. */
  private readonly runs: string[][] = [[]]

  get(key: string): Uint8Array | undefined {
    return this.values.get(key)
  }

  set(key: string, value: Uint8Array): void {
    const known = this.values.has(key)
    this.values.set(key, value)
    if (known) return
    const at = this.runOf(key)
    const run = this.runs[at] as string[]
    run.splice(firstNotBelow(run, key), 0, key)
    if (run.length > runLengthMax) this.runs.splice(at + 1, 0, run.splice(runLengthMax / 2))
  }

  delete(key: string): void {
    if (!this.values.delete(key)) return
    const at = this.runOf(key)
    const run = this.runs[at] as string[]
    run.splice(firstNotBelow(run, key), 1)
    if (run.length === 0 && this.runs.length > 1) this.runs.splice(at, 1)
  }

  *withPrefix(prefix: string): Iterable<readonly [string, Uint8Array]> {
    for (let at = this.runOf(prefix); at < this.runs.length; at++) {
      const run = this.runs[at] as string[]
      for (let index = firstNotBelow(run, prefix); index < run.length; index++) {
        const key = run[index] as string
        if (!key.startsWith(prefix)) return
        yield [key, this.values.get(key) as Uint8Array]
      }
    }
  }

  /** The last run that begins at or below the key, or the first. */
  private runOf(key: string): number {
    let low = 0
    let high = this.runs.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.runs[middle]?.[0] as string) <= key) low = middle
      else high = middle - 1
    }
    return low
  }
}

function firstNotBelow(run: readonly string[], key: string): number {
  let low = 0
  let high = run.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((run[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}
