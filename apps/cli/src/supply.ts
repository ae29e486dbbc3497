/** What makers, wholesalers and pharmacies do with their goods from a terminal. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { NodeDoor } from './node-door.ts'
import { plain, Refused, type Screen, when } from './screen.ts'
import { asStaff, type StaffOptions } from './staff.ts'

export const supplyActs = [
  'agree',
  'agreements',
  'alerts',
  'clear',
  'commission',
  'decline',
  'dispense',
  'end',
  'grant',
  'holdings',
  'keys',
  'list',
  'notified',
  'pack',
  'quarantine',
  'receive',
  'recall',
  'resolve',
  'return',
  'scan',
  'ship',
  'shipments',
  'suspect',
  'trace',
  'unpack',
  'verify',
  'withdraw',
] as const
export type SupplyAct = (typeof supplyActs)[number]

export interface SupplyOptions extends StaffOptions {
  readonly purpose?: string
  readonly missing?: readonly string[]
  readonly damaged?: readonly string[]
  readonly lost?: readonly string[]
  readonly found?: readonly string[]
  readonly maker?: string
  /** A file with the part of a prescription that moves with the units. */
  readonly fill?: string
  readonly days?: number
  /** Of a trace: where the proof for a regulator is written, and of which height it is. */
  readonly proof?: string
  readonly height?: number
  /** Of a list: the package whose contents are wanted. */
  readonly inside?: string
}

interface Call {
  readonly path: string
  readonly json?: object
  readonly post?: boolean
}

const secondsPerDay = 86_400
/** A scan whose maker must be asked: both nodes are up, or it takes longer than somebody at a counter waits. */
const looksMax = 50
const lookMilliseconds = 200

export async function supply(
  door: NodeDoor,
  act: SupplyAct,
  words: readonly string[],
  options: SupplyOptions,
  screen: Screen,
): Promise<void> {
  const asked = callOf(act, words, options)
  const call = async ({ path, ...sent }: Call) =>
    asStaff<Readonly<Record<string, unknown>>>(door, options, (token, member) =>
      door.json(`/v1/members/${member}/supply${path}`, { token, ...sent }),
    )
  let { member, value } = await call(asked)
  for (let look = 0; value['answer'] === 'asked' && look < looksMax; look++) {
    await new Promise((resolve) => setTimeout(resolve, lookMilliseconds))
    ;({ value } = await call({ path: `/scans/${String(value['scan'])}` }))
  }
  const { proof, ...facts } = value
  if (options.proof !== undefined && typeof proof === 'string')
    writeFileSync(options.proof, Buffer.from(proof, 'base64url'), { mode: 0o600 })
  screen.give({ type: act, member, ...facts })
  for (const line of linesOf(act, facts)) screen.say(line)
}

