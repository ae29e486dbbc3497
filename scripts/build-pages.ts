/**
 * `npm run pages`: builds the web application and its worker into a cache that Git does not see, compresses them, and writes
 * the manifest that names each file by its SHA-256. `--if-stale` does nothing where the same sources were built before. The bundle is a
 * function of the sources and the lock file: the same everywhere.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import { type BuildOptions, build } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
const source = join(root, 'apps', 'web')
export const pagesFolder = join(root, 'node_modules', '.cache', 'plexus-pages')
const manifestFile = join(pagesFolder, 'bundle.cbor')
const stampFile = join(pagesFolder, 'sources.sha256')

/** What the bundle is made of, the tests of it aside. */
const inputs = ['apps/web', 'package-lock.json', 'scripts/build-pages.ts', 'packages'] as const
const isInput = (file: string): boolean =>
  !/(?:^|\/)node_modules\//.test(file) && !/\.(?:test|testing)\.tsx?$/.test(file) && !/\.md$/.test(file)
/** Fonts are compressed already. */
const compressible = /\.(?:css|html|js|json|svg|webmanifest)$/

function filesIn(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
    entry.name === 'node_modules' ? [] : filesIn(join(path, entry.name)),
  )
}

const named = (folder: string, file: string): string => relative(folder, file).split(sep).join('/')
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

/** One hash over the names and hashes of all inputs. */
function stampOf(): string {
  const files = inputs
    .flatMap((path) => filesIn(join(root, path)))
    .map((file) => [named(root, file), file] as const)
    .filter(([name]) => isInput(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256(files.map(([name, file]) => `${name} ${sha256(readFileSync(file))}\n`).join(''))
}

/** Builds unless what was built is of the same sources. */
export async function buildPages({ ifStale }: { readonly ifStale: boolean }): Promise<void> {
  const stamp = stampOf()
  if (ifStale && existsSync(manifestFile) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  rmSync(pagesFolder, { recursive: true, force: true })
  // The policy of the pages lets in no script but files: what small assets would be put in place of is named anyway.
  await buildOne({ assetsInlineLimit: 0, modulePreload: { polyfill: false } })
  // A worker is one file at an address that stays, and shares nothing with the pages that it watches over.
  const worker = join(source, 'src', 'worker', 'worker.ts')
  const lib = { entry: worker, formats: ['iife' as const], name: 'plexusWorker', fileName: () => 'worker.js' }
  await buildOne({ lib, copyPublicDir: false })
  // Node warns of a question of WebCrypto that a library below asks as it loads: nobody who starts this can do anything about it.
  process.removeAllListeners('warning')
  const { encode, fromHex } = await import('@plexus/codec')
  const { pageBundle } = await import('@plexus/policy')
  const files = filesIn(pagesFolder)
    .map((file) => {
      const bytes = readFileSync(file)
      return { path: named(pagesFolder, file), sha256: fromHex(sha256(bytes)), bytes: bytes.length }
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  for (const { path } of files) {
    if (!compressible.test(path)) continue
    const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }
    writeFileSync(join(pagesFolder, `${path}.br`), brotliCompressSync(readFileSync(join(pagesFolder, path)), options))
  }
  writeFileSync(manifestFile, encode(pageBundle, { files }))
  // Last: what is there without it is built again.
  writeFileSync(stampFile, stamp)
}

async function buildOne(options: BuildOptions): Promise<void> {
  await build({
    root: source,
    configFile: false,
    logLevel: 'warn',
    base: '/',
    build: {
      outDir: pagesFolder,
      emptyOutDir: false,
      target: 'es2023',
      sourcemap: false,
      reportCompressedSize: false,
      rolldownOptions: {
        onLog(level, log, handle) {
          // Mantine marks its files for servers that render React; here nothing does.
          if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handle(level, log)
        },
      },
      ...options,
    },
  })
}

if (import.meta.main) await buildPages({ ifStale: process.argv.includes('--if-stale') })
