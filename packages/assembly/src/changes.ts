/** What is otherwise in a record than in an earlier one of the same patient. It compares what was shown, and guesses nothing. */
import { compareText, gather, keyOf } from './order.ts'
import type { AssembledRecord, Line, SourceReport } from './record.ts'

export type ChangedPart = 'date' | 'name' | 'status' | 'value'

export type Change =
  | { readonly type: 'new'; readonly line: Line }
  | { readonly type: 'changed'; readonly line: Line; readonly before: Line; readonly parts: readonly ChangedPart[] }
  /** In the earlier record alone: corrected, withdrawn, or under another name. */
  | { readonly type: 'gone'; readonly before: Line }

export interface Changes {
  /** The height of the earlier record. */
  readonly since: number
  /** In the order of the record; what is gone comes last, in the order of the earlier one. */
  readonly changes: readonly Change[]
  /** Custodians that did not give as much both times: of them nothing is said here. In code unit order. */
  readonly notCompared: readonly string[]
}

/** Lines of custodians that gave all, or the same part, both times, and of which every entry verified. */
export function changesSince(before: AssembledRecord, now: AssembledRecord): Changes {
  const compared = comparedIn(before, now)
  const isCompared = ({ sources }: Line): boolean => sources.some(({ custodian }) => compared.has(custodian))
  const lines = now.lines.filter(isCompared)
  const earlier = before.lines.filter(isCompared)
  const known = pairs(earlier, lines)
  const taken = new Set(known.values())
  const named = [...before.sources, ...now.sources].map(({ custodian }) => custodian)
  return {
    since: before.height,
    changes: [
      ...lines.flatMap((line) => changeOf(line, known.get(line))),
      ...earlier.filter((line) => !taken.has(line)).map((line): Change => ({ type: 'gone', before: line })),
    ],
    notCompared: [...new Set(named)].filter((each) => !compared.has(each)).sort(compareText),
  }
}

function changeOf(line: Line, before: Line | undefined): readonly Change[] {
  if (!before) return [{ type: 'new', line }]
  const parts = partsChanged(before, line)
  return parts.length > 0 ? [{ type: 'changed', line, before, parts }] : []
}

function comparedIn(before: AssembledRecord, now: AssembledRecord): ReadonlySet<string> {
  const gave = new Map(before.sources.map((source) => [source.custodian, gaveOf(source)]))
  return new Set(
    now.sources
      .filter((source) => gaveOf(source) !== null && gave.get(source.custodian) === gaveOf(source))
      .map(({ custodian }) => custodian),
  )
}

/** How much a source gave; null where that cannot be compared. */
function gaveOf({ state }: SourceReport): string | null {
  if (state.type === 'complete') return ''
  return state.type === 'part' ? [...state.reasons].sort(compareText).join(' ') : null
}

/** Each line's earlier self: by an entry that both have first, and what is left by what it is about. Each is given once. */
function pairs(earlier: readonly Line[], lines: readonly Line[]): ReadonlyMap<Line, Line> {
  const found = new Map<Line, Line>()
  const free = new Set(earlier)
  for (const namesOf of [entriesOf, subjectOf]) {
    const byName = new Map<string, Line[]>()
    for (const line of free) for (const name of namesOf(line)) gather(byName, name, line)
    for (const line of lines) {
      if (found.has(line)) continue
      const before = namesOf(line)
        .flatMap((name) => byName.get(name) ?? [])
        .find((each) => free.has(each))
      if (!before) continue
      found.set(line, before)
      free.delete(before)
    }
  }
  return found
}

const entriesOf = ({ sources }: Line): readonly string[] =>
  sources.map(({ custodian, record }) => `${custodian}/${record}`)

/** A new version of an entry has another name, so it is known again by its kind, its code and its date. */
function subjectOf({ resourceType, codes, display, effective, key }: Line): readonly string[] {
  // A medicine's line is one for each code, whatever its dates are.
  if (key.startsWith('code:')) return [key]
  const [code] = codes
  return [keyOf(resourceType, code?.system ?? '', code?.code ?? display, effective ?? '')]
}

function partsChanged(was: Line, line: Line): readonly ChangedPart[] {
  const parts: readonly (readonly [ChangedPart, boolean])[] = [
    ['date', was.effective !== line.effective],
    ['name', was.display !== line.display],
    ['status', was.status !== line.status || was.absence !== line.absence],
    ['value', was.value?.text !== line.value?.text || was.value?.unit !== line.value?.unit],
  ]
  return parts.filter(([, changed]) => changed).map(([part]) => part)
}
