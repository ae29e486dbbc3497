/** One route, said once: how it is reached, what it takes, checks and answers, and its page in the OpenAPI document. */
import { cborType } from '@plexus/sdk'
import { z } from 'zod'
import type { MemberNode } from '../member-node.ts'
import { organisationId } from './fields.ts'
import { type Problem, type ProblemCode, problem, problems } from './problem.ts'
import type { Upgrade } from './sockets.ts'
import type { Person } from './staff-sessions.ts'

export type Answer =
  | { readonly type: 'json'; readonly value: unknown }
  /** JSON text that is canonical already. */
  | { readonly type: 'json-bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'octets'; readonly bytes: Uint8Array }
  | { readonly type: 'text'; readonly text: string; readonly contentType: string }
  | { readonly type: 'empty' }
  /** A static file, named to caches by its hash; an immutable one is kept for good. */
  | { readonly type: 'file'; readonly bytes: Uint8Array; readonly contentType: string; readonly immutable: boolean }
  /** Bytes with the status and headers that a standard of others asks for. */
  | {
      readonly type: 'reply'
      readonly status: 200 | 201 | 202 | 400 | 409 | 422 | 503
      readonly headers: Readonly<Record<string, string>>
      readonly contentType: string
      readonly bytes: Uint8Array
    }
  /** The connection becomes a WebSocket, when the request asks for one. */
  | Upgrade
  /** Not ready: the same document with another status. */
  | { readonly type: 'unavailable'; readonly value: unknown }
  | Problem

export const json = (value: unknown): Answer => ({ type: 'json', value })
export const octets = (bytes: Uint8Array): Answer => ({ type: 'octets', bytes })
export const empty: Answer = { type: 'empty' }

/** What stands at a place that nothing is expected at. */
const nothing = z.strictObject({})
/** The path of a route that names its member and nothing else. */
const memberOnly = z.strictObject({ member: organisationId })
const noBytes = new Uint8Array(0)

export type Tag = 'demonstration' | 'epcis' | 'ledger' | 'operation' | 'sign-in' | 'staff' | 'submit' | 'wallet'

interface Definition<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  readonly method: 'DELETE' | 'GET' | 'POST'
  readonly path: string
  /** `operationId` of OpenAPI. */
  readonly id: string
  readonly summary: string
  readonly tag: Tag
  /** Fields of the path, `member` aside. */
  readonly params?: Params
  readonly query?: Query
  readonly body?: Body
  /** A body of bytes, of at most so many. */
  readonly octetsMax?: number
  /** A body of canonical CBOR, of at most so many bytes, which the handler reads. */
  readonly cborMax?: number
  /** A body of JSON or XML, of at most so many bytes, which the handler reads. */
  readonly documentMax?: number
  /** The types of a document, where they are not those of EPCIS. */
  readonly documents?: readonly string[]
  /** Its refusals are documents of a standard of others, with these statuses. */
  readonly outcomes?: {
    readonly statuses: readonly (400 | 409 | 422 | 503)[]
    readonly media: string
    readonly says: string
  }
  /** What a good answer holds, in a sentence; and its media type. */
  readonly gives: string
  /** Of a good answer, where it is not 200. */
  readonly status?: 200 | 201 | 202
  readonly media?:
    | 'application/fhir+json'
    | 'application/json'
    | 'application/octet-stream'
    | 'text/plain'
    | 'none'
    | 'websocket'
  readonly refusals?: readonly ProblemCode[]
  /** Answers although the member recovers from a restore: it touches the ledger alone, or the recovery itself. */
  readonly whileRecovering?: boolean
}

export interface Input<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly octets: Uint8Array
  readonly headers: RequestHeaders
  /** Who signed in; null for whoever comes with the member's own token, and at doors that are open. */
  readonly person: Person | null
}

