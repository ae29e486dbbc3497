/** What a member's staff does from a terminal: asks, and reads what was assembled. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AssembledRecord } from '@plexus/assembly'
import { toHex } from '@plexus/codec'
import type { NodeDoor } from './node-door.ts'
import { refusedBy } from './node-door.ts'
import { recordLines } from './record-text.ts'
import { Refused, type Screen } from './screen.ts'

export interface StaffOptions {
  readonly member?: string
  readonly token?: string
  /** The data directory of the process: each member's keys hold its token. */
  readonly data?: string
}

export interface AskedRecord {
  readonly ask: string
  readonly settled: boolean
  readonly sources: readonly {
    readonly custodian: string
    readonly name: string
    readonly state: string
    readonly code: string | null
    readonly exception: string | null
  }[]
  readonly record: AssembledRecord
}

const secondsToSettle = 60
const looksPerSecond = 5

/** Waits until no source is waited for, then shows the record. */
export async function chart(door: NodeDoor, ask: string, options: StaffOptions, screen: Screen): Promise<void> {
  const looksMax = secondsToSettle * looksPerSecond
  for (let look = 1; ; look++) {
    const { member, value } = await asStaff<AskedRecord>(door, options, (token, name) =>
      door.json(`/v1/members/${name}/asks/${encodeURIComponent(ask)}`, { token }),
    )
    if (value.settled || look >= looksMax) {
      screen.give({ member, ...value })
      for (const line of recordLines(value)) screen.say(line)
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 / looksPerSecond))
  }
}

export async function askFor(
  door: NodeDoor,
  of: { readonly visit: string; readonly npi: string; readonly purpose: string; readonly types: readonly string[] },
  options: StaffOptions,
  screen: Screen,
): Promise<void> {
  const { visit, ...json } = of
  const { member, value } = await asStaff<{ readonly ask: string }>(door, options, (token, name) =>
    door.json(`/v1/members/${name}/visits/${encodeURIComponent(visit)}/ask`, { token, json }),
  )
  screen.give({ member, ask: value.ask })
  screen.say(`${member} asked every custodian of the visit. Read what comes with: plexus chart --ask ${value.ask}`)
}

/** Refusals that only say that another member of the process is meant. */
const elsewhere = ['ask-unknown', 'case-unknown', 'clinician-unknown', 'item-unknown', 'token-wrong', 'visit-unknown']

/** Asks the named member; without one, each of the process whose token is there, until one knows what is asked for. */
export async function asStaff<Value>(
  door: NodeDoor,
  { member, token, data }: StaffOptions,
  send: (token: string, member: string) => ReturnType<typeof door.json<Value>>,
): Promise<{ readonly member: string; readonly value: Value }> {
  const members = member !== undefined ? [member] : await door.members()
  const tokens = members.flatMap((name) => {
    const known = token ?? (data === undefined ? undefined : tokenIn(data, name))
    return known === undefined ? [] : [[name, known] as const]
  })
  if (tokens.length === 0)
    throw new Refused(
      'token-missing',
      'This needs the bearer token of a member’s staff.',
      `Give --token, or --data DIR with the keys of ${members.join(' or ')}.`,
    )
  let last = nobody()
  for (const [name, each] of tokens) {
    const answer = await send(each, name)
    if (answer.ok) return { member: name, value: answer.value }
    last = refusedBy(answer.reason)
    if (!elsewhere.includes(answer.reason.type)) break
  }
  throw last
}

function nobody(): Refused {
  return new Refused('member-not-here', 'No member runs at this address.', 'Check --node.')
}

/** DIR is that of the process, or of one member. */
export function tokenIn(data: string, member: string): string | undefined {
  const paths = [join(data, member, 'keys', 'api-token.secret'), join(data, 'keys', 'api-token.secret')]
  const path = paths.find((each) => existsSync(each))
  if (path === undefined && !existsSync(data))
    throw new Refused('data-missing', `There is no ${data}.`, 'Give the --data of the process that runs.')
  return path === undefined ? undefined : toHex(new Uint8Array(readFileSync(path)))
}
