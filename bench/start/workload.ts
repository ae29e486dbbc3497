/** Suite `start`: from an empty data directory to the end of the story, as whoever cloned the repository sees it. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inputFiles } from '@plexus/node'
import { type Outcome, percentile, type RunOptions, type Suite } from '../suite.ts'

const main = new URL('../../apps/node/src/main.ts', import.meta.url).pathname
const samples = new URL('../../samples', import.meta.url).pathname
const rounds = 3
/** Steps in their order; which of them took how long is told by when their lines came. */
const steps = [
  'network',
  'import',
  'enrol',
  'request',
  'release',
  'assemble',
  'patient-sees',
  'directive',
  'refused',
  'verify',
  'goods',
  'prescribe',
  'dispense',
  'cancel',
  'counterfeit',
  'recall',
  'rebate',
  'silence',
] as const

export const suite: Suite = {
  name: 'start',
  claim:
    'Seconds from starting the demonstration in an empty data directory to the end of its story, with the samples that are shipped, every step checked.',
  nonClaim: 'Nothing about the time that npm takes to install, or about input other than the samples.',
  oneCore: false,
  run,
}

interface Line {
  readonly step: string
  readonly ok: boolean
  readonly seconds: number
  readonly facts: Readonly<Record<string, unknown>>
}

async function run({ small, tell }: RunOptions): Promise<Outcome> {
  const found = inputFiles([samples])
  const [one] = found.ok ? found.files : []
  if (one === undefined) throw new Error('no samples are shipped')
  const all: (readonly Line[])[] = []
  for (let round = 0; round < (small ? 1 : rounds); round++) all.push(await story(small ? ['--input', one] : []))
  for (const lines of all) {
    if (lines.map(({ step }) => step).join(' ') !== steps.join(' ') || lines.some(({ ok }) => !ok))
      throw new Error('the story did not come to its end with every step checked')
  }
  const ends = all.map((lines) => lines.at(-1)?.seconds ?? 0)
  const last = all.at(-1) ?? []
  tell(last.map(({ step, seconds }) => `${step} at ${seconds.toFixed(1)} s`).join(', '))
  const imported = last.find(({ step }) => step === 'import')?.facts
  return {
    figures: [
      {
        name: 'empty data directory to the end of the story, slowest round',
        value: percentile(ends, 1),
        unit: 's',
        target: { type: 'below', value: 60 },
      },
      ...last.map(({ step, seconds }, index) => ({
        name: `of it, in the last round: ${step}`,
        value: seconds - (last[index - 1]?.seconds ?? 0),
        unit: 's',
      })),
    ],
    checked: { steps, read: imported?.['read'], stored: imported?.['stored'], patients: imported?.['patients'] },
  }
}

/** The lines of `demo --once --json` with the second at which each came; rejects when the process fails. */
function story(input: readonly string[]): Promise<readonly Line[]> {
  const data = mkdtempSync(join(tmpdir(), 'plexus-bench-'))
  const from = performance.now()
  const parameters = [
    '--disable-warning=ExperimentalWarning',
    main,
    'demo',
    '--once',
    '--json',
    '--data',
    data,
    ...input,
  ]
  const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: Line[] = []
  let rest = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    const whole = (rest + text).split('\n')
    rest = whole.pop() ?? ''
    for (const line of whole) {
      const { step, ok, ...facts } = JSON.parse(line) as { step: string; ok: boolean }
      lines.push({ step, ok, seconds: (performance.now() - from) / 1_000, facts })
    }
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      rmSync(data, { recursive: true, force: true })
      if (code === 0) resolve(lines)
      else reject(new Error(`the demonstration ended with ${code}`))
    })
  })
}
