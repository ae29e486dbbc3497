/** Suite `import`: FHIR bundles read, validated, sealed, indexed by patient, committed and durable. */
import { existsSync } from 'node:fs'
import { attribute, loadDefinitions, readSampleFile, validateResource } from '@plexus/fhir'
import { type Demonstration, type ImportReport, inputFiles } from '@plexus/node'
import { cpuSeconds, median, type Outcome, type RunOptions, type Suite } from '../suite.ts'
import { importAll, inWorld } from '../world.ts'

const charts = new URL('../../../shared/data/synthea', import.meta.url).pathname
const samples = new URL('../../samples', import.meta.url).pathname
const smallFiles = 1
const rounds = 5
const target = { type: 'at-least', value: 1_500 } as const

export const suite: Suite = {
  name: 'import',
  claim:
    'Resources per second, on one core, that FHIR R4 bundles of Synthea are read, validated (structure, types, cardinality, required bindings), sealed, indexed by patient, committed on the ledger and durable on disk, with all eight members in the process.',
  nonClaim:
    'Nothing about other sources, search beyond the index by patient, several importers at once, or a disk that others keep busy: the rate per second contains the waits for the disk, the rate per CPU second does not.',
  oneCore: true,
  run,
}

/** CPU seconds of one import, by what they went into. */
interface Spent {
  seal: number
  journal: number
  ledger: number
}

interface Round extends Spent {
  readonly seconds: number
  readonly cpu: number
  readonly report: ImportReport
  readonly blocks: number
}

async function run({ small, tell }: RunOptions): Promise<Outcome> {
  const beside = existsSync(charts) && !small
  tell(beside ? 'Charts: ../shared/data/synthea.' : 'Charts: samples/ of this repository.')
  const found = inputFiles([beside ? charts : samples])
  if (!found.ok) throw new Error(`no charts: ${found.reason.type}`)
  const files = small ? found.files.slice(0, smallFiles) : found.files
  // The specification's definitions are read once in the life of a process.
  loadDefinitions()
  const all: Round[] = []
  for (let number = 0; number < (small ? 1 : rounds); number++) all.push(await inWorld((world) => round(world, files)))
  const reading = await readAndValidate(files)
  const [first] = all
  if (!first) throw new Error('no round')
  for (const { report } of all) {
    if (report.read !== report.stored + report.refusedCount || report.refusedCount > 0)
      throw new Error('an entry is neither stored nor refused, or a chart of Synthea was refused')
    if (JSON.stringify(counts(report)) !== JSON.stringify(counts(first.report))) throw new Error('two imports differ')
  }
  const thousands = first.report.stored / 1_000
  const of = (take: (round: Round) => number) => median(all.map(take))
  const rates = all.map(({ seconds }) => first.report.stored / seconds)
  tell(`Rates of the rounds, a second: ${rates.map((rate) => rate.toFixed(0)).join(', ')}.`)
  const spent = (name: string, value: number) => ({
    name: `CPU per 1,000 resources: ${name}`,
    value: (1_000 * value) / thousands,
    unit: 'CPU ms',
  })
  const rest = of(({ cpu, seal, journal, ledger }) => cpu - seal - journal - ledger) - reading
  return {
    figures: [
      { name: 'imported and durable, median of rounds', value: median(rates), unit: 'resources/s', target },
      { name: 'imported per CPU second', value: first.report.stored / of(({ cpu }) => cpu), unit: 'resources/CPU s' },
      spent('read, attribute, validate', reading),
      spent(
        'seal into the vault',
        of(({ seal }) => seal),
      ),
      spent(
        'index, statements and batches in the journals',
        of(({ journal }) => journal),
      ),
      spent(
        'blocks of eight replicas',
        of(({ ledger }) => ledger),
      ),
      spent('statements, leaves, trees, envelopes, sequencer, the rest', rest),
      { name: 'blocks', value: of(({ blocks }) => blocks), unit: 'blocks' },
      { name: 'not on the core (disk, others)', value: of(({ seconds, cpu }) => seconds - cpu), unit: 's a round' },
    ],
    checked: counts(first.report),
  }
}

async function round(world: Demonstration, files: readonly string[]): Promise<Round> {
  const spent: Spent = { seal: 0, journal: 0, ledger: 0 }
  const timed = <Value>(into: keyof Spent, action: () => Value): Value => {
    const from = process.cpuUsage()
    const value = action()
    spent[into] += cpuSeconds(from)
    return value
  }
  for (const { vault, journal, store } of world.network.nodes.values()) {
    const [seal, write, commit] = [vault.seal.bind(vault), journal.write.bind(journal), store.commit.bind(store)]
    vault.seal = (records) => timed('seal', () => seal(records))
    journal.write = (changes) => timed('journal', () => write(changes))
    store.commit = (applied, header) => timed('ledger', () => commit(applied, header))
  }
  const cpuFrom = process.cpuUsage()
  const from = performance.now()
  const report = await importAll(world, files)
  const seconds = (performance.now() - from) / 1_000
  const cpu = cpuSeconds(cpuFrom)
  const blocks = Math.max(...[...world.network.nodes.values()].map(({ store }) => store.tip()?.height ?? 0))
  return { ...spent, seconds, cpu, report, blocks }
}

/** The same bytes once more through reading, attributing and validating alone; CPU seconds. */
async function readAndValidate(files: readonly string[]): Promise<number> {
  const from = process.cpuUsage()
  for (const file of files) {
    for await (const read of readSampleFile(file)) {
      if (!read.ok) continue
      for (const { value } of attribute(read.value.entries).attributed) validateResource(value)
    }
  }
  return cpuSeconds(from)
}

/** What an import must bring, whatever names were minted for the custodians. */
function counts({ read, stored, refusedCount, warnings, patients, custodians }: ImportReport) {
  const types = new Map<string, number>()
  const totals: number[] = []
  for (const held of custodians.values()) {
    totals.push([...held.values()].reduce((sum, count) => sum + count, 0))
    for (const [type, count] of held) types.set(type, (types.get(type) ?? 0) + count)
  }
  return {
    read,
    stored,
    refused: refusedCount,
    warnings,
    patients: patients.size,
    custodians: totals.sort((a, b) => b - a),
    types: [...types].sort(([a], [b]) => (a < b ? -1 : 1)),
  }
}
