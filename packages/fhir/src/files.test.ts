import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleOf, bytesOf } from './charts.testing.ts'
import { chartFileEndings, readSampleFile } from './files.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plexus-files-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function readAll(name: string, bytes: Uint8Array, limits = {}) {
  writeFileSync(join(folder, name), bytes)
  const results = []
  for await (const result of readSampleFile(join(folder, name), limits)) results.push(result)
  return results
}

const bundle = bundleOf({ id: 'a', resourceType: 'Patient' } as { id: string })
const lines = bytesOf('{"resourceType":"Patient","id":"a"}\n')

test('every known ending is read to the same resource', async () => {
  for (const ending of chartFileEndings) {
    const plain = ending.startsWith('.json') ? bundle : lines
    const packed = ending.endsWith('.gz') ? gzipSync(plain) : ending.endsWith('.zst') ? zstdCompressSync(plain) : plain
    const [result, ...more] = await readAll(`good${ending}`, packed)
    expect(more).toEqual([])
    expect(result?.ok && result.value.entries.map(({ id }) => id)).toEqual(['a'])
  }
})

test('a damaged or missing file is one typed refusal that does not name it', async () => {
  for (const name of ['bad.json.gz', 'bad.json.zst', 'bad.ndjson.gz', 'bad.ndjson.zst', 'chart.pdf']) {
    const results = await readAll(name, bytesOf('not packed at all'))
    expect(results).toMatchObject([{ ok: false, reason: { type: 'unreadable' } }])
    expect(JSON.stringify(results)).not.toContain(folder)
  }
  for (const name of ['missing.json', 'missing.ndjson']) {
    const results = []
    for await (const result of readSampleFile(join(folder, name))) results.push(result)
    expect(results).toMatchObject([{ ok: false, reason: { type: 'unreadable', came: 'ENOENT' } }])
  }
})

test('a small file that unpacks to more than the limit is refused', async () => {
  const padded = new Uint8Array(1_000_000).fill(0x20)
  for (const [name, packed] of [
    ['bomb.json.gz', gzipSync(padded)],
    ['bomb.json.zst', zstdCompressSync(padded)],
  ] as const) {
    expect(await readAll(name, packed, { bytesMax: 100_000 })).toMatchObject([
      { ok: false, reason: { type: 'too-large' } },
    ])
  }
  expect(await readAll('large.json', padded, { bytesMax: 100_000 })).toMatchObject([
    { ok: false, reason: { type: 'too-large' } },
  ])
})
