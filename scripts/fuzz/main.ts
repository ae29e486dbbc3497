/**
 * `npm run fuzz`: looks for bytes that a decoder does not refuse in its own words. Options: `--seconds N` for each target
 * (60), `--executions N` for each, `--target TEXT` (all whose name contains it), `--jobs N` (2), `--seed N` (1),
 * `--report FILE` (JSON), `--findings FOLDER` (inputs in hexadecimal), `--keep` (writes what was found into
 * `vectors/fuzz`), `--together` (targets share threads: they start sooner, and are not repeatable by executions), `--list`. The exit status is 0 only when nothing was found.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { keepInputs } from './corpus.ts'
import type { Explored } from './explore.ts'
import type { Finding } from './findings.ts'
import { removeScratchFolders } from './scratch-folder.ts'
import type { Target } from './target.ts'
import { targets } from './targets.ts'
import { sharedHeadBytes, type Work } from './worker.ts'

/** Old space of one thread: many times what a target with its corpus holds, little enough to notice one that leaks. */
const heapMegabytesMax = 768
const jobsMax = 16
/** A run that takes so long never ends; the definitions of FHIR load in seconds, on a busy machine in tens of them. */
const silenceMillisecondsMax = 60_000
const lookMilliseconds = 500
/** Larger than any input of a target. */
const sharedBytes = 256 * 1024

export interface TargetReport {
  readonly target: string
  readonly reads: string
  readonly executions: number
  readonly seconds: number
  readonly executionsPerSecond: number
  readonly branches: number
  readonly branchesCounted: number
  readonly behaviours: number
  readonly refusals: number
  readonly accepted: number
  readonly corpus: number
  readonly findings: readonly Finding[]
}

export interface FuzzReport {
  readonly seed: number
  readonly seconds: number
  readonly executions: number
  readonly findings: number
  readonly targets: readonly TargetReport[]
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      executions: { type: 'string' },
      target: { type: 'string', default: '' },
      jobs: { type: 'string', default: '2' },
      seed: { type: 'string', default: '1' },
      report: { type: 'string' },
      findings: { type: 'string' },
      together: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  })
  const chosen = targets.filter(({ name }) => name.includes(values.target))
  const secondsMax = values.executions === undefined ? Number(values.seconds) : Number.POSITIVE_INFINITY
  const executionsMax = Number(values.executions ?? Number.POSITIVE_INFINITY)
  const jobs = Math.min(Number(values.jobs), jobsMax)
  const seed = Number(values.seed)
  if (!(secondsMax > 0 && executionsMax > 0 && jobs >= 1 && Number.isSafeInteger(seed)) || chosen.length === 0) {
    console.error('Seconds, executions and jobs are numbers above 0, a seed is whole, and --list names the targets.')
    return 1
  }
  if (values.list) {
    for (const { name, reads } of chosen) console.log(`${name.padEnd(32)} ${reads}`)
    return 0
  }

  const startedAt = performance.now()
  const reports: TargetReport[] = []
  const take = (target: Target, { corpus, ...explored }: Explored): void => {
    if (values.keep) keepInputs(target.name, corpus)
    const executionsPerSecond = Math.round(explored.executions / Math.max(explored.seconds, 0.001))
    const { name, reads } = target
    const report = { target: name, reads, ...explored, executionsPerSecond, corpus: corpus.length }
    reports.push(report)
    tell(report)
    if (values.findings !== undefined) write(values.findings, report)
  }
  const perThread = values.together ? Math.ceil(chosen.length / jobs) : 1
  const waiting: (readonly Target[])[] = Array.from({ length: Math.ceil(chosen.length / perThread) }, (_, at) =>
    chosen.slice(at * perThread, (at + 1) * perThread),
  )
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      for (let these = waiting.shift(); these; these = waiting.shift()) {
        const left = await exploreApart(these, { seed, executionsMax, secondsMax }, take)
        if (left.length > 0) waiting.push(left)
      }
    }),
  )
  const whole: FuzzReport = {
    seed,
    seconds: (performance.now() - startedAt) / 1000,
    executions: reports.reduce((sum, { executions }) => sum + executions, 0),
    findings: reports.reduce((sum, { findings }) => sum + findings.length, 0),
    targets: reports.sort((a, b) => (a.target < b.target ? -1 : 1)),
  }
  if (values.report !== undefined) writeFileSync(values.report, `${JSON.stringify(whole, null, 1)}\n`)
  console.log(`\n${whole.executions} executions of ${reports.length} targets, ${whole.findings} findings`)
  return whole.findings === 0 ? 0 : 1
}