/** By name in lower case. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** What a route of documents takes; its handler is told which by the header. */
export const documentTypes = ['application/json', 'application/ld+json', 'application/xml', 'text/xml'] as const
export const fhirType = 'application/fhir+json'

export interface Route {
  readonly method: 'DELETE' | 'GET' | 'POST'
  readonly path: string
  /** Who may come in: anybody, anybody to a member that runs here, that member's staff, or whoever has the demonstration's link. */
  readonly door: 'desk' | 'member' | 'open' | 'staff'
  readonly takes: 'cbor' | 'document' | 'json' | 'nothing' | 'octets'
  readonly bodyBytesMax: number
  /** Whether a member that recovers from a restore answers here. */
  readonly whileRecovering: boolean
  /** Whether a member that runs elsewhere is asked there. */
  readonly elsewhere: boolean
  readonly schema: Readonly<Record<string, unknown>>
  answer(raw: RawRequest, node: MemberNode | undefined): Answer | Promise<Answer>
}

export interface RawRequest {
  readonly person: Person | null
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  readonly headers: RequestHeaders
}

/** JSON bodies are small questions; charts do not come in through them. */
const jsonBytesMax = 64 * 1024
/** An envelope's body in base64url, and up to sixteen signatures. */
export const envelopeJsonBytesMax = 320 * 1024

type NoFields = typeof nothing

export function openRoute<
  Params extends z.ZodType = NoFields,
  Query extends z.ZodType = NoFields,
  Body extends z.ZodType = NoFields,
>(
  definition: Definition<Params, Query, Body> & {
    handle(input: Input<z.output<Params>, z.output<Query>, z.output<Body>>): Answer | Promise<Answer>
  },
): Route {
  return routeOf('open', definition, (input) => definition.handle(input))
}

/** A route of the demonstration: whoever has the link that it printed comes in. */
export function deskRoute<Body extends z.ZodType = NoFields>(
  definition: Definition<NoFields, NoFields, Body> & {
    handle(input: Input<z.output<NoFields>, z.output<NoFields>, z.output<Body>>): Answer | Promise<Answer>
  },
): Route {
  const refusals = [...(definition.refusals ?? []), 'token-missing' as const, 'token-wrong' as const]
  return routeOf('desk', { ...definition, refusals }, (input) => definition.handle(input))
}

/** A route of one member: its path begins with `/v1/members/:member`, and its handler is given that member's node. */
export function memberRoute<
  Params extends z.ZodRawShape = Record<never, never>,
  Query extends z.ZodType = NoFields,
  Body extends z.ZodType = NoFields,
>(
  definition: Omit<Definition<z.ZodType, Query, Body>, 'params'> & {
    readonly params?: Params
    readonly staff?: boolean
    readonly bodyBytesMax?: number
    /** Asks a member that runs elsewhere; without it, whoever does not run here is refused. */
    readonly elsewhere?: (
      member: string,
      input: Input<z.output<z.ZodObject<Params>>, z.output<Query>, z.output<Body>>,
    ) => Promise<Answer>
    handle(
      input: Input<z.output<z.ZodObject<Params>>, z.output<Query>, z.output<Body>>,
      node: MemberNode,
    ): Answer | Promise<Answer>
  },
): Route {
  const { params, staff = false, bodyBytesMax, elsewhere, ...rest } = definition
  const whole = {
    ...rest,
    path: `/v1/members/:member${definition.path}`,
    params: params ? z.strictObject({ ...params, member: organisationId } as z.ZodRawShape) : memberOnly,
    refusals: [
      ...(definition.refusals ?? []),
      'member-not-here' as const,
      ...(elsewhere ? (['member-not-reached'] as const) : []),
      ...(answersWhileRecovering(rest) ? [] : (['member-recovering'] as const)),
      ...(staff ? (['token-missing', 'token-wrong'] as const) : []),
    ],
  }
  const route = routeOf(staff ? 'staff' : 'member', whole, (input, node) => {
    // The shape was checked with `member` added to it.
    const given = input as unknown as Parameters<typeof definition.handle>[0]
    if (node) return definition.handle(given, node)
    const { params } = input as { readonly params?: { readonly member?: string } }
    if (elsewhere) return elsewhere(params?.member ?? '', given)
    throw new Error('a route of a member was entered without its node')
  })
  return { ...route, elsewhere: elsewhere !== undefined, ...(bodyBytesMax !== undefined && { bodyBytesMax }) }
}

