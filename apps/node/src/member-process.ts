/** One member's node as a process: `start` and `import` with `--member`. The others are reached as the ledger says. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { systemRandom } from '@plexus/crypto'
import { type EngineEvent, readEngineAddress } from '@plexus/engine'
import { loadDefinitions } from '@plexus/fhir'
import { writeDurably } from '@plexus/store'
import { destination } from 'pino'
import { candidatePath, readCandidate } from './candidate-file.ts'
import type { CometPlaces } from './comet-order.ts'
import { Custodians } from './custodians.ts'
import { Directory } from './directory.ts'
import { foundedChain } from './founding.ts'
import { headerSourceIn, trustSeconds } from './header-sources.ts'
import { createApi } from './http/api.ts'
import { createLogger, failureFacts, type NodeLogger } from './http/log.ts'
import { createMetrics, type Metrics } from './http/metrics.ts'
import { importFiles, inputFiles } from './import.ts'
import { layoutOf } from './layout.ts'
import { type Here, Network } from './network.ts'
import { builtPagesFolder, openPages } from './pages.ts'
import { snapshotEveryIn } from './snapshot-ledger.ts'
import { untilSignal } from './until-signal.ts'
import { whyNotStarted } from './why-not-started.ts'

const now = (): number => Date.now() / 1000

/** An import waits so long for the engine to take envelopes: others must be there for it. */
const engineSecondsMax = 60
const committedSecondsMax = 600

interface Options {
  readonly data: string
  readonly member: string
  readonly port: number
  readonly peers: readonly string[]
  readonly begin: CometPlaces['begin'] | undefined
  readonly snapshotEvery: number | undefined
  readonly json: boolean
  readonly paths: readonly string[]
}

/** What this process is to run, or why it cannot. */
function hereIn({ data, member, peers, begin, snapshotEvery }: Options): Here | string {
  const chain = foundedChain(data)
  if (!chain) return `There is no genesis.cbor in ${data}: \`plexus network init\` makes one, or another member has it.`
  if (chain.genesis.engine.type !== 'cometbft')
    return `${data} was founded on the embedded engine, which orders for all members in one process: start it without --member.`
  const layout = layoutOf(data, member)
  if (!existsSync(layout.keys)) return `${data} has no keys of ${member}: \`plexus network join\` makes them.`
  const described = readCandidate(candidatePath(layout))
  const others = []
  for (const peer of peers) {
    const read = readEngineAddress(peer)
    if (!read.ok) return '--peer: expected ID@HOST:PORT'
    others.push(read.value)
  }
  const own = described.ok ? described.value : undefined
  return {
    chain,
    members: [member],
    sequencer: null,
    snapshotEvery,
    places: { others, ...(begin && { begin }), ...(own && own.engineAddress !== null && { own: own.engineAddress }) },
    ...(own && { address: own.address }),
  }
}

/** Exit status: 0 all well, 1 refused or failed, 2 wrong usage. */
export async function runMember(command: 'import' | 'start', args: readonly string[]): Promise<number> {
  let options: Options
  try {
    options = readOptions(args)
  } catch (error) {
    console.error(error instanceof Error ? error.message : 'usage')
    return 2
  }
  const { data, member } = options
  const here = hereIn(options)
  if (typeof here === 'string') {
    console.error(here)
    return 1
  }
  const metrics = createMetrics()
  const logger = createLogger(destination(2))
  const failed = Promise.withResolvers<void>()
  let failure = false
  const started = await Network.open(
    {
      data,
      random: systemRandom,
      now,
      observe: metrics.observe,
      measures: metrics,
      onEngineEvent: (_, event) => tellEngine(logger, options, event),
      onFailure(_, error) {
        failure = true
        metrics.failed(member)
        logger.error({ what: 'stopped', member, ...failureFacts(error) })
        console.error(`${member} stopped: ${error instanceof Error ? error.message : 'unknown failure'}`)
        failed.resolve()
      },
    },
    here,
  )
  if (!started.ok) {
    console.error(whyNotStarted(started.reason, data))
    return 1
  }
  const network = started.value
  try {
    const directory = Directory.open(layoutOf(data, member).root)
    if (command === 'import') return await importInto(options, network, directory)
    const code = await serve(options, { network, directory, metrics, logger }, failed.promise)
    return failure ? 1 : code
  } finally {
    await network.close()
  }
}

