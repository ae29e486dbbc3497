/**
 * `npm test`: types, the types of the tests, Biome, knip, the engine where there is Go, then every test; all of them run, whatever an earlier one
 * said. `npm test -- PATTERN …` runs only the test files whose path contains a pattern, and no checks. The last line
 * is made from Vitest's own report; the exit status is 0 only if every check and every test passed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtEngineIn } from '@plexus/engine'
import { failures, type Report, skips, tally } from './test-report.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const programs = join(root, 'node_modules', '.bin')
const builtEngine = builtEngineIn({
  goFolder: join(root, 'packages/engine/go'),
  cache: join(root, 'node_modules/.cache/engine'),
})
/** Hundreds of processes begin with the same modules: as `plexus` does, each takes what another has compiled. */
const compiled = join(root, 'node_modules', '.cache', 'compile')

const checks: readonly (readonly [string, string, ...string[]])[] = [
  ['types', 'tsc', '-b'],
  ['types of the tests', 'tsc', '-p', 'config/tsconfig.tests.json'],
  ['style', 'biome', 'check', '.'],
  ['unused files, exports and dependencies', 'knip'],
]

function main(patterns: readonly string[]): number {
  const failed: string[] = []
  if (patterns.length === 0) {
    for (const [title, ...command] of checks) if (!run(title, command)) failed.push(title)
    if (!buildEngine()) failed.push('engine')
  }
  const folder = mkdtempSync(join(tmpdir(), 'plexus-test-'))
  try {
    const reportFile = join(folder, 'report.json')
    const passed = run('tests', [
      'vitest',
      'run',
      '--config',
      'config/vitest.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
      ...patterns,
    ])
    const report = readReport(reportFile)
    if (!report) {
      console.error('\nVitest ended without a report.')
      return 1
    }
    for (const { file, tests } of skips(report)) {
      console.log(`\nskipped in ${relative(root, file)}:`)
      for (const name of tests) console.log(`  ${name}`)
    }
    if (!existsSync(builtEngine))
      console.log('\nskipped, whole files: the exchange’s tests on CometBFT (need `npm run engine`)')
    if (failed.length > 0) console.log(`\nchecks that failed: ${failed.join('; ')}`)
    if (!passed && failures(report) === 0) console.log('\nVitest failed outside of any test: see its errors above.')
    console.log(`\n${tally(report)}`)
    return passed && failures(report) === 0 && failed.length === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs one program of node_modules with our output, under the Node that npm pinned; true when it ended well. */
function run(title: string, [program, ...parameters]: readonly string[]): boolean {
  console.log(`\n== ${title}: ${[program, ...parameters].join(' ').replace(/ --(?:reporter|outputFile)\S*/g, '')}`)
  const startedAt = performance.now()
  const { status, error } = spawnSync(join(programs, program as string), parameters, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH: `${programs}${delimiter}${process.env['PATH'] ?? ''}`, NODE_COMPILE_CACHE: compiled },
  })
  if (error) console.error(`${program} could not be started (${error.message}): run \`npm ci\` first.`)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`== ${title}: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s`)
  return status === 0
}

/** Where there is no Go this says so, and the tests that need the engine are skipped by name. */
function buildEngine(): boolean {
  console.log('\n== engine: scripts/engine.ts --if-go')
  const parameters = ['--disable-warning=ExperimentalWarning', join(root, 'scripts', 'engine.ts'), '--if-go']
  return spawnSync(process.execPath, parameters, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
}

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report
  } catch {
    return undefined
  }
}

process.exitCode = main(process.argv.slice(2))
