/**
 * The HTTP doors of the members that run in this process, under one address. Everything that comes is bounded, read once
 * into a type that says so, and refused with problem details (RFC 9457) that never repeat what came.
 */
import fastifySwagger from '@fastify/swagger'
import { toHex } from '@plexus/codec'
import { type RandomBytes, sha256 } from '@plexus/crypto'
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type { Desk } from '../desk.ts'
import type { Directory } from '../directory.ts'
import type { Network } from '../network.ts'
import type { Pages } from '../pages.ts'
import { SignIn } from '../sign-in/sign-in.ts'
import { BodyRefused, isCbor, isOctets, JsonBody, kindOf, mediaOf, takeBodies, takesDocuments } from './bodies.ts'
import { bookRoutes } from './book-routes.ts'
import { checkpointRoutes } from './checkpoint-routes.ts'
import { deskRoutes } from './desk-routes.ts'
import { documentation } from './documentation.ts'
import { doorsOf, watchDoors } from './doors.ts'
import { capturesOf } from './epcis-captures.ts'
import { epcisRoutes } from './epcis-routes.ts'
import { governanceRoutes } from './governance-routes.ts'
import { ledgerRoutes } from './ledger-routes.ts'
import { failureFacts, type NodeLogger } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { operationRoutes } from './operation-routes.ts'
import { publishPages } from './page-routes.ts'
import { type Problem, type ProblemCode, problem, problemDocument, problems } from './problem.ts'
import { recoveryRoutes } from './recovery-routes.ts'
import type { Answer, Route } from './route.ts'
import { signInRoutes } from './sign-in-routes.ts'
import { createSockets, isWebSocket, type Sockets, type Upgrade } from './sockets.ts'
import { staffRoutes } from './staff-routes.ts'
import { StaffSessions } from './staff-sessions.ts'
import { checkToken, staffToken } from './staff-token.ts'
import { submitRoutes } from './submit-routes.ts'
import { walletRoutes } from './wallet-routes.ts'

export interface ApiParts {
  readonly network: Network
  readonly directory: Directory
  /** From `createLogger`: it keeps what is on its list and nothing else. */
  readonly logger: NodeLogger
  readonly random: RandomBytes
  /** Seconds since 1970, with fractions. */
  readonly now: () => number
  /** Those whose `observe` the network was given; without them only HTTP, heights and outboxes are counted. */
  readonly metrics?: Metrics
  /** The web application, where it was built. */
  readonly pages?: Pages
  /** The demonstration's: without it there are no routes of the demonstration. */
  readonly desk?: Desk
}

/** Requests in hand at once. Bodies are bounded, so this bounds memory; more are told to come again. */
const requestsMax = 256
/** Bodies of bytes are the large ones. */
const octetRequestsMax = 24
/** Envelopes and batches that wait for their blocks: as many as there are connections, one each. */
const submitRequestsMax = 1_024
/** Their bodies together: sixteen batches of full length, or every connection with many envelopes. */
const submittedBytesMax = 64 * 1024 * 1024
/** Above the longest field that is checked, percent-encoded. */
const paramCharactersMax = 700
/** A whole request must have come in by then. */
const requestMillisecondsMax = 30_000
const connectionsMax = 1_024

