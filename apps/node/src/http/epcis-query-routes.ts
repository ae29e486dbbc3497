/** Queries by name over HTTP (EPCIS 2.0 §12.7). A subscription, which the standard has behind them, is not answered here. */
import { isJsonObject, type JsonObject, type JsonValue, no, ok, type Result, readJson } from '@plexus/codec'
import { type EpcisRefusal, readEventQuery } from '@plexus/epcis'
import { z } from 'zod'
import type { Captures } from '../epcis/captures.ts'
import { type NamedQuery, queryBytesMax, queryNameMax } from '../epcis/named-queries.ts'
import {
  addressOf,
  answerOf,
  params,
  path,
  queryValue,
  refusedAt,
  refusedAtTheDoor,
  replyJson,
} from './epcis-answers.ts'
import { problem } from './problem.ts'
import { memberRoute, type Route } from './route.ts'

export type CapturesOf = (member: string) => Captures

const namePattern = new RegExp(`^[A-Za-z0-9_.-]{1,${queryNameMax}}$`)
const name = z.string().regex(namePattern, `a name of at most ${queryNameMax} letters, digits, . _ or -`)
/** What a page adds to the parameters that were kept. */
const paging = z.strictObject({ perPage: queryValue.optional(), nextPageToken: queryValue.optional() })

export function epcisQueryRoutes(of: CapturesOf, now: () => number): readonly Route[] {
  return [
    memberRoute({
      method: 'POST',
      path: `${path}/queries`,
      id: 'epcisKeepQuery',
      summary: 'Keeps a query under a name: `name`, and `query`, the parameters of SimpleEventQuery',
      tag: 'epcis',
      staff: true,
      params,
      documentMax: queryBytesMax,
      documents: ['application/json', 'application/ld+json'],
      status: 201,
      gives: 'The address of the query in the header `Location`; it is durable.',
      refusals: [
        'epcis-not-acceptable',
        'epcis-queries-too-many',
        'epcis-query-known',
        'epcis-refused',
        'organisation-unknown',
      ],
      async handle({ params: { partner }, octets, headers }, node) {
        const refused = refusedAtTheDoor(node, partner, headers)
        if (refused) return refused
        const read = namedQueryIn(octets)
        if (!read.ok) return refusedAt('body', read.reason)
        const kept = { ...read.value, createdAt: Math.floor(now() * 1000) }
        const added = await node.exchange.run(() => of(node.member).queries.add(partner, kept))
        if (!added.ok) return problem(added.reason.type)
        const location = addressOf(node, partner, 'queries', kept.name)
        return replyJson({ name: kept.name }, { status: 201, headers: { location } })
      },
    }),
    memberRoute({
      method: 'GET',
      path: `${path}/queries`,
      id: 'epcisQueries',
      summary: 'The queries that are kept under a name',
      tag: 'epcis',
      staff: true,
      params,
      gives: 'Names and parameters, by name; there are at most 100.',
      refusals: ['epcis-not-acceptable', 'organisation-unknown'],
      handle({ params: { partner }, headers }, node) {
        const refused = refusedAtTheDoor(node, partner, headers)
        return refused ?? replyJson(of(node.member).queries.list(partner).map(queryForm))
      },
    }),
    memberRoute({
      method: 'GET',
      path: `${path}/queries/:name`,
      id: 'epcisQuery',
      summary: 'One query that is kept under a name',
      tag: 'epcis',
      staff: true,
      params: { ...params, name },
      gives: 'Its name and parameters.',
      refusals: ['epcis-not-acceptable', 'epcis-query-unknown', 'organisation-unknown'],
      handle({ params: { partner, name: asked }, headers }, node) {
        const refused = refusedAtTheDoor(node, partner, headers)
        if (refused) return refused
        const found = of(node.member).queries.get(partner, asked)
        return found ? replyJson(queryForm(found)) : problem('epcis-query-unknown')
      },
    }),
    memberRoute({
      method: 'GET',
      path: `${path}/queries/:name/events`,
      id: 'epcisQueryEvents',
      summary: 'What answers a kept query now',
      tag: 'epcis',
      staff: true,
      params: { ...params, name },
      query: paging,
      gives: 'A query document in JSON, or in XML for who accepts only that; further pages by the header `Link`.',
      refusals: ['epcis-not-acceptable', 'epcis-query-unknown', 'epcis-refused', 'organisation-unknown'],
      handle({ params: { partner, name: asked }, query, headers }, node) {
        const refused = refusedAtTheDoor(node, partner, headers)
        if (refused) return refused
        const found = of(node.member).queries.get(partner, asked)
        if (!found) return problem('epcis-query-unknown')
        const pages = Object.entries(query).filter((each): each is [string, string] => each[1] !== undefined)
        const read = readEventQuery(new Map<string, JsonValue>([...parametersIn(found.document), ...pages]))
        if (!read.ok) return refusedAt('query', read.reason)
        const address = addressOf(node, partner, 'queries', asked, 'events')
        return answerOf(
          { node, partner, asked: Object.fromEntries(pages), headers, now, name: asked, address },
          of(node.member),
          read.value,
        )
      },
    }),
    memberRoute({
      method: 'DELETE',
      path: `${path}/queries/:name`,
      id: 'epcisDropQuery',
      summary: 'The name stands for no query any more',
      tag: 'epcis',
      staff: true,
      params: { ...params, name },
      media: 'none',
      gives: 'Nothing.',
      refusals: ['epcis-not-acceptable', 'epcis-query-unknown', 'organisation-unknown'],
      async handle({ params: { partner, name: asked }, headers }, node) {
        const refused = refusedAtTheDoor(node, partner, headers)
        if (refused) return refused
        const dropped = await node.exchange.run(() => of(node.member).queries.drop(partner, asked))
        return dropped ? { type: 'empty' } : problem('epcis-query-unknown')
      },
    }),
  ]
}

const refused = (type: EpcisRefusal['type'], at: string, expected: string) => no({ type, path: at, expected })

/** Only what is a query is kept; where a page begins is said when it is asked. */
function namedQueryIn(body: Uint8Array): Result<{ name: string; document: Uint8Array }, EpcisRefusal> {
  const read = readJson(body)
  if (!read.ok) return refused('not-json', '', 'a JSON object')
  const form = read.value.value
  if (!isJsonObject(form)) return refused('wrong-type', '', 'an object of `name` and `query`')
  for (const member of form.keys())
    if (member !== 'name' && member !== 'query') return refused('unknown-member', '', '`name` and `query`')
  const called = form.get('name')
  if (typeof called !== 'string' || !namePattern.test(called))
    return refused('wrong-value', '/name', `at most ${queryNameMax} letters, digits, . _ or -`)
  const query = form.get('query')
  if (!isJsonObject(query)) return refused('wrong-type', '/query', 'an object of parameters')
  if (query.has('nextPageToken')) return refused('unknown-member', '/query', 'no token of a page')
  const fits = readEventQuery(query)
  if (!fits.ok) return refused(fits.reason.type, `/query${fits.reason.path}`, fits.reason.expected)
  return ok({ name: called, document: body })
}

/** What was a query when it was kept is one. */
function parametersIn(document: Uint8Array): JsonObject {
  const read = readJson(document)
  const form = read.ok && isJsonObject(read.value.value) ? read.value.value.get('query') : undefined
  if (!isJsonObject(form)) throw new Error('a kept query does not read: the journal is damaged')
  return form
}

const queryForm = ({ document }: NamedQuery): unknown => JSON.parse(new TextDecoder().decode(document))
