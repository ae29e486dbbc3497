/** Suite `access`: one click, five custodians, a thousand resources, and the assembled view. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AssembledRecord } from '@plexus/assembly'
import { viewOfAsk } from '@plexus/exchange'
import { asker } from '@plexus/node'
import { chartOf, chartPatient } from '../chart.ts'
import { cpuSeconds, median, type Outcome, percentile, type RunOptions, type Suite } from '../suite.ts'
import { askAll, importAll, inWorld, quiet, type Visit, visitOf } from '../world.ts'
import { listen, type Meter, stages } from './meter.ts'

const size = { organisations: 5, resources: 200 }
const smallSize = { organisations: 3, resources: 20 }
const accesses = { counted: 80, first: 10 }
const smallAccesses = { counted: 2, first: 0 }

export const suite: Suite = {
  name: 'access',
  claim:
    'With the custodians known, the time from a click to the assembled view of 1,000 resources at 5 custodians, on the embedded network, all members in one process.',
  nonClaim:
    'Nothing about a network between machines, concurrent clinicians, or a screen. The wait for the pieces of one process is the wait of members that would each have a machine.',
  oneCore: false,
  run: ({ small }: RunOptions) => inWorld((demonstration, data) => run(demonstration, data, small)),
}

interface Sample {
  readonly seconds: number
  readonly cpu: number
  readonly wireBytes: number
  readonly notes: number
  readonly ledgerBytes: number
  readonly blocks: number
  readonly stages: Readonly<Record<string, number>>
  readonly writes: number
  readonly writeSeconds: number
}

async function run(
  demonstration: Parameters<Parameters<typeof inWorld>[0]>[0],
  data: string,
  small: boolean,
): Promise<Outcome> {
  const file = join(data, 'chart.json')
  const { organisations, resources } = small ? smallSize : size
  writeFileSync(file, chartOf({ organisations, resources }))
  const report = await importAll(demonstration, [file])
  if (report.stored !== organisations * resources || report.refusedCount > 0)
    throw new Error(`of ${organisations * resources} resources ${report.stored} were stored`)
  const visit = await visitOf(demonstration, chartPatient)
  if (visit.custodians.length !== organisations) throw new Error('the chart is not scattered as it should be')
  const meter = listen(demonstration, asker)
  const { counted, first } = small ? smallAccesses : accesses
  const samples: Sample[] = []
  const views = new Set<string>()
  for (let number = 0; number < first + counted; number++) {
    const { sample, view } = await access(demonstration, visit, meter)
    if (number >= first) samples.push(sample)
    views.add(JSON.stringify(summary(view)))
    if (view.sources.some(({ state }) => state.type !== 'complete')) throw new Error('a source is not complete')
  }
  if (views.size !== 1) throw new Error('two accesses to one chart gave two views')
  const of = (take: (sample: Sample) => number) => samples.map(take)
  const seconds = of((sample) => sample.seconds)
  return {
    figures: [
      { name: 'click to assembled view, p50', value: median(seconds), unit: 's' },
      {
        name: 'click to assembled view, p95',
        value: percentile(seconds, 0.95),
        unit: 's',
        target: { type: 'below', value: 1 },
      },
      ...stages.map((stage) => ({
        name: `of it, median: ${stage}`,
        value: 1000 * median(of((sample) => sample.stages[stage] ?? 0)),
        unit: 'ms',
      })),
      { name: 'durable writes, ledger and journals', value: median(of(({ writes }) => writes)), unit: 'writes' },
      { name: 'in durable writes', value: 1000 * median(of((sample) => sample.writeSeconds)), unit: 'ms' },
      { name: 'cost of one chart, all members, until quiet', value: median(of(({ cpu }) => cpu)), unit: 'CPU s' },
      { name: 'on the wire', value: median(of(({ wireBytes }) => wireBytes)), unit: 'bytes' },
      { name: 'notes on the wire', value: median(of(({ notes }) => notes)), unit: 'notes' },
      { name: 'on the ledger, per replica', value: median(of(({ ledgerBytes }) => ledgerBytes)), unit: 'bytes' },
      { name: 'blocks until quiet', value: median(of(({ blocks }) => blocks)), unit: 'blocks' },
    ],
    checked: { organisations, resources, view: [...views][0] },
  }
}

async function access(
  demonstration: Parameters<typeof askAll>[0],
  visit: Visit,
  meter: Meter,
): Promise<{ readonly sample: Sample; readonly view: AssembledRecord }> {
  const cpuFrom = process.cpuUsage()
  meter.begin()
  const gathered = await askAll(demonstration, visit)
  meter.mark('gathered')
  const view = viewOfAsk(gathered)
  const { seconds, stages: parts, writes, writeSeconds } = meter.end()
  // What follows the view belongs to the access too: notices to the patient, acknowledgements.
  await quiet(demonstration)
  const { wireBytes, notes, ledgerBytes, blocks } = meter.totals()
  const cpu = cpuSeconds(cpuFrom)
  return {
    sample: { seconds, cpu, wireBytes, notes, ledgerBytes, blocks, stages: parts, writes, writeSeconds },
    view,
  }
}

/** What every access to one chart must show, free of minted names and heights. */
function summary({ sources, entries, linked, conflicts, lines }: AssembledRecord) {
  return {
    sources: sources.map(({ state, count, types }) => ({ state: state.type, count, types })),
    entries,
    linked,
    conflicts: conflicts.length,
    lines: lines.length,
  }
}
