/**
 * `npm run pages`: builds the web application into a cache that Git does not see, compresses it, and writes the manifest
 * that names each file by its SHA-256. `--if-stale` does nothing where the same sources were built before. The bundle is a
 * function of the sources and the lock file: the same everywhere.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import { build } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
const source = join(root, 'apps', 'web')
export const pagesFolder = join(root, 'node_modules', '.cache', 'plexus-pages')
const manifestFile = join(pagesFolder, 'bundle.json')
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
  await build({
    root: source,
    configFile: false,
    logLevel: 'warn',
    base: '/',
    build: {
      outDir: pagesFolder,
      emptyOutDir: true,
      target: 'es2023',
      sourcemap: false,
      // The policy of the pages lets in no script but files: what small assets would be put in place of is named anyway.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rolldownOptions: {
        onLog(level, log, handle) {
          // Mantine marks its files for servers that render React; here nothing does.
          if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handle(level, log)
        },
      },
    },
  })
  const files = filesIn(pagesFolder)
    .map((file) => {
      const bytes = readFileSync(file)
      return { path: named(pagesFolder, file), sha256: sha256(bytes), bytes: bytes.length }
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  for (const { path } of files) {
    if (!compressible.test(path)) continue
    const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }
    writeFileSync(join(pagesFolder, `${path}.br`), brotliCompressSync(readFileSync(join(pagesFolder, path)), options))
  }
  writeFileSync(manifestFile, `${JSON.stringify({ version: 1, files })}\n`)
  // Last: what is there without it is built again.
  writeFileSync(stampFile, stamp)
}

if (import.meta.main) await buildPages({ ifStale: process.argv.includes('--if-stale') })
