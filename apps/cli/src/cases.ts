/** What patients say is wrong, and what a member's staff answers. */
import { caseWordsIn } from '@plexus/policy'
import type { NodeDoor } from './node-door.ts'
import { plain, Refused, type Screen, when } from './screen.ts'
import { asStaff, type StaffOptions } from './staff.ts'

export type CasesAct = 'answer' | 'list'

export interface CaseOptions extends StaffOptions {
  readonly accept?: boolean
  readonly deny?: string
  readonly later?: boolean
  readonly words?: string
}

interface ShownCase {
  readonly id: string
  readonly custodian: string
  readonly patient: string
  readonly subject:
    | { readonly type: 'record'; readonly source: string; readonly version: number }
    | {
        readonly type: 'access'
        readonly number: number
        readonly decision: { readonly type: string }
        readonly madeAt: number
      }
  readonly words: string
  readonly openedAt: number
  readonly dueAt: number
  readonly answers: readonly {
    readonly outcome: { readonly type: string; readonly basis?: string }
    readonly words: string
  }[]
  readonly disagreement: string | null
}

interface Shown {
  readonly cases: readonly ShownCase[]
  readonly count: number
}

/** Of the member that is named, or of every member of the process whose token is there. */
export async function listCases(door: NodeDoor, options: CaseOptions, screen: Screen): Promise<void> {
  const members = options.member === undefined ? await door.members() : [options.member]
  let count = 0
  for (const member of members) {
    const { value } = await asStaff<Shown>(door, { ...options, member }, (token, name) =>
      door.json(`/v1/members/${name}/cases`, { token }),
    )
    count += value.count
    for (const each of value.cases) {
      screen.give({ member, ...each })
      for (const line of linesOf(member, each)) screen.say(line)
    }
  }
  if (count === 0) screen.say('No patient says that anything is wrong.')
}

function linesOf(
  member: string,
  { id, custodian, patient, subject, words, openedAt, dueAt, answers, disagreement }: ShownCase,
) {
  const about =
    subject.type === 'record'
      ? `entry ${plain(subject.source)}, version ${subject.version}`
      : `access ${subject.number} (${subject.decision.type}) of ${when(subject.madeAt)}`
  const last = answers.at(-1)
  const ended = last !== undefined && last.outcome.type !== 'later'
  return [
    `${id}  at ${member}${custodian === member ? '' : ` for ${custodian}`}, chart ${plain(patient)}: ${about}`,
    `    opened ${when(openedAt)}, ${ended ? 'answered' : `to be answered by ${when(dueAt)}`}`,
    `    the patient: ${inOneLine(words)}`,
    ...answers.map(
      ({ outcome, words: said }) =>
        `    ${outcome.type}${outcome.basis ? ` (${outcome.basis})` : ''}: ${inOneLine(said)}`,
    ),
    ...(disagreement === null ? [] : [`    the patient disagrees: ${inOneLine(disagreement)}`]),
  ]
}

const inOneLine = (words: string): string => words.split('\n').map(plain).join(' / ')

export async function answerCase(door: NodeDoor, id: string, options: CaseOptions, screen: Screen): Promise<void> {
  const outcome = outcomeOf(options)
  if (!outcome)
    throw new Refused('outcome-missing', 'An answer says how the case ends.', 'Give --accept, --deny BASIS or --later.')
  const words = caseWordsIn(options.words ?? '')
  if (words === null)
    throw new Refused('words-missing', 'The patient reads why.', 'Give --words with up to 4,000 bytes of plain text.')
  const { member } = await asStaff<unknown>(door, options, (token, name) =>
    door.json(`/v1/members/${name}/cases/${encodeURIComponent(id)}/answer`, { token, json: { outcome, words } }),
  )
  screen.give({ member, case: id, outcome })
  screen.say(`${member} answered: ${outcome.type}. The patient’s wallet is told.`)
}

function outcomeOf({ accept, deny, later }: CaseOptions) {
  if (accept) return { type: 'accepted' } as const
  if (deny !== undefined) return { type: 'denied', basis: deny } as const
  return later ? ({ type: 'later' } as const) : null
}
