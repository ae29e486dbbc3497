/**
 * `npm run mutants`: makes each deliberate mistake of `mutants-list.ts` in a copy of the work tree, alone, and runs the
 * test that must notice it. `--only TEXT` takes those whose name contains the text, `--list` names them. The exit status
 * is 0 only if every mistake was caught.
 */
import { spawn, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Mutant, mutants } from './mutants-list.ts'
import type { Report } from './test-report.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Copies in which mistakes are made side by side. */
const lanesMax = 2
/** Each of these files takes seconds: a mistake that makes one hang was not caught by a test. */
const runMillisecondsMax = 120_000
const scope = '@plexus'

interface Run {
  readonly report: Report | undefined
  readonly timedOut: boolean
  readonly output: string
}

type Verdict = { readonly caught: boolean; readonly says: string }

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string' }, list: { type: 'boolean', default: false } } })
  const chosen = mutants.filter(({ name }) => name.includes(values.only ?? ''))
  if (chosen.length === 0) {
    console.error(`No mistake has a name with “${values.only}” in it: \`npm run mutants -- --list\` names them.`)
    return 1
  }
  if (values.list) {
    for (const { name, file, test } of chosen) console.log(`${name}\n  in ${file}, for ${test.file}`)
    return 0
  }
  const misplaced = chosen.filter((mutant) => occurrences(mutant) !== 1)
  for (const mutant of misplaced)
    console.error(`${mutant.name}: the text to change occurs ${occurrences(mutant)} times in ${mutant.file}`)
  if (misplaced.length > 0) return 1

  const folders: string[] = []
  process.once('exit', () => folders.forEach(remove))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  for (let lane = 0; lane < Math.min(lanesMax, chosen.length); lane++) folders.push(copyOfWorkTree())
  const [first] = folders
  if (!first || !(await greenWithout(chosen, first))) return 1

  const waiting = [...chosen]
  const verdicts = new Map<Mutant, Verdict>()
  await Promise.all(
    folders.map(async (folder) => {
      for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
        const verdict = await tryOut(mutant, folder)
        verdicts.set(mutant, verdict)
        console.log(`${verdict.caught ? 'caught  ' : 'SURVIVED'} ${mutant.name}\n         ${verdict.says}`)
      }
    }),
  )
  const survived = [...verdicts.values()].filter(({ caught }) => !caught).length
  console.log(`\n${verdicts.size - survived} caught, ${survived} survived`)
  return survived === 0 ? 0 : 1
}

export function occurrences({ file, find }: Mutant, folder: string = root): number {
  const path = join(folder, file)
  return existsSync(path) ? readFileSync(path, 'utf8').split(find).length - 1 : 0
}

/** Everything of the work tree that Git would take, and dependencies by links, so that the copy imports only itself. */
function copyOfWorkTree(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'plexus-mutants-')))
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (listed.status !== 0) throw new Error('the files of the work tree cannot be listed: this needs a Git clone')
  for (const file of listed.stdout.split('\0')) {
    if (file === '' || !existsSync(join(root, file))) continue
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    copyFileSync(join(root, file), join(folder, file))
  }
  const from = join(root, 'node_modules')
  const to = join(folder, 'node_modules')
  mkdirSync(join(to, scope), { recursive: true })
  // Caches begin with a dot; a copy that shared them could be given the code of another.
  for (const entry of readdirSync(from))
    if (entry !== scope && !entry.startsWith('.')) symlinkSync(join(from, entry), join(to, entry))
  for (const entry of readdirSync(join(from, scope))) {
    const workspace = relative(realpathSync(root), realpathSync(join(from, scope, entry)))
    symlinkSync(join(folder, workspace), join(to, scope, entry))
  }
  return folder
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

/** A test that fails without the mistake, or does not run, would prove nothing. */
async function greenWithout(chosen: readonly Mutant[], folder: string): Promise<boolean> {
  const files = [...new Set(chosen.map(({ test }) => test.file))]
  const { report, timedOut, output } = await vitest(folder, files, runMillisecondsMax * 3)
  const results = report?.testResults.flatMap(({ assertionResults }) => assertionResults) ?? []
  const bad = report?.testResults.some(({ status }) => status === 'failed') ?? true
  if (bad || timedOut) {
    console.error(`Without any mistake the tests must pass, and they do not:\n${output.slice(-4_000)}`)
    return false
  }
  const absent = chosen.filter(
    ({ test }) =>
      test.name && !results.some((each) => each.status === 'passed' && each.fullName.includes(test.name ?? '')),
  )
  for (const { name, test } of absent) console.error(`${name}: no test “${test.name}” passed in ${test.file}`)
  console.log(`${results.length} tests in ${files.length} files pass without any mistake\n`)
  return absent.length === 0
}

async function tryOut(mutant: Mutant, folder: string): Promise<Verdict> {
  const path = join(folder, mutant.file)
  const original = readFileSync(path, 'utf8')
  writeFileSync(path, original.split(mutant.find).join(mutant.replace))
  try {
    const { report, timedOut, output } = await vitest(folder, [mutant.test.file], runMillisecondsMax, mutant.test.name)
    if (timedOut) return { caught: false, says: `${mutant.test.file} did not end in ${runMillisecondsMax / 1000} s` }
    const results = report?.testResults.flatMap(({ assertionResults }) => assertionResults) ?? []
    const failed = results.find(({ status }) => status === 'failed')
    if (failed) return { caught: true, says: `caught by ${mutant.test.file}: ${failed.fullName.trim()}` }
    // A mistake after which nothing loads is no mistake that a person would make.
    if (!results.some(({ status }) => status === 'passed'))
      return { caught: false, says: `no test ran: ${output.slice(-1_000)}` }
    return { caught: false, says: `${mutant.test.file} passes${mutant.test.name ? `: ${mutant.test.name}` : ''}` }
  } finally {
    writeFileSync(path, original)
  }
}

/** Runs test files in a copy, under this very Node, and reads Vitest's own report. */
function vitest(folder: string, files: readonly string[], milliseconds: number, name?: string): Promise<Run> {
  const reportFile = join(folder, 'node_modules', 'report.json')
  rmSync(reportFile, { force: true })
  const named = name === undefined ? [] : ['-t', name.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')]
  const parameters = [
    join(folder, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--config',
    'config/vitest.ts',
    '--bail',
    '1',
    '--maxWorkers',
    '1',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...named,
    ...files,
  ]
  return new Promise((resolve) => {
    const child = spawn(process.execPath, parameters, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const hear = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-outputCharactersMax)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      child.kill('SIGKILL')
    }, milliseconds)
    child.on('close', () => {
      clearTimeout(timer)
      resolve({ report: readReport(reportFile), timedOut, output })
    })
  })
}

/** Of what a run writes, the end is enough to say why nothing ran. */
const outputCharactersMax = 64 * 1024

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report
  } catch {
    return undefined
  }
}

if (import.meta.main) process.exitCode = await main()