/** What wallets and staff ask goes to the exchange, unless the route says otherwise. */
const answersWhileRecovering = ({
  tag,
  whileRecovering,
}: {
  readonly tag: Tag
  readonly whileRecovering?: boolean
}): boolean => whileRecovering ?? (tag !== 'epcis' && tag !== 'staff' && tag !== 'wallet')

function routeOf<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  door: Route['door'],
  definition: Definition<Params, Query, Body>,
  handle: (
    input: Input<z.output<Params>, z.output<Query>, z.output<Body>>,
    node: MemberNode | undefined,
  ) => Answer | Promise<Answer>,
): Route {
  const { method, path, octetsMax, cborMax, documentMax } = definition
  const params = definition.params ?? nothing
  const query = definition.query ?? nothing
  const body = definition.body ?? nothing
  const bytesMax = cborMax ?? documentMax ?? octetsMax
  const takesBytes = cborMax !== undefined ? 'cbor' : documentMax !== undefined ? 'document' : 'octets'
  const takes = bytesMax !== undefined ? takesBytes : definition.body ? 'json' : 'nothing'
  return {
    method,
    path,
    door,
    takes,
    bodyBytesMax: bytesMax ?? jsonBytesMax,
    whileRecovering: answersWhileRecovering(definition),
    elsewhere: false,
    schema: schemaOf(door, definition, { params, query, body }),
    answer(raw, node) {
      const parts = [
        ['path', params, raw.params],
        ['query', query, raw.query],
        ['body', body, takes === 'json' ? raw.body : {}],
      ] as const
      const values: unknown[] = []
      for (const [at, schema, value] of parts) {
        if (isReadAlready(schema, value)) {
          values.push(value)
          continue
        }
        const read = schema.safeParse(value)
        if (!read.success) return misunderstood(at, value, read.error)
        values.push(read.data)
      }
      const [readParams, readQuery, readBody] = values
      const bytes = bytesMax !== undefined && raw.body instanceof Uint8Array ? raw.body : noBytes
      return handle(
        {
          params: readParams,
          query: readQuery,
          body: readBody,
          octets: bytes,
          headers: raw.headers,
          person: raw.person,
        } as Parameters<typeof handle>[0],
        node,
      )
    },
  }
}

/** Nothing where nothing is expected, and a member that the door has found: most of what programs ask for a thousand times. */
function isReadAlready(schema: z.ZodType, value: unknown): boolean {
  if (schema === memberOnly) return true
  if (schema !== nothing || typeof value !== 'object' || value === null) return false
  for (const _ in value) return false
  return true
}

