/** How the doors of EPCIS 2.0 are addressed and answer (§12): headers, forms, pages, refusals. */
import { members } from '@plexus/contracts'
import {
  answerDocument,
  type EpcisDocument,
  type EpcisRefusal,
  type EventQuery,
  queryEvents,
  writeEpcisJson,
  writeEpcisXml,
} from '@plexus/epcis'
import { viewOf } from '@plexus/kernel'
import { z } from 'zod'
import { type Captures, captureLimits } from '../epcis/captures.ts'
import type { MemberNode } from '../member-node.ts'
import { organisationId } from './fields.ts'
import { type Problem, problem } from './problem.ts'
import type { Answer, RequestHeaders } from './route.ts'

export const params = { partner: organisationId }
export const path = '/epcis/:partner'

/** What every answer says of the interface (EPCIS 2.0 §12). */
const editionHeaders = {
  'gs1-epcis-version': '2.0.0',
  'gs1-cbv-version': '2.0.0',
  'gs1-epcis-capture-limit': String(captureLimits.eventsMax),
  'gs1-epcis-capture-file-size-limit': String(captureLimits.bytesMax),
  'gs1-capture-error-behaviour': 'rollback',
} as const

/** Names and values of a query in an address; the server bounds the address itself. */
const valueCharactersMax = 4_096
export const queryValue = z
  .string({ error: 'texts' })
  .max(valueCharactersMax, `texts of at most ${valueCharactersMax} characters`)
export const query = z
  .object({ perPage: queryValue.optional(), nextPageToken: queryValue.optional() })
  .catchall(z.union([queryValue, z.array(queryValue)], { error: 'texts' }))
interface Asked {
  /** `SimpleEventQuery`, or the name of a query that was kept; and where its pages are. */
  readonly name?: string
  readonly address?: string
  readonly node: MemberNode
  readonly partner: string
  readonly asked: z.output<typeof query>
  readonly headers: RequestHeaders
  readonly now: () => number
}

export function answerOf(
  {
    node,
    partner,
    asked,
    headers,
    now,
    name = 'SimpleEventQuery',
    address = addressOf(node, partner, 'events'),
  }: Asked,
  captures: Captures,
  read: EventQuery,
): Answer {
  const found = queryEvents(captures.repository(partner), read)
  if (!found.ok) return refusedAt('query', found.reason)
  const { events, nextPageToken } = found.value
  const document = answerDocument(
    events.map(({ event }) => event),
    { queryName: name, creationDate: timeText(now()) },
  )
  const link = nextPageToken === null ? {} : { link: linkTo(address, asked, nextPageToken) }
  return written(headers, document, link, () => writeEpcisJson(document.form))
}

/** What is wrong before anything is looked at: no such partner, or a header that asks for what is not here. */
export function refusedAtTheDoor({ store }: MemberNode, partner: string, headers: RequestHeaders): Problem | null {
  const wrong = wrongHeader(headers)
  if (wrong) return wrong
  return members.queries.isActive(viewOf(members, store), partner) ? null : problem('organisation-unknown')
}

const editions = ['gs1-epcis-version', 'gs1-cbv-version'] as const
const behaviour = 'gs1-capture-error-behaviour'

function wrongHeader(headers: RequestHeaders): Problem | null {
  const refuse = (name: string, expected: string) =>
    problem('epcis-not-acceptable', { at: `headers.${name}`, expected })
  for (const name of editions)
    if (headers[name] !== undefined && !/^2\.0(?:\.\d{1,3})?$/.test(String(headers[name])))
      return refuse(name, 'edition 2.0')
  if (headers[behaviour] !== undefined && headers[behaviour] !== 'rollback') return refuse(behaviour, 'rollback')
  return formOf(headers) === null ? refuse('accept', 'JSON or XML') : null
}

/** JSON where both are accepted. */
function formOf({ accept }: RequestHeaders): 'json' | 'xml' | null {
  const wanted = String(accept ?? '*/*').toLowerCase()
  if (/\*\/\*|application\/\*|application\/(?:ld\+)?json/.test(wanted)) return 'json'
  return /(?:application|text)\/xml|text\/\*/.test(wanted) ? 'xml' : null
}

export function written(
  headers: RequestHeaders,
  document: EpcisDocument,
  more: Readonly<Record<string, string>>,
  inJson: () => Uint8Array,
): Answer {
  const reply = { type: 'reply', status: 200, headers: { ...editionHeaders, ...more } } as const
  if (formOf(headers) === 'json') return { ...reply, contentType: 'application/json', bytes: inJson() }
  const xml = writeEpcisXml(document)
  if (!xml.ok) return problem('epcis-not-acceptable', { at: 'headers.accept', expected: 'JSON: XML cannot say this' })
  return { ...reply, contentType: 'application/xml', bytes: xml.value }
}

export function replyJson(
  value: unknown,
  {
    status = 200,
    headers = {},
  }: { readonly status?: 200 | 201 | 202; readonly headers?: Readonly<Record<string, string>> } = {},
): Answer {
  const bytes = new TextEncoder().encode(JSON.stringify(value))
  return { type: 'reply', status, headers: { ...editionHeaders, ...headers }, contentType: 'application/json', bytes }
}

/** Places and expectations are the standard's words; nothing of the document is in them. */
export function refusedAt(part: 'body' | 'query', { type, path: place, expected }: EpcisRefusal): Problem {
  return problem('epcis-refused', { at: `${part}${place}`, expected, refusal: type })
}

export const mediaTypeOf = (headers: RequestHeaders): string =>
  String(headers['content-type'] ?? '')
    .split(';', 1)
    .join('')
    .trim()
    .toLowerCase()

/** Values of one parameter are parted by `|`, which no identifier has unescaped, or come one by one. */
export function parametersOf(asked: z.output<typeof query>) {
  return new Map(
    Object.entries(asked).map(([name, value]) => {
      const values = [value].flat().flatMap((each) => String(each).split('|'))
      return [name, values.length === 1 ? (values[0] ?? '') : values]
    }),
  )
}

export function addressOf({ member }: MemberNode, partner: string, ...steps: readonly string[]): string {
  return ['/v1/members', member, 'epcis', partner, ...steps.map(encodeURIComponent)].join('/')
}

export function linkTo(address: string, asked: z.output<typeof query>, token: string): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(asked))
    if (name !== 'nextPageToken') for (const each of [value].flat()) search.append(name, String(each))
  search.set('nextPageToken', token)
  return `<${address}?${search}>; rel="next"`
}

export const timeText = (seconds: number): string => new Date(Math.floor(seconds * 1000)).toISOString()
