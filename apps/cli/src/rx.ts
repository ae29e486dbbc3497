/** Prescriptions from a terminal: what a prescriber and a pharmacist do, through the node of their member. */
import { readFileSync } from 'node:fs'
import { ok } from '@plexus/codec'
import type { NodeDoor } from './node-door.ts'
import { plain, Refused, type Screen } from './screen.ts'
import { asStaff, type StaffOptions } from './staff.ts'

export type RxAct =
  | 'cancel'
  | 'claim'
  | 'complete'
  | 'expire'
  | 'fill'
  | 'list'
  | 'nominate'
  | 'not-dispensed'
  | 'return'
  | 'reverse'
  | 'show'
  | 'sign'
  | 'transfer'

export interface RxOptions extends StaffOptions {
  readonly pharmacy?: string
  readonly quantity?: number
  readonly product?: string
  readonly lot: string
  readonly pharmacist?: string
  readonly pharmacyNpi?: string
  readonly remainder?: string
}

/** The part of an item's JSON that is said in lines. */
interface Item {
  readonly handle: string
  readonly side: 'dispenser' | 'prescriber'
  readonly organisation: string
  readonly status: string | null
  readonly marked: boolean
  readonly held: boolean
  readonly named: boolean
  readonly drug: { readonly system: string; readonly code: string; readonly display: string }
  readonly quantity: number
  readonly filled: number
  readonly unit: string
  readonly fill: number
  readonly refills: number
  readonly directions: string
  readonly fills: readonly {
    readonly tag: string
    readonly quantity: number
    readonly lot: string
    readonly reversed: boolean
    readonly product: { readonly display: string }
  }[]
}

interface ItemsPage {
  readonly items: readonly Item[]
  readonly next?: { readonly side: string; readonly after: string | null } | null
}

const orderBytesMax = 64 * 1024

export async function rx(
  door: NodeDoor,
  act: RxAct,
  what: string | undefined,
  options: RxOptions,
  screen: Screen,
): Promise<void> {
  const at = act === 'list' || act === 'sign' ? '' : `/${encodeURIComponent(given(what, 'The handle of the item'))}`
  const path = (member: string) => `/v1/members/${member}/prescriptions${at}`
  if (act === 'list' || act === 'show') {
    const { member, value: items } = await asStaff(door, options, (token, name) => itemsAt(door, path(name), token))
    screen.give({ member, items })
    for (const each of items) for (const line of itemLines(each, act === 'show')) screen.say(line)
    if (items.length === 0) screen.say(`${member} has no prescriptions.`)
    return
  }
  const { member, value } = await asStaff<Readonly<Record<string, unknown>>>(door, options, (token, name) =>
    act === 'sign'
      ? door.json(path(name), { token, json: orderIn(given(what, 'The file of the order')) })
      : door.json(`${path(name)}/${act}`, { token, post: true, ...bodyOf(act, options) }),
  )
  screen.give({ member, ...value })
  for (const line of answerLines(act, value)) screen.say(line)
}

/** All of them, page after page. */
async function itemsAt(door: NodeDoor, path: string, token: string): ReturnType<typeof door.json<readonly Item[]>> {
  const found: Item[] = []
  for (let query = ''; ; ) {
    const page = await door.json<ItemsPage>(`${path}${query}`, { token })
    if (!page.ok) return page
    const { items, next = null } = page.value
    found.push(...items)
    if (next === null) return ok(found)
    query = `?${new URLSearchParams({ side: next.side, ...(next.after !== null && { after: next.after }) })}`
  }
}

function bodyOf(act: RxAct, options: RxOptions): { readonly json?: object } {
  if (act === 'nominate') return { json: { pharmacy: given(options.pharmacy, '--pharmacy') } }
  if (act !== 'fill') return {}
  const { quantity, pharmacist, pharmacyNpi = null, lot, remainder = null } = options
  const product = productIn(given(options.product, '--product'))
  return {
    json: {
      quantity: given(quantity, '--quantity'),
      product,
      lot,
      pharmacist: given(pharmacist, '--pharmacist'),
      pharmacy: pharmacyNpi,
      remainder,
    },
  }
}

function given<Value>(value: Value | undefined, what: string): Value {
  if (value !== undefined) return value
  throw new Refused('usage', `${what} is missing.`, 'plexus help rx says what each act needs.')
}

/** `ndc:00406-0512-01:Name`. The name may hold colons. */
function productIn(text: string): { readonly system: string; readonly code: string; readonly display: string } {
  const [, system, code, display] = /^([a-z]+):([^:]+)(?::(.*))?$/.exec(text) ?? []
  if (system === undefined || code === undefined)
    throw new Refused('usage', 'The product is not understood.', 'Give SYSTEM:CODE or SYSTEM:CODE:NAME.')
  return { system, code, display: display ?? code }
}

/** JSON, which the node checks field by field. */
function orderIn(path: string): object {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch {
    throw new Refused('file-missing', `There is no ${path}.`, 'Give the file of an order.')
  }
  try {
    const order: unknown = bytes.length <= orderBytesMax ? JSON.parse(bytes.toString('utf8')) : null
    if (typeof order === 'object' && order !== null) return order
  } catch {
    // Said below.
  }
  throw new Refused('file-malformed', `${path} is no order in JSON of at most 64 KiB.`, 'The guide shows one.')
}

function itemLines(item: Item, whole: boolean): readonly string[] {
  const { handle, organisation, side, status, marked, named, drug, filled, quantity, unit, fill, refills } = item
  const stands = `${status ?? 'on its way to the ledger'}${marked ? ', marked for cancellation' : ''}${named ? ', may be claimed here' : ''}`
  const first = `${handle}  ${plain(drug.display)}: ${stands}, ${filled} of ${quantity} ${plain(unit)} filled (${side}, ${organisation}).`
  if (!whole) return [first]
  return [
    first,
    `  ${plain(item.directions)}`,
    `  Fill ${fill} of ${refills + 1}.`,
    ...item.fills.map(
      (each) =>
        `  Dispensed ${each.quantity}: ${plain(each.product.display)}, lot ${plain(each.lot)}${each.reversed ? ', taken back' : ''} (tag ${each.tag}).`,
    ),
  ]
}

function answerLines(act: RxAct, value: Readonly<Record<string, unknown>>): readonly string[] {
  const { handles, height, code, says } = value
  if (Array.isArray(handles)) return handles.map((handle) => `Signed: ${handle} (block ${height}).`)
  if (typeof says === 'string') return [`${code}: ${says}.`]
  return [`${act}: accepted in block ${height}.`]
}
