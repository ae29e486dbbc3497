/** What came of many seeds, added up in their order, so that a run which was ended goes on where it was. */
import { concatBytes, fromHex, toHex, utf8 } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { sealingOf, type Told } from './fleet.ts'

export interface Report {
  readonly format: 1
  /** Of the code that ran; `-changed` behind it when the work tree was another. */
  readonly commit: string
  readonly node: string
  readonly from: number
  readonly seeds: number
  /** Seeds from the first on without a gap; what lies behind a gap is run again. */
  done: number
  /** Of them with the real X-Wing. */
  realSealing: number
  simulatedHours: number
  /** Each times the nodes of its world. */
  blocks: number
  processorSeconds: number
  /** Over seed and trace hash of each, in their order. */
  traceHash: string
  /** The same after every hundred seeds, so that two reports show where they part. */
  readonly hundreds: { readonly to: number; readonly traceHash: string }[]
  readonly slowest: { readonly seed: number; readonly seconds: number }[]
  readonly broken: { readonly seed: number; readonly rule: string }[]
  readonly counts: Record<Group, Record<string, number>>
}

const groups = ['faults', 'repairs', 'lies', 'forgeries', 'checks', 'decisions', 'writes', 'notes', 'actions'] as const
type Group = (typeof groups)[number]

const slowestKept = 20
const brokenKept = 100
const secondsPerHour = 3600
const zeros = '00'.repeat(32)

const prefixes: readonly (readonly [RegExp, Group])[] = [
  [/^fault: /, 'faults'],
  [/^damage met|^ledger copied/, 'repairs'],
  [/^(?:planted|took effect|noticed): /, 'lies'],
  [/^forged: /, 'forgeries'],
  [/^check: /, 'checks'],
  [/^(?:permit|part|own-staff)$|^(?:refuse|void|part|no receipt): /, 'decisions'],
  [/^write /, 'writes'],
  [/^note /, 'notes'],
]

export function newReport(about: Pick<Report, 'commit' | 'from' | 'node' | 'seeds'>): Report {
  return {
    format: 1,
    ...about,
    done: 0,
    realSealing: 0,
    simulatedHours: 0,
    blocks: 0,
    processorSeconds: 0,
    traceHash: zeros,
    hundreds: [],
    slowest: [],
    broken: [],
    counts: {
      faults: {},
      repairs: {},
      lies: {},
      forgeries: {},
      checks: {},
      decisions: {},
      writes: {},
      notes: {},
      actions: {},
    },
  }
}

/** Takes outcomes in any order, and adds them to the report in the order of their seeds. */
export class Tally {
  readonly report: Report
  private readonly ahead = new Map<number, Told>()

  constructor(report: Report) {
    this.report = report
  }

  take(told: Told): void {
    this.ahead.set(told.seed, told)
    const { report } = this
    for (let next = this.ahead.get(report.from + report.done); next; next = this.ahead.get(report.from + report.done)) {
      this.ahead.delete(next.seed)
      this.add(next)
    }
  }

  private add({ seed, hash, broken, seconds, height, took, counts }: Told): void {
    const { report } = this
    report.done++
    if (sealingOf(seed) === 'real') report.realSealing++
    report.simulatedHours = rounded(report.simulatedHours + seconds / secondsPerHour)
    report.blocks += height
    report.processorSeconds = rounded(report.processorSeconds + took)
    report.traceHash = toHex(sha256(concatBytes(fromHex(report.traceHash), utf8(`${seed} ${hash}`))))
    if (report.done % 100 === 0) report.hundreds.push({ to: seed, traceHash: report.traceHash })
    report.slowest.push({ seed, seconds: rounded(took) })
    report.slowest.sort((a, b) => b.seconds - a.seconds || a.seed - b.seed)
    report.slowest.length = Math.min(report.slowest.length, slowestKept)
    if (broken !== null && report.broken.length < brokenKept) report.broken.push({ seed, rule: broken })
    for (const [what, times] of counts) {
      const group = prefixes.find(([pattern]) => pattern.test(what))?.[1] ?? 'actions'
      const name = what.replace(/^(?:fault|check|forged): /, '')
      report.counts[group][name] = (report.counts[group][name] ?? 0) + times
    }
  }
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000

/** The report for a person: figures, then each group with how often. */
export function summaryOf(report: Report): readonly string[] {
  const { done, seeds, from, simulatedHours, processorSeconds, realSealing, broken } = report
  const injected = Object.values(report.counts.faults).reduce((sum, each) => sum + each, 0)
  const held = Object.values(report.counts.checks).reduce((sum, each) => sum + each, 0)
  return [
    `${done} of ${seeds} seeds from ${from}, ${broken.length} broken; ${realSealing} with the real X-Wing`,
    `${simulatedHours.toFixed(1)} simulated hours in ${processorSeconds.toFixed(0)} s of a processor; ${injected} faults, ${held} checks`,
    `trace ${report.traceHash}; slowest ${report.slowest
      .slice(0, 5)
      .map(({ seed, seconds }) => `${seed} (${seconds.toFixed(1)} s)`)
      .join(', ')}`,
    ...groups.flatMap((group) => [
      `${group}:`,
      ...Object.entries(report.counts[group])
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([what, times]) => `${String(times).padStart(9)}  ${what}`),
    ]),
  ]
}
