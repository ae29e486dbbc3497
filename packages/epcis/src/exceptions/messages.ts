/**
 * Exceptions between trading partners, as the Partnership for DSCSA Governance exchanges them: a report opens a case, a
 * response answers its items, a report that says so closes it. Shapes follow the published ExceptionReport and
 * ExceptionResponse; members that are not theirs are passed over, as those schemas do.
 */
import { isJsonObject, JsonNumber, type JsonObject, type JsonValue, no, ok, type Result, readJson } from '@plexus/codec'
import { anything, type Check, listOf, objectOf, oneOf, refuse, text } from '../documents/shapes.ts'
import { parseGs1Key, parseGtin } from '../gs1/keys.ts'
import type { EpcisRefusal } from '../refusals.ts'

const resolutions = [
  'Send new data',
  'Send product',
  'Return product',
  'Send back product',
  'Credit account',
  'Debit account',
] as const

/** What the reporter asks for. */
export type Resolution = (typeof resolutions)[number]

interface Item {
  readonly itemId: string
  /** Null only where a wrong identifier is told without a wish. */
  readonly request: Resolution | null
}

/** A product as one side sees it: texts as they came. */
export interface SeenProduct {
  readonly gtin: string
  readonly lot: string
  readonly expiry: string
  readonly serial: string | null
}

export type ExceptionItem = Item &
  (
    | {
        readonly type: 'product-without-data'
        readonly gtin: string
        readonly serial: string | null
        readonly seenBy: string
      }
    | { readonly type: 'data-without-product'; readonly file: string; readonly gtin: string; readonly serial: string }
    | { readonly type: 'data-misaligned'; readonly received: SeenProduct; readonly told: SeenProduct }
    | {
        readonly type: 'overage' | 'underage'
        readonly gtin: string
        readonly ordered: number
        readonly received: number
      }
    | { readonly type: 'wrong-gln' | 'wrong-gtin'; readonly wrong: string; readonly proposed: string | null }
  )

interface Message {
  readonly messageId: string
  readonly caseId: string
  /** Seconds since 1970. */
  readonly time: number
  readonly purchaseOrder: string
  readonly senderGln: string | null
}

export interface ExceptionReport extends Message {
  readonly type: 'report'
  readonly items: readonly ExceptionItem[]
  readonly otherErrors: readonly string[]
  readonly isResolved: boolean
}

export interface ItemAnswer {
  readonly itemId: string
  readonly isAccepted: boolean
  readonly comments: string | null
  /** What the answerer offers instead. */
  readonly alternative: Resolution | null
}

export interface ExceptionResponse extends Message {
  readonly type: 'response'
  readonly answers: readonly ItemAnswer[]
  readonly notes: string | null
}

export type ExceptionMessage = ExceptionReport | ExceptionResponse

/** A case has as many items as a shipment has lines. */
const itemsMax = 10_000
const messageBytesMax = 4 * 1024 * 1024
const messageDepthMax = 8

const orNull =
  (check: Check): Check =>
  (value) =>
    value === null ? undefined : check(value)

const wholeNumber: Check = (value) =>
  value instanceof JsonNumber && /^-?\d{1,15}$/.test(value.text) ? undefined : refuse('wrong-type', 'a whole number')

const resolution = oneOf(resolutions)

function members(required: Readonly<Record<string, Check>>, more: Readonly<Record<string, Check>> = {}): Check {
  return objectOf({ required: Object.keys(required), members: { ...required, ...more }, others: 'any' })
}

function listAtMost(check: Check): Check {
  const list = listOf(check)
  return orNull((value) =>
    Array.isArray(value) && value.length > itemsMax ? refuse('too-large', `at most ${itemsMax}`) : list(value),
  )
}

