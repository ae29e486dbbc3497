import { clustersOf } from './clusters.ts'
import { conflictsOf } from './conflicts.ts'
import { echoesOf } from './echoes.ts'
import { sortEntries } from './entry.ts'
import { gapsOf } from './gaps.ts'
import { countsOf, failedLineOf, inOrder, linesOf } from './lines.ts'
import { compareText } from './order.ts'
import type {
  AssembledRecord,
  AssemblyInput,
  Line,
  Omission,
  SourceInput,
  SourceReport,
  SourceState,
} from './record.ts'

/** Part of every record: the same input under the same version gives the same bytes. Any change of a rule raises it. */
export const algorithmVersion = 2

/** A patient is treated by tens of organisations, not by hundreds; pairs of sources are compared. */
export const sourcesMax = 256
/** Fifty times a long chart; it bounds memory and the time of one view. */
export const entriesMax = 100_000

/**
 * One record from many sources: a pure function of its argument and `algorithmVersion`, whatever order sources and
 * entries come in. Clinical content never makes it throw. A caller that breaks the shape of the input does: a custodian
 * or a record version named twice, entries from a source that gave none, an entry committed above the height.
 */
export function assemble({ sources, requester, purpose, height }: AssemblyInput): AssembledRecord {
  checkShape(sources, height)
  const { current, failed, omissions, inError } = sortEntries(sources)
  const clusters = clustersOf(current)
  const entryLines = linesOf(clusters, echoesOf(clusters, current))
  const lines = inOrder([...entryLines.map(({ line }) => line), ...failed.map(failedLineOf)])
  const reports = [...sources]
    .sort((a, b) => compareText(a.custodian, b.custodian))
    .map((source) => {
      const types = current.filter((each) => each.custodian === source.custodian).map((each) => each.facts.resourceType)
      return reportOf(source, types, omissions)
    })
  return {
    algorithmVersion,
    requester,
    purpose,
    height,
    mayBeIncomplete: true,
    sources: reports,
    lines,
    entries: reports.reduce((sum, { count }) => sum + count, 0),
    linked: linkedIn(lines),
    conflicts: conflictsOf(entryLines, clusters, inError),
    gaps: gapsOf(reports, lines),
    omitted: omissions,
  }
}

/** What a source held at an earlier height: the entries that were committed by then, for a view as of that height. */
export function entriesAt(source: SourceInput, height: number): SourceInput {
  return { ...source, entries: source.entries.filter(({ committedAt }) => committedAt <= height) }
}

function checkShape(sources: readonly SourceInput[], height: number): void {
  if (sources.length > sourcesMax) throw new RangeError(`assemble: more than ${sourcesMax} sources`)
  if (sources.reduce((sum, { entries }) => sum + entries.length, 0) > entriesMax) {
    throw new RangeError(`assemble: more than ${entriesMax} entries`)
  }
  if (new Set(sources.map(({ custodian }) => custodian)).size < sources.length) {
    throw new TypeError('assemble: a custodian is named twice')
  }
  for (const { state, entries } of sources) {
    if (new Set(entries.map(({ record }) => record)).size < entries.length) {
      throw new TypeError('assemble: a record version is given twice by one source')
    }
    if (entries.some(({ committedAt }) => committedAt > height)) {
      throw new RangeError('assemble: an entry was committed above the height of the record')
    }
    if (entries.length > 0 && (state.type === 'withheld' || state.type === 'unavailable')) {
      throw new TypeError(`assemble: entries from a source that is ${state.type}`)
    }
  }
}

function reportOf(source: SourceInput, shownTypes: readonly string[], omissions: readonly Omission[]): SourceReport {
  const { custodian, entries } = source
  return {
    custodian,
    state: provenState(source),
    count: entries.length,
    shown: shownTypes.length,
    failed: entries.filter(({ verified }) => !verified).length,
    omitted: omissions.filter((omission) => omission.custodian === custodian).length,
    types: countsOf(shownTypes),
  }
}

/** A source is never reported better than its entries show: failures come first, then numbers that do not agree. */
function provenState({ state, entries }: SourceInput): SourceState {
  if (state.type === 'withheld' || state.type === 'unavailable') return state
  const failed = entries.filter(({ verified }) => !verified).length
  if (failed > 0) return { type: 'failed-verification', count: entries.length, of: state.of, failed }
  if (state.type !== 'complete' || (state.count === state.of && state.count === entries.length)) return state
  const { height, of } = state
  return { type: 'part', height, count: entries.length, of, reasons: ['count-mismatch'] }
}

function linkedIn(lines: readonly Line[]): number {
  return lines.reduce((sum, { sources }) => sum + (sources.length > 1 ? sources.length : 0), 0)
}
