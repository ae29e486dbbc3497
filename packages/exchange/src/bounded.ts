/** A memory of what is dear to find, of at most `countMax` entries: the oldest goes first. */
export function bounded<Key, Value>(countMax: number) {
  const values = new Map<Key, Value>()
  return {
    get: (key: Key): Value | undefined => values.get(key),
    /** Keeps a value and gives it back; what is undefined was not found, and is looked for again. */
    keep<Given extends Value | undefined>(key: Key, value: Given): Given {
      if (value === undefined) return value
      if (values.size >= countMax && !values.has(key)) {
        const oldest = values.keys().next()
        if (!oldest.done) values.delete(oldest.value)
      }
      values.set(key, value)
      return value
    },
  }
}
