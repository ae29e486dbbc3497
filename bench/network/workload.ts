/** Suite `network`: validators that agree through a real engine on one machine, with the load of all their members. */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { builtEngineIn, findEngine, sayEngineProgramRefusal } from '@plexus/engine'
import { freePorts } from '@plexus/node'
import { median, type Outcome, percentile, type RunOptions, type Suite } from '../suite.ts'
import type { Load, Loaded, NodePlan, NodeWord } from './plan.ts'

export const suite: Suite = {
  name: 'network',
  claim:
    'Signed transactions a second that each open a handle, agreed on by four validators and durable at the member that offered, with the load generator on the same cores; against an application without state under the same engine in the same run. Every signature is verified once per node.',
  nonClaim:
    'One machine: nothing about networks between machines. All validators and clients share its cores, so the figures are a lower bound for one node a machine. No faults meanwhile.',
  oneCore: false,
  run,
}

const root = new URL('../../', import.meta.url).pathname
export const builtEngine = builtEngineIn({
  goFolder: join(root, 'packages/engine/go'),
  cache: join(root, 'node_modules/.cache/engine'),
})

interface Sizes {
  readonly validators: number
  /** Before anything is measured. */
  readonly warming: Load
  /** Each node's clients keep so many open, for so long. */
  readonly sustained: Load
  /** Two hundred a second, all nodes together. */
  readonly steady: Load
  /** Larger networks, for which only a rate is told. */
  readonly larger: readonly number[]
}

const full: Sizes = {
  validators: 4,
  warming: { envelopes: 500, atOnce: 50, perSecond: null, seconds: null },
  sustained: { envelopes: 30_000, atOnce: 300, perSecond: null, seconds: 60 },
  steady: { envelopes: 1_500, atOnce: 10_000, perSecond: 50, seconds: null },
  larger: [7, 10],
}
const tiny: Sizes = {
  validators: 2,
  warming: { envelopes: 5, atOnce: 5, perSecond: null, seconds: null },
  sustained: { envelopes: 60, atOnce: 20, perSecond: null, seconds: null },
  steady: { envelopes: 40, atOnce: 100, perSecond: 20, seconds: null },
  larger: [],
}

/** Long enough for ten nodes on a busy machine. */
const patienceMilliseconds = 240_000

async function run({ small, minutes, tell }: RunOptions): Promise<Outcome> {
  const found = await findEngine({ built: builtEngine, path: process.env['PATH'] ?? '' })
  if (!found.ok) throw new Error(sayEngineProgramRefusal(found.reason))
  const seconds = minutes === undefined ? full.sustained.seconds : 60 * minutes
  const sizes = small ? tiny : { ...full, sustained: { ...full.sustained, seconds } }
  const measure = (application: NodePlan['application'], validators: number) =>
    measured({ application, validators, program: found.value, sizes, tell })
  const bare = await measure('stateless', sizes.validators)
  const ledger = await measure('ledger', sizes.validators)
  const larger: { readonly validators: number; readonly rate: number }[] = []
  for (const validators of sizes.larger) larger.push({ validators, rate: (await measure('ledger', validators)).rate })
  return {
    figures: [
      { name: `${sizes.validators} validators, sustained`, value: ledger.rate, unit: 'transactions/s' },
      { name: 'the same without state', value: bare.rate, unit: 'transactions/s' },
      {
        name: 'sustained over the same without state',
        value: ledger.rate / bare.rate,
        unit: 'times',
        target: { type: 'at-least', value: 0.75 },
      },
      { name: 'at 200/s, offer to durable block, p50', value: ledger.p50, unit: 'ms' },
      { name: 'at 200/s, offer to durable block, p95', value: ledger.p95, unit: 'ms' },
      { name: 'the same without state, p50', value: bare.p50, unit: 'ms' },
      { name: 'the same without state, p95', value: bare.p95, unit: 'ms' },
      { name: 'p50 over p50', value: ledger.p50 / bare.p50, unit: 'times', target: { type: 'below', value: 1.5 } },
      { name: 'p95 over p95', value: ledger.p95 / bare.p95, unit: 'times', target: { type: 'below', value: 1.5 } },
      ...larger.map(({ validators, rate }) => ({
        name: `${validators} validators, sustained`,
        value: rate,
        unit: 'transactions/s',
      })),
    ],
    checked: {
      lost: bare.lost + ledger.lost,
      verifiedOnce: bare.verifiedOnce && ledger.verifiedOnce,
      agreed: ledger.agreed,
    },
  }
}

