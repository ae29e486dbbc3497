import type { Kind } from './kind.ts'
import type { Gap, Line, SourceReport, SourceState } from './record.ts'

/** The sections that the International Patient Summary requires or recommends: there silence must be named. */
const expectedKinds: readonly Kind[] = [
  'problems',
  'medications',
  'allergies',
  'results',
  'procedures',
  'immunizations',
]

/** What is missing: sources in their order, then the kinds of which no source says anything. */
export function gapsOf(reports: readonly SourceReport[], lines: readonly Line[]): readonly Gap[] {
  const sources = reports.flatMap(({ custodian, state }): readonly Gap[] =>
    state.type === 'complete' ? [] : [{ type: 'source', custodian, state: state.type, codes: codesOf(state) }],
  )
  const said = new Set(lines.filter(({ verified }) => verified).map(({ kind }) => kind))
  const silent = expectedKinds
    .filter((kind) => !said.has(kind))
    .map((kind): Gap => ({ type: 'nothing-said', kind, why: 'no source says anything; this does not mean none' }))
  return [...sources, ...silent]
}

function codesOf(state: Exclude<SourceState, { readonly type: 'complete' }>): readonly string[] {
  switch (state.type) {
    case 'part':
      return state.reasons
    case 'withheld':
      return state.exception === null ? [state.code] : [state.code, state.exception]
    case 'unavailable':
      return [state.code]
    case 'failed-verification':
      return ['verification-failed']
  }
}