/** Builds the server; `listen` and `close` are the caller's. It must be closed before the network. */
export async function createApi({
  network,
  directory,
  logger,
  random,
  now,
  metrics = createMetrics(),
  pages,
  desk,
}: ApiParts): Promise<FastifyInstance> {
  metrics.watch(network, now)
  const tokens = new Map([...network.nodes].map(([member, { layout }]) => [member, staffToken(layout, random)]))
  let requestNumber = 0
  const sockets = createSockets()
  const app = fastify({
    http: { shouldUpgradeCallback: isWebSocket },
    // Its own lines would hold addresses and messages: the hook below says what may be said.
    logger: false,
    genReqId: () => (++requestNumber).toString(36),
    requestIdHeader: false,
    requestTimeout: requestMillisecondsMax,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: paramCharactersMax },
    frameworkErrors: (error, request, reply) =>
      refuse(request, reply, problem(codeOfFailure(error) ?? 'address-malformed')),
    clientErrorHandler(_error, socket) {
      if (!socket.writable) return
      const body = JSON.stringify(problemDocument(problem('headers-malformed'), '0'))
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      )
    },
  })
  app.server.maxConnections = connectionsMax
  sockets.attach(app)
  app.addHook('preClose', () => sockets.close())
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  await app.register(fastifySwagger, { openapi: documentation as never, convertConstToEnum: false })

  takeBodies(app)
  bound(app, sockets)
  watch(app, { logger, metrics, members: new Set(network.nodes.keys()) })
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof BodyRefused) return refuse(request, reply, error.problem)
    const code = codeOfFailure(error as FastifyError)
    if (code === undefined)
      logger.error({ what: 'request-failed', requestId: request.id, route: routeOf(request), ...failureFacts(error) })
    return refuse(request, reply, problem(code ?? 'internal'))
  })
  app.setNotFoundHandler((request, reply) => refuse(request, reply, problem('route-unknown')))

  const doors = new Map([...network.nodes].map(([member, node]) => [member, doorsOf(network, node)]))
  watchDoors(metrics.registry, doors, sockets)
  const captures = capturesOf(network, { random, now, logger })
  app.addHook('preClose', async () => {
    await Promise.all([...captures.values()].map((each) => each.close()))
  })
  const parts = { network, directory, metrics, now }
  const sessions = new StaffSessions({ random, now })
  const signIns = new Map(
    [...network.nodes].map(([member, { layout }]) => [member, new SignIn(layout.root, { random, now })]),
  )
  for (const route of [
    ...operationRoutes({ ...parts, demonstration: desk !== undefined }),
    ...walletRoutes(parts),
    ...staffRoutes(parts),
    ...bookRoutes(),
    ...recoveryRoutes(),
    ...ledgerRoutes(parts),
    ...governanceRoutes(),
    ...checkpointRoutes(),
    ...submitRoutes(doors),
    ...epcisRoutes(captures, now),
    ...signInRoutes(signIns, sessions, now),
    ...(desk ? deskRoutes(desk, signIns, sessions, now) : []),
  ])
    addRoute(app, route, { network, tokens, sockets, sessions, deskToken: desk?.token ?? '' })
  if (pages) await publishPages(app, network, pages)
  app.get(
    '/openapi.json',
    { schema: { operationId: 'openapi', summary: 'This document', tags: ['operation'] } },
    async () => app.swagger(),
  )
  await app.ready()
  return app
}

interface Gate {
  readonly network: Network
  readonly tokens: ReadonlyMap<string, string>
  readonly sockets: Sockets
  readonly sessions: StaffSessions
  readonly deskToken: string
}

/** Who may come in is settled before a byte of the body is read. */
function addRoute(app: FastifyInstance, route: Route, gate: Gate): void {
  const { network, tokens, sockets, sessions, deskToken } = gate
  const bearerIn = (request: FastifyRequest) => request.headers.authorization ?? sockets.bearerOf(request.raw)
  const memberIn = (request: FastifyRequest) => (request.params as { readonly member?: string }).member ?? ''
  const nodeOf = (request: FastifyRequest) => network.nodes.get(memberIn(request))
  app.route({
    method: route.method,
    url: route.path,
    bodyLimit: route.bodyBytesMax,
    config: { takes: route.takes },
    schema: route.schema,
    async onRequest(request, reply) {
      if (route.door === 'open') return
      const bearer = bearerIn(request)
      if (route.door === 'desk') {
        const away = checkToken(bearer, deskToken)
        return away ? refuse(request, reply.header('www-authenticate', 'Bearer'), away) : undefined
      }
      const node = nodeOf(request)
      if (!node && route.elsewhere && network.reaches(memberIn(request))) return
      if (!node) return refuse(request, reply, problem('member-not-here'))
      const isAtWork = route.door === 'staff' && sessions.personOf(node.member, bearer) !== null
      const refused = route.door === 'staff' && !isAtWork ? checkToken(bearer, tokens.get(node.member) ?? '') : null
      if (refused) return refuse(request, reply.header('www-authenticate', 'Bearer'), refused)
      if (node.recovery?.shut && !route.whileRecovering) return refuse(request, reply, problem('member-recovering'))
    },
    async handler(request, reply) {
      const came = kindOf(request)
      const body = route.takes === 'json' && request.body instanceof JsonBody ? request.body.value : request.body
      if (came !== route.takes)
        return refuse(request, reply, problem('body-not-this-type', { expected: mediaOf(route.takes) }))
      const { params, query } = request
      const node = nodeOf(request)
      const person = node && route.door === 'staff' ? sessions.personOf(node.member, bearerIn(request)) : null
      const answer = await route.answer({ params, query, body, headers: request.headers, person }, node)
      if (answer.type !== 'upgrade') return send(request, reply, answer)
      const refused = sockets.open(request.raw, node?.member ?? '', answer, () => reply.hijack())
      return refused ? refuse(request, reply, refused) : reply
    },
  })
}

