/** Discounts of a member, from a terminal: its staff's door, with the contracts and amounts as that gives them. */
import { readFileSync } from 'node:fs'
import { ok, type Result } from '@plexus/codec'
import type { DoorRefusal, NodeDoor } from './node-door.ts'
import { plain, Refused, type Screen, when } from './screen.ts'
import { asStaff, type StaffOptions } from './staff.ts'

export const rebateActs = [
  'accrue',
  'amount',
  'approve',
  'audit',
  'displace',
  'dispute',
  'keep',
  'list',
  'price',
  'propose',
  'reverse',
  'settle',
  'sign',
  'version',
] as const
export type RebateAct = (typeof rebateActs)[number]

interface Contract {
  readonly terms: string
  readonly name: string
  readonly with: string
  readonly role: string
  readonly state: string
  readonly versions: number
  readonly waitsFor: string | null
  readonly settlements: number
  readonly programme: string
  readonly currency: string
  readonly startsAt: number
  readonly endsAt: number
  readonly rates: readonly { readonly product: string; readonly unit: string; readonly price: string }[]
  readonly refused: string | null
}

interface Accrual {
  readonly accrual: string
  readonly product: string
  readonly unit: string
  readonly units: string
  readonly amount: string
  readonly paid: string
  readonly due: string
  readonly status: string
  readonly code: string | null
  readonly ending: string | null
  readonly dueAt: number | null
  readonly underWay: boolean
  readonly check: string | null
  readonly wanted: string | null
  readonly refused: string | null
}

type Answer = Readonly<Record<string, unknown>>

/** What an act needs, as its usage is shown. */
const usage: Readonly<Record<RebateAct, string>> = {
  accrue: 'TERMS TAG PRODUCT UNITS UNIT',
  amount: 'ACCRUAL AMOUNT [WHY]',
  approve: 'ACCRUAL',
  audit: 'TERMS',
  displace: 'ACCRUAL',
  dispute: 'ACCRUAL CODE [WHY]',
  keep: 'TAG-SEED PHARMACY FILLED-AT',
  list: '[TERMS]',
  price: 'FILE',
  propose: 'FILE',
  reverse: 'TAG [WHY]',
  settle: 'TERMS',
  sign: 'TERMS',
  version: 'TERMS FILE',
}

export async function rebate(
  door: NodeDoor,
  act: RebateAct,
  words: readonly string[],
  options: StaffOptions,
  screen: Screen,
): Promise<void> {
  const needed = usage[act].split(' ').filter((word) => !word.startsWith('[')).length
  const most = act === 'amount' || act === 'dispute' ? 3 : act === 'reverse' ? 2 : usage[act].split(' ').length
  if (words.length < (act === 'list' ? 0 : needed) || words.length > most)
    throw new Refused('words-needed', `plexus rebate ${act} takes other words.`, `plexus rebate ${act} ${usage[act]}`)
  const { path, body } = requestOf(act, words)
  const { member, value } = await asStaff<Answer>(door, options, (token, name) =>
    sent(door, `/v1/members/${name}/rebates${path}`, token, body),
  )
  screen.give({ member, did: act, ...value })
  for (const line of linesOf(act, value)) screen.say(line)
}

/** A route that answers with nothing is answered for. */
async function sent(
  door: NodeDoor,
  path: string,
  token: string,
  body: object | null | undefined,
): Promise<Result<Answer, DoorRefusal>> {
  const given = body === undefined ? {} : body === null ? { post: true } : { json: body }
  const answer = await door.ask(path, { token, ...given })
  if (!answer.ok) return answer
  const text = new TextDecoder().decode(answer.value)
  return ok(text === '' ? {} : (JSON.parse(text) as Answer))
}

/** `body`: undefined reads, null posts nothing. */
function requestOf(act: RebateAct, words: readonly string[]): { readonly path: string; readonly body?: object | null } {
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = words
  const named = encodeURIComponent(first)
  switch (act) {
    case 'list':
      return { path: first === '' ? '' : `/${named}` }
    case 'audit':
      return { path: `/${named}/audit` }
    case 'price':
      return { path: '/prices', body: fileOf(first) }
    case 'propose':
      return { path: '', body: fileOf(first) }
    case 'version':
      return { path: `/${named}/versions`, body: fileOf(second) }
    case 'sign':
    case 'settle':
      return { path: `/${named}/${act}`, body: null }
    case 'keep':
      return { path: '/fills', body: { tagSeed: first, pharmacy: second, filledAt: Number(third) } }
    case 'accrue':
      return { path: `/${named}/accruals`, body: { tag: second, product: third, units: fourth, unit: fifth } }
    case 'approve':
    case 'displace':
      return { path: `/accruals/${named}/${act}`, body: null }
    case 'dispute':
      return { path: `/accruals/${named}/dispute`, body: { code: second, why: third } }
    case 'amount':
      return { path: `/accruals/${named}/amount`, body: { amount: second, why: third } }
    case 'reverse':
      return { path: `/fills/${named}/reverse`, body: { why: second } }
  }
}

function fileOf(path: string): object {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof read === 'object' && read !== null) return read
  } catch {
    // Said below.
  }
  throw new Refused(
    'file-not-read',
    'The file is not there, or is no JSON object.',
    'docs/guides/rebates.md shows one.',
  )
}

function linesOf(act: RebateAct, value: Answer): readonly string[] {
  if (act === 'list' && 'contracts' in value) {
    const contracts = value['contracts'] as readonly Contract[]
    return contracts.length === 0 ? ['There is no contract.'] : contracts.flatMap(contractLines)
  }
  if (act === 'list') {
    const { accruals } = value as unknown as { readonly accruals: readonly Accrual[] }
    return [...contractLines(value as unknown as Contract), ...accruals.flatMap(accrualLines)]
  }
  const told = Object.entries(value).map(([name, each]) => `  ${name} ${plain(String(each))}`)
  return [`Done: ${act}.`, ...told]
}

function contractLines(of: Contract): readonly string[] {
  const waits =
    of.waitsFor === 'own' ? '; sign it or leave it' : of.waitsFor === 'other' ? '; the other is to sign' : ''
  return [
    `${of.terms}`,
    `  ${plain(of.name)}: ${of.programme}, ${of.role}, with ${of.with}; ${of.state}, version ${of.versions}${waits}`,
    `  from ${when(of.startsAt)} to ${when(of.endsAt)}; ${of.settlements} settlements`,
    ...of.rates.map(({ product, unit, price }) => `  ${product}: ${price} ${of.currency} for one ${plain(unit)}`),
    ...(of.refused === null ? [] : [`  refused: ${of.refused}`]),
  ]
}

function accrualLines(of: Accrual): readonly string[] {
  const ended = of.ending === null ? '' : ` (${of.ending})`
  const facts = [
    of.check === null ? '' : `checked: ${of.check}`,
    of.code === null ? '' : `disputed: ${of.code}`,
    of.wanted === null ? '' : `the other wants ${of.wanted}`,
    of.dueAt === null ? '' : `due ${when(of.dueAt)}`,
    of.underWay ? 'a step is on its way' : '',
    of.refused === null ? '' : `refused: ${of.refused}`,
  ].filter((fact) => fact !== '')
  return [
    `  ${of.accrual}`,
    `    ${of.status}${ended}: ${of.units} ${plain(of.unit)} of ${of.product}; amount ${of.amount}, paid ${of.paid}, due ${of.due}`,
    ...(facts.length === 0 ? [] : [`    ${facts.join('; ')}`]),
  ]
}
