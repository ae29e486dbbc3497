/**
 * Keys that were parsed from seeds. A seed that signs again and again is parsed once; what was parsed lives no longer than
 * the seed's own array does, so that whoever lets the seed go lets all of it go. A seed that is used once leaves nothing.
 */

interface Parsed<Key> {
  /** Of the seed when it was parsed: an array that was overwritten since holds another seed, or none. */
  readonly digest: string
  /** Made at the second use. */
  readonly key: Key | undefined
}

/** `parse` makes the key, `digestOf` says nothing about the seed and tells any two apart. */
export function parsedSeeds<Key>(
  parse: (seed: Uint8Array) => Key,
  digestOf: (seed: Uint8Array) => string,
): (seed: Uint8Array) => Key {
  const known = new WeakMap<Uint8Array, Parsed<Key>>()
  return (seed) => {
    const digest = digestOf(seed)
    const found = known.get(seed)
    const same = found?.digest === digest
    if (same && found.key !== undefined) return found.key
    const key = parse(seed)
    known.set(seed, { digest, key: same ? key : undefined })
    return key
  }
}
