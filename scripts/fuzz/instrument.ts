/**
 * Counts branches: TypeScript in, the same TypeScript out with `__taken[n]++` at each place where the flow can part (both
 * sides of an `if`, cases, loops, functions, right sides of `&&`, `||`, `??` and `?:`). No line moves, so that stacks
 * name the lines of the source. Types are left for Node to strip.
 */
import { parseSync } from 'oxc-parser'

export interface Instrumented {
  readonly source: string
  /** Branches counted; their numbers run from `first` on. */
  readonly branches: number
  readonly texts: readonly string[]
  readonly numbers: readonly number[]
}

/** Under this prefix a module gives out what it keeps to itself: bytes reach decoders that no other module names. */
export const innerPrefix = '__inner_'

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

interface Insertion {
  readonly at: number
  readonly text: string
}

/** Longer texts are messages, which nothing is compared with. */
const textLengthMax = 48

const loops = new Set(['ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement'])
const functions = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])
const logicalAssignments = new Set(['&&=', '||=', '??='])
/** Of TypeScript's own nodes only these hold code that runs. */
const transparent = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSInstantiationExpression',
])

/** `counters` is the specifier of the module whose `counters` are counted in. Throws when the source does not parse. */
export function instrument(
  file: string,
  source: string,
  { first, counters }: { readonly first: number; readonly counters: string },
): Instrumented {
  const { program, errors } = parseSync(file, source)
  const [error] = errors
  if (error) throw new SyntaxError(`${file}: ${error.message}`)

  const opening: Insertion[] = []
  const closing: Insertion[] = []
  const texts = new Set<string>()
  const numbers = new Set<number>()
  let branches = 0
  const count = (): string => `__taken[${first + branches++}]++`

  function walk(value: unknown): void {
    if (Array.isArray(value)) {
      for (const each of value) walk(each)
      return
    }
    if (!isNode(value)) return
    if (value.type.startsWith('TS') && !transparent.has(value.type)) return
    if (/^(?:Import|ExportAll)/.test(value.type) && value.type !== 'ImportExpression') return
    collect(value)
    const { type } = value
    if (type === 'IfStatement') {
      const { test, consequent, alternate } = value
      walk(test)
      statement(consequent)
      if (isNode(alternate)) statement(alternate)
      else closing.push({ at: value.end, text: ` else {${count()}}` })
    } else if (type === 'ConditionalExpression') {
      walk(value['test'])
      expression(value['consequent'])
      expression(value['alternate'])
    } else if (
      type === 'LogicalExpression' ||
      (type === 'AssignmentExpression' && logicalAssignments.has(String(value['operator'])))
    ) {
      walk(value['left'])
      expression(value['right'])
    } else if (type === 'SwitchCase') {
      walk(value['test'])
      const [step] = value['consequent'] as readonly Node[]
      if (step) opening.push({ at: step.start, text: `${count()};` })
      walk(value['consequent'])
    } else if (loops.has(type)) {
      for (const [key, child] of Object.entries(value)) if (key !== 'body') walk(child)
      statement(value['body'])
    } else if (type === 'CatchClause') statement(value['body'])
    else if (functions.has(type)) {
      walk(value['params'])
      const { body } = value
      if (!isNode(body)) return
      if (body.type === 'BlockStatement' || body.type === 'FunctionBody') statement(body)
      else expression(body)
    } else for (const child of Object.values(value)) walk(child)
  }

  function statement(node: unknown): void {
    if (!isNode(node)) return
    if (node.type === 'BlockStatement' || node.type === 'FunctionBody') {
      opening.push({ at: node.start + 1, text: `${count()};` })
      walk(node['body'])
      return
    }
    opening.push({ at: node.start, text: `{${count()};` })
    walk(node)
    closing.push({ at: node.end, text: '}' })
  }

  function expression(node: unknown): void {
    if (!isNode(node)) return
    opening.push({ at: node.start, text: `(${count()},` })
    walk(node)
    closing.push({ at: node.end, text: ')' })
  }

  function collect(node: Node): void {
    const { value } = node
    if (node.type === 'Literal' && typeof value === 'string') text(value)
    if (node.type === 'Literal' && typeof value === 'number' && Number.isSafeInteger(value)) numbers.add(value)
    if (node.type === 'Property' && isNode(node['key']) && node['key'].type === 'Identifier')
      text(String(node['key']['name']))
    if (node.type === 'TemplateElement') text((node['value'] as { readonly cooked: string | null }).cooked ?? '')
  }

  function text(found: string): void {
    if (found.length > 0 && found.length <= textLengthMax) texts.add(found)
  }

  walk(program.body)
  // On the first line, after a hashbang if there is one; imports are bound before any module runs, cycles included.
  const at = source.startsWith('#!') ? source.indexOf('\n') + 1 : 0
  opening.unshift({ at, text: `import { counters as __taken } from ${JSON.stringify(counters)};` })
  const names = keptNames(program.body as unknown as readonly Node[])
  const given = names.map((name) => `${name} as ${innerPrefix}${name}`).join(',')
  const whole = `${inserted(source, opening, closing)}\nexport {${given}}\n`
  return { source: whole, branches, texts: [...texts], numbers: [...numbers] }
}

/** Constants, functions and classes at the top of a module, given out by it or not. */
function keptNames(statements: readonly Node[]): readonly string[] {
  return statements.flatMap((statement) => {
    const declared = isNode(statement['declaration']) ? statement['declaration'] : statement
    if (declared.type === 'VariableDeclaration' && declared['declare'] !== true)
      return (declared['declarations'] as readonly Node[]).flatMap(({ id }) => nameOf(id))
    // A function without a body is one of several signatures; the last has it.
    if (/^(?:Function|Class)Declaration$/.test(declared.type) && isNode(declared['body'])) return nameOf(declared['id'])
    return []
  })
}

function nameOf(id: unknown): readonly string[] {
  return isNode(id) && id.type === 'Identifier' ? [String(id['name'])] : []
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Node>).type === 'string'
}

/** Where several meet, what closes comes before what opens, the inner closes first and the outer opens first. */
function inserted(source: string, opening: readonly Insertion[], closing: readonly Insertion[]): string {
  const all = [...closing, ...opening].sort((a, b) => a.at - b.at)
  let text = ''
  let from = 0
  for (const each of all) {
    text += source.slice(from, each.at) + each.text
    from = each.at
  }
  return text + source.slice(from)
}