/** Three queues, each with its bound: what waits for blocks takes no place from what is answered at once. */
function bound(app: FastifyInstance, sockets: Sockets): void {
  let all = 0
  let large = 0
  let submitting = 0
  let submittedBytes = 0
  app.addHook('onRequest', async (request, reply) => {
    // Sockets have bounds of their own, and are told apart before they are let in.
    if (sockets.isOpening(request.raw)) return
    const type = request.headers['content-type']
    const submits = isCbor(type)
    const size = isOctets(type) || takesDocuments(request) ? 1 : 0
    const bytes = submits ? declaredBytes(request) : 0
    const full = submits
      ? submitting >= submitRequestsMax || submittedBytes + bytes > submittedBytesMax
      : all >= requestsMax || large + size > octetRequestsMax
    if (full) return refuse(request, reply, problem('node-busy', { retryAfterSeconds: 1 }))
    const share = submits ? 0 : 1
    all += share
    large += size
    submitting += 1 - share
    submittedBytes += bytes
    // Of the response itself, since the server's own hooks do not hear of a caller that goes away in the middle.
    reply.raw.once('close', () => {
      all -= share
      large -= size
      submitting -= 1 - share
      submittedBytes -= bytes
    })
  })
}

/** What the body may come to: as announced, or as much as the route takes. */
function declaredBytes({ headers, routeOptions }: FastifyRequest): number {
  const most = routeOptions.bodyLimit ?? 0
  return Math.min(most, Number(headers['content-length'] ?? most))
}

const problemOf = new WeakMap<FastifyRequest, ProblemCode>()

/** One line and one measurement per request, of what was registered here and never of what came. */
function watch(
  app: FastifyInstance,
  {
    logger,
    metrics,
    members,
  }: { readonly logger: NodeLogger; readonly metrics: Metrics; readonly members: ReadonlySet<string> },
): void {
  app.addHook('onResponse', async (request, reply) => {
    const { member } = (request.params ?? {}) as { readonly member?: string }
    const route = routeOf(request)
    const code = problemOf.get(request)
    logger.info({
      what: 'answered',
      method: request.method,
      route,
      status: reply.statusCode,
      milliseconds: Math.round(reply.elapsedTime),
      requestId: request.id,
      ...(member !== undefined && members.has(member) && { member }),
      ...(code !== undefined && { problem: code }),
    })
    metrics.answered({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
  })
}

/** The pattern of the route, never the address. */
const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? '/unknown'

function send(request: FastifyRequest, reply: FastifyReply, answer: Exclude<Answer, Upgrade>): FastifyReply {
  dress(reply)
  switch (answer.type) {
    case 'json':
      return reply.type('application/json').send(Buffer.from(JSON.stringify(answer.value)))
    case 'json-bytes':
      return reply.type('application/json').send(Buffer.from(answer.bytes))
    case 'octets':
      return reply.type('application/octet-stream').send(Buffer.from(answer.bytes))
    case 'text':
      return reply.type(answer.contentType).send(answer.text)
    case 'reply':
      return reply.code(answer.status).headers(answer.headers).type(answer.contentType).send(Buffer.from(answer.bytes))
    case 'empty':
      return reply.code(204).send()
    case 'file':
      return sendFile(request, reply, answer)
    case 'unavailable':
      return reply
        .code(503)
        .type('application/json')
        .send(Buffer.from(JSON.stringify(answer.value)))
    case 'problem':
      return refuse(request, reply, answer)
  }
}

/** RFC 9110 §13.1.2: who has the same file already is told so, and sent nothing. */
function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { bytes, contentType, immutable }: Extract<Answer, { readonly type: 'file' }>,
): FastifyReply {
  const tag = `"${toHex(sha256(bytes)).slice(0, 32)}"`
  reply.header('etag', tag).header('cache-control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
  if (request.headers['if-none-match'] === tag) return reply.code(304).send()
  return reply.type(contentType).send(Buffer.from(bytes))
}

function refuse(request: FastifyRequest, reply: FastifyReply, refused: Problem): FastifyReply {
  problemOf.set(request, refused.code)
  // Bytes, not text: the server would add a character set, which these media types do not have.
  const body = Buffer.from(JSON.stringify(problemDocument(refused, request.id)))
  if (refused.retryAfterSeconds !== undefined) reply.header('retry-after', String(refused.retryAfterSeconds))
  if (refused.code === 'upgrade-required') reply.header('upgrade', 'websocket')
  return dress(reply).code(problems[refused.code].status).type('application/problem+json').send(body)
}

/** Nothing that is answered here belongs into a cache, or is to be guessed at. */
function dress(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
}

const failureCodes: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_BAD_URL: 'address-malformed',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_EMPTY_TYPE: 'body-not-this-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'body-truncated',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'body-not-this-type',
  FST_ERR_CTP_INVALID_TYPE: 'body-not-this-type',
  FST_ERR_MAX_PARAM_LENGTH: 'address-malformed',
  ECONNRESET: 'body-truncated',
}

/** The refusal that a failure of the server's own stands for; none for a fault of ours. */
function codeOfFailure(error: { readonly code?: string }): ProblemCode | undefined {
  return error.code === undefined ? undefined : failureCodes[error.code]
}
