/** Leaves of the state tree, gathered by how their paths begin, in files once they are many: a tree is made a part at a time. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TreeLeaf } from '@plexus/kernel'

/** By the first byte of the path: two levels of tiles. A million entries make four thousand leaves of each. */
const parts = 256
const hashLength = 32
const leafLength = 2 * hashLength
/** What each part gathers before it goes to its file. */
const roomBytes = 1024 * leafLength

export class LeafHeap {
  private readonly directory: string
  private readonly rooms = Array.from({ length: parts }, () => Buffer.allocUnsafeSlow(roomBytes))
  private readonly used = new Uint32Array(parts)

  constructor(directory: string) {
    this.directory = directory
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  }

  add({ path, valueHash }: TreeLeaf): void {
    const part = path[0] as number
    const room = this.rooms[part] as Buffer
    const at = this.used[part] as number
    room.set(path, at)
    room.set(valueHash, at + hashLength)
    this.used[part] = at + leafLength
    if (at + leafLength < roomBytes) return
    appendFileSync(this.fileOf(part), room, { mode: 0o600 })
    this.used[part] = 0
  }

  /** All leaves, those that begin alike together. */
  *parts(): Iterable<readonly TreeLeaf[]> {
    for (let part = 0; part < parts; part++) {
      const file = this.fileOf(part)
      const stored = existsSync(file) ? readFileSync(file) : new Uint8Array(0)
      yield [...leavesIn(stored), ...leavesIn((this.rooms[part] as Buffer).subarray(0, this.used[part]))]
    }
  }

  drop(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }

  private fileOf(part: number): string {
    return join(this.directory, String(part))
  }
}

function* leavesIn(bytes: Uint8Array): Iterable<TreeLeaf> {
  for (let at = 0; at < bytes.length; at += leafLength)
    yield {
      path: Uint8Array.from(bytes.subarray(at, at + hashLength)),
      valueHash: Uint8Array.from(bytes.subarray(at + hashLength, at + leafLength)),
    }
}
