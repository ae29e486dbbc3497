/** The files of this repository, as the tidy test reads them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Not ours to keep tidy: what npm, Git and the demonstration write, as .gitignore names it. */
const leftOut = new Set(['node_modules', '.git', 'coverage', 'data'])

/** Paths from the root, with slashes, in byte order. */
export const files: readonly string[] = walk(root)
  .map((file) => relative(root, file).split(sep).join('/'))
  .sort()

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return leftOut.has(entry.name) ? [] : walk(path)
    return [path]
  })
}

export const read = (file: string): string => readFileSync(join(root, file), 'utf8')
export const exists = (file: string): boolean => existsSync(join(root, file))

export interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly overrides?: Readonly<Record<string, string>>
}

/** A package or an app: its folder from the root, its short name, and its package.json. */
export interface Workspace {
  readonly folder: string
  readonly name: string
  readonly manifest: Manifest
}

const readManifest = (file: string): Manifest => JSON.parse(read(file)) as Manifest

export const rootManifest: Manifest = readManifest('package.json')

export const workspaces: readonly Workspace[] = files
  .filter((file) => /^(?:packages|apps)\/[^/]+\/package\.json$/.test(file))
  .map((file) => {
    const manifest = readManifest(file)
    return { folder: dirname(file), name: manifest.name.replace('@plexus/', ''), manifest }
  })

export const isTest = (file: string): boolean => /\.(?:test|testing)\.ts$/.test(file)
export const typescript: readonly string[] = files.filter((file) => /\.tsx?$/.test(file))

/** The sources of a package or app, templates for new files aside. */
export function sourcesOf({ folder }: Pick<Workspace, 'folder'>): readonly string[] {
  return typescript.filter((file) => file.startsWith(`${folder}/`) && !file.includes('/_template/'))
}