const id = { exception_item_uuid: text }
const asked = { ...id, resolution_request: resolution }
const count = members({ ...asked, gtin: text, quantity_ordered: wholeNumber, quantity_received: wholeNumber })
const sides = ['received_product', 'product_data'].flatMap((side) => [
  ...['gtin', 'lot', 'expiry'].map((name): [string, Check] => [`${side}_${name}`, text]),
  [`${side}_serial`, orNull(text)] as [string, Check],
])
const wish = { resolution_request: orNull(resolution) }

const exceptions = members(
  {},
  {
    missing_product_data: listAtMost(
      members(
        { ...asked, product_gtin: text, observation_source: oneOf(['Scan', 'Packing Slip', 'ASN', 'Other']) },
        { product_serial: orNull(text) },
      ),
    ),
    missing_product: listAtMost(members({ ...asked, file_id: text, product_gtin: text, product_serial: text })),
    data_misalignment: listAtMost(members({ ...asked, ...Object.fromEntries(sides) })),
    overages: listAtMost(count),
    underages: listAtMost(count),
    master_data_errors: orNull(
      members(
        {},
        {
          gln_errors: listAtMost(members({ ...id, invalid_gln: text }, { proposed_gln: orNull(text), ...wish })),
          gtin_errors: listAtMost(members({ ...id, invalid_gtin: text }, { proposed_gtin: orNull(text), ...wish })),
        },
      ),
    ),
  },
)

const contact = members({ email: text }, { gln: orNull(text), phone: orNull(text), vp: orNull(anything) })
const common = {
  message_uuid: text,
  exception_case_uuid: text,
  timestamp: wholeNumber,
  po_number: text,
  sender_information: contact,
}

const report = members(
  {
    ...common,
    case_resolved: (value) => (typeof value === 'boolean' ? undefined : refuse('wrong-type', 'true or false')),
  },
  { exceptions: orNull(exceptions), other_errors: listAtMost(text) },
)

const response = members(common, {
  response_items: listAtMost(
    members(
      { ...id, resolution_response: oneOf(['Accept', 'Reject']) },
      {
        comments: orNull(text),
        alternative_resolution: orNull(
          members({ alternative_resolution: orNull(resolution), follow_up: orNull(oneOf(['Email', 'Phone'])) }),
        ),
      },
    ),
  ),
  additional_notes: orNull(text),
})

/** Reads either message; a report is told by `case_resolved`, which only it has. */
export function readExceptionMessage(bytes: Uint8Array): Result<ExceptionMessage, EpcisRefusal> {
  const read = readJson(bytes, { bytesMax: messageBytesMax, depthMax: messageDepthMax })
  if (!read.ok) {
    const { type, expected } = read.reason
    return no({ type: type === 'too-large' || type === 'too-deep' ? 'too-large' : 'not-json', path: '', expected })
  }
  const form = read.value.value
  const isReport = isJsonObject(form) && form.has('case_resolved')
  const fault = (isReport ? report : response)(form)
  if (fault) return no(fault)
  return ok(isReport ? reportOf(form) : responseOf(form as JsonObject))
}

const textIn = (form: JsonObject, name: string): string => form.get(name) as string
const textOrNull = (form: JsonObject, name: string): string | null => (form.get(name) ?? null) as string | null
const numberIn = (form: JsonObject, name: string): number => Number((form.get(name) as JsonNumber).text)
const objectsIn = (form: JsonValue | undefined, name: string): readonly JsonObject[] =>
  isJsonObject(form) ? ((form.get(name) ?? []) as readonly JsonObject[]) : []

function messageOf(form: JsonObject): Message {
  return {
    messageId: textIn(form, 'message_uuid'),
    caseId: textIn(form, 'exception_case_uuid'),
    time: numberIn(form, 'timestamp'),
    purchaseOrder: textIn(form, 'po_number'),
    senderGln: textOrNull(form.get('sender_information') as JsonObject, 'gln'),
  }
}

const itemOf = (form: JsonObject): Item => ({
  itemId: textIn(form, 'exception_item_uuid'),
  request: textOrNull(form, 'resolution_request') as Resolution | null,
})

