/** Keys that come in any order, and are walked in theirs. */

export class KeysInOrder<Key extends number | string> {
  /**
   * In runs each of which rises, and those that came since the last walk. Each run is more than twice as long as the next,
   * so a walk looks into few of them, and a key is sorted into a longer run as few times.
   */
  private runs: (readonly Key[])[] = []
  private added: Key[] = []

  /** A key that is not there yet. */
  add(key: Key): void {
    this.added.push(key)
  }

  /** Of the keys from `start` up to and without `end`, leaves the others out. */
  keep(isKept: (key: Key) => boolean, start?: Key, end?: Key): void {
    this.takeAdded()
    this.runs = this.runs
      .map((run) => {
        const [from, to] = placesOf(run, start, end)
        return from === to ? run : run.slice(0, from).concat(run.slice(from, to).filter(isKept), run.slice(to))
      })
      .filter(({ length }) => length > 0)
  }

  /**
   * The keys from `start`, or the first, up to and without `end`, in order. Most walks are narrow, and come with every
   * block: they look into each run, and leave the long ones apart.
   */
  within(start?: Key, end?: Key): readonly Key[] {
    this.takeAdded()
    if (start === undefined && end === undefined) {
      if (this.runs.length > 1) this.runs = [merged(this.runs)]
      return this.runs[0] ?? []
    }
    return merged(this.runs.map((run) => run.slice(...placesOf(run, start, end))))
  }

  private takeAdded(): void {
    if (this.added.length === 0) return
    let run: readonly Key[] = this.added.sort(inOrder)
    this.added = []
    for (let last = this.runs.at(-1); last && last.length <= 2 * run.length; last = this.runs.at(-1)) {
      this.runs.pop()
      run = merged([last, run])
    }
    this.runs.push(run)
  }
}

/** Where the keys from `start` up to and without `end` stand. */
function placesOf<Key extends number | string>(
  run: readonly Key[],
  start: Key | undefined,
  end: Key | undefined,
): readonly [number, number] {
  return [start === undefined ? 0 : firstNotBelow(run, start), end === undefined ? run.length : firstNotBelow(run, end)]
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
