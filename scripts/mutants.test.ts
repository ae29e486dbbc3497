/** The list of deliberate mistakes cannot rot: each can still be made, and the test that must notice it is still there. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { occurrences } from './mutants.ts'
import { mutants } from './mutants-list.ts'
import { root } from './repository.testing.ts'

const titles = (file: string): string => readFileSync(join(root, file), 'utf8')

describe('each deliberate mistake', () => {
  test('changes one place that is there, once', () => {
    expect(mutants.filter((mutant) => occurrences(mutant) !== 1).map(({ name }) => name)).toEqual([])
    expect(mutants.filter(({ find, replace }) => find === replace).map(({ name }) => name)).toEqual([])
  })

  test('names a test that is there', () => {
    const absent = mutants.filter(
      ({ test: { file, name } }) => !existsSync(join(root, file)) || !titles(file).includes(name ?? ''),
    )
    expect(absent.map(({ name }) => name)).toEqual([])
  })

  test('has a name of its own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
  })
})
