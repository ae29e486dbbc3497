/** An assembled record for a terminal: what each source gave, what is missing, and nothing that is not said. */
import type { AssembledRecord, Line, SourceReport } from '@plexus/assembly'
import { plain } from './screen.ts'
import type { AskedRecord } from './staff.ts'

const shownKinds = [
  ['problems', 'Problems'],
  ['medications', 'Medicines'],
  ['allergies', 'Allergies'],
] as const
/** A screenful or two each; the rest is counted, and `--json` has all. */
const linesPerKindMax = 60

export function recordLines({ settled, sources, record }: AskedRecord): readonly string[] {
  const names = new Map(sources.map(({ custodian, name }) => [custodian, plain(name)]))
  const nameOf = (custodian: string): string => names.get(custodian) ?? plain(custodian)
  return [
    `Assembled for ${record.requester}, ${record.purpose}, as of block ${record.height}. It may be incomplete: a custodian that nobody named cannot be seen.`,
    ...(settled ? [] : ['Some sources have not answered yet.']),
    '',
    'Sources',
    ...record.sources.map((source) => `  ${nameOf(source.custodian)} (${source.custodian}): ${stateOf(source)}`),
    ...shownKinds.flatMap(([kind, title]) => ['', title, ...linesOf(record, kind, nameOf)]),
    '',
    `Conflicts: ${record.conflicts.length}`,
    ...record.conflicts.map(
      ({ kind, lines, why }) => `  ${kind}: ${lines.map(displayIn(record)).join(' / ')} (${plain(why)})`,
    ),
    '',
    'Gaps',
    ...gapsOf(record, nameOf),
    '',
    `${record.entries} entries in ${record.lines.length} lines; ${record.linked} share a line with another. Everything is in --json.`,
  ]
}

function stateOf({ state, count }: SourceReport): string {
  switch (state.type) {
    case 'complete':
      return `complete at block ${state.height}, ${state.count} of ${state.of} records`
    case 'part':
      return `in part (${state.reasons.map(plain).join(', ')}), ${count} records`
    case 'withheld':
      return `withheld: ${plain(state.code)}${state.exception === null ? '' : ` (45 CFR ${plain(state.exception)})`}`
    case 'unavailable':
      return `unavailable: ${plain(state.code)}`
    case 'failed-verification':
      return `verification failed: ${state.failed} of ${state.count} records are not what was committed`
  }
}

function linesOf(
  record: AssembledRecord,
  kind: Line['kind'],
  nameOf: (custodian: string) => string,
): readonly string[] {
  const lines = record.lines.filter((line) => line.kind === kind)
  // Silence is not absence: only a source that says so makes it "none known".
  if (!lines.some(({ verified }) => verified)) return ['  nothing said by any source; this does not mean none']
  const shown = lines.slice(0, linesPerKindMax).map((line) => {
    const marks = [
      ...(line.absence ? ['stated as absent'] : []),
      ...(line.verified ? [] : ['NOT VERIFIED']),
      ...line.cautions,
      ...(record.conflicts.some(({ lines: keys }) => keys.includes(line.key)) ? ['in conflict, see below'] : []),
    ]
    const from = [...new Set(line.sources.map(({ custodian }) => nameOf(custodian)))]
    const count = line.sources.length === 1 ? '1 source entry' : `${line.sources.length} source entries`
    const status = line.status === null ? '' : ` [${plain(line.status)}]`
    const date = line.effective === null ? '' : `, ${plain(line.effective)}`
    return `  ${plain(line.display)}${status}${date}: ${count} from ${from.join(', ')}${marks.length > 0 ? ` (${marks.join('; ')})` : ''}`
  })
  return lines.length > shown.length ? [...shown, `  and ${lines.length - shown.length} more`] : shown
}

function displayIn({ lines }: AssembledRecord): (key: string) => string {
  return (key) => plain(lines.find((line) => line.key === key)?.display ?? key)
}

function gapsOf({ gaps }: AssembledRecord, nameOf: (custodian: string) => string): readonly string[] {
  if (gaps.length === 0) return ['  none that can be seen']
  return gaps.map((gap) =>
    gap.type === 'source'
      ? `  ${nameOf(gap.custodian)}: ${gap.state} (${gap.codes.map(plain).join(', ')})`
      : `  ${gap.kind}: no source says anything; this does not mean none`,
  )
}