function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      member: { type: 'string' },
      port: { type: 'string', default: '7400' },
      peer: { type: 'string', multiple: true, default: [] },
      begin: { type: 'string' },
      source: { type: 'string', multiple: true, default: [] },
      'snapshot-every': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  if (values.data === undefined || values.member === undefined) throw new TypeError('expected --data DIR --member ID')
  if (!/^[a-z][a-z0-9-]{0,38}[a-z0-9]$/.test(values.member))
    throw new TypeError('--member: expected the id of a member')
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new TypeError('--port: expected 0 to 65535')
  return {
    data: resolve(values.data),
    member: values.member,
    port,
    peers: values.peer,
    begin: beginIn(values.begin, values.source),
    snapshotEvery: snapshotEveryIn(values['snapshot-every']),
    json: values.json,
    paths: positionals,
  }
}

const sourcesMin = 2
/** As many as a light client compares. */
const sourcesMax = 16

function beginIn(block: string | undefined, texts: readonly string[]): CometPlaces['begin'] | undefined {
  if (block === undefined && texts.length === 0) return undefined
  const [, height, hash] = block?.match(/^([1-9][0-9]{0,14}):([0-9a-fA-F]{64})$/) ?? []
  if (height === undefined || hash === undefined) throw new TypeError('--begin: expected HEIGHT:HASH')
  const sources = texts.map(headerSourceIn)
  if (sources.length < sourcesMin || sources.length > sourcesMax)
    throw new TypeError(`--source: expected ${sourcesMin} to ${sourcesMax}`)
  return { sources, trusted: { height: Number(height), hash }, trustSeconds }
}

/** The log holds words of a list; what the engine itself said last lies beside it, for whoever looks. */
function tellEngine(logger: NodeLogger, { data, member }: Options, event: EngineEvent): void {
  logger.info({ what: event.type, member, ...('height' in event && { height: event.height }) })
  if (event.type === 'engine-ended')
    writeDurably(join(layoutOf(data, member).engine, 'last-words.txt'), event.exit.lastWords)
}

/** Until a signal, or until nothing can go on. */
async function serve(
  { member, port, json }: Options,
  parts: {
    readonly network: Network
    readonly directory: Directory
    readonly metrics: Metrics
    readonly logger: NodeLogger
  },
  failed: Promise<void>,
): Promise<number> {
  const pages = openPages(builtPagesFolder)
  const api = await createApi({ ...parts, random: systemRandom, now, ...(pages && { pages }) })
  try {
    const address = await api.listen({ host: '127.0.0.1', port })
    const height = parts.network.node(member).store.tip()?.height ?? 0
    if (json) console.log(JSON.stringify({ step: 'started', ok: true, member, address, height }))
    else console.log(`${member} runs, at block ${height}. Its API: ${address}. End it with Ctrl-C.`)
    await Promise.race([failed, untilSignal()])
    return 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    console.error(`Port ${port} is in use: end what listens there, or give another --port.`)
    return 1
  } finally {
    await api.close()
  }
}

/** All organisations of the input become this member and its tenants. */
async function importInto({ member, paths, json }: Options, network: Network, directory: Directory): Promise<number> {
  const files = inputFiles(paths)
  if (!files.ok || paths.length === 0) {
    console.error(files.ok ? 'expected files or folders to import' : `There is no ${files.reason.path}.`)
    return 1
  }
  await network.until(() => network.isUp(member), engineSecondsMax, 'the engine: are other members up?')
  loadDefinitions()
  const custodians = new Custodians({ network, directory, keepers: [member], random: systemRandom })
  const { read, stored, unchanged, refusedCount } = await importFiles(files.files, { directory, custodians, now })
  await network.until(
    () => network.node(member).exchange.batches.idle,
    committedSecondsMax,
    'the import to be committed',
  )
  const facts = { read, stored, unchanged, refused: refusedCount }
  if (json) console.log(JSON.stringify({ step: 'import', ok: true, member, ...facts }))
  else
    console.log(
      `${member}: ${read} resources read, ${stored} sealed, ${unchanged} already there, ${refusedCount} refused.`,
    )
  return 0
}
