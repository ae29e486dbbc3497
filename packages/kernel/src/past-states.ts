/** What recent blocks overwrote: beside the newest state it tells every state of the heights before. */
import type { StateReader } from './state.ts'
import type { TileChange, TileReader } from './state-tree.ts'

export interface PastStatesOptions {
  /** At most so many of the newest states can be told. */
  readonly heightsMax: number
  /** Fewer, when what they need takes more than this; but never fewer than `heightsMin`. */
  readonly bytesMax: number
  readonly heightsMin: number
}

/** What one block wrote over. */
export interface Overwritten {
  readonly tiles: readonly Pick<TileChange, 'before' | 'place'>[]
  readonly values: readonly (readonly [key: string, before: Uint8Array | null])[]
}

/** A newest state, or one that was. */
export type TreeState = TileReader & Pick<StateReader, 'get'>

/** The same as it is kept, with the bytes that it takes. */
export interface PastBlock extends Overwritten {
  readonly bytes: number
}

/** What a tile or a value takes in memory besides its name and its content. */
const entryBytes = 256

type Before = ReadonlyMap<string, Uint8Array | null>

export class PastStates {
  private readonly options: PastStatesOptions
  /** What the blocks above `from` wrote over, in their order. */
  private readonly kept = new Map<number, PastBlock>()
  /** By name, of the blocks of which somebody has asked for a past: most are never asked for. */
  private readonly named = new WeakMap<PastBlock, { readonly tiles: Before; readonly values: Before }>()
  private bytes = 0
  /** The first height whose state can be told. */
  from: number

  constructor(newest: number, options: PastStatesOptions) {
    this.from = newest
    this.options = options
  }

  /** Takes in what the block of this height, the next one, wrote over. */
  take(height: number, { tiles, values }: Overwritten): void {
    let bytes = 0
    for (const { place, before } of tiles) bytes += entryBytes + place.length + (before?.length ?? 0)
    for (const [key, before] of values) bytes += entryBytes + key.length + (before?.length ?? 0)
    this.kept.set(height, { tiles, values, bytes })
    this.bytes += bytes
    const { heightsMax, heightsMin, bytesMax } = this.options
    for (const [oldest, known] of this.kept) {
      const heights = this.kept.size + 1
      if (heights <= heightsMax && (this.bytes <= bytesMax || heights <= heightsMin)) break
      this.kept.delete(oldest)
      this.bytes -= known.bytes
      this.from = oldest
    }
  }

  /** What the blocks above a height wrote over, as far as it is known, in their order. */
  *above(height: number): Iterable<readonly [number, PastBlock]> {
    for (const [at, block] of this.kept) if (at > height) yield [at, block]
  }

  /** The state after the block of this height, told from the newest one; undefined when it cannot be told. */
  at(height: number, newest: TreeState): TreeState | undefined {
    const last = this.from + this.kept.size
    if (!Number.isSafeInteger(height) || height < this.from || height > last) return undefined
    const told = (
      what: 'tiles' | 'values',
      name: string,
      now: () => Uint8Array | undefined,
    ): Uint8Array | undefined => {
      for (let next = height + 1; next <= last; next++) {
        const before = this.namesOf(next)?.[what].get(name)
        if (before !== undefined) return before ?? undefined
      }
      return now()
    }
    return {
      tile: (place) => told('tiles', place, () => newest.tile(place)),
      get: (key) => told('values', key, () => newest.get(key)),
    }
  }

  private namesOf(height: number) {
    const block = this.kept.get(height)
    const known = block && this.named.get(block)
    if (!block || known) return known
    const made = {
      tiles: new Map(block.tiles.map(({ place, before }) => [place, before])),
      values: new Map(block.values),
    }
    this.named.set(block, made)
    return made
  }
}
