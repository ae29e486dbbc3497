/** Reviews of emergencies from a terminal: a list for each member of the process, and an answer with a name. */
import type { NodeDoor } from './node-door.ts'
import { plain, Refused, type Screen, when } from './screen.ts'
import { asStaff, type StaffOptions } from './staff.ts'

export interface ReviewFlags extends StaffOptions {
  readonly verdict?: string
  readonly reviewer?: string
  readonly words: string
  readonly all?: boolean
}

interface Review {
  readonly id: string
  readonly organisation: string
  readonly requester: string
  readonly npi: string
  readonly about:
    | { readonly type: 'chart'; readonly number: string }
    | { readonly type: 'visit'; readonly visit: string }
  readonly emergency: { readonly reason: string; readonly words: string }
  readonly askedAt: number
  readonly dueAt: number
  readonly isAlarm: boolean
  readonly outcome: { readonly verdict: string; readonly reviewer: string; readonly words: string } | null
}

export async function listReviews(door: NodeDoor, flags: ReviewFlags, screen: Screen): Promise<void> {
  const members = flags.member === undefined ? await door.members() : [flags.member]
  let shown = 0
  for (const member of members) {
    const { value } = await asStaff<{ readonly reviews: readonly Review[] }>(door, { ...flags, member }, (token) =>
      door.json(`/v1/members/${member}/reviews?all=${flags.all === true}`, { token }),
    )
    for (const review of value.reviews) {
      shown++
      screen.give({ member, ...review })
      for (const line of says(review)) screen.say(line)
    }
  }
  if (shown === 0) screen.say('No emergency waits for a review.')
}

export async function answerReview(door: NodeDoor, id: string, flags: ReviewFlags, screen: Screen): Promise<void> {
  const { verdict, reviewer, words } = flags
  if (verdict === undefined || reviewer === undefined)
    throw new Refused(
      'answer-incomplete',
      'A review says what was found, and who found it.',
      'Give --verdict and --reviewer.',
    )
  const { member } = await asStaff<Uint8Array>(door, flags, (token, name) =>
    door.ask(`/v1/members/${name}/reviews/${encodeURIComponent(id)}/answer`, {
      token,
      json: { verdict, reviewer, words },
    }),
  )
  screen.give({ member, id, verdict, reviewer })
  screen.say(`${member}: ${verdict}, found by ${plain(reviewer)}. It is final.`)
}

function says({ id, organisation, requester, npi, about, emergency, askedAt, dueAt, isAlarm, outcome }: Review) {
  const whom = about.type === 'chart' ? `chart ${plain(about.number)}` : `visit ${about.visit}`
  return [
    `${organisation}: ${when(askedAt)}, clinician ${npi} of ${requester}, ${whom}: ${emergency.reason}${emergency.words === '' ? '' : ` (${plain(emergency.words)})`}`,
    ...(isAlarm ? ['  Alarm: more than three patients in one shift of this clinician.'] : []),
    outcome
      ? `  ${outcome.verdict}, found by ${plain(outcome.reviewer)}. ${plain(outcome.words)}`.trimEnd()
      : `  due ${when(dueAt)}: plexus review ${id} --verdict WHAT --reviewer NAME`,
  ]
}
