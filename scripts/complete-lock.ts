/**
 * Completes package-lock.json: npm leaves optional platform packages that it cannot install here out of the lock, and
 * `npm ci` then refuses the lock it wrote (npm/cli#9846). For each name in an `optionalDependencies` without an entry
 * where Node would look for it, this adds one, as its name and range tell (the registry may not even
 * serve it). Run it after each change of dependencies.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

interface LockEntry {
  readonly version?: string
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export interface Lock {
  readonly packages: Record<string, LockEntry>
}

/** Names in an `optionalDependencies` of the lock for which Node would find no entry: `[where it would go, name, range]`. */
export function missingOptional(lock: Lock): readonly (readonly [string, string, string])[] {
  const missing: [string, string, string][] = []
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!resolves(lock, path, name)) missing.push([`node_modules/${name}`, name, range])
    }
  }
  return missing
}

/** Walks up from `path` as Node does: the nearest `node_modules` wins. */
function resolves(lock: Lock, path: string, name: string): boolean {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    const prefix = at === '' ? '' : `${at}/`
    if (lock.packages[`${prefix}node_modules/${name}`]?.version) return true
    if (at === '' || !at.includes('node_modules/')) return Boolean(lock.packages[`node_modules/${name}`]?.version)
  }
}

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'wasm32',
  'win32',
] as const
const processors = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
] as const

/** The entry of a package for another platform. The registry may not serve it, so its name and range must tell. */
export function platformEntry(name: string, range: string): LockEntry {
  const words = name.split(/[-/_.]/)
  const os = systems.filter((system) => words.includes(system))
  const cpu = processors.filter((processor) => words.includes(processor))
  return { version: range.replace(/^[^\d]*/, ''), optional: true, ...(os.length && { os }), ...(cpu.length && { cpu }) }
}

function main(): void {
  const file = fileURLToPath(new URL('../package-lock.json', import.meta.url))
  const lock = JSON.parse(readFileSync(file, 'utf8')) as Lock
  const missing = missingOptional(lock)
  for (const [where, name, range] of missing) lock.packages[where] = platformEntry(name, range)
  const packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(file, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`)
  console.log(`package-lock.json: ${missing.length} optional packages added`)
}

if (import.meta.main) main()
