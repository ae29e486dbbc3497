/**
 * `npm run simulate -- --seeds N [--from SEED] [--jobs N] [--report FILE] [--bottles]`: runs worlds in processes of their
 * own; with `--bottles`, markets of makers, pharmacies, payers and thieves. All seeds are run, whatever comes of them; a
 * broken rule is told with the seed that shows it, and the status is 1 then. The report is written as it goes, and a run
 * that was ended goes on from its own report.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import type { Told } from './fleet.ts'
import type { Report } from './tally.ts'

const usage =
  'expected --seeds N and --jobs N, 1 or more, --from SEED, a whole number from 0, and, if wanted, --report FILE'
const seedsDefault = '50'
/** As many as CI's machines have cores. */
const jobsDefault = '2'
const jobsMax = 64
const savedEverySeeds = 20
/** Whose lines are shown in full; the others are named. */
const shownInFullMax = 3
/** Key stores are files, and need no real disk here. */
const memoryFolder = '/dev/shm'
const microsecondsPerSecond = 1_000_000

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: seedsDefault },
      from: { type: 'string', default: '1' },
      jobs: { type: 'string', default: jobsDefault },
      report: { type: 'string' },
      bottles: { type: 'boolean', default: false },
      child: { type: 'string' },
    },
  })
  if (values.child !== undefined) return child(values.child)
  const [seeds, from, jobs] = [Number(values.seeds), Number(values.from), Number(values.jobs)]
  if (![seeds, from, jobs].every(Number.isSafeInteger) || seeds < 1 || from < 0 || jobs < 1 || jobs > jobsMax) {
    console.error(usage)
    return 2
  }
  const { runSeeds } = await import('./fleet.ts')
  const { newReport, summaryOf, Tally } = await import('./tally.ts')
  const fresh = newReport({ commit: commitOf(), node: process.version, from, seeds })
  const found = values.report === undefined ? undefined : readReport(values.report)
  if (found && (found.commit !== fresh.commit || found.from !== from || found.seeds !== seeds)) {
    console.error(`${values.report} is the report of another run: give another file, or remove it.`)
    return 2
  }
  const tally = new Tally(found ?? fresh)
  const { report } = tally
  if (report.done > 0) console.log(`goes on after ${report.done} seeds`)
  const save = (): void => {
    if (values.report === undefined) return
    writeFileSync(`${values.report}.partial`, `${JSON.stringify(report, null, 2)}\n`)
    renameSync(`${values.report}.partial`, values.report)
  }
  let shown = 0
  const told = (outcome: Told): void => {
    tally.take(outcome)
    if (outcome.broken !== null) {
      console.error(`seed ${outcome.seed}: ${outcome.broken}`)
      if (shown++ < shownInFullMax) console.error(outcome.lines.join('\n'))
      console.error(`Again: npm run simulate -- --seeds 1 --from ${outcome.seed}${values.bottles ? ' --bottles' : ''}`)
    }
    if (report.done % savedEverySeeds === 0) save()
  }
  const kind = values.bottles ? { sealing: () => 'bottles' as const } : {}
  await runSeeds({ from: from + report.done, count: seeds - report.done, jobs, told, ...kind })
  save()
  for (const line of summaryOf(report)) console.log(line)
  return report.broken.length > 0 ? 1 : 0
}

/** A process of the fleet: runs the seeds that it is sent, until the line is closed. */
async function child(sealing: string): Promise<number> {
  if (sealing === 'quick') {
    const { quickCrypto } = await import('./quick-crypto.ts')
    await quickCrypto()
  }
  const { simulate } =
    sealing === 'bottles' ? { simulate: (await import('./bottles/run.ts')).simulateBottles } : await import('./run.ts')
  const scratch = existsSync(memoryFolder) ? memoryFolder : tmpdir()
  return new Promise((resolve) => {
    process.on('message', async ({ seed }: { readonly seed: number }) => {
      const before = process.cpuUsage()
      const outcome = await simulate(seed, scratch)
      const { user, system } = process.cpuUsage(before)
      process.send?.({ ...outcome, counts: [...outcome.counts], took: (user + system) / microsecondsPerSecond })
    })
    process.on('disconnect', () => resolve(0))
  })
}

function readReport(path: string): Report | undefined {
  if (!existsSync(path)) return undefined
  return JSON.parse(readFileSync(path, 'utf8')) as Report
}

function commitOf(): string {
  const git = (...of: readonly string[]): string => spawnSync('git', of, { encoding: 'utf8' }).stdout?.trim() ?? ''
  const commit = git('rev-parse', '--short=12', 'HEAD')
  if (commit === '') return 'unknown'
  return git('status', '--porcelain', '--untracked-files=no', 'packages') === '' ? commit : `${commit}-changed`
}

process.exitCode = await main()
