/** The member's public log against its own replica: what was signed is what the ledger holds, and every tile says so. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode, equalBytes, fromUtf8, utf8 } from '@plexus/codec'
import { blockSummary } from '@plexus/kernel'
import { GrowingTiles, openCheckpoint, readCheckpoint, type TileFile, writeNoteKey } from '@plexus/sdk'
import type { MemberNode } from '../member-node.ts'
import { Check } from './findings.ts'

export function checkCheckpoints(
  { layout, store, checkpoints }: Pick<MemberNode, 'checkpoints' | 'layout' | 'store'>,
  onBlock: (height: number) => void,
): Check {
  const check = new Check('checkpoints')
  const read = (path: string): Uint8Array | undefined => {
    const file = join(layout.checkpoints, path)
    return existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined
  }
  const key = read('vkey')
  if (key && !equalBytes(key, utf8(`${writeNoteKey(checkpoints.key)}\n`)))
    check.found('checkpoints/vkey', 'is of another log')
  const note = read('checkpoint')
  check.facts['blocks'] = 0
  // Not signed yet, or put back from a backup: it is made again at the next start.
  if (!note) return check
  const opened = openCheckpoint(note, checkpoints.key)
  if (!opened.ok) {
    check.found('checkpoints/checkpoint', 'is damaged, or not signed by this log')
    return check
  }
  const { size, root } = opened.value
  check.facts['blocks'] = size
  const last = readCheckpoint(fromUtf8(read('last-signed') ?? new Uint8Array(0)) ?? '')
  if (!last.ok) check.found('checkpoints/last-signed', 'is missing or damaged')
  else if (last.value.size < size || (last.value.size === size && !equalBytes(last.value.root, root)))
    check.found('checkpoints/last-signed', 'denies the checkpoint that is published')
  if (size > (store.tip()?.height ?? 0)) {
    check.found('checkpoints/checkpoint', `is over ${size} blocks, and the ledger has fewer`)
    return check
  }
  if (size > 0 && !equalBytes(store.proveBlock(size, size)?.root ?? new Uint8Array(0), root))
    check.found('checkpoints/checkpoint', `signs other blocks than the first ${size} of the ledger`)
  compareTiles(size)
  return check

  function compareTiles(blocks: number): void {
    const tiles = GrowingTiles.empty()
    for (let height = 1; height <= blocks; height++) {
      onBlock(height)
      const summary = store.summary(height)
      // Told by the check of the ledger.
      if (!summary) return
      for (const file of tiles.append(encode(blockSummary, summary))) compare(file)
    }
    for (const file of tiles.partial()) compare(file)
  }

  function compare({ path, bytes }: TileFile): void {
    check.add('tiles')
    const there = read(path)
    if (!there) check.found(`checkpoints/${path}`, 'is missing: it is made again at the next start')
    else if (!equalBytes(there, bytes)) check.found(`checkpoints/${path}`, 'is not made of these blocks')
  }
}
