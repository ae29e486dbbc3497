/** Bodies of requests: which kind came, within which bounds, and what reads it. */
import { readJson, toPlain } from '@plexus/codec'
import { cborType } from '@plexus/sdk'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Problem, problem } from './problem.ts'
import { documentTypes, fhirType, type Route } from './route.ts'

/** What came, by its media type and by what the route takes. */
export function kindOf({ body, headers }: FastifyRequest): Route['takes'] {
  if (body === undefined) return 'nothing'
  if (!(body instanceof Uint8Array)) return 'json'
  const type = headers['content-type']
  if (isCbor(type)) return 'cbor'
  return isOctets(type) ? 'octets' : 'document'
}

export function mediaOf(takes: Route['takes']): string {
  if (takes === 'nothing') return 'no body'
  if (takes === 'json') return 'application/json'
  if (takes === 'document') return documentTypes.join(' or ')
  return takes === 'cbor' ? cborType : 'application/octet-stream'
}

/** Wrapped, so that a JSON text `null` is told from no body at all. */
export class JsonBody {
  readonly value: unknown
  constructor(value: unknown) {
    this.value = value
  }
}

/** JSON is read by the strict reader (UTF-8, no duplicate keys, bounded depth); bytes are taken as they are. */
export function takeBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const bytes = [
    'application/octet-stream',
    cborType,
    fhirType,
    ...documentTypes.filter((type) => type !== 'application/json'),
  ]
  app.addContentTypeParser(bytes, { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, new Uint8Array(body as Buffer))
  })
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (takesDocuments(request)) return done(null, new Uint8Array(body as Buffer))
    const read = readJson(new Uint8Array(body as Buffer), { depthMax: 16, containersMax: 4_096 })
    if (read.ok) return done(null, new JsonBody(toPlain(read.value.value)))
    const { type, at, expected, came } = read.reason
    done(new BodyRefused(problem('body-not-json', { at: `byte ${at}`, expected, came, refusal: type })))
  })
}

/** Thrown to the server's error handler, which is the only way out of a content type parser. */
export class BodyRefused extends Error {
  readonly problem: Problem
  constructor(refused: Problem) {
    super(refused.code)
    this.problem = refused
  }
}

/** Bytes that the route reads itself, of JSON as well: the parser of small questions must not touch them. */
export const takesDocuments = ({ routeOptions }: FastifyRequest): boolean =>
  (routeOptions.config as { readonly takes?: Route['takes'] } | undefined)?.takes === 'document'
export const isOctets = (type = ''): boolean => /^application\/octet-stream\b/i.test(type)
export const isCbor = (type = ''): boolean => /^application\/cbor\b/i.test(type)
