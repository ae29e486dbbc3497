/** The leaves of a tile of level 0, each behind its length in two bytes, big-endian (C2SP tlog-tiles, "Log entries"). */
import { equalBytes, no, ok, type Result } from '@plexus/codec'
import { merkleLeafHash } from '@plexus/crypto'
import { tileWidth } from './tile-ids.ts'
import { hashesIn } from './tile-tree.ts'

/** What two bytes of length can say. */
const entryBytesMax = 0xffff

export type BundleMismatch =
  | { readonly type: 'bundle-malformed'; readonly entry: number }
  /** The entry is not the one whose hash stands in the tile. */
  | { readonly type: 'bundle-differs'; readonly entry: number }

export function writeEntries(entries: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const entry of entries) length += 2 + entry.length
  const bundle = new Uint8Array(length)
  let at = 0
  for (const entry of entries) {
    if (entry.length > entryBytesMax) throw new Error('an entry is longer than two bytes can say')
    bundle[at] = entry.length >>> 8
    bundle[at + 1] = entry.length & 255
    bundle.set(entry, at + 2)
    at += 2 + entry.length
  }
  return bundle
}

/** The entries of a bundle, each checked against its hash in the tile, which must be checked before. */
export function readEntries(bundle: Uint8Array, tile: Uint8Array): Result<readonly Uint8Array[], BundleMismatch> {
  const hashes = hashesIn(tile)
  const entries: Uint8Array[] = []
  let at = 0
  for (const [entry, hash] of hashes.entries()) {
    const start = at + 2
    const end = start + (bundle[at] ?? 0) * 256 + (bundle[at + 1] ?? 0)
    if (entry >= tileWidth || end > bundle.length) return no({ type: 'bundle-malformed', entry })
    const bytes = bundle.slice(start, end)
    if (!equalBytes(merkleLeafHash(bytes), hash)) return no({ type: 'bundle-differs', entry })
    entries.push(bytes)
    at = end
  }
  return at === bundle.length ? ok(entries) : no({ type: 'bundle-malformed', entry: hashes.length })
}
