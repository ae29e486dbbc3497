/**
 * `npm run new:contract NAME`: a contract that works, from packages/contracts/src/_template: its folder, its line in
 * the list of contracts and in the list of worlds, and its first vectors. A refused name writes nothing.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** What the kernel allows in an envelope, and what makes a folder and an identifier. */
const namePattern = /^[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*$/
const nameLengthMax = 40

/** `kernel` is the space of the kernel's own codes and state; the others are words of the language, or of index.ts. */
const reserved = new Set(
  (
    'kernel register arguments await break case catch class const continue debugger default delete do else enum eval ' +
    'export extends false finally for function if implements import in instanceof interface let new null package ' +
    'private protected public return static super switch this throw true try typeof var void while with yield'
  ).split(' '),
)

/** The width at which Biome breaks a list. */
const lineWidth = 120

/** Why a name is refused, or undefined. `root` is the root of the repository. */
export async function refusalOf(name: string, root: string): Promise<string | undefined> {
  if (!namePattern.test(name) || name.length > nameLengthMax)
    return `a name is lower-case words joined by hyphens, at most ${nameLengthMax} characters, such as supply-chain`
  if (reserved.has(name)) return `${name} is reserved`
  const door = join(root, 'packages/contracts/src/index.ts')
  const exported = (await import(pathToFileURL(door).href)) as Readonly<Record<string, unknown>>
  const taken = [join(root, 'packages/contracts/src', name), vectorsOf(name, root)].find(existsSync)
  if (taken) return `${relative(root, taken)} already exists`
  if (identifierOf(name) in exported) return `${relative(root, door)} already exports ${identifierOf(name)}`
  return undefined
}

/** Writes the contract and returns the paths of all files that were written, from the root. */
export function createContract(name: string, root: string): readonly string[] {
  const template = join(root, 'packages/contracts/src/_template')
  const folder = join(root, 'packages/contracts/src', name)
  const fill = (file: string) => filled(readFileSync(join(template, file), 'utf8'), name)
  const written: string[] = []
  const write = (path: string, content: string) => {
    writeFileSync(path, content)
    written.push(relative(root, path))
  }
  mkdirSync(folder)
  for (const file of readdirSync(template).sort())
    write(file === 'vectors.json' ? vectorsOf(name, root) : join(folder, file), fill(file))
  const door = join(root, 'packages/contracts/src/index.ts')
  const worlds = join(root, 'packages/contracts/src/worlds.testing.ts')
  write(door, withContract(readFileSync(door, 'utf8'), name))
  write(worlds, withWorld(readFileSync(worlds, 'utf8'), name))
  return written
}

function vectorsOf(name: string, root: string): string {
  return join(root, 'vectors/contracts', `${name}.json`)
}

/** supply-chain becomes supplyChain. */
function identifierOf(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function filled(content: string, name: string): string {
  const identifier = identifierOf(name)
  const typeName = identifier.slice(0, 1).toUpperCase() + identifier.slice(1)
  return content
    .replace(/\bNAME\b/g, name)
    .replace(/\bidentifier\b/g, identifier)
    .replace(/\bIdentifier/g, typeName)
}

/** index.ts with the contract imported, exported, and last in the list. */
function withContract(source: string, name: string): string {
  const identifier = identifierOf(name)
  const from = `'./${name}/index.ts'`
  const lines = inserted(
    inserted(source.split('\n'), 'import', `import { ${identifier} } from ${from}`),
    'export',
    `export * from ${from}`,
  )
  return lines
    .join('\n')
    .replace(/^(export const contracts: [^=]*= )\[([^\]]*)\]/m, (_, start: string, list: string) => {
      const items = [...list.split(',').map((item) => item.trim()), `register(${identifier})`].filter(
        (item) => item !== '',
      )
      const short = `${start}[${items.join(', ')}]`
      return short.length <= lineWidth ? short : `${start}[\n${items.map((item) => `  ${item},\n`).join('')}]`
    })
}

/** worlds.testing.ts with the contract's world imported, and last in the list. */
function withWorld(source: string, name: string): string {
  const identifier = identifierOf(name)
  const line = `import { contractWorld as ${identifier} } from './${name}/world.testing.ts'`
  const item = identifier === name ? `  ${identifier},\n` : `  '${name}': ${identifier},\n`
  return inserted(source.split('\n'), 'import', line)
    .join('\n')
    .replace(/^(const worlds: [^=]*= \{\n[^}]*)\}/m, (_, start: string) => `${start}${item}}`)
}

/** The line among those of its kind that name a local file, in the order of their paths, which Biome compares by folder. */
function inserted(lines: readonly string[], kind: 'import' | 'export', line: string): readonly string[] {
  const pathOf = (of: string) => new RegExp(`^${kind} .*from '(\\./[^']+)'`).exec(of)?.[1]
  const path = pathOf(line) as string
  const local = lines.flatMap((each, index) => {
    const other = pathOf(each)
    return other === undefined ? [] : [{ other, index }]
  })
  // No character of a name comes before this one.
  const folders = (of: string) => of.replaceAll('/', '\0')
  const next = local.find(({ other }) => folders(other) > folders(path))?.index ?? (local.at(-1)?.index ?? -1) + 1
  return [...lines.slice(0, next), line, ...lines.slice(next)]
}

async function main(parameters: readonly string[]): Promise<number> {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const [name, ...others] = parameters
  if (name === undefined || others.length > 0) {
    console.error('usage: npm run new:contract NAME')
    return 2
  }
  const refusal = await refusalOf(name, root)
  if (refusal) {
    console.error(`no contract was made: ${refusal}`)
    return 1
  }
  for (const path of createContract(name, root)) console.log(path)
  console.log(
    `\nThe contract ${name} runs. Next: say in its README.md what it is for, and change its files to do that (docs/guides/add-a-contract.md).`,
  )
  return 0
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
