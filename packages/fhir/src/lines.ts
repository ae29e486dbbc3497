import { type JsonLimits, jsonLimits } from '@plexus/codec'
import { type ReadEntries, type ResourceEntry, readResource } from './entries.ts'
import type { Refusal } from './refusals.ts'

/** The largest single resources (a document with an attachment) take a few MB. */
export const lineBytesMax = 16 * 1024 * 1024
/** Lines handed on at once: enough to spread the cost of a step, little enough to hold. */
const linesPerBatch = 512

/**
 * Reads NDJSON, one resource a line, from chunks of any size. Memory is bounded by one line and one batch: a longer line
 * is refused and skipped. Empty lines are passed over, but counted.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  limits: Partial<JsonLimits> = {},
): AsyncGenerator<ReadEntries> {
  const bytesMax = Math.min(limits.bytesMax ?? lineBytesMax, jsonLimits.bytesMax)
  let entries: ResourceEntry[] = []
  let refused: Refusal[] = []
  for await (const { number, bytes } of linesOf(chunks, bytesMax)) {
    const where = `line ${number}`
    if (bytes === undefined) refused.push(tooLong(where, bytesMax))
    else if (!isBlank(bytes)) {
      const read = readResource(bytes, where, { ...limits, bytesMax })
      if (read.ok) entries.push(read.value.entry)
      else refused.push(read.reason)
    }
    if (entries.length + refused.length >= linesPerBatch) {
      yield { entries, refused }
      entries = []
      refused = []
    }
  }
  if (entries.length + refused.length > 0) yield { entries, refused }
}

interface Line {
  /** From 1. */
  readonly number: number
  /** A copy of its own, without the line end; undefined when the line was too long. */
  readonly bytes: Uint8Array | undefined
}

const newline = 0x0a

async function* linesOf(chunks: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Line> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  let number = 1
  const take = (): Line => {
    const bytes = heldBytes > bytesMax ? undefined : new Uint8Array(Buffer.concat(held))
    held = []
    heldBytes = 0
    return { number: number++, bytes }
  }
  for await (const chunk of chunks) {
    let start = 0
    while (start < chunk.length) {
      const end = chunk.indexOf(newline, start)
      const part = chunk.subarray(start, end < 0 ? chunk.length : end)
      heldBytes += part.length
      // Beyond the limit the bytes are only counted, never held.
      if (heldBytes <= bytesMax) held.push(part)
      else held = []
      if (end < 0) break
      yield take()
      start = end + 1
    }
  }
  if (heldBytes > 0) yield take()
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)
}

function tooLong(where: string, bytesMax: number): Refusal {
  return { type: 'too-large', where, path: '', expected: `a line of at most ${bytesMax} bytes`, came: 'a longer one' }
}
