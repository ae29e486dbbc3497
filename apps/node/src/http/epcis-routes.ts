/**
 * The capture and query interfaces of EPCIS 2.0 over HTTP (§12), one repository for each trading partner. A partner's base
 * address is `/v1/members/MEMBER/epcis/PARTNER`; behind it paths and headers are those of the standard.
 */
import { members } from '@plexus/contracts'
import {
  answerDocument,
  capture,
  type EpcisDocument,
  type EpcisRefusal,
  type EventQuery,
  loneEventForm,
  queryEvents,
  readEventQuery,
  writeEpcisJson,
  writeEpcisXml,
} from '@plexus/epcis'
import { viewOf } from '@plexus/kernel'
import { z } from 'zod'
import { type CaptureJob, type Captures, captureLimits } from '../epcis/captures.ts'
import type { MemberNode } from '../member-node.ts'
import type { CapturesByMember } from './epcis-captures.ts'
import { organisationId } from './fields.ts'
import { type Problem, problem } from './problem.ts'
import { type Answer, memberRoute, type RequestHeaders, type Route } from './route.ts'

const params = { partner: organisationId }
const path = '/epcis/:partner'

/** What every answer says of the interface (EPCIS 2.0 §12). */
const editionHeaders = {
  'gs1-epcis-version': '2.0.0',
  'gs1-cbv-version': '2.0.0',
  'gs1-epcis-capture-limit': String(captureLimits.eventsMax),
  'gs1-epcis-capture-file-size-limit': String(captureLimits.bytesMax),
  'gs1-capture-error-behaviour': 'rollback',
} as const

const jobsPerPage = 30
/** Names and values of a query in an address; the server bounds the address itself. */
const valueCharactersMax = 4_096
const queryValue = z
  .string({ error: 'texts' })
  .max(valueCharactersMax, `texts of at most ${valueCharactersMax} characters`)
const query = z
  .object({ perPage: queryValue.optional(), nextPageToken: queryValue.optional() })
  .catchall(z.union([queryValue, z.array(queryValue)], { error: 'texts' }))
const page = z.strictObject({ nextPageToken: queryValue.optional() })

/** `now`: seconds since 1970. */
export function epcisRoutes(captures: CapturesByMember, now: () => number): readonly Route[] {
  const of = (member: string): Captures => {
    const found = captures.get(member)
    if (!found) throw new Error(`no repository of ${member}`)
    return found
  }
  return [...captureRoutes(of, now), ...eventRoutes(of, now)]
}

type CapturesOf = (member: string) => Captures

