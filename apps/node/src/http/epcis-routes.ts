/**
 * The capture and query interfaces of EPCIS 2.0 over HTTP (§12), one repository for each trading partner. A partner's base
 * address is `/v1/members/MEMBER/epcis/PARTNER`; behind it paths and headers are those of the standard.
 */
import { answerDocument, capture, loneEventForm, readEventQuery, writeEpcisJson } from '@plexus/epcis'
import { z } from 'zod'
import { type CaptureJob, type Captures, captureLimits } from '../epcis/captures.ts'
import {
  addressOf,
  answerOf,
  linkTo,
  mediaTypeOf,
  parametersOf,
  params,
  path,
  query,
  queryValue,
  refusedAt,
  refusedAtTheDoor,
  replyJson,
  timeText,
  written,
} from './epcis-answers.ts'
import type { CapturesByMember } from './epcis-captures.ts'
import { type CapturesOf, epcisQueryRoutes } from './epcis-query-routes.ts'
import { problem } from './problem.ts'
import { memberRoute, type Route } from './route.ts'

const jobsPerPage = 30
const page = z.strictObject({ nextPageToken: queryValue.optional() })

/** `now`: seconds since 1970. */
export function epcisRoutes(captures: CapturesByMember, now: () => number): readonly Route[] {
  const of = (member: string): Captures => {
    const found = captures.get(member)
    if (!found) throw new Error(`no repository of ${member}`)
    return found
  }
  return [...captureRoutes(of, now), ...eventRoutes(of, now), ...epcisQueryRoutes(of, now)]
}

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
