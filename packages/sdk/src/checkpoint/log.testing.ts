/** A log in memory: leaves of any text, its tiles by path, and checkpoints of any size that it has had. */
import { utf8 } from '@plexus/codec'
import { merkleRoot, publicKeyOf, sha256 } from '@plexus/crypto'
import { type Checkpoint, originOf, writeCheckpoint } from './checkpoint.ts'
import { GrowingTiles } from './growing-tiles.ts'
import { type NoteKey, signNote } from './note-keys.ts'
import { writeNote } from './signed-note.ts'

export const chain = sha256(utf8('a chain'))

/** Every tile and bundle of a tree over these leaves, partial ones of this size alone. */
export function filesOf(leaves: readonly Uint8Array[]): Map<string, Uint8Array> {
  const growing = GrowingTiles.empty()
  const files = new Map<string, Uint8Array>()
  const keep = ({ path, bytes }: { readonly path: string; readonly bytes: Uint8Array }) => files.set(path, bytes)
  for (const leaf of leaves) growing.append(leaf).forEach(keep)
  growing.partial().forEach(keep)
  return files
}

export function leavesOf(size: number, name = 'leaf'): readonly Uint8Array[] {
  return Array.from({ length: size }, (_, index) => utf8(`${name} ${index}`))
}

export function logOf(member: string): { readonly key: NoteKey; sign(leaves: readonly Uint8Array[]): Uint8Array } {
  const seed = sha256(utf8(`log of ${member}`))
  const origin = originOf({ chain, member })
  return {
    key: { type: 'log', name: origin, publicKey: publicKeyOf(seed) },
    sign(leaves) {
      const checkpoint: Checkpoint = { origin, size: leaves.length, root: merkleRoot(leaves) }
      const text = writeCheckpoint(checkpoint)
      return writeNote({ text, signatures: [signNote(text, { name: origin, seed })] })
    },
  }
}