/** Where the first fault lies, what is expected there, and of which kind that was which came: never what it said. */
function misunderstood(part: string, value: unknown, { issues }: z.ZodError): Problem {
  const [issue] = issues
  if (!issue) throw new Error('a refused value has no issue')
  const at = [part, ...issue.path.map(String)].join('.')
  if (issue.code === 'unrecognized_keys')
    return problem('request-not-understood', {
      at,
      expected: 'no other fields than those of the schema',
      came: `${issue.keys.length} more`,
    })
  const found = issue.path.reduce<unknown>(
    (of, key) => (typeof of === 'object' && of !== null ? (of as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  )
  return problem('request-not-understood', { at, expected: expectedBy(issue), came: kindOf(found) })
}

function expectedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && /^Invalid input/.test(issue.message)) return `a value of type ${issue.expected}`
  return issue.message
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'string') return `a text of ${value.length} characters`
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function schemaOf(
  door: Route['door'],
  {
    id,
    summary,
    tag,
    gives,
    media = 'application/json',
    status = 200,
    refusals = [],
    octetsMax,
    cborMax,
    documentMax,
    documents = documentTypes,
    outcomes,
    ...definition
  }: Definition<z.ZodType, z.ZodType, z.ZodType>,
  { params, query, body }: { readonly params: z.ZodType; readonly query: z.ZodType; readonly body: z.ZodType },
): Route['schema'] {
  const always: readonly ProblemCode[] = ['internal', 'node-busy', 'request-not-understood']
  const withBody: readonly ProblemCode[] =
    octetsMax === undefined && cborMax === undefined && documentMax === undefined && !definition.body
      ? []
      : ['body-not-this-type', 'body-too-large', 'body-truncated']
  const withJson: readonly ProblemCode[] = definition.body ? ['body-not-json'] : []
  const codes = [...new Set([...refusals, ...always, ...withBody, ...withJson])].sort()
  const statuses = [...new Set([...codes.map((code) => problems[code].status), ...(outcomes?.statuses ?? [])])].sort()
  const refused = statuses.map((status) => {
    const here = codes.filter((code) => problems[code].status === status)
    const isOutcome = outcomes?.statuses.some((each) => each === status)
    return [
      status,
      {
        description: [...here, ...(isOutcome ? [outcomes?.says] : [])].join(' · '),
        content: {
          ...(here.length > 0 && { 'application/problem+json': { schema: problemSchema } }),
          ...(outcomes && isOutcome && { [outcomes.media]: { schema: { type: 'object' } } }),
        },
      },
    ]
  })
  return {
    operationId: id,
    summary,
    tags: [tag],
    ...(door === 'staff' && { security: [{ staff: [] }] }),
    ...(definition.params && { params: jsonSchema(params) }),
    ...(definition.query && { querystring: jsonSchema(query) }),
    ...(definition.body && { body: jsonSchema(body) }),
    ...(octetsMax !== undefined && bytesBody(['application/octet-stream'], octetsMax)),
    ...(cborMax !== undefined && bytesBody([cborType], cborMax)),
    ...(documentMax !== undefined && bytesBody(documents, documentMax)),
    response: { ...goodAnswer(media, gives, status), ...Object.fromEntries(refused) },
  }
}

function bytesBody(media: readonly string[], bytesMax: number): Readonly<Record<string, unknown>> {
  return { consumes: [...media], body: { type: 'string', format: 'binary', maxLength: bytesMax } }
}

function goodAnswer(media: string, gives: string, status: number): Readonly<Record<string, unknown>> {
  if (media === 'none') return { 204: { description: gives, type: 'null' } }
  if (media === 'websocket') return { 101: { description: gives, type: 'null' } }
  return { [status]: { description: gives, content: { [media]: { schema: mediaSchema(media) } } } }
}

function mediaSchema(media: string): Readonly<Record<string, unknown>> {
  if (media === 'application/octet-stream') return { type: 'string', format: 'binary' }
  return media.endsWith('json') ? { type: 'object' } : { type: 'string' }
}

const problemSchema = {
  type: 'object',
  required: ['code', 'request', 'status', 'title', 'type'],
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(problems).sort() },
    request: { type: 'string', description: 'Names the request in the log of the node.' },
    at: { type: 'string', description: 'The part of the request that is at fault.' },
    expected: { type: 'string' },
    came: { type: 'string', description: 'The kind of what came, never its content.' },
    refusal: { type: 'string', description: 'Who refused behind the door, and its code.' },
    height: { type: 'integer', description: 'Of the block that carries what was refused.' },
    index: { type: 'integer' },
    retryAfterSeconds: { type: 'integer', description: 'As the header Retry-After.' },
  },
}

function jsonSchema(schema: z.ZodType): Readonly<Record<string, unknown>> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return rest
}