function tell({ target, executions, executionsPerSecond, branches, behaviours, corpus, findings }: TargetReport): void {
  const figures = `${executions} executions, ${executionsPerSecond} a second, ${branches} branches, ${behaviours} behaviours, ${corpus} inputs`
  console.log(`${target.padEnd(32)} ${figures}${findings.length > 0 ? `, ${findings.length} FINDINGS` : ''}`)
  for (const { kind, what, hex } of findings) console.log(`  ${kind}: ${what}\n    ${hex.slice(0, 200)}`)
}

function write(folder: string, { target, findings }: TargetReport): void {
  mkdirSync(folder, { recursive: true })
  for (const [at, { kind, what, hex }] of findings.entries())
    writeFileSync(
      join(folder, `${target.replaceAll('/', '-')}-${at + 1}.hex`),
      `# ${target}: ${kind}: ${what}\n${hex}\n`,
    )
}

/**
 * Explores in a thread of its own: one that hangs or outgrows its heap is a finding, not the end of the run. Resolves with
 * the targets that such a thread left behind.
 */
function exploreApart(
  these: readonly Target[],
  bounds: Omit<Work, 'shared' | 'targets'>,
  take: (target: Target, explored: Explored) => void,
): Promise<readonly Target[]> {
  const shared = new SharedArrayBuffer(sharedBytes)
  const numbers = new Uint32Array(shared, 0, 2)
  const work: Work = { ...bounds, targets: these.map(({ name }) => name), shared }
  const left = [...these]
  let heardAt = performance.now()
  let heard = 0
  /** Runs of the targets before. */
  let before = 0
  return new Promise((resolve) => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), {
      workerData: work,
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax },
    })
    const watch = setInterval(() => {
      if (numbers[0] !== heard) hears()
      else if (performance.now() - heardAt > silenceMillisecondsMax)
        fail({ kind: 'hangs', what: `for ${silenceMillisecondsMax} ms` })
    }, lookMilliseconds)
    const hears = (): void => {
      heard = numbers[0] as number
      heardAt = performance.now()
    }
    const end = (): void => {
      clearInterval(watch)
      void worker.terminate()
      resolve(left)
    }
    const fail = (fault: Pick<Finding, 'kind' | 'what'>): void => {
      const input = new Uint8Array(shared, sharedHeadBytes, numbers[1])
      const findings = [{ ...fault, hex: Buffer.from(input).toString('hex') }]
      const target = left.shift()
      if (target) take(target, { ...nothingExplored, executions: (numbers[0] as number) - before, findings })
      end()
    }
    worker.on('message', (explored: Explored) => {
      hears()
      before = heard
      const target = left.shift()
      if (target) take(target, explored)
      if (left.length === 0) end()
    })
    worker.once('error', (error: Error) => {
      const isHeap = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      fail(isHeap ? { kind: 'grows', what: 'beyond the heap' } : { kind: 'throws', what: `outside: ${error.stack}` })
    })
  })
}

const nothingExplored = {
  seconds: 0,
  branches: 0,
  branchesCounted: 0,
  behaviours: 0,
  refusals: 0,
  accepted: 0,
  corpus: [],
}

process.once('exit', removeScratchFolders)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
// A thread that was ended in the middle of a loop may take its time: nothing waits for it.
process.exit(await main())
