/** What members that were put back from a backup know of what it missed, and an operator who takes that on. */
import type { NodeDoor } from './node-door.ts'
import { Refused, type Screen, when } from './screen.ts'
import { asStaff, type StaffOptions } from './staff.ts'

type State =
  | { readonly type: 'catching-up'; readonly height: number }
  | { readonly type: 'settling'; readonly until: number }
  | {
      readonly type: 'behind'
      readonly batches: number
      readonly leaves: number
      readonly fromHeight: number
      readonly toHeight: number
    }
  | { readonly type: 'over' }

export async function recovery(
  door: NodeDoor,
  { acknowledge, ...options }: StaffOptions & { readonly acknowledge?: number },
  screen: Screen,
): Promise<void> {
  const members = options.member === undefined ? await door.members() : [options.member]
  if (acknowledge !== undefined && members.length !== 1)
    throw new Refused(
      'member-needed',
      'An operator takes on the losses of one member at a time.',
      'Give --member; `plexus recovery` without --acknowledge shows all.',
    )
  for (const member of members) {
    const path = `/v1/members/${member}/recovery`
    const { value: state } = await asStaff<State>(door, { ...options, member }, (token) =>
      acknowledge === undefined
        ? door.json(path, { token })
        : door.json(`${path}/acknowledge`, { token, json: { batches: acknowledge } }),
    )
    screen.give({ member, ...state })
    for (const line of says(member, state)) screen.say(line)
  }
}

function says(member: string, state: State): readonly string[] {
  switch (state.type) {
    case 'catching-up':
      return [`${member}: catching up, at block ${state.height}. Its doors are shut.`]
    case 'settling':
      return [`${member}: abreast; waits until ${when(state.until)}, when nothing from before can come any more.`]
    case 'behind':
      return [
        `${member}: the ledger holds ${state.batches} batches of its own that the backup does not know, blocks ${state.fromHeight} to ${state.toHeight}.`,
        '  They may commit to receipts, records, enrolments and directives that this member has forgotten. It releases nothing.',
        '  Read docs/guides/back-up-and-restore.md, find what can be found, and then take the rest on:',
        `  plexus recovery --member ${member} --acknowledge ${state.batches}`,
      ]
    case 'over':
      return [`${member}: nothing to recover; its doors are open.`]
  }
}
