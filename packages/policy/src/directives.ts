/** What a patient's directives say of one record: the most specific one speaks, and a deny wins a tie. */
import { equalBytes } from '@plexus/codec'
import type { RecordFacts } from './decide.ts'
import type { Directive, Purpose } from './statements.ts'

export interface DirectiveQuestion {
  readonly directives: readonly Directive[]
  readonly requester: string
  /** NPI. */
  readonly clinician: string
  readonly purpose: Purpose
  /** Block time and the custodian's own clock, the earlier and the later, in seconds since 1970. */
  readonly earliest: number
  readonly latest: number
}

export type Judgement = 'deny' | 'permit' | 'silent'

/** entry > label > class > everything; then a named person > a named organisation > anyone. */
const scopeRanks = { entry: 3, label: 2, type: 1, segment: 1, everything: 0 } as const
const granteeRanks = { practitioner: 2, organisation: 1, anyone: 0 } as const
const granteeRanksCount = 3

/** The judgement on a record, or with null on the chart as a whole (directives about everything alone). */
export function judge(question: DirectiveQuestion, record: RecordFacts | null): Judgement {
  let best = -1
  let judgement: Judgement = 'silent'
  for (const directive of question.directives) {
    if (!applies(directive, question) || !covers(directive, record)) continue
    const rank = scopeRanks[directive.scope.type] * granteeRanksCount + granteeRanks[directive.grantee.type]
    if (rank > best || (rank === best && directive.effect === 'deny')) {
      best = rank
      judgement = directive.effect
    }
  }
  return judgement
}

/** Whether a directive speaks of this question: a deny while either clock is inside its time, a permit while both are. */
export function applies(
  { effect, grantee, purposes, from, until }: Directive,
  { requester, clinician, purpose, earliest, latest }: DirectiveQuestion,
): boolean {
  if (grantee.type === 'organisation' && grantee.id !== requester) return false
  if (grantee.type === 'practitioner' && grantee.npi !== clinician) return false
  if (purposes.length > 0 && !purposes.includes(purpose)) return false
  const [beginsBy, endsAfter] = effect === 'deny' ? [latest, earliest] : [earliest, latest]
  return from <= beginsBy && (until === null || endsAfter < until)
}

function covers({ effect, scope }: Directive, record: RecordFacts | null): boolean {
  if (scope.type === 'everything') return true
  if (!record) return false
  if (scope.type === 'entry') return equalBytes(scope.record, record.record)
  if (scope.type === 'segment') return scope.segment === record.segment
  if (scope.type === 'type') return scope.resourceType === record.resourceType
  // A code whose system is not known denies wherever it stands, and permits nothing: unknown never opens.
  return scope.codes.some(({ system, code }) =>
    record.codes.some(
      (own) => own.code === code && (own.system === '' || system === '' ? effect === 'deny' : own.system === system),
    ),
  )
}
