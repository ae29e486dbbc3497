/** Flips a bit of one wrapped data key in the files of a node's key store, as a disk does that nobody looks at. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Behind the record's id stand scope and epoch, which only name a key, and then 60 bytes of nonce, key and tag. */
const headBytes = 20
const wrappedBytes = 60

/** To be called while no process has the files open. False when the record's key is in none of them. */
export function flipWrappedKey(folder: string, record: Uint8Array, pick: (below: number) => number): boolean {
  const [at, bit] = [record.length + headBytes + pick(wrappedBytes), 1 << pick(8)]
  let flipped = false
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    if (!statSync(path).isFile()) continue
    const bytes = readFileSync(path)
    // Pages that LMDB has freed hold older copies, and one of them may be the newest after all.
    for (let place = bytes.indexOf(record); place >= 0; place = bytes.indexOf(record, place + 1)) {
      if (place + at >= bytes.length) continue
      bytes[place + at] = (bytes[place + at] as number) ^ bit
      flipped = true
    }
    if (flipped) writeFileSync(path, bytes)
  }
  return flipped
}
