/** A tree whose leaves tell by neither number nor place what they are: noise fills it to a class, and hashes order it. */
import { compareBytes, concatBytes, equalBytes, utf8 } from '@plexus/codec'
import { hmacSha256, merklePath, merkleRoot, sha256 } from '@plexus/crypto'

/** Classes as of batches: what is between them looks alike. */
const classes = [16, 64, 256, 1_024, 4_096] as const
const noiseName = utf8('plexus/v1/supply-noise\0')

export interface MixedTree {
  readonly root: Uint8Array
  readonly leaves: number
  /** Where a leaf stands, or undefined. */
  placeOf(leaf: Uint8Array): { readonly index: number; readonly path: readonly Uint8Array[] } | undefined
}

/** The tree of these leaves and noise from `seed` (32 random bytes). Throws above 4,096 leaves. */
export function mixedTree(leaves: readonly Uint8Array[], seed: Uint8Array): MixedTree {
  const size = classes.find((each) => each >= leaves.length)
  if (size === undefined) throw new RangeError(`leaves: expected at most ${classes.at(-1)}`)
  const noise = Array.from({ length: size - leaves.length }, (_, at) =>
    hmacSha256(seed, concatBytes(noiseName, Uint8Array.of(at >>> 8, at & 255))),
  )
  const ordered = [...leaves, ...noise]
    .map((leaf) => ({ leaf, hash: sha256(leaf) }))
    .sort((a, b) => compareBytes(a.hash, b.hash))
    .map(({ leaf }) => leaf)
  return {
    root: merkleRoot(ordered),
    leaves: size,
    placeOf(leaf) {
      const index = ordered.findIndex((each) => equalBytes(each, leaf))
      return index < 0 ? undefined : { index, path: merklePath(ordered, index) }
    },
  }
}
