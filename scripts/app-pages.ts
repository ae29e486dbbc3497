/**
 * Pages about the apps. No script imports an app: the commands are asked for their help, and a node that is started for
 * the moment, on a port that the system picks, for its OpenAPI document.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { mono, page, table } from './markdown.ts'

const quiet = '--disable-warning=ExperimentalWarning'

/** A machine under load starts a network of eight members in a few seconds. */
const startSecondsMax = 60

export function commandsPage(root: string): string {
  const help = (...parameters: readonly string[]): string => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [quiet, join(root, 'apps/cli/src/plexus.ts'), 'help', ...parameters],
      { encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(`plexus help ${parameters.join(' ')} ended with ${status}`)
    return stdout.trimEnd()
  }
  const whole = help()
  const names = [...whole.slice(whole.indexOf('Commands:')).matchAll(/^ {2}([a-z-]+)/gm)].map(
    ([, name]) => name as string,
  )
  return page('Commands', [
    '`npm run --silent plexus -- COMMAND`. Exit status: 0 all well, 1 refused or failed, 2 wrong usage.',
    ...names.filter((name) => name !== 'help').flatMap((name) => [`## ${name}`, `\`\`\`text\n${help(name)}\n\`\`\``]),
  ])
}

interface Shape {
  readonly type?: string
  readonly format?: string
  readonly pattern?: string
  readonly enum?: readonly string[]
  readonly maxLength?: number
  readonly maxItems?: number
  readonly items?: Shape
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
}

interface Operation {
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly security?: readonly unknown[]
  readonly parameters?: readonly {
    readonly in: string
    readonly name: string
    readonly required?: boolean
    readonly schema: Shape
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Shape }>> }
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly content?: object }>>
}

interface OpenApi {
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

export async function routesPage(root: string): Promise<string> {
  const { tags, paths } = await openApiOf(root)
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  )
  return page('HTTP', [
    'The routes of a node. `GET /openapi.json` gives the same for programs. Refusals are problem details (RFC 9457) with a stable code; `GET /problems/CODE` says what it means.',
    ...tags.flatMap(({ name: tag, description }) => [
      `## ${tag}`,
      description,
      ...operations
        .filter(({ operation }) => operation.tags?.includes(tag))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .flatMap(({ name, operation }) => [`### ${name}`, ...routeParts(operation)]),
    ]),
  ])
}

function routeParts({ summary, security, parameters = [], requestBody, responses }: Operation): readonly string[] {
  const taken = [
    ...parameters.map(({ in: place, name, required, schema }) => [place, mono(name), saysOf(schema, required)]),
    ...Object.entries(requestBody?.content ?? {}).flatMap(([media, { schema = {} }]) =>
      schema.properties
        ? Object.entries(schema.properties).map(([name, of]) => [
            'body',
            mono(name),
            saysOf(of, schema.required?.includes(name)),
          ])
        : [['body', mono(media), saysOf(schema, true)]],
    ),
  ]
  return [
    `${summary ?? ''}.${security?.length ? ' With the bearer token of the member\u2019s staff.' : ''}`,
    ...(taken.length > 0 ? [table(['in', 'name', 'is'], taken)] : []),
    table(
      ['status', 'says'],
      Object.entries(responses).map(([status, { description }]) => [status, description ?? '']),
    ),
  ]
}

function saysOf(shape: Shape, required = false): string {
  const { type = 'any', format, pattern, enum: choices, maxLength, maxItems, items } = shape
  const form = choices
    ? `one of ${choices.join(', ')}`
    : type === 'array'
      ? `list${maxItems === undefined ? '' : ` of at most ${maxItems}`}: ${saysOf(items ?? {}, true)}`
      : [
          format === 'binary' ? 'bytes' : type,
          ...(maxLength === undefined ? [] : [`at most ${maxLength}`]),
          ...(pattern === undefined ? [] : [`like ${mono(pattern)}`]),
        ].join(', ')
  return required ? form : `${form}; optional`
}

async function openApiOf(root: string): Promise<OpenApi> {
  const data = mkdtempSync(join(tmpdir(), 'plexus-docs-'))
  const node = spawn(
    process.execPath,
    [quiet, join(root, 'apps/node/src/main.ts'), 'start', '--data', data, '--port', '0', '--json'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const ended = once(node, 'exit')
  const late = setTimeout(() => node.kill('SIGKILL'), startSecondsMax * 1000)
  try {
    for await (const line of createInterface(node.stderr)) {
      const address = /^http:\/\/127\.0\.0\.1:\d+$/.exec(line)?.[0]
      if (address) return (await (await fetch(`${address}/openapi.json`)).json()) as OpenApi
    }
    throw new Error('the node ended, or took too long, before it named its address')
  } finally {
    clearTimeout(late)
    node.kill()
    await ended
    rmSync(data, { recursive: true, force: true })
  }
}
