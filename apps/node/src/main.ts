/**
 * The process that a member runs, and the demonstration of several in one: `demo`, `start`, `init`, `import`. Only this
 * file reads the environment's clock, randomness and arguments; everything below is handed what it needs.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { systemRandom } from '@plexus/crypto'
import { loadDefinitions } from '@plexus/fhir'
import { sequencerKeyOf } from '@plexus/kernel'
import { Presets, SingleBar } from 'cli-progress'
import { destination } from 'pino'
import { type Demonstration, founding, startDemonstration } from './demonstration.ts'
import { Desk } from './desk.ts'
import { createApi } from './http/api.ts'
import { createLogger } from './http/log.ts'
import { createMetrics, type Metrics } from './http/metrics.ts'
import { importFiles, inputFiles } from './import.ts'
import type { Network } from './network.ts'
import { builtPagesFolder, openPages } from './pages.ts'
import { type StoryEnd, tellStory } from './story.ts'
import { importStep, type StepReport } from './story-reports.ts'
import { StoryFailed } from './telling.ts'
import { untilSignal } from './until-signal.ts'
import { keepWalletFile, openWalletFile } from './wallet-store.ts'
import { whyNotStarted } from './why-not-started.ts'

const now = (): number => Date.now() / 1000
const samples = new URL('../../../samples', import.meta.url).pathname
/** Of the samples, the chart of the story: six custodians, and two of them give simvastatin in different strengths. */
const storyPatient = 'ff27d104-0a0d-12d1-779e-fbbebf3777a2'

const operations = ['backup', 'doctor', 'restore', 'verify'] as const

/** The members of the demonstration take this port and those after it. */
const peerPortMax = 65_535 - founding.members.length + 1

const usage = `plexus-node demo|start|init|import [--data DIR] [--input PATH]… [--patient ID] [--engine local|cometbft] [--once] [--json] [--port N] [--peer-port N] [PATH…]`

interface Options {
  readonly command: 'demo' | 'import' | 'init' | 'start'
  readonly data: string
  readonly temporary: boolean
  readonly input: readonly string[]
  readonly patient: string | undefined
  readonly once: boolean
  readonly json: boolean
  readonly port: number
  readonly peerPort: number | undefined
  readonly engine: 'cometbft' | 'local' | undefined
}

/** What the story leaves to try further. */
type Told = StoryEnd & { readonly wallet: string; readonly patient: string }

/** Exit codes: 0 all well, 1 refused or failed, 2 wrong usage. */
function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      input: { type: 'string', multiple: true },
      patient: { type: 'string' },
      once: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      port: { type: 'string', default: '7400' },
      'peer-port': { type: 'string' },
      engine: { type: 'string' },
    },
  })
  const [command = 'demo', ...paths] = positionals
  if (command !== 'demo' && command !== 'start' && command !== 'init' && command !== 'import')
    throw new TypeError(`unknown command; expected ${usage}`)
  if (command !== 'demo' && values.data === undefined) throw new TypeError(`${command} needs --data DIR`)
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new TypeError('--port: expected 0 to 65535')
  const peerPort = values['peer-port'] === undefined ? undefined : Number(values['peer-port'])
  if (peerPort !== undefined && !(Number.isInteger(peerPort) && peerPort >= 1 && peerPort <= peerPortMax))
    throw new TypeError(`--peer-port: expected 1 to ${peerPortMax}`)
  const { engine } = values
  if (engine !== undefined && engine !== 'local' && engine !== 'cometbft')
    throw new TypeError('--engine: expected local or cometbft')
  return {
    command,
    data: values.data === undefined ? mkdtempSync(join(tmpdir(), 'plexus-')) : resolve(values.data),
    temporary: values.data === undefined,
    input: [...(values.input ?? []), ...paths],
    patient: values.patient,
    once: values.once,
    json: values.json,
    port,
    peerPort,
    engine,
  }
}