interface Measured {
  readonly rate: number
  readonly p50: number
  readonly p95: number
  readonly lost: number
  /** Each node verified as many signatures as there were envelopes. */
  readonly verifiedOnce: boolean
  readonly agreed: boolean
}

async function measured({
  application,
  validators,
  program,
  sizes,
  tell,
}: {
  readonly application: NodePlan['application']
  readonly validators: number
  readonly program: string
  readonly sizes: Sizes
  readonly tell: (line: string) => void
}): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'plexus-'))
  const ports = await freePorts(validators)
  const foundedAt = Math.floor(Date.now() / 1_000) - 5
  const nodes = ports.map((_, index) =>
    startNode({ foundedAt, ports, index, directory: join(folder, String(index)), application, program }),
  )
  try {
    await all(nodes.map((node) => node.hears('up')))
    const loadAll = async (load: Load): Promise<readonly Loaded[]> => {
      await all(nodes.map((node) => node.asked({ type: 'make', load }, 'made')))
      return (await all(nodes.map((node) => node.asked({ type: 'load', load }, 'loaded')))) as readonly Loaded[]
    }
    const warming = await loadAll(sizes.warming)
    const sustained = await loadAll(sizes.sustained)
    const steady = await loadAll(sizes.steady)
    const rate = accepted(sustained) / Math.max(...sustained.map(({ seconds }) => seconds))
    const latencies = steady.flatMap(({ milliseconds }) => milliseconds)
    tell(`${application}, ${validators} validators: ${rate.toFixed(0)} transactions/s`)
    const loads = [...warming, ...sustained, ...steady]
    const sent = loads.reduce((sum, each) => sum + each.sent, 0)
    const tips = await tipsOf(nodes)
    return {
      rate,
      p50: median(latencies),
      p95: percentile(latencies, 0.95),
      lost: sent - accepted(loads),
      verifiedOnce: tips.every(({ verified }) => verified === sent),
      agreed: new Set(tips.map(({ appHash }) => appHash)).size === 1,
    }
  } finally {
    await Promise.all(nodes.map((node) => node.end()))
    rmSync(folder, { recursive: true, force: true })
  }
}

const accepted = (loads: readonly Loaded[]): number => loads.reduce((sum, each) => sum + each.milliseconds.length, 0)

type Tip = Extract<NodeWord, { readonly type: 'tip' }>

/** Once all nodes stand at one height: the last block may still be on its way to some. */
async function tipsOf(nodes: readonly Node[]): Promise<readonly Tip[]> {
  for (let tries = 0; tries < 100; tries++) {
    const tips = (await all(nodes.map((node) => node.asked({ type: 'tip' }, 'tip')))) as readonly Tip[]
    if (new Set(tips.map(({ height }) => height)).size === 1) return tips
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the nodes do not come to one height')
}

interface Node {
  hears(type: NodeWord['type']): Promise<NodeWord>
  asked(word: object, type: NodeWord['type']): Promise<NodeWord>
  end(): Promise<void>
}

const all = <Value>(promises: readonly Promise<Value>[]): Promise<readonly Value[]> => Promise.all(promises)

function startNode(plan: NodePlan): Node {
  const child: ChildProcess = fork(new URL('./node.ts', import.meta.url).pathname, [JSON.stringify(plan)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const gone = new Promise<void>((resolve) => child.on('exit', () => resolve()))

  function hears(type: NodeWord['type']): Promise<NodeWord> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer)
        child.off('message', hear)
        child.off('exit', ended)
      }
      const hear = (word: NodeWord): void => {
        if (word.type !== type && word.type !== 'failed') return
        end()
        if (word.type === 'failed') reject(new Error(`a node failed: ${word.text}`))
        else resolve(word)
      }
      const ended = (): void => {
        end()
        reject(new Error(`a node ended before it said ${type}`))
      }
      const timer = setTimeout(() => {
        end()
        reject(new Error(`a node did not say ${type} in time`))
      }, patienceMilliseconds)
      child.on('message', hear)
      child.on('exit', ended)
    })
  }

  return {
    hears,
    asked(word, type) {
      const answer = hears(type)
      child.send(word)
      return answer
    },
    async end() {
      if (child.exitCode === null && child.signalCode === null && child.connected) child.send({ type: 'stop' })
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
      await gone
      clearTimeout(timer)
    },
  }
}
