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
const secondsToCommit = 15
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

/** Where the clinician opens the page: a passkey wants a name, not a number. */
export async function passkeyLink(
  door: NodeDoor,
  { npi, ...options }: StaffOptions & { readonly npi: string },
  screen: Screen,
): Promise<void> {
  const { member, value } = await asStaff<{ readonly link: string }>(door, options, (token, name) =>
    door.json(`/v1/members/${name}/passkeys/link`, { token, json: { npi } }),
  )
  const url = new URL(door.address)
  if (url.hostname === '127.0.0.1') url.hostname = 'localhost'
  const link = `${url.origin}/#passkey=${member}.${value.link}`
  screen.give({ member, npi, link })
  screen.say(`Hand this to ${npi}, in person or by your own mail. It makes one passkey, within a day:`)
  screen.say(link)
}

/** For whoever has shown at the desk who they are. */
export async function enrolmentCode(
  door: NodeDoor,
  of: string,
  { custodian, ...options }: StaffOptions & { readonly custodian?: string },
  screen: Screen,
): Promise<void> {
  const { member, value } = await asStaff<{ readonly code: string }>(door, options, (token, name) =>
    door.json(`/v1/members/${name}/charts/${encodeURIComponent(of)}/enrolment-code`, {
      token,
      json: { custodian: custodian ?? name },
    }),
  )
  screen.give({ member, custodian: custodian ?? member, ...value })
  screen.say(`For the patient of chart ${of}, in person and after proof of identity; good once, for a day:`)
  screen.say(`  place  ${custodian ?? member}`)
  screen.say(`  code   ${value.code.match(/.{1,4}/g)?.join(' ')}`)
}

export interface AskFlags {
  readonly visit?: string
  readonly known?: readonly string[]
  readonly npi: string
  readonly purpose: string
  readonly emergency?: string
  readonly words: string
  readonly type?: readonly string[]
}

/** What is asked, and at which visit: of a check-in, or of the member's own word. */
export interface AskingFor {
  readonly at: string | readonly { readonly custodian: string; readonly number: string }[]
  readonly json: {
    readonly npi: string
    readonly purpose: string
    readonly types: readonly string[]
    readonly emergency?: { readonly reason: string; readonly words: string }
  }
}

/** Null when the flags name no visit, or two kinds of one. */
export function askingOf({ visit, known = [], npi, purpose, emergency, words, type = [] }: AskFlags): AskingFor | null {
  const charts = known.flatMap((each) => {
    const [, custodian, number] = /^([^=]+)=(.+)$/.exec(each) ?? []
    return custodian === undefined || number === undefined ? [] : [{ custodian, number }]
  })
  if (charts.length !== known.length || (visit === undefined) === (charts.length === 0)) return null
  const asked = emergency === undefined ? { purpose } : { purpose: 'ETREAT', emergency: { reason: emergency, words } }
  return { at: visit ?? charts, json: { npi, types: type, ...asked } }
}

export async function askFor(
  door: NodeDoor,
  { at, json }: AskingFor,
  options: StaffOptions,
  screen: Screen,
): Promise<void> {
  const visit = typeof at === 'string' ? at : await goOnWithout(door, at, json.npi, options)
  const { member, value } = await asStaff<{ readonly ask: string }>(door, options, async (token, name) => {
    for (let attempt = 1; ; attempt++) {
      const answer = await door.json<{ readonly ask: string }>(
        `/v1/members/${name}/visits/${encodeURIComponent(visit)}/ask`,
        { token, json },
      )
      // The evidence of a visit that was just opened waits for its block.
      const waits = !answer.ok && answer.reason.type === 'evidence-not-committed' && typeof at !== 'string'
      if (!waits || attempt >= secondsToCommit * looksPerSecond) return answer
      await new Promise((resolve) => setTimeout(resolve, 1000 / looksPerSecond))
    }
  })
  screen.give({ member, ask: value.ask })
  screen.say(`${member} asked every custodian of the visit. Read what comes with: plexus chart --ask ${value.ask}`)
}

/** Opens a visit on the own word of the member that employs the clinician. */
async function goOnWithout(
  door: NodeDoor,
  known: Exclude<AskingFor['at'], string>,
  npi: string,
  options: StaffOptions,
): Promise<string> {
  if (options.member === undefined)
    throw new Refused('member-needed', `Which member asks for ${npi}?`, 'Without a check-in, give --member.')
  const { value } = await asStaff<{ readonly visit: string }>(door, options, (token, name) =>
    door.json(`/v1/members/${name}/visits`, { token, json: { requester: name, known } }),
  )
  return value.visit
}

/** Refusals that only say that another member of the process is meant. */
const elsewhere = [
  'ask-unknown',
  'case-unknown',
  'clinician-unknown',
  'clinician-without-role',
  'item-unknown',
  'review-unknown',
  'token-wrong',
  'visit-unknown',
]

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