async function main(): Promise<number> {
  const [first, ...rest] = process.argv.slice(2)
  const operation = operations.find((each) => each === first)
  // Loaded at need: the demonstration must not wait for it.
  if (operation) return (await import('./operate.ts')).operate(operation, rest)
  if (first === 'network') return (await import('./network-commands.ts')).runNetwork(rest)
  if ((first === 'start' || first === 'import') && rest.includes('--member'))
    return (await import('./member-process.ts')).runMember(first, rest)
  let options: Options
  try {
    options = readOptions(process.argv.slice(2))
  } catch (error) {
    console.error(error instanceof Error ? error.message : usage)
    return 2
  }
  const tell = teller(options.json)
  const startedAt = now()
  let failure: unknown
  let told: Told | undefined
  const metrics = createMetrics()
  const started = await startDemonstration({
    data: options.data,
    ...(options.engine && { engine: options.engine }),
    random: systemRandom,
    now,
    observe: metrics.observe,
    measures: metrics,
    ...(options.peerPort !== undefined && { peerPort: options.peerPort }),
    onFailure: (member, error) => {
      failure = error
      metrics.failed(member)
      console.error(
        `${member ?? 'the sequencer'} stopped: ${error instanceof Error ? error.message : 'unknown failure'}`,
      )
      process.exitCode = 1
    },
  })
  if (!started.ok) {
    console.error(whyNotStarted(started.reason, options.data))
    return 1
  }
  const demonstration = started.value
  const { network } = demonstration
  try {
    tell({
      step: 'network',
      ok: true,
      says: [
        `${founding.members.length} members run in this process, each with its own ledger, vault and keys under ${options.data}.`,
        `${ordersHere(network)}; each member applies every block to a store of its own (height ${network.node(founding.board).store.tip()?.height}).`,
      ],
      facts: {
        members: founding.members,
        data: options.data,
        chain: Buffer.from(network.chain.id).toString('hex'),
        height: network.node(founding.board).store.tip()?.height,
      },
    })
    if (options.command === 'init') return 0
    const recovering = [...network.nodes.values()].find(({ recovery }) => recovery?.shut)
    if (recovering && options.command !== 'start') {
      console.error(
        `${recovering.member} was put back from a backup: \`plexus start\` it, and see \`plexus recovery\`.`,
      )
      return 1
    }
    if (options.command === 'demo' || options.command === 'import') {
      const code = await takeInput(options, demonstration, tell)
      if (code !== 0 || options.command === 'import') return code
      const patient = patientOf(options, demonstration)
      if (patient === undefined) {
        console.error(
          `No patient ${options.patient ?? 'with records'} was imported: give another --patient, or an --input that holds one.`,
        )
        return 1
      }
      const wallet = join(options.data, `wallet-${patient}.json`)
      const end = await tellStory({
        demonstration,
        patient,
        random: systemRandom,
        now,
        tell,
        openWallet: () => openWalletFile(wallet, network.chain, systemRandom),
        keepWallet: (kept, taken) => keepWalletFile(wallet, kept, taken),
      })
      told = { ...end, wallet, patient }
      if (!end.ok) failure = new StoryFailed('a step was not as it must be')
      if (!options.json)
        console.log(
          `\nThe story took ${(now() - startedAt).toFixed(1)} s from the start; every step was checked${end.ok ? '' : ', and one or more did not hold'}.`,
        )
    }
    if (options.once && options.command === 'demo') return failure ? 1 : 0
    await stayUp(options, demonstration, metrics, told)
    return failure ? 1 : 0
  } catch (error) {
    console.error(error instanceof StoryFailed ? `The story failed: ${error.message}.` : error)
    return 1
  } finally {
    await network.close()
    if (options.temporary) rmSync(options.data, { recursive: true, force: true })
  }
}

function ordersHere({ chain }: Pick<Network, 'chain'>): string {
  return sequencerKeyOf(chain)
    ? 'One key orders the blocks here'
    : 'CometBFT runs beside each of them, and four validate'
}

async function takeInput(
  options: Options,
  demonstration: Demonstration,
  tell: (report: StepReport) => void,
): Promise<number> {
  const files = inputFiles(
    options.input.length > 0 ? options.input : [join(samples, `${storyPatient}.json.zst`), samples],
  )
  if (!files.ok) {
    console.error(
      files.reason.type === 'input-missing'
        ? `There is no ${files.reason.path}.`
        : `${files.reason.path} holds too many files: give it in parts.`,
    )
    return 1
  }
  const startedAt = now()
  loadDefinitions()
  const { directory, custodians, network } = demonstration
  const bar = progressBar(options.json)
  const report = await importFiles(files.files, {
    directory,
    custodians,
    now,
    progress: bar.update,
  })
  await network.until(
    () => [...network.nodes.values()].every(({ exchange }) => exchange.batches.idle),
    60,
    'the import to be committed',
  )
  bar.end()
  tell(importStep(report, demonstration, now() - startedAt))
  return 0
}

