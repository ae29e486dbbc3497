/** The threat model against the tests: what it calls tested names a test that says which threat it holds off. */
import { expect, test } from 'vitest'
import { files, read } from './repository.testing.ts'

interface Row {
  readonly id: string
  readonly now: string
  readonly tests: readonly string[]
}

const rows: readonly Row[] = [
  ...read('docs/threat-model.md').matchAll(/^\| (T-\d\d) +\|[^|]*\| (\w+) +\|(.*)\|$/gm),
].map(([, id = '', now = '', where = '']) => ({
  id,
  now,
  tests: [...where.matchAll(/`([a-z0-9/-]+\.test\.ts)`/g)].map(([, name]) => name as string),
}))

/** The files that a shortened path may mean. */
const meant = (name: string): readonly string[] => {
  const steps = name.split('/')
  return files.filter((file) => file.endsWith(`/${steps.at(-1)}`) && steps.every((each) => file.includes(each)))
}

test('each of the 36 threats has one row, and stands somewhere', () => {
  expect(rows.map(({ id }) => id)).toEqual(
    Array.from({ length: 36 }, (_, index) => `T-${String(index + 1).padStart(2, '0')}`),
  )
  expect(rows.filter(({ now }) => !['tested', 'partly', 'later'].includes(now))).toEqual([])
})

test('every test that a row names is there', () => {
  const missing = rows.flatMap(({ id, tests }) =>
    tests.filter((name) => meant(name).length === 0).map((name) => `${id}: ${name}`),
  )
  expect(missing).toEqual([])
})

test('a threat that is called tested names a test that is there and carries its id', () => {
  const silent = rows
    .filter(({ now }) => now === 'tested')
    .filter(({ id, tests }) => !tests.some((name) => meant(name).some((file) => read(file).includes(id))))
    .map(({ id }) => id)
  expect(silent).toEqual([])
})

test('a test that carries the id of a threat is named in its row', () => {
  const carrying = files
    .filter((file) => file.endsWith('.test.ts') && file !== 'scripts/threat-model.test.ts')
    .flatMap((file) => [...new Set(read(file).match(/\bT-\d\d\b/g))].map((id) => ({ file, id })))
  const unnamed = carrying
    .filter(
      ({ file, id }) => !rows.some((row) => row.id === id && row.tests.some((name) => meant(name).includes(file))),
    )
    .map(({ file, id }) => `${id}: ${file}`)
  expect(unnamed).toEqual([])
})
