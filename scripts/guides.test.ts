/** Guides and runbooks against the reference, which is generated from the code: what they tell somebody to type is there. */
import { expect, test } from 'vitest'
import { files, read } from './repository.testing.ts'

const guides = files.filter((file) => /^docs\/(?:guides|operations)\/.*\.md$/.test(file))

/** By command: the options that its page lists. */
const commands = new Map(
  read('docs/reference/commands.md')
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), new Set(section.match(/--[a-z-]+/g))] as const),
)
const routes = read('docs/reference/http.md')

/** Code spans and lines of code blocks. */
const code = (file: string): readonly string[] =>
  [...read(file).matchAll(/^```\w*\n([\s\S]*?)^```$|`([^`]+)`/gm)].flatMap(([, block, span]) =>
    (block ?? span ?? '').replace(/\\\n\s*/g, ' ').split('\n'),
  )

test('every command that a guide names is there, with its options', () => {
  const named = guides.flatMap((file) =>
    code(file).flatMap((line) =>
      [...line.matchAll(/(?:^|[\s(])plexus ([a-z][a-z-]*)([^|;#]*)/g)].map(([, name = '', rest = '']) => ({
        file,
        name,
        rest,
      })),
    ),
  )
  expect(named.length).toBeGreaterThan(30)
  const unknown = named.flatMap(({ file, name, rest }) => {
    const options = commands.get(name)
    if (!options) return [`${file}: plexus ${name}`]
    return (rest.match(/--[a-z-]+/g) ?? [])
      .filter((option) => !options.has(option))
      .map((option) => `${file}: plexus ${name} ${option}`)
  })
  expect(unknown).toEqual([])
})

/** `/v1/members/hospital-1/charts/PATIENT` and `/v1/members/{member}/charts/{patient}` are one shape. */
const shapeOf = (path: string): string =>
  path.replaceAll(/\/(?:\{[^}]*\}|[A-Z]+|(?<=\/members\/)[a-z0-9-]+)(?=\/|$)/g, '/*')

test('every route that a guide names is there, or begins so', () => {
  const known = new Set([...routes.matchAll(/^### [A-Z]+ (\S+)$/gm)].map(([, path = '']) => shapeOf(path)))
  const named = guides.flatMap((file) =>
    [...read(file).matchAll(/(\/(?:v1|health)\/[A-Za-z0-9/{}-]*[A-Za-z}])/g)].map(([, path = '']) => ({ file, path })),
  )
  expect(named.length).toBeGreaterThan(10)
  const isKnown = (shape: string): boolean => [...known].some((each) => each === shape || each.startsWith(`${shape}/`))
  expect(named.filter(({ path }) => !isKnown(shapeOf(path)))).toEqual([])
})
