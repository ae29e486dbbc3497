import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode, utf8 } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { pageBundle } from '@plexus/policy'
import { fastify } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { servePages } from './http/page-routes.ts'
import { openPages } from './pages.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plexus-pages-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const files = { 'index.html': '<!doctype html><title>Plexus</title>', 'assets/main-1.js': 'export {}\n' }

function build(): void {
  mkdirSync(join(folder, 'assets'))
  const named = Object.entries(files).map(([path, text]) => {
    writeFileSync(join(folder, path), text)
    return { path, sha256: sha256(utf8(text)), bytes: text.length }
  })
  writeFileSync(join(folder, 'bundle.cbor'), encode(pageBundle, { files: named }))
}

describe('the pages that a node serves', () => {
  test('are none where nothing was built', () => {
    expect(openPages(folder)).toBeUndefined()
  })

  test('are the files that the manifest names, by their hashes', () => {
    build()
    writeFileSync(join(folder, 'stranger.html'), 'not in the manifest')
    expect(openPages(folder)?.files.map(({ path }) => path)).toEqual(['index.html', 'assets/main-1.js'])
    writeFileSync(join(folder, 'assets', 'main-1.js'), 'export const other = 1\n')
    expect(() => openPages(folder)).toThrow(/is not the file that the manifest names/)
  })

  test('come under headers that let nothing run but files of this origin', async () => {
    build()
    const app = fastify()
    const pages = openPages(folder)
    if (!pages) throw new Error('nothing was built')
    let proof: Uint8Array | undefined
    servePages(app, pages, () => proof)
    const page = await app.inject('/')
    expect(page.body).toBe(files['index.html'])
    const policy = String(page.headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("require-trusted-types-for 'script'")
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    expect(page.headers).toMatchObject({
      'cache-control': 'no-cache',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
    const asset = await app.inject('/assets/main-1.js')
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable')
    const again = await app.inject({ url: '/', headers: { 'if-none-match': String(page.headers['etag']) } })
    expect(again.statusCode).toBe(304)
    for (const url of ['/assets/', '/assets/../index.html.br', '/assets/%2e%2e/pages.ts', '/stranger.html'])
      expect((await app.inject(url)).statusCode).toBe(404)
    expect((await app.inject('/bundle.cbor')).rawPayload).toEqual(Buffer.from(pages.manifest))
    expect(await app.inject('/bundle.proof')).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } })
    proof = utf8('proof')
    expect((await app.inject('/bundle.proof')).body).toBe('proof')
    await app.close()
  })
})