function callOf(act: SupplyAct, words: readonly string[], options: SupplyOptions): Call {
  const [first = '', ...rest] = words
  const one = (): string => {
    if (first === '') throw usage(act)
    return encodeURIComponent(first)
  }
  switch (act) {
    case 'keys':
      return words.length === 0
        ? { path: '/keys' }
        : { path: '/keys', json: { role: first, count: numberIn(rest[0], act), authority: rest[1] ?? '' } }
    case 'grant': {
      const days = options.days ?? 365
      const validUntil = Math.floor(Date.now() / 1000) + days * secondsPerDay
      return { path: '/grants', json: { role: first, partners: rest, validUntil } }
    }
    case 'commission':
      return { path: '/lots', json: objectIn(first) }
    case 'pack':
      return { path: '/pack', json: { sscc: first, labels: rest } }
    case 'unpack':
      return { path: '/unpack', json: { label: first, only: rest } }
    case 'ship':
      return { path: '/shipments', json: { to: first, labels: rest, purpose: options.purpose ?? 'trade' } }
    case 'shipments':
      return { path: first === '' ? '/shipments' : `/shipments?after=${one()}` }
    case 'receive': {
      const { missing = [], damaged = [] } = options
      return { path: `/shipments/${one()}/receive`, json: { missing, damaged } }
    }
    case 'withdraw':
      return { path: `/shipments/${one()}/withdraw`, post: true }
    case 'resolve': {
      const { lost = [], found = [] } = options
      return { path: `/shipments/${one()}/resolve`, json: { lost, found, why: rest.join(' ') } }
    }
    case 'verify':
      return { path: '/verifications', json: { label: first, why: rest.join(' ') } }
    case 'agreements':
      return { path: first === '' ? '/agreements' : `/agreements?after=${one()}` }
    case 'agree':
    case 'decline':
      return { path: `/agreements/${one()}/${act}`, post: true }
    case 'quarantine':
      return { path: '/quarantines', json: { label: first, why: rest.join(' ') } }
    case 'clear':
      return { path: '/clearances', json: { label: first, why: rest.join(' ') } }
    case 'end': {
      const [as = '', ...why] = rest
      return { path: '/endings', json: { label: first, as, why: why.join(' ') } }
    }
    case 'holdings':
      return { path: first === '' ? '/holdings' : `/holdings?after=${one()}` }
    case 'scan':
      return { path: '/scans', json: { label: first, maker: options.maker ?? null } }
    case 'suspect':
      return { path: `/scans/${one()}/suspect`, post: true }
    case 'notified':
      return { path: `/scans/${one()}/notified`, post: true }
    case 'dispense':
      return {
        path: '/dispensings',
        json: { labels: words, fill: options.fill === undefined ? null : objectIn(options.fill) },
      }
    case 'return':
      return { path: `/dispensings/${one()}/return`, post: true }
    case 'recall':
      return { path: '/recalls', json: { lots: words } }
    case 'trace': {
      if (options.proof === undefined) return { path: `/lots/${one()}/trace` }
      const height = options.height ?? null
      return { path: `/lots/${one()}/proofs`, json: { height } }
    }
    case 'list':
      return { path: thingsPath(first, options.inside) }
    case 'alerts':
      return { path: first === '' ? '/alerts' : `/alerts?after=${one()}` }
  }
}

function thingsPath(after: string, inside: string | undefined): string {
  const query = new URLSearchParams({ ...(after !== '' && { after }), ...(inside !== undefined && { inside }) })
  return query.size === 0 ? '/things' : `/things?${query}`
}

/** A file as the route takes it: a lot's plan, or the part of a prescription. */
function objectIn(path: string): object {
  try {
    const plan: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof plan === 'object' && plan !== null) return plan
  } catch {
    // Said below: what a file holds is not repeated.
  }
  throw new Refused('file-unreadable', 'The file does not hold one JSON object.', 'See docs/guides/make-and-ship.md.')
}

function numberIn(text: string | undefined, act: SupplyAct): number {
  if (text === undefined || !/^\d{1,6}$/.test(text)) throw usage(act)
  return Number(text)
}

const usage = (act: SupplyAct): Refused =>
  new Refused('words-missing', `${act} needs more words.`, '`plexus help supply` shows them.')

function linesOf(act: SupplyAct, value: Readonly<Record<string, unknown>>): readonly string[] {
  const rows = ['waiting', 'shipments', 'things', 'alerts', 'holdings', 'agreements'].flatMap((name) => {
    const list = value[name]
    return Array.isArray(list) ? (list as readonly Readonly<Record<string, unknown>>[]) : []
  })
  if (rows.length > 0) return rows.map(lineOf)
  const said = lineOf(value)
  return [said === '' ? `${act}: nothing to show.` : `${act}: ${said}`]
}

/** Every fact of a row, in its order; times as people read them. */
function lineOf(row: Readonly<Record<string, unknown>>): string {
  return Object.entries(row)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name} ${factOf(name, value)}`)
    .join(', ')
}

const times = ['at', 'since', 'noticeDueAt']

function factOf(name: string, value: unknown): string {
  if (typeof value === 'number' && times.includes(name)) return when(value)
  return plain(typeof value === 'string' ? value : JSON.stringify(value))
}
