/** What a process holds, after a forced collection: what stays is what somebody keeps. */
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface Held {
  /** Objects, and what lies outside the heap on their behalf. */
  readonly heapAndExternalBytes: number
  /** Resident and not backed by a file; the same as `residentBytes` where the system does not tell them apart. */
  readonly privateBytes: number
  /** With pages of mapped files, which the system takes back when it needs them. */
  readonly residentBytes: number
}

let collect: (() => void) | undefined

export function heldNow(): Held {
  if (!collect) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  // Buffers whose owners a collection took are given back behind it, and counted until the next one has waited for that.
  collect()
  collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heapAndExternalBytes: heapUsed + external, privateBytes: privateBytes() ?? rss, residentBytes: rss }
}

/** proc(5), `RssAnon`. */
function privateBytes(): number | undefined {
  try {
    const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
  } catch {
    return undefined
  }
}