/** The patient asked for; else the one of the input with most custodians, the first of equals. */
function patientOf({ patient, input }: Options, { directory }: Demonstration): string | undefined {
  if (patient !== undefined) return directory.patients.includes(patient) ? patient : undefined
  if (input.length === 0 && directory.patients.includes(storyPatient)) return storyPatient
  let best: string | undefined
  for (const each of directory.patients)
    if (directory.custodiansOf(each).length > directory.custodiansOf(best ?? '').length) best = each
  return best
}

/** The API's address and what to try, until the process is told to end. */
async function stayUp(
  { command, port, json, data }: Options,
  demonstration: Demonstration,
  metrics: Metrics,
  told: Told | undefined,
): Promise<void> {
  const { network, directory } = demonstration
  // A node's log is its standard error; the demonstration's screen belongs to the story.
  const logger = createLogger(destination(command === 'start' ? 2 : join(data, 'node.log')))
  const pages = openPages(builtPagesFolder)
  const desk = told && new Desk({ demonstration, random: systemRandom, now, told: told.patient })
  const api = await createApi({
    network,
    directory,
    logger,
    random: systemRandom,
    now,
    metrics,
    ...(pages && { pages }),
    ...(desk && { desk }),
  })
  let address: string
  try {
    address = await api.listen({ host: '127.0.0.1', port })
  } catch (error) {
    await api.close()
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new StoryFailed(`port ${port} is in use: end what listens there, or give another --port`)
  }
  const ended = untilSignal()
  // A passkey belongs to a name, never to an address in numbers (WebAuthn Level 3 §5.1.3).
  const link = pages && desk ? `${address.replace('127.0.0.1', 'localhost')}/#desk=${desk.token}` : undefined
  if (!json) {
    console.log(
      link
        ? `\nSee it in a browser, as the patient and as the clinician:\n\n  ${link}`
        : '\nNo pages were built: `npm run pages`, then start again.',
    )
    console.log(
      `\nThe network stays up. Its API: ${address} (OpenAPI: ${address}/openapi.json). Try, in another terminal:`,
    )
    for (const line of commandsToTry(address, data, told)) console.log(`  ${line}`)
    console.log('End it with Ctrl-C.')
  } else {
    console.error(address)
    if (link) console.error(link)
  }
  await ended
  await api.close()
}

function commandsToTry(address: string, data: string, told: Told | undefined): readonly string[] {
  const plexus = 'npm run --silent plexus --'
  return [
    ...(told
      ? [
          `${plexus} chart --node ${address} --data ${data} --ask ${told.ask}`,
          `${plexus} who-looked --node ${address} --wallet ${told.wallet}`,
          `${plexus} directive --node ${address} --wallet ${told.wallet} --custodian hospital-1 --open`,
          `${plexus} ask --node ${address} --data ${data} --visit ${told.visit} --npi ${told.npi}`,
        ]
      : []),
    `${plexus} ledger --node ${address}`,
    `${plexus} verify ${data}   (after Ctrl-C: a data directory has one owner at a time)`,
  ]
}

function teller(json: boolean): (report: StepReport) => void {
  return ({ step, ok, says, facts }) => {
    if (json) console.log(JSON.stringify({ step, ok, ...facts }))
    else console.log(`\n${ok ? '✓' : '✗'} ${step}\n${says.map((line) => `  ${line}`).join('\n')}`)
  }
}

/** On a terminal only; standard output belongs to the story. */
function progressBar(json: boolean): {
  readonly update: (done: number, total: number) => void
  readonly end: () => void
} {
  if (json || !process.stderr.isTTY) return { update: () => {}, end: () => {} }
  const bar = new SingleBar(
    { format: '  importing {bar} {percentage} % of the input', hideCursor: true, clearOnComplete: true },
    Presets.shades_classic,
  )
  let started = false
  return {
    update(done, total) {
      if (!started) bar.start(total, 0)
      started = true
      bar.update(done)
    },
    end: () => bar.stop(),
  }
}

/** Whoever started this node is gone: what is durable stands, and nobody is left to end it later. */
const orphaned = (): never => process.exit(1)

process.on('disconnect', orphaned)
process.exitCode = await main()
process.off('disconnect', orphaned)
// The line to whoever started this would keep the process alive.
if (process.connected) process.disconnect()
