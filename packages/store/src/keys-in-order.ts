/** Keys that come in any order, and are walked in theirs. */

/** Runs of one walk: beyond, they are sorted into one. */
const runsMax = 64

export class KeysInOrder<Key extends number | string> {
  /** In runs each of which rises, and those that came since the last walk. */
  private runs: (readonly Key[])[] = []
  private added: Key[] = []

  /** A key that is not there yet. */
  add(key: Key): void {
    this.added.push(key)
  }

  /** Leaves the others out. */
  keep(isKept: (key: Key) => boolean): void {
    this.runs = this.runs.map((run) => run.filter(isKept)).filter(({ length }) => length > 0)
    this.added = this.added.filter(isKept)
  }

  /**
   * The keys from `start`, or the first, up to and without `end`, in order. Most walks are narrow, and come with every
   * block: they look into each run, and leave the runs apart.
   */
  within(start?: Key, end?: Key): readonly Key[] {
    if (this.added.length > 0) this.runs.push(this.added.sort(inOrder))
    this.added = []
    const all = start === undefined && end === undefined
    if (this.runs.length > (all ? 1 : runsMax)) this.runs = [this.runs.flat().sort(inOrder)]
    if (all) return this.runs[0] ?? []
    return merged(
      this.runs.map((run) =>
        run.slice(
          start === undefined ? 0 : firstNotBelow(run, start),
          end === undefined ? run.length : firstNotBelow(run, end),
        ),
      ),
    )
  }
}

/** The keys of lists that rise, in order; one that is in several comes several times. */
export function merged<Key extends number | string>(lists: readonly (readonly Key[])[]): readonly Key[] {
  const found = lists.filter(({ length }) => length > 0)
  return found.length > 1 ? found.flat().sort(inOrder) : (found[0] ?? [])
}

export const inOrder = <Key extends number | string>(a: Key, b: Key): number => (a < b ? -1 : a > b ? 1 : 0)

/** Where the first key stands that is not below `key`. */
export function firstNotBelow<Key extends number | string>(keys: readonly Key[], key: Key): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as Key) < key) low = middle + 1
    else high = middle
  }
  return low
}