function captureRoutes(of: CapturesOf, now: () => number): readonly Route[] {
  return [
    memberRoute({
      method: 'POST',
      path: `${path}/capture`,
      id: 'epcisCapture',
      summary:
        'Takes a document of events of a trading partner; it is read, checked and kept as a job, whole or not at all',
      tag: 'epcis',
      staff: true,
      params,
      documentMax: captureLimits.bytesMax,
      status: 202,
      gives: 'The address of the job in the header `Location`; the document is durable.',
      refusals: ['epcis-not-acceptable', 'organisation-unknown'],
      async handle({ params: { partner }, octets: body, headers }, node) {
        const refused = refusedAtTheDoor(node, partner, headers)
        if (refused) return refused
        const taken = await of(node.member).take(partner, { mediaType: mediaTypeOf(headers), body })
        if (!taken.ok) return problem(taken.reason.type, { retryAfterSeconds: 1 })
        const location = addressOf(node, partner, 'capture', taken.value)
        return replyJson({ captureID: taken.value }, { status: 202, headers: { location } })
      },
    }),
    memberRoute({
      method: 'GET',
      path: `${path}/capture`,
      id: 'epcisCaptureJobs',
      summary: 'The capture jobs of a partner, newest first',
      tag: 'epcis',
      staff: true,
      params,
      query: page,
      gives: 'A list of jobs; further pages by the header `Link`.',
      refusals: ['epcis-not-acceptable', 'organisation-unknown'],
      handle({ params: { partner }, query: { nextPageToken }, headers }, node) {
        const refused = refusedAtTheDoor(node, partner, headers)
        if (refused) return refused
        const before = nextPageToken === undefined ? {} : { before: nextPageToken }
        const jobs = of(node.member).jobs(partner, { ...before, limit: jobsPerPage + 1 })
        const shown = jobs.slice(0, jobsPerPage)
        const last = jobs.length > jobsPerPage ? shown.at(-1) : undefined
        const link = last && linkTo(addressOf(node, partner, 'capture'), {}, last.id)
        return replyJson(shown.map(jobForm), { headers: link ? { link } : {} })
      },
    }),
    memberRoute({
      method: 'GET',
      path: `${path}/capture/:job`,
      id: 'epcisCaptureJob',
      summary: 'Where a capture job stands: running, done, or refused and why',
      tag: 'epcis',
      staff: true,
      params: { ...params, job: z.string().regex(/^\d{12}$/, 'twelve digits') },
      gives: '`running`, `success`, and `errors` with the place of the first fault, and never what stood there.',
      refusals: ['capture-unknown', 'epcis-not-acceptable', 'organisation-unknown'],
      handle({ params: { partner, job }, headers }, node) {
        const refused = refusedAtTheDoor(node, partner, headers)
        if (refused) return refused
        const found = of(node.member).job(partner, job)
        return found ? replyJson(jobForm(found)) : problem('capture-unknown')
      },
    }),
    memberRoute({
      method: 'POST',
      path: `${path}/events`,
      id: 'epcisCaptureEvent',
      summary: 'Takes one event, or a document of events, at once',
      tag: 'epcis',
      staff: true,
      params,
      documentMax: 64 * 1024,
      status: 201,
      gives: 'The address of the event, or of the first, in the header `Location`; it is durable.',
      refusals: ['epcis-not-acceptable', 'epcis-refused', 'organisation-unknown'],
      async handle({ params: { partner }, octets: bytes, headers }, node) {
        const refused = refusedAtTheDoor(node, partner, headers)
        if (refused) return refused
        const repository = of(node.member).repository(partner)
        const arrival = { bytes, mediaType: mediaTypeOf(headers), now: Math.floor(now() * 1000) }
        const taken = await node.exchange.run(() => capture(repository, arrival, captureLimits))
        if (!taken.ok) return refusedAt('body', taken.reason)
        const { events, knownCount: known } = taken.value
        const name = events[0]?.event.eventID
        const location = typeof name === 'string' ? { location: addressOf(node, partner, 'events', name) } : {}
        return replyJson({ captured: events.length, known }, { status: 201, headers: location })
      },
    }),
  ]
}

function eventRoutes(of: CapturesOf, now: () => number): readonly Route[] {
  return [
    memberRoute({
      method: 'GET',
      path: `${path}/events`,
      id: 'epcisEvents',
      summary:
        'SimpleEventQuery over the events of a partner; a list of values is a parameter repeated, or parted by |',
      tag: 'epcis',
      staff: true,
      params,
      query,
      gives: 'A query document in JSON, or in XML for who accepts only that; further pages by the header `Link`.',
      refusals: ['epcis-not-acceptable', 'epcis-refused', 'organisation-unknown'],
      handle({ params: { partner }, query: asked, headers }, node) {
        const refused = refusedAtTheDoor(node, partner, headers)
        if (refused) return refused
        const read = readEventQuery(parametersOf(asked))
        if (!read.ok) return refusedAt('query', read.reason)
        return answerOf({ node, partner, asked, headers, now }, of(node.member), read.value)
      },
    }),
    memberRoute({
      method: 'GET',
      path: `${path}/events/:event`,
      id: 'epcisEvent',
      summary: 'One event by its `eventID`; where it was declared wrong, that declaration',
      tag: 'epcis',
      staff: true,
      params: { ...params, event: z.string().min(1).max(600, 'a name of at most 600 characters') },
      gives: 'The event with its context in JSON, or a query document of it in XML.',
      refusals: ['epcis-event-unknown', 'epcis-not-acceptable', 'organisation-unknown'],
      handle({ params: { partner, event: name }, headers }, node) {
        const refused = refusedAtTheDoor(node, partner, headers)
        if (refused) return refused
        const found = of(node.member).repository(partner).named(name)
        if (!found) return problem('epcis-event-unknown')
        const head = { queryName: 'SimpleEventQuery', creationDate: timeText(now()) }
        const form = answerDocument([found.event], head)
        return written(headers, form, {}, () => writeEpcisJson(loneEventForm(found.event)))
      },
    }),
  ]
}

