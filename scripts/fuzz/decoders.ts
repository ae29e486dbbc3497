/** Finds what reads bytes in the sources, so that no decoder is left out of the table because nobody thought of it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'oxc-parser'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Node {
  readonly type: string
  readonly [key: string]: unknown
}

/** Given out under such a name, a function takes bytes or texts of others, or may seem to. */
const names = /^(?:decode|parse|read|open|verify|check)(?:[A-Z]|$)/
/** What such a function is given is bytes, text, or an object made for them; one that takes neither is none. */
const takesBytes = /Uint8Array|string|Input|Iterable/
/** Whatever calls one of these turns bytes into values. */
const calls = new Set(['decode', 'readRecord', 'readJson', 'fromUtf8', 'JSON.parse', 'TextDecoder', 'safeParse'])

/** `FILE#NAME` of every such constant, function or class at the top of a module of packages and apps, sorted. */
export function decodersInSources(): readonly string[] {
  return ['packages', 'apps'].flatMap(sourcesIn).flatMap(decodersIn).sort()
}

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => /^\w+\/[^/]+\/src\/.*\.ts$/.test(path) && !/\.(?:test|testing)\.ts$|\/_template\//.test(path))
    .map((path) => relative('', path))
}

function decodersIn(file: string): readonly string[] {
  const source = readFileSync(join(root, file), 'utf8')
  const { program } = parseSync(file, source)
  const found = (program.body as unknown as readonly Node[]).flatMap((statement) => {
    const given = statement.type === 'ExportNamedDeclaration'
    const declared = (given ? statement['declaration'] : statement) as Node | null
    if (!declared || declared.type.startsWith('TS') || declared.type.startsWith('Import')) return []
    const parts = declared.type === 'VariableDeclaration' ? (declared['declarations'] as readonly Node[]) : [declared]
    return parts.flatMap((part) => {
      const name = (part['id'] as { readonly name?: string } | null | undefined)?.name
      if (name === undefined) return []
      const isNamed = given && names.test(name) && takesBytes.test(parametersOf(part, source))
      return isNamed || callsDecoder(part) ? [`${file}#${name}`] : []
    })
  })
  return [...new Set(found)]
}

/** As they are written; none where it is no function. */
function parametersOf(part: Node, source: string): string {
  const made = part.type === 'VariableDeclarator' ? ((part['init'] as Node | null) ?? part) : part
  const parameters = (made['params'] ?? []) as readonly { readonly start: number; readonly end: number }[]
  return parameters.map(({ start, end }) => source.slice(start, end)).join()
}

function callsDecoder(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(callsDecoder)
  if (typeof value !== 'object' || value === null) return false
  const node = value as Node
  if ((node.type === 'CallExpression' || node.type === 'NewExpression') && calls.has(nameOf(node['callee'] as Node)))
    return true
  return Object.values(node).some(callsDecoder)
}

/** `decode`, `JSON.parse`, and of other members the last word. */
function nameOf(callee: Node): string {
  if (callee.type === 'Identifier') return String(callee['name'])
  if (callee.type !== 'MemberExpression') return ''
  const last = nameOf(callee['property'] as Node)
  return nameOf(callee['object'] as Node) === 'JSON' ? `JSON.${last}` : last
}
