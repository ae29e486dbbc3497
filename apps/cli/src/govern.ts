/** What the members decide together, from a terminal: proposals, votes, and what takes effect. */
import type { MembersTransaction } from '@plexus/sdk'
import type { NodeDoor } from './node-door.ts'
import { actionOf, askedAdmissionIn } from './proposed-action.ts'
import { plain, Refused, type Screen, when } from './screen.ts'
import { Acting, type ActingOptions, type Governance, readSeed } from './signing.ts'

export interface GovernOptions extends ActingOptions {
  /** Secrets that sign besides: those of a candidate, with which it is proposed. */
  readonly secret?: readonly string[]
}

export type GovernAct = 'address' | 'enact' | 'engine-address' | 'leave' | 'list' | 'propose' | 'vote' | 'withdraw'

export async function govern(
  door: NodeDoor,
  act: GovernAct,
  words: readonly string[],
  options: GovernOptions,
  screen: Screen,
): Promise<void> {
  if (act === 'list') return list(door, options, screen)
  const acting = await Acting.as(door, options)
  const asked = act === 'propose' && words[0] === 'admit' ? askedAdmissionIn(words[1]) : undefined
  if (asked) return told(acting, { type: 'propose' }, (await acting.propose(asked)).height, screen)
  const transaction =
    act === 'propose'
      ? ({ type: 'propose', action: actionOf(words, await acting.state()) } as const)
      : transactionOf(act, words, acting.member)
  const { height } = await acting.submit(transaction, (options.secret ?? []).map(readSeed))
  return told(acting, transaction, height, screen)
}

/** What is in a block, and how the proposal that it concerns stands now. */
async function told(
  acting: Acting,
  transaction: { readonly type: string; readonly proposal?: number },
  height: number,
  screen: Screen,
): Promise<void> {
  const state = await acting.state()
  const { type, proposal: number = newestBy(state, acting.member) } = transaction
  const concerned = state.proposals.find(({ proposal }) => proposal === number)
  screen.give({ member: acting.member, did: type, height, proposal: concerned ?? null })
  screen.say(`${acting.member}: ${type} is in block ${height}.`)
  if (concerned) for (const line of linesOf(concerned, state)) screen.say(line)
  else if (transaction.proposal !== undefined)
    screen.say('It is over: it took effect, or it fell. `plexus ledger` shows which.')
}

function transactionOf(
  act: Exclude<GovernAct, 'list' | 'propose'>,
  words: readonly string[],
  member: string,
): MembersTransaction {
  if (act === 'leave') return stepOfLeaving(words, member)
  if (act === 'address' || act === 'engine-address') {
    const [address] = words
    const form = act === 'address' ? 'plexus://HOST:PORT' : 'ID@HOST:PORT'
    if (address === undefined || words.length > 1)
      throw new Refused('address-needed', 'One address is needed.', `It is written ${form}.`)
    return act === 'address'
      ? { type: 'change-address', address }
      : { type: 'change-engine-address', engineAddress: address }
  }
  const [number = '', ...more] = words
  if (!/^[1-9]\d{0,14}$/.test(number) || more.length > 0)
    throw new Refused('proposal-needed', 'The number of one proposal is needed.', '`plexus govern list` shows them.')
  const proposal = Number(number)
  return act === 'enact' ? { type: 'enact', proposal } : { type: 'vote', proposal, inFavour: act === 'vote' }
}

/** `leave announce ORGANISATION SUCCESSOR`, `leave withdraw ORGANISATION`, `leave take-over FROM`, `leave now ORGANISATION`. */
function stepOfLeaving(words: readonly string[], member: string): MembersTransaction {
  const [step, organisation = member, successor] = words
  if (step === 'announce' && successor !== undefined) return { type: 'announce-leaving', organisation, successor }
  if (step === 'withdraw') return { type: 'withdraw-leaving', organisation }
  if (step === 'take-over' && words.length === 2) return { type: 'hand-over-custody', from: organisation, to: member }
  if (step === 'now') return { type: 'leave', organisation }
  throw new Refused(
    'step-unknown',
    'That is no step of leaving.',
    'The steps: announce ORGANISATION SUCCESSOR · withdraw [ORGANISATION] · take-over FROM · now [ORGANISATION].',
  )
}

async function list(door: NodeDoor, { member }: GovernOptions, screen: Screen): Promise<void> {
  const name = member ?? (await door.members())[0] ?? ''
  const state = await door.must<Governance>(`/v1/members/${name}/ledger/governance`)
  screen.give({ member: name, ...state })
  screen.say(`At block ${state.height} of ${when(state.time)}, as ${name} sees it:`)
  for (const { member: id, status, owner } of state.members) screen.say(`  ${id}: ${status}, of ${plain(owner)}`)
  const { profile, version, parameters } = state.policy
  screen.say(`Policy ${version}, profile ${profile}:`)
  for (const [parameter, value] of Object.entries(parameters).sort()) screen.say(`  ${parameter} ${value}`)
  const running = Object.entries(state.versions).sort()
  screen.say(`Contracts: ${running.map(([contract, of]) => `${contract} ${of}`).join(', ')}`)
  for (const { member: id, power } of state.validators) screen.say(`  ${id} signs blocks with power ${power}`)
  screen.say(state.proposals.length === 0 ? 'Nothing is proposed.' : 'Proposed:')
  for (const proposal of state.proposals) for (const line of linesOf(proposal, state)) screen.say(line)
}

function linesOf(
  { proposal, action, proposer, expiresAt, dueAt, inFavour, of, votes }: Governance['proposals'][number],
  { time, policy }: Governance,
): readonly string[] {
  const about = Object.entries(action).flatMap(([name, value]) => {
    if (name === 'parameters') return changedIn(value as Readonly<Record<string, number>>, policy.parameters)
    if (typeof value !== 'string' && typeof value !== 'number') return []
    return [name === 'type' ? `${value}` : `${name} ${value}`]
  })
  const voters = votes.filter((vote) => vote.inFavour).map(({ voter }) => voter)
  const next =
    dueAt === null
      ? `gathers votes until ${when(expiresAt)}`
      : dueAt <= time
        ? `due: plexus govern enact ${proposal}`
        : `has passed; due at ${when(dueAt)}`
  return [
    `  ${proposal}  ${plain(about.join(', '))}, by ${proposer}`,
    `     ${inFavour} of ${of} votes (${voters.join(', ')}); ${next}`,
  ]
}

/** A vote sets all parameters; people want to see the ones that it changes. */
function changedIn(
  proposed: Readonly<Record<string, number>>,
  current: Readonly<Record<string, number>>,
): readonly string[] {
  return Object.entries(proposed).flatMap(([name, value]) =>
    current[name] === value ? [] : [`${name} ${current[name]} → ${value}`],
  )
}

function newestBy({ proposals }: Governance, proposer: string): number | undefined {
  return proposals.findLast((each) => each.proposer === proposer)?.proposal
}