interface Asked {
  readonly node: MemberNode
  readonly partner: string
  readonly asked: z.output<typeof query>
  readonly headers: RequestHeaders
  readonly now: () => number
}

function answerOf({ node, partner, asked, headers, now }: Asked, captures: Captures, read: EventQuery): Answer {
  const found = queryEvents(captures.repository(partner), read)
  if (!found.ok) return refusedAt('query', found.reason)
  const { events, nextPageToken } = found.value
  const document = answerDocument(
    events.map(({ event }) => event),
    { queryName: 'SimpleEventQuery', creationDate: timeText(now()) },
  )
  const link = nextPageToken === null ? {} : { link: linkTo(addressOf(node, partner, 'events'), asked, nextPageToken) }
  return written(headers, document, link, () => writeEpcisJson(document.form))
}

/** What is wrong before anything is looked at: no such partner, or a header that asks for what is not here. */
function refusedAtTheDoor({ store }: MemberNode, partner: string, headers: RequestHeaders): Problem | null {
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

function written(
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

function replyJson(
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
function refusedAt(part: 'body' | 'query', { type, path: place, expected }: EpcisRefusal): Problem {
  return problem('epcis-refused', { at: `${part}${place}`, expected, refusal: type })
}

const mediaTypeOf = (headers: RequestHeaders): string =>
  String(headers['content-type'] ?? '')
    .split(';', 1)
    .join('')
    .trim()
    .toLowerCase()

/** Values of one parameter are parted by `|`, which no identifier has unescaped, or come one by one. */
function parametersOf(asked: z.output<typeof query>) {
  return new Map(
    Object.entries(asked).map(([name, value]) => {
      const values = [value].flat().flatMap((each) => String(each).split('|'))
      return [name, values.length === 1 ? (values[0] ?? '') : values]
    }),
  )
}

function addressOf({ member }: MemberNode, partner: string, ...steps: readonly string[]): string {
  return ['/v1/members', member, 'epcis', partner, ...steps.map(encodeURIComponent)].join('/')
}

function linkTo(address: string, asked: z.output<typeof query>, token: string): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(asked))
    if (name !== 'nextPageToken') for (const each of [value].flat()) search.append(name, String(each))
  search.set('nextPageToken', token)
  return `<${address}?${search}>; rel="next"`
}

const timeText = (seconds: number): string => new Date(Math.floor(seconds * 1000)).toISOString()

/** As §12.6 shows a job. */
function jobForm({ id, createdAt, finishedAt, outcome }: CaptureJob) {
  return {
    captureID: id,
    createdAt: new Date(createdAt).toISOString(),
    finishedAt: finishedAt === null ? null : new Date(finishedAt).toISOString(),
    running: outcome.type === 'waiting',
    success: outcome.type === 'waiting' || outcome.type === 'captured',
    captureErrorBehaviour: 'rollback',
    ...(outcome.type === 'captured' && { captured: outcome.events, known: outcome.known }),
    errors: errorsOf(outcome),
  }
}

function errorsOf(outcome: CaptureJob['outcome']) {
  if (outcome.type === 'refused') {
    const { fault, path: at, expected } = outcome
    const type = fault === 'too-large' ? 'epcisException:CaptureLimitExceededException' : validation
    return [
      {
        type,
        title: 'The document is not as EPCIS 2.0 says.',
        status: fault === 'too-large' ? 413 : 400,
        refusal: fault,
        at,
        expected,
      },
    ]
  }
  if (outcome.type !== 'failed') return []
  return [
    { type: 'epcisException:ImplementationException', title: 'The node failed; its log says of what.', status: 500 },
  ]
}
const validation = 'epcisException:ValidationException'
