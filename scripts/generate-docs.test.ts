import { dirname, join } from 'node:path/posix'
import { describe, expect, test } from 'vitest'
import { pages, stalePages } from './generate-docs.ts'
import { exists, files, read } from './repository.testing.ts'

const made = await pages()

describe('the generated reference', () => {
  test('says what the code says; `npm exec -- node scripts/generate-docs.ts` writes it anew', () => {
    expect(stalePages(made)).toEqual([])
  })

  test('holds no page that nothing generates', () => {
    const written = files.filter((file) => file.startsWith('docs/reference/'))
    expect(written.filter((file) => !made.has(file))).toEqual([])
  })

  test('has every field of a transaction, and every rejection with its code', () => {
    const members = made.get('docs/reference/contracts/members.md')?.replaceAll(/ +/g, ' ')
    expect(members).toContain('| `counts` | a list of 1 to 2000: an object of asker, requests, strictly rising |')
    expect(members).toContain('| 2 | `scope-missing` |')
  })
})

test('the threat model names tests that are there', () => {
  const missing = [...read('docs/threat-model.md').matchAll(/`([a-z/-]+\.test\.ts)`/g)]
    .map(([, name]) => (name as string).split('/'))
    .filter(
      (steps) => !files.some((file) => file.endsWith(`/${steps.at(-1)}`) && steps.every((each) => file.includes(each))),
    )
    .map((steps) => steps.join('/'))
  expect(missing).toEqual([])
})

describe('links in documents', () => {
  test('lead to files that are there', () => {
    const broken = files
      .filter((file) => file.endsWith('.md') && !file.includes('_template/'))
      .flatMap((file) =>
        [...read(file).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
          .map(([, target]) => target as string)
          .filter((target) => !/^[a-z]+:/.test(target))
          .filter((target) => !exists(join(dirname(file), target)))
          .map((target) => `${file}: ${target}`),
      )
    expect(broken).toEqual([])
  })
})