const productOf = (form: JsonObject, side: string): SeenProduct => ({
  gtin: textIn(form, `${side}_gtin`),
  lot: textIn(form, `${side}_lot`),
  expiry: textIn(form, `${side}_expiry`),
  serial: textOrNull(form, `${side}_serial`),
})

function countsOf(type: 'overage' | 'underage', forms: readonly JsonObject[]): readonly ExceptionItem[] {
  return forms.map((form) => ({
    ...itemOf(form),
    type,
    gtin: textIn(form, 'gtin'),
    ordered: numberIn(form, 'quantity_ordered'),
    received: numberIn(form, 'quantity_received'),
  }))
}

function wrongKeysOf(key: 'gln' | 'gtin', forms: readonly JsonObject[]): readonly ExceptionItem[] {
  return forms.map((form) => ({
    ...itemOf(form),
    type: `wrong-${key}`,
    wrong: textIn(form, `invalid_${key}`),
    proposed: textOrNull(form, `proposed_${key}`),
  }))
}

function reportOf(form: JsonObject): ExceptionReport {
  const of = form.get('exceptions')
  const masterData = isJsonObject(of) ? of.get('master_data_errors') : undefined
  const items: readonly ExceptionItem[] = [
    ...objectsIn(of, 'missing_product_data').map((each) => ({
      ...itemOf(each),
      type: 'product-without-data' as const,
      gtin: textIn(each, 'product_gtin'),
      serial: textOrNull(each, 'product_serial'),
      seenBy: textIn(each, 'observation_source'),
    })),
    ...objectsIn(of, 'missing_product').map((each) => ({
      ...itemOf(each),
      type: 'data-without-product' as const,
      file: textIn(each, 'file_id'),
      gtin: textIn(each, 'product_gtin'),
      serial: textIn(each, 'product_serial'),
    })),
    ...objectsIn(of, 'data_misalignment').map((each) => ({
      ...itemOf(each),
      type: 'data-misaligned' as const,
      received: productOf(each, 'received_product'),
      told: productOf(each, 'product_data'),
    })),
    ...countsOf('overage', objectsIn(of, 'overages')),
    ...countsOf('underage', objectsIn(of, 'underages')),
    ...wrongKeysOf('gln', objectsIn(masterData, 'gln_errors')),
    ...wrongKeysOf('gtin', objectsIn(masterData, 'gtin_errors')),
  ]
  const otherErrors = (form.get('other_errors') ?? []) as readonly string[]
  return { ...messageOf(form), type: 'report', items, otherErrors, isResolved: form.get('case_resolved') as boolean }
}

function responseOf(form: JsonObject): ExceptionResponse {
  const answers = objectsIn(form, 'response_items').map((each) => {
    const other = each.get('alternative_resolution')
    return {
      itemId: textIn(each, 'exception_item_uuid'),
      isAccepted: each.get('resolution_response') === 'Accept',
      comments: textOrNull(each, 'comments'),
      alternative: isJsonObject(other) ? (textOrNull(other, 'alternative_resolution') as Resolution | null) : null,
    }
  })
  return { ...messageOf(form), type: 'response', answers, notes: textOrNull(form, 'additional_notes') }
}

/** GS1 keys of a message that are none: wrong digits are what some reports are about, so they refuse nothing. */
export function wrongKeysIn(message: ExceptionMessage): readonly ('sender GLN' | 'GTIN')[] {
  const gtins = message.type === 'report' ? message.items.flatMap(gtinsOf) : []
  return [
    ...(message.senderGln !== null && !parseGs1Key('GLN', message.senderGln).ok ? (['sender GLN'] as const) : []),
    ...gtins.flatMap((gtin) => (parseGtin(gtin).ok ? [] : (['GTIN'] as const))),
  ]
}

function gtinsOf(item: ExceptionItem): readonly string[] {
  if (item.type === 'data-misaligned') return [item.received.gtin, item.told.gtin]
  if ('gtin' in item) return [item.gtin]
  return item.type === 'wrong-gtin' ? [item.proposed ?? item.wrong] : []
}
