import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { corpusFolder, keptInputs } from './corpus.ts'
import { decodersInSources } from './decoders.ts'
import type { Finding } from './findings.ts'
import type { FuzzReport } from './main.ts'
import { notDecoders } from './not-decoders.ts'
import { targets } from './targets.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'plexus-fuzz-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Each takes seconds; on a busy machine several times as many. */
const childMillisecondsMax = 110_000

const run = (file: string, ...parameters: readonly string[]) =>
  spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', join(here, file), ...parameters], {
    encoding: 'utf8',
    timeout: childMillisecondsMax,
  })

interface Planted {
  readonly executions: number
  readonly behaviours: number
  readonly findings: readonly Finding[]
  readonly inputs: readonly string[]
}

const planted = (subject: string, executions: number, ...more: readonly string[]): Planted => {
  const { stdout } = run('planted-child.testing.ts', '--subject', subject, '--executions', String(executions), ...more)
  return JSON.parse(stdout) as Planted
}

/** Of one target; a clone has those of all. */
const keptBytesMax = 6_000

describe('the loop', () => {
  const magic = 400_000

  test('guided by branches, spells six bytes that it could not guess', () => {
    for (const seed of ['1', '3']) {
      const { findings, executions } = planted('magic', magic, '--seed', seed)
      expect(executions).toBe(magic)
      expect(findings).toMatchObject([{ kind: 'throws', hex: '277673b6db08' }])
    }
  })

  test('without guidance, gets nowhere in as many attempts', () => {
    const { findings, executions } = planted('magic', magic, '--blind')
    expect(executions).toBe(magic)
    expect(findings).toEqual([])
  })

  test('finds a throw, and hands over the few bytes that make it', () => {
    const [finding] = planted('parts', 50_000).findings
    expect(finding?.kind).toBe('throws')
    expect(finding?.what).toContain('RangeError')
    expect(finding?.hex).toMatch(/^(?:00){2}ff$/)
  })

  test('finds bytes that are accepted and written otherwise', () => {
    expect(planted('flags', 1000).findings).toMatchObject([{ kind: 'not-canonical' }])
  })

  test('finds an input that takes too long', () => {
    expect(planted('slow', 1).findings.map(({ kind }) => kind)).toContain('slow')
  })

  test('does the same again for the same seed', () => {
    expect(planted('parts', 5000, '--seed', '7')).toEqual(planted('parts', 5000, '--seed', '7'))
  })
})

describe('the table', () => {
  const decoders = new Set(decodersInSources())

  test('has every decoder of packages and apps, or says why it is none', () => {
    const known = new Set([...targets.flatMap(({ covers }) => covers), ...Object.keys(notDecoders)])
    expect([...decoders].filter((decoder) => !known.has(decoder))).toEqual([])
  })

  test('excuses nothing that is gone, and nothing that is in it', () => {
    const covered = new Set(targets.flatMap(({ covers }) => covers))
    expect(Object.keys(notDecoders).filter((name) => !decoders.has(name) || covered.has(name))).toEqual([])
  })

  test('covers nothing that is gone', () => {
    const gone = targets
      .flatMap(({ covers }) => covers)
      .filter((name) => {
        const [file = '', kept = ''] = name.split('#')
        return !new RegExp(`\\b(?:const|function|class)\\*? ${kept}\\b`).test(
          readFileSync(join(here, '../..', file), 'utf8'),
        )
      })
    expect(gone).toEqual([])
  })

  test('names each target once', () => {
    expect(new Set(targets.map(({ name }) => name)).size).toBe(targets.length)
  })
})

describe('every target', () => {
  const reportFile = join(folder, 'report.json')
  let ended: ReturnType<typeof run>
  let report: FuzzReport
  beforeAll(() => {
    ended = run('main.ts', '--seconds', '0.2', '--together', '--report', reportFile)
    report = JSON.parse(readFileSync(reportFile, 'utf8')) as FuzzReport
  })

  test('answers its kept inputs, and a moment of new ones, with nothing but refusals of its own', () => {
    expect(
      report.targets.flatMap(({ target, findings }) => findings.map((finding) => ({ target, ...finding }))),
    ).toEqual([])
    expect([ended.status, ended.stderr]).toEqual([0, ''])
    expect(ended.stdout).toContain('0 findings')
    expect(report.targets.map(({ target }) => target)).toEqual(targets.map(({ name }) => name).sort())
  })

  test('accepts some of what it reads, and refuses some: a door that is always shut, or open, is not looked through', () => {
    const oneSided = report.targets.filter(({ accepted, executions }) => accepted === 0 || accepted === executions)
    expect(oneSided.map(({ target }) => target)).toEqual([])
    expect(report.targets.filter(({ behaviours }) => behaviours < 2)).toEqual([])
  })

  test('runs all of its kept inputs', () => {
    const fewer = report.targets.filter(({ target, executions }) => executions < keptInputs(target).length)
    expect(fewer.map(({ target }) => target)).toEqual([])
    expect(targets.filter(({ name }) => keptInputs(name).length === 0).map(({ name }) => name)).toEqual([])
  })
})

test('the kept inputs of each target are small', () => {
  const large = readdirSync(corpusFolder).filter((file) => statSync(join(corpusFolder, file)).size > keptBytesMax)
  expect(large).toEqual([])
})
