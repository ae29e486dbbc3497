/** What a run of faults came to, in Markdown. */
import { cpus } from 'node:os'
import type { Acknowledged } from './load.ts'

export interface Run {
  readonly seed: number
  readonly nodes: number
  readonly seconds: number
  /** In their order, each with the seconds after which all members were abreast again. */
  readonly suffered: readonly { readonly what: string; readonly healedSeconds: number }[]
  readonly acknowledged: readonly Acknowledged[]
  readonly unanswered: number
  readonly height: number
  readonly accepted: number
  readonly visits: {
    /** Answers with keys that left, and receipts that the patient has. */
    readonly left: number
    readonly looks: number
    /** How the sources of asks ended. */
    readonly ended: ReadonlyMap<string, number>
  }
  /** Sentences; none when all holds. */
  readonly wrong: readonly string[]
}

export function reportOf(run: Run): string {
  const { seed, nodes, seconds, suffered, acknowledged, unanswered, height, accepted, visits, wrong } = run
  const waits = atShares(acknowledged.map((each) => each.seconds))
  const heals = atShares(suffered.map(({ healedSeconds }) => healedSeconds))
  return `# Faults: seed ${seed}, ${nodes} nodes, ${(seconds / 60).toFixed(1)} minutes

${wrong.length === 0 ? '**All holds**' : '**Something does not hold**'}, on ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}).

- Blocks: ${height}, each the same bytes of header, app hash and time at all ${nodes} members, compared after each fault.
- Envelopes: ${accepted} accepted, ${acknowledged.length} of them acknowledged, each in the block that was told and in no other; ${unanswered} were given up without an answer.
- Releases: ${visits.left} answers with keys left, each after its intent and receipt, none under a closed head, one for each intent; the patient was told of each, and has ${visits.looks} receipts without a gap. Asks ended as ${saySources(visits.ended)}.
- Every engine asked its ledger in an order that ABCI allows.
- From offering to acknowledgement, faults included: p50 ${waits(0.5)} s, p95 ${waits(0.95)} s, longest ${waits(1)} s.
- From the end of a fault until every member had the newest acknowledged block: p50 ${heals(0.5)} s, p95 ${heals(0.95)} s, longest ${heals(1)} s.
${wrong.map((each) => `- WRONG: ${each}\n`).join('')}
Faults in their order (${suffered.length}), each with the time to heal:

${suffered.map(({ what, healedSeconds }) => `1. ${what}; ${healedSeconds.toFixed(1)} s`).join('\n')}
`
}

const saySources = (ended: ReadonlyMap<string, number>): string =>
  [...ended].map(([how, count]) => `${how} (${count})`).join(', ') || 'nothing'

function atShares(values: readonly number[]): (share: number) => string {
  const sorted = [...values].sort((a, b) => a - b)
  return (share) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(3)
}
