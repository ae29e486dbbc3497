/**
 * `npm run bench -- SUITE [--check] [--small] [--minutes N]`: runs one suite, prints its result as the last line, one JSON object, and
 * keeps it under bench/results. With `--check` the exit status is 1 when a target is missed.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { suite as access } from './access/workload.ts'
import { suite as commitments } from './commitments/workload.ts'
import { suite as contracts } from './contracts/workload.ts'
import { suite as directive } from './directive/workload.ts'
import { suite as engine } from './engine/workload.ts'
import { suite as epcis } from './epcis/workload.ts'
import { suite as growth } from './growth/workload.ts'
import { suite as importing } from './import/workload.ts'
import { suite as light } from './light/workload.ts'
import { suite as linkage } from './linkage/workload.ts'
import { suite as network } from './network/workload.ts'
import { suite as recall } from './recall/workload.ts'
import { suite as record } from './record/workload.ts'
import { suite as restore } from './restore/workload.ts'
import { suite as soak } from './soak/workload.ts'
import { suite as start } from './start/workload.ts'
import { suite as streaming } from './streaming/workload.ts'
import { suite as submit } from './submit/workload.ts'
import { resultOf, type Suite } from './suite.ts'
import { suite as sync } from './sync/workload.ts'
import { suite as tags } from './tags/workload.ts'
import { suite as verify } from './verify/workload.ts'
import { suite as verifyUnit } from './verify-unit/workload.ts'
import { suite as web } from './web/workload.ts'

const suites: readonly Suite[] = [
  importing,
  access,
  directive,
  start,
  engine,
  contracts,
  network,
  submit,
  streaming,
  linkage,
  light,
  commitments,
  growth,
  soak,
  restore,
  sync,
  tags,
  epcis,
  verifyUnit,
  recall,
  web,
  record,
  verify,
]
const usage = `npm run bench -- ${suites.map(({ name }) => name).join('|')} [--check] [--small] [--minutes N]`

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      check: { type: 'boolean', default: false },
      small: { type: 'boolean', default: false },
      minutes: { type: 'string' },
    },
  })
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes)
  if (minutes !== undefined && !(minutes > 0)) throw new TypeError(`expected ${usage}`)
  const suite = suites.find(({ name }) => name === positionals[0])
  if (!suite || positionals.length !== 1) throw new TypeError(`expected ${usage}`)
  return { suite, small: values.small, check: values.check, minutes }
}

async function main(): Promise<number> {
  let given: ReturnType<typeof readArguments>
  try {
    given = readArguments()
  } catch (error) {
    console.error(error instanceof Error ? error.message : usage)
    return 2
  }
  const { suite, small, check, minutes } = given
  if (suite.oneCore && availableParallelism() > 1) {
    const status = pinned()
    if (status !== undefined) return status
    console.log('No taskset here: the process is not pinned, and only the figure per CPU second speaks of one core.')
  }
  const [loadBefore = 0] = loadavg()
  const { figures, checked } = await suite.run({
    small,
    ...(minutes !== undefined && { minutes }),
    tell: (line) => console.log(line),
  })
  const results = figures.map(resultOf)
  for (const { name, value, unit, target, met } of results)
    console.log(
      `${`${value}`.padStart(12)} ${unit.padEnd(24)} ${name}${target ? ` (target ${target}: ${met ? 'met' : 'MISSED'})` : ''}`,
    )
  const { name, claim, nonClaim } = suite
  const hash = createHash('sha256').update(JSON.stringify(checked)).digest('hex')
  const line = JSON.stringify({ suite: name, claim, nonClaim, machine: machine(loadBefore), results, hash })
  if (!small && minutes === undefined) keep(name, line)
  console.log(line)
  return check && results.some(({ met }) => met === false) ? 1 : 0
}

/** A tool of util-linux. */
const onOneCore = ['taskset', '-c', '0']

/** Runs the same again on one core; undefined where that cannot be done. */
function pinned(): number | undefined {
  const [program, ...parameters] = [...onOneCore, process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const { status, error } = spawnSync(program as string, parameters, { stdio: 'inherit' })
  return error ? undefined : (status ?? 1)
}

/** `loadBefore`: processes that wanted a core in the minute before; figures of a busy machine are the machine's. */
function machine(loadBefore: number) {
  const [first] = cpus()
  return {
    cores: availableParallelism(),
    cpu: first?.model ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    loadBefore: Number(loadBefore.toFixed(2)),
  }
}

function keep(name: string, line: string): void {
  const folder = new URL('results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(JSON.parse(line), null, 2)}\n`)
}

process.exitCode = await main()
