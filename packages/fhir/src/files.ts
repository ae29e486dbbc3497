import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip, createZstdDecompress, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { type JsonLimits, jsonLimits, no, ok, type Result } from '@plexus/codec'
import { type ReadEntries, readBundle } from './entries.ts'
import { readLines } from './lines.ts'
import type { Refusal } from './refusals.ts'

/** Endings of files that hold FHIR JSON or NDJSON, as `readSampleFile` knows them. */
export const chartFileEndings: readonly string[] = ['.json', '.ndjson'].flatMap((ending) => [
  ending,
  `${ending}.gz`,
  `${ending}.zst`,
])

/**
 * Reads a file of FHIR: `.json` (a bundle or one resource, yielded as one) or `.ndjson` (yielded in batches), each also
 * packed as `.gz` or `.zst`. Never throws for what the file holds; a file that cannot be read yields one refusal.
 * Unpacking stops at the limits, whatever the packed size promises.
 */
export async function* readSampleFile(
  path: string,
  limits: Partial<JsonLimits> = {},
): AsyncGenerator<Result<ReadEntries, Refusal>> {
  const ending = chartFileEndings.toSorted((a, b) => b.length - a.length).find((known) => path.endsWith(known))
  if (ending === undefined) {
    yield no(unreadable(`a file ending in ${chartFileEndings.join(', ')}`, 'another ending'))
  } else if (ending.startsWith('.json')) yield await readWhole(path, ending, limits)
  else yield* readStreamed(path, ending, limits)
}

async function readWhole(
  path: string,
  ending: string,
  limits: Partial<JsonLimits>,
): Promise<Result<ReadEntries, Refusal>> {
  const bytesMax = limits.bytesMax ?? jsonLimits.bytesMax
  let bytes: Uint8Array
  try {
    const { size } = await stat(path)
    if (size > bytesMax) return no(tooLarge(bytesMax))
    const packed = await readFile(path)
    bytes = new Uint8Array(unpack(packed, ending, bytesMax))
  } catch (error) {
    const code = codeOf(error)
    return no(
      code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(bytesMax) : unreadable('a file that can be opened and unpacked', code),
    )
  }
  return readBundle(bytes, limits)
}

function unpack(packed: Buffer, ending: string, maxOutputLength: number): Buffer {
  if (ending.endsWith('.gz')) return gunzipSync(packed, { maxOutputLength })
  if (ending.endsWith('.zst')) return zstdDecompressSync(packed, { maxOutputLength })
  return packed
}

async function* readStreamed(
  path: string,
  ending: string,
  limits: Partial<JsonLimits>,
): AsyncGenerator<Result<ReadEntries, Refusal>> {
  const file = createReadStream(path)
  const unpacker = ending.endsWith('.gz')
    ? createGunzip()
    : ending.endsWith('.zst')
      ? createZstdDecompress()
      : undefined
  // The error of either stream reaches the reader of the last one; `pipeline` wants its callback all the same.
  const chunks: Readable = unpacker === undefined ? file : (pipeline(file, unpacker, () => {}) as unknown as Readable)
  try {
    for await (const batch of readLines(chunks, limits)) yield ok(batch)
  } catch (error) {
    yield no(unreadable('a file that can be opened and unpacked', codeOf(error)))
  }
}

/** The code of a system or zlib error; its message would name the path, and a path may name a patient. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'damaged data'
}

function tooLarge(bytesMax: number): Refusal {
  return { type: 'too-large', where: 'file', path: '', expected: `at most ${bytesMax} bytes`, came: 'more' }
}

function unreadable(expected: string, came: string): Refusal {
  return { type: 'unreadable', where: 'file', path: '', expected, came }
}
